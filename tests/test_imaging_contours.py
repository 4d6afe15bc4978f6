"""The rasteriser, held to the even-odd rule point by point, and the grids that contours and voxels
lie on.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from test_imaging_formats import GRIDS, crossed, grid_of, rotation

from ivim.imaging.contours import Outline, rasterise
from ivim.imaging.grid import Grid, fits, is_place, lattice, put, put_nearest

FAST = settings(max_examples=40, deadline=None, derandomize=True)
COORDINATES = st.tuples(st.integers(-300, 1500), st.integers(-300, 1300)).map(
    lambda point: (point[0] / 97 + 0.0013, point[1] / 89 + 0.0017)
)


@FAST
@given(st.lists(COORDINATES, min_size=3, max_size=12))
def test_pixels_inside_are_those_of_the_even_odd_rule(corners):
    """For any polygon, crossing itself or reaching off the image, each pixel is what a ray says of
    its centre.
    """
    mask = rasterise(corners, (12, 11))
    expected = [[crossed(corners, i, j) for j in range(11)] for i in range(12)]
    assert_array_equal(mask, expected)


@FAST
@given(st.floats(-1, 12), st.floats(-1, 12))
def test_two_halves_make_the_whole(left, right):
    """The image cut in two by any line has each pixel once, centres on the line too."""
    low = [(-9, -9), (left, -9), (right, 30), (-9, 30)]
    high = [(left, -9), (30, -9), (30, 30), (right, 30)]
    halves = [rasterise(half, (12, 11)) for half in (low, high)]
    assert not (halves[0] & halves[1]).any() and (halves[0] | halves[1]).all()


def test_a_centre_on_the_line():
    """A square from centre to centre has the pixels on its low sides and not those on its high
    sides.
    """
    mask = rasterise([(1, 1), (4, 1), (4, 3), (1, 3)], (6, 5))
    assert np.argwhere(mask).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2], [3, 1], [3, 2]]


@pytest.mark.parametrize(
    "corners", [[(2, 2)] * 3, [(1, 1), (5, 5), (3, 3)], [(1.2, 2.2), (1.3, 2.2), (1.3, 2.4)]]
)
def test_polygons_without_a_centre_inside(corners):
    """A point, a line and a polygon between the centres have no pixel, and as regions are refused
    by name.
    """
    assert not rasterise(corners, (8, 8)).any()
    grid = Grid.of((8, 8, 1), np.eye(4))
    flat = Outline("dot", (np.column_stack([corners, np.zeros(3)]),))
    with pytest.raises(ValueError, match="region 'dot' encloses no voxel centre"):
        flat.on(grid, "roi.json")


def test_many_corners_take_no_time():
    """A circle of 100,000 corners has its area within a thousandth, on an image of 512 x 512."""
    angle = np.linspace(0, 2 * np.pi, 100_000)
    circle = np.column_stack([250.3 + 200 * np.cos(angle), 249.1 + 200 * np.sin(angle)])
    assert_allclose(rasterise(circle, (512, 512)).sum(), np.pi * 200**2, rtol=1e-3)


def test_contours_drawn_across_another_axis():
    """A contour in a plane of the first or second voxel axis is rasterised in that plane."""
    grid = GRIDS["radiological"]
    square = np.array([(2.6, 1.6), (8.4, 1.6), (8.4, 4.4), (2.6, 4.4)])
    for axis in range(3):
        corners = np.insert(square, axis, 3.0, axis=1)
        region = Outline("a", (grid.places(corners),)).on(grid, "roi.json")
        expected = np.zeros(grid.shape, bool)
        np.moveaxis(expected, axis, 0)[3, 3:9, 2:5] = True
        assert_array_equal(region.mask, expected)


@pytest.mark.parametrize("name", list(GRIDS))
def test_world_and_index_are_inverse(name):
    """Indices to mm and back are the same indices on every grid, and the edges are those of the
    affine.
    """
    grid = GRIDS[name]
    indices = np.array([(0, 0, 0), (3.5, 2.25, 1), (10, 11, 4)])
    assert_allclose(grid.indices(grid.places(indices)), indices, atol=1e-9)
    step = grid.places([(1, 0, 0)]) - grid.places([(0, 0, 0)])
    assert_allclose(np.linalg.norm(step), grid.spacing[0])


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
def test_flips_and_permutations_are_put_right(order, flips):
    """A volume stored with its axes flipped and permuted is put back voxel for voxel, cropped or
    not.
    """
    grid = GRIDS["flipped, oblique, anisotropic"]
    values = np.arange(np.prod(grid.shape)).reshape(grid.shape) + 1
    for part in (np.s_[:, :, :], np.s_[3:9, 2:5, 1:4], np.s_[4:5, 2:19, 3:4]):
        start = [one.start or 0 for one in part]
        block = values[part]
        first = [
            s + (n - 1 if f < 0 else 0) for s, n, f in zip(start, block.shape, flips, strict=True)
        ]
        affine = np.eye(4)
        affine[:3, :3] = (grid.affine[:3, :3] * flips)[:, order]
        affine[:3, 3] = grid.places([first])[0]
        stored = np.flip(block, [k for k in range(3) if flips[k] < 0]).transpose(order)
        found = fits(Grid.of(stored.shape, affine), grid)
        back = np.zeros_like(values)
        lost = put(stored, found, back)
        expected = np.zeros_like(values)
        expected[part] = block
        assert_array_equal(back, expected)
        assert lost == 0


def test_how_far_another_grid_lies():
    """A tenth of a voxel edge is the same place, more is another, told in mm; another spacing and
    another tilt too.
    """
    grid = grid_of((10, 10, 4), (2, 2, 5), np.eye(3), (0, 0, 0))
    for shift, same in ((0.19, True), (0.21, False), (1.0, False)):
        other = grid_of((10, 10, 4), (2, 2, 5), np.eye(3), (shift, 0, 0))
        assert (fits(other, grid) is not None) == same
        assert_allclose(lattice(other, grid).away, shift)
    assert fits(grid_of((10, 10, 4), (2, 2.1, 5), np.eye(3), (0, 0, 0)), grid) is None
    assert fits(grid_of((10, 10, 4), (2, 2, 5), rotation(0, 0, 3), (0, 0, 0)), grid) is None
    assert fits(grid_of((1, 1, 1), (2, 2, 5), np.eye(3), (6, 4, 10)), grid).start == (3, 2, 2)


def test_nearest_neighbour_takes_the_nearest_centre():
    """On a grid of half the spacing each voxel becomes eight, and nothing beyond the edges."""
    own = Grid.of((3, 2, 2), np.diag([2.0, 2.0, 2.0, 1.0]))
    fine = np.diag([1.0, 1.0, 1.0, 1.0])
    fine[:3, 3] = -0.5
    values = np.arange(1, 13).reshape(3, 2, 2)
    found = np.zeros((8, 4, 4), int)
    put_nearest(values, own, Grid.of(found.shape, fine), found)
    assert_array_equal(found[:6], values.repeat(2, 0).repeat(2, 1).repeat(2, 2))
    assert not found[6:].any()


@pytest.mark.parametrize(
    ("change", "good"),
    [
        (None, True),
        ((0, 0, np.nan), False),
        ((1, 3, np.inf), False),
        ((2, 2, 0), False),
        ((0, 3, 1e7), False),
    ],
)
def test_affines_that_give_no_place(change, good):
    """NaN, infinity, an axis without length and kilometres are no place."""
    affine = np.diag([2.0, 2.0, 4.0, 1.0])
    if change:
        affine[change[:2]] = change[2]
    assert is_place(affine) == good
