"""DICOM headers read: b-values, directions, averages of four scanners; series sorted and chosen."""

import dicom_made as made
import numpy as np
import pytest
from dicom_made import Protocol, Volume, another, three_directions, volumes

from ivim.imaging.dicom import choice, job, labels
from ivim.imaging.dicom.diffusion import weighting
from ivim.imaging.dicom.series import different, sort_series

MAKERS = ("GE", "Siemens", "Philips", "UIH")


@pytest.fixture
def series_of(tmp_path):
    """A function that reads the series of what was written below a folder."""

    def read():
        return sort_series(job.read_folder(tmp_path, labels.Outcome()))

    return read


@pytest.fixture
def chosen(series_of):
    """A function that gives the labels of the series that are chosen."""

    def choose(wanted=None):
        return [one.label for one in choice.choose(series_of(), wanted).series]

    return choose


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("where", ["public", "private", "both", "enhanced"])
def test_b_directions_and_averages_are_read(tmp_path, series_of, maker, where):
    """The same protocol is read from public and private elements, classic and multi-frame."""
    scan = three_directions(0, 50, 800)
    scan = [made.replace(one, averages=2 if one.b else 6) for one in scan]
    protocol = Protocol(maker, public=where != "private", private=where != "public")
    write = made.write_enhanced if where == "enhanced" else made.write_classic
    write(tmp_path, protocol, scan)
    (series,) = series_of()
    assert series.b_values == (0, 50, 800)
    assert series.maker == maker
    assert (series.slices, series.volumes) == (3, 7)
    assert len(series.directions) == 3
    found = {(image.weighting.b, image.weighting.averages) for image in series.measured}
    assert found == {(0, 6), (50, 2), (800, 2)}
    series.check_whole()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kind", ["IS", "LO", "UN"])
@pytest.mark.parametrize("implicit", [False, True])
def test_ge_b_is_read_with_and_without_its_bias_in_any_type(
    tmp_path, series_of, bias, kind, implicit
):
    """(0043,1039) as number, text or bytes, with 10⁹ added or not, in either transfer syntax."""
    protocol = Protocol("GE", ge_bias=bias, ge_type=kind, implicit=implicit)
    made.write_classic(tmp_path, protocol, volumes(0, 10, 400, 1200))
    (series,) = series_of()
    assert series.b_values == (0, 10, 400, 1200)


def test_public_b_goes_before_private(tmp_path, series_of):
    """Where the two differ the public element counts (UIH's private one is the nominal b)."""
    for path in made.write_classic(tmp_path, Protocol("Siemens"), volumes(0, 500)):
        made.edit(path, lambda dataset: setattr(dataset, "DiffusionBValue", 123.0))
    (series,) = series_of()
    assert series.b_values == (123,)


def test_siemens_b_is_read_from_the_sequence_name_when_all_else_was_cut_out(tmp_path, series_of):
    """``*ep_b50t`` is the last resort for Siemens."""
    paths = made.write_classic(tmp_path, Protocol("Siemens", private=False), volumes(0, 50, 800))
    for count, path in enumerate(paths):
        b = (0, 50, 800)[count // 3]
        made.edit(path, lambda dataset, b=b: setattr(dataset, "SequenceName", f"*ep_b{b}t"))
    (series,) = series_of()
    assert series.b_values == (0, 50, 800)


def test_private_elements_are_found_in_another_block(tmp_path, series_of):
    """A private block may move when two makers use one group."""

    def move(dataset):
        b = dataset.private_block(0x0019, "SIEMENS MR HEADER")[0x0C].value
        del dataset[0x00190010]
        for element in list(dataset.group_dataset(0x0019)):
            del dataset[element.tag]
        dataset.private_block(0x0019, "OTHER", create=True).add_new(0x0C, "IS", "77")
        dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", b)

    for path in made.write_classic(tmp_path, Protocol("Siemens"), volumes(0, 50)):
        made.edit(path, move)
    (series,) = series_of()
    assert series.b_values == (0, 50)


@pytest.mark.parametrize("content", [b"\xff\xfe", "text", None, [], float("nan"), -5, 1e99])
def test_a_b_value_that_is_none_is_not_guessed(content):
    """Whatever stands in the element, the answer is a number from 0 on or None."""
    from pydicom.dataset import Dataset

    dataset = Dataset()
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    kinds = {bytes: "UN", str: "LO"}
    block.add_new(0x0C, kinds.get(type(content), "FD"), content)
    assert weighting([dataset], "Siemens", frozenset()).b is None


def test_averages_that_are_missing_or_zero_are_none(tmp_path, series_of):
    """Nothing is assumed about averages."""
    scan = [Volume(0, None, None), Volume(500, (1, 0, 0), 0)]
    made.write_classic(tmp_path, Protocol(), scan)
    (series,) = series_of()
    assert {image.weighting.averages for image in series.measured} == {None}


MAPS = {
    "ADC map": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC"),
    "FA map": ("DERIVED", "PRIMARY", "DIFFUSION", "FA"),
    "exponential map": ("DERIVED", "SECONDARY", "EXP"),
    "synthetic b": ("DERIVED", "PRIMARY", "DIFFUSION", "CALC_BVALUE"),
    "phase image": ("ORIGINAL", "PRIMARY", "P", "SE"),
}


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("write", [made.write_classic, made.write_enhanced])
def test_maps_of_the_scanner_are_set_aside(tmp_path, series_of, chosen, kind, write):
    """Maps, synthetic b and phase are told by the image type, even where they carry a b-value."""
    write(tmp_path, Protocol(number=7), volumes(0, 50, 800))
    write(tmp_path, another(Protocol(), number=8, image_type=MAPS[kind]), volumes(0, 1500))
    assert kind in series_of()[1].why_not
    assert chosen() == ["7"]
    with pytest.raises(ValueError, match=f"series 8: {kind}.*diffusion series are 7: b 0, 50, 800"):
        chosen(["8"])


@pytest.mark.parametrize("words", ["eADC (10^-6)", "Exponential Apparent", "Synthetic b1500"])
def test_a_derived_series_is_told_by_its_description_too(tmp_path, chosen, words):
    """GE calls maps and synthetic b only derived; the same word of a measured series is nothing."""
    scan = volumes(0, 800)
    made.write_classic(tmp_path, Protocol(number=7, extra={"SeriesDescription": words}), scan)
    derived = another(Protocol("GE"), number=8, image_type=("DERIVED", "SECONDARY", "PROCESSED"))
    derived.extra["SeriesDescription"] = words
    made.write_classic(tmp_path, derived, scan)
    assert chosen() == ["7"]


@pytest.mark.parametrize(
    ("element", "content", "kind"),
    [(0x30, 20, "ADC map"), (0x30, 18, "FA map"), (0x2F, 1, "phase")],
)
def test_ge_tells_maps_and_phase_in_private_elements(tmp_path, series_of, element, content, kind):
    """(0043,1030) and (0043,102F), whatever the image type says."""

    def add(dataset):
        dataset.private_block(0x0043, "GEMS_PARM_01").add_new(element, "SS", content)

    for path in made.write_classic(tmp_path, Protocol("GE"), volumes(0, 500)):
        made.edit(path, add)
    (series,) = series_of()
    assert kind in series.why_not


def test_a_trace_weighted_series_is_kept_though_it_is_derived(tmp_path, chosen):
    """TRACEW is what most body protocols store."""
    kind = ("DERIVED", "PRIMARY", "DIFFUSION", "TRACEW")
    scan = [Volume(b, None, trace=b > 0) for b in (0, 50, 800)]
    made.write_classic(tmp_path, Protocol(image_type=kind), scan)
    assert chosen() == ["5"]


def test_one_b_per_series_is_one_scan(tmp_path, chosen):
    """Series of one b-value each are joined in the order of their numbers, the map left out."""
    for number, b in ((31, 0), (32, 400), (33, 50), (34, 800)):
        made.write_classic(tmp_path, another(Protocol(), number=number), volumes(b))
    adc = another(Protocol(), number=35, image_type=MAPS["ADC map"], private=False)
    made.write_classic(tmp_path, adc, volumes(0))
    assert chosen() == ["31", "32", "33", "34"]


def test_one_b_per_series_each_with_its_own_b0_is_one_scan(tmp_path, chosen):
    """The repeated b = 0 are samples of it."""
    for number, b in ((1, 50), (2, 400), (3, 800)):
        made.write_classic(tmp_path, another(Protocol(), number=number), volumes(0, b))
    assert chosen() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"shape": (16, 14)}, "number of voxels"),
        ({"slices": 4}, "number of voxels"),
        ({"origin": (-20.0, -9.0, 30.0)}, "place of the slices"),
        ({"spacing": (2.1, 2.0)}, "place of the slices"),
        ({"orientation": (0, 1, 0, 0, 0, -1)}, "place of the slices"),
        ({"echo_time": 90.0}, "echo time"),
        ({"repetition_time": 5000.0}, "repetition time"),
    ],
)
def test_series_of_another_grid_or_protocol_are_never_joined(tmp_path, chosen, change, what):
    """Not by themselves, and not when they are asked for; the candidates are named by number."""
    made.write_classic(tmp_path, another(Protocol(), number=1), volumes(0))
    made.write_classic(tmp_path, another(Protocol(), number=2), volumes(50))
    made.write_classic(tmp_path, another(Protocol(), number=3, **change), volumes(800))
    with pytest.raises(ValueError, match=r"series fit \(1: b 0, 1 volumes; 2: .*--series"):
        chosen()
    with pytest.raises(ValueError, match=f"series 1 and 3 differ in {what}"):
        chosen(["1", "3"])
    assert chosen(["1", "2"]) == ["1", "2"]


def test_series_of_another_place_in_the_scanner_are_not_joined_by_themselves(tmp_path, chosen):
    """A new frame of reference means that the patient may have moved: then the user decides."""
    made.write_classic(tmp_path, another(Protocol(), number=1), volumes(0))
    made.write_classic(tmp_path, another(Protocol(), number=2, place_uid="1.2.3"), volumes(800))
    with pytest.raises(ValueError, match="2 series fit"):
        chosen()
    assert chosen(["1", "2"]) == ["1", "2"]


def test_two_whole_scans_are_refused_by_number(tmp_path, chosen):
    """A repeated scan, or a routine DWI beside the IVIM series: nobody guesses."""
    made.write_classic(tmp_path, another(Protocol(), number=4), volumes(0, 50, 800))
    made.write_classic(tmp_path, another(Protocol(), number=9), volumes(0, 1000))
    with pytest.raises(ValueError, match=r"4: b 0, 50, 800, 3 volumes; 9: b 0, 1000, 2 volumes"):
        chosen()
    assert chosen(["9"]) == ["9"]


def test_a_repeated_b_in_another_series_is_refused(tmp_path, chosen):
    """One b per series, one of them scanned twice: which one is meant is not known."""
    for number, b in ((1, 0), (2, 50), (3, 50)):
        made.write_classic(tmp_path, another(Protocol(), number=number), volumes(b))
    with pytest.raises(ValueError, match="3 series fit"):
        chosen()
    assert chosen(["1", "3"]) == ["1", "3"]


def test_one_direction_per_series_is_one_scan(tmp_path, chosen):
    """Series over the same b-values, each along an axis of its own, are samples of one scan."""
    for number, axis in enumerate(made.AXES, start=17):
        scan = [Volume(b, axis if b else None) for b in (0, 100, 1000)]
        made.write_classic(tmp_path, another(Protocol(), number=number), scan)
    assert chosen() == ["17", "18", "19"]


def test_the_same_direction_twice_is_refused(tmp_path, chosen):
    """Two series along one axis are a repetition, which the user has to decide on."""
    for number in (17, 18):
        made.write_classic(tmp_path, another(Protocol(), number=number), volumes(0, 100, 1000))
    with pytest.raises(ValueError, match="2 series fit"):
        chosen()


def test_traces_are_left_where_their_directions_are_there(tmp_path, series_of):
    """A TRACEW series adds nothing measured to the series of the single directions."""
    made.write_classic(tmp_path, another(Protocol(), number=4), three_directions(0, 50, 800))
    traces = [Volume(b, None, trace=b > 0) for b in (0, 50, 800)]
    kind = ("DERIVED", "PRIMARY", "DIFFUSION", "TRACEW")
    made.write_classic(tmp_path, another(Protocol(), number=5, image_type=kind), traces)
    found = choice.choose(series_of())
    assert [one.label for one in found.series] == ["4"]
    assert found.notes == ("series 5: the scanner's trace images of series 4, set aside",)


def test_b0_of_another_series_is_taken_only_where_it_is_needed(tmp_path, series_of):
    """A b = 0 series beside a whole scan is set aside; beside one without b = 0 it is joined."""
    made.write_classic(tmp_path, another(Protocol(), number=1), volumes(0, 0))
    made.write_classic(tmp_path, another(Protocol(), number=2), volumes(0, 50, 800))
    found = choice.choose(series_of())
    assert [one.label for one in found.series] == ["2"]
    assert found.notes == ("series 1: b = 0 only, set aside",)
    for path in tmp_path.glob("0002_*"):
        path.unlink()
    made.write_classic(tmp_path, another(Protocol(), number=3), volumes(50, 800))
    assert [one.label for one in choice.choose(series_of()).series] == ["1", "3"]


@pytest.mark.parametrize("b", [0, 1000])
def test_one_b_value_is_no_scan(tmp_path, chosen, b):
    """Refused in a line that says why."""
    made.write_classic(tmp_path, Protocol(), volumes(b, b))
    with pytest.raises(ValueError, match=f"series 5: b = {b} s/mm² only; a diffusion scan has at"):
        chosen()


def test_a_number_that_two_series_share_gets_a_place_behind_it(tmp_path, series_of, chosen):
    """5.1 and 5.2; the list and --series use the same names."""
    made.write_classic(tmp_path / "a", another(Protocol()), volumes(0, 50))
    made.write_classic(tmp_path / "b", another(Protocol()), volumes(0, 800))
    assert [one.label for one in series_of()] == ["5.1", "5.2"]
    assert chosen(["5.2"]) == ["5.2"]
    with pytest.raises(ValueError, match="no series 5; there are 5.1, 5.2"):
        chosen(["5"])


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ([5], "at b = 50 slice 2 of 4 has 0 images, another has 1"),
        ([9, 10, 11], "at b = 800 slice 2 of 4 has 0 images"),
        ([1, 5, 9], "slices are missing between slices 1 and 2"),
    ],
)
def test_missing_slices_are_named(tmp_path, chosen, lost, said):
    """An interrupted scan or an export that lost files: the b-value and the slice are named."""
    paths = made.write_classic(tmp_path, Protocol(slices=4), volumes(0, 50, 800))
    for place in lost:
        paths[place].unlink()
    with pytest.raises(ValueError, match=said):
        chosen()


def test_a_file_cut_short_is_named(tmp_path, chosen):
    """Interrupted copies are told by their size, before anything is converted."""
    paths = made.write_classic(tmp_path, Protocol(), volumes(0, 50, 800))
    paths[4].write_bytes(paths[4].read_bytes()[:-100])
    with pytest.raises(ValueError, match="series 5: image 5 is cut short"):
        chosen()


def test_images_without_b_are_not_taken_for_b0(tmp_path, chosen):
    """One volume whose private elements were cut out: refused, nothing is guessed."""
    paths = made.write_classic(tmp_path, Protocol(), volumes(0, 50, 800))
    for path in paths[:3]:
        made.edit(path, lambda dataset: dataset.remove_private_tags())
    with pytest.raises(ValueError, match="3 of 9 images have no b-value in their headers"):
        chosen()


@pytest.mark.parametrize("keyword", ["EchoTime", "PixelSpacing", "Rows"])
def test_one_series_with_two_grids_or_echoes_is_refused(tmp_path, chosen, keyword):
    """Two echoes under one series number would be fitted as one decay."""
    paths = made.write_classic(tmp_path, Protocol(), volumes(0, 50, 800))
    content = {"EchoTime": 140, "PixelSpacing": [3, 3], "Rows": 6}[keyword]
    made.edit(paths[-1], lambda dataset: setattr(dataset, keyword, content))
    with pytest.raises(ValueError, match="its images differ in (echo time|spacing|rows)"):
        chosen()


def test_b_values_within_rounding_are_one():
    """A scanner's 999.6 and 1000 are one b-value; 10 and 20 are two."""
    assert different([1000, 0, 999.6, 10, 20, 0.4]) == (0, 10, 20, 999.6)


@pytest.mark.parametrize(
    "orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (0.8, 0.6, 0, 0, 0, -1)]
)
def test_slices_are_counted_along_their_normal(tmp_path, series_of, orientation):
    """Axial, sagittal or oblique, in any order of the files."""
    protocol = Protocol(orientation=orientation, slices=5)
    made.write_classic(tmp_path, protocol, volumes(0, 50), names=lambda k: f"{(k * 7) % 11}")
    (series,) = series_of()
    assert series.slices == 5
    assert np.allclose(np.diff(series.places), protocol.step)
