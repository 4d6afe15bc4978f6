"""Which images a converted volume is made of, found by their pixels and not by an assumed order.

A converter may sort volumes in a way of its own. Each slice of each volume is therefore looked up
among the images of the series; b-value, averages and direction are those of the images that are
found.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np

from ivim.imaging.dicom import elements
from ivim.imaging.dicom.series import same_b


@dataclass(frozen=True, eq=False)
class Volume:
    """One volume of a scan.

    Attributes
    ----------
    image : ivim.imaging.dicom.dcm2niix.Converted
    index : int
        Its place along the last axis.
    weighting : ivim.imaging.dicom.diffusion.Weighting
        From the headers of its images.
    """

    image: object
    index: int
    weighting: object


def match(converted, series, files):
    """Volumes of a series, with the weighting that their own headers give.

    Parameters
    ----------
    converted : sequence of Converted
    series : Series
    files : dict of Source to path
        Where the (unpacked) files lie.

    Returns
    -------
    list of Volume
        Maps and other images that were not measured are left out.

    Raises
    ------
    ValueError
        When a volume mixes b-values, or images are missing from what was converted, or dcm2niix and
        the headers disagree on b; the volumes are named.
    """
    tables = {}
    volumes = []
    for image in converted:
        ranked = image.voxels.dtype.kind == "f"
        if ranked not in tables:
            tables[ranked] = _table(series, files, image.voxels.shape[:2], ranked)
        if tables[ranked] is None:
            volumes += _by_order(image, series)
        else:
            volumes += _by_pixels(image, series, tables[ranked], ranked)
    volumes = _each_once(volumes, series)
    _check_complete(volumes, series)
    _check_b(volumes, series)
    return volumes


def _table(series, files, shape, ranked):
    """Images by the digest of their pixels, or None where a file cannot be unpacked here.

    Two images of the same pixels share a digest, so it stands for a list.
    """
    from pydicom.pixels import iter_pixels

    table = {}
    for header in series.headers:
        try:
            with elements.quiet():
                for frame, pixels in zip(
                    header.frames, iter_pixels(files[header.source]), strict=True
                ):
                    for tile in _tiles(pixels, shape):
                        table.setdefault(_digest(tile, ranked), []).append(frame)
        except Exception:  # noqa: BLE001 - packed in a way that only dcm2niix knows, or damaged
            return None
    return table


def _tiles(pixels, shape):
    """Slices of a mosaic; an ordinary image is its only slice."""
    columns, rows = shape
    if pixels.shape == (rows, columns) or pixels.ndim != 2:
        return [pixels]
    if pixels.shape[0] % rows or pixels.shape[1] % columns:
        return [pixels]
    down, across = pixels.shape[0] // rows, pixels.shape[1] // columns
    tiles = pixels.reshape(down, rows, across, columns).swapaxes(1, 2)
    return list(tiles.reshape(-1, rows, columns))


def _digest(pixels, ranked):
    """Digest of the values, or of their order where the converter scaled them to fractions."""
    if ranked:
        pixels = np.unique(pixels, return_inverse=True)[1].reshape(pixels.shape)
    return hashlib.blake2b(np.ascontiguousarray(pixels, dtype="<i4"), digest_size=16).digest()


def _by_pixels(image, series, table, ranked):
    found = []
    for index in range(image.voxels.shape[3]):
        slices = (np.flipud(image.voxels[:, :, z, index].T) for z in range(image.voxels.shape[2]))
        candidates = [table.get(_digest(one, ranked)) for one in slices]
        if None in candidates:
            msg = (
                f"series {series.label}: volume {index + 1} as converted has a slice that is none "
                "of the series' images; export the series again, uncompressed"
            )
            raise ValueError(msg)
        weighting = _shared(candidates, series, index)
        if weighting is not None:
            found.append(Volume(image, index, weighting))
    return found


def _shared(candidates, series, index):
    """The weighting that all slices of a volume share; None for images that were not measured."""
    frames = {_sort(frame): frame for one in candidates for frame in one}
    shared = set.intersection(*({_sort(frame) for frame in one} for one in candidates))
    if not shared:
        b_values = sorted({frame.weighting.b for frame in frames.values() if not frame.kind})
        msg = (
            f"series {series.label}: volume {index + 1} mixes images of b = "
            f"{', '.join(f'{b:g}' for b in b_values)}; slices are missing or stand twice"
        )
        raise ValueError(msg)
    if len(shared) > 1:
        # Images with the same pixels under several b-values: the order of the images decides.
        expected = _ordered(series)
        own = expected[index] if index < len(expected) else None
        sort = own if own in shared else sorted(shared, key=repr)[0]
    else:
        (sort,) = shared
    return None if frames[sort].kind else frames[sort].weighting


def _sort(frame):
    weighting = frame.weighting
    direction = weighting.direction and tuple(round(part, 3) for part in weighting.direction)
    return (frame.kind, weighting.b, weighting.averages, weighting.isotropic, direction)


def _ordered(series):
    """Sort of each volume if volumes come in the order of the images at one place."""
    nearest = np.abs(np.subtract.outer(series.heights, series.places)).argmin(axis=1)
    return [
        _sort(image.frame)
        for image, place in zip(series.measured, nearest, strict=True)
        if place == 0
    ]


def _by_order(image, series):
    """Volumes where the pixels cannot be compared: in the order of the images, if b agrees."""
    nearest = np.abs(np.subtract.outer(series.heights, series.places)).argmin(axis=1)
    first = [one for one, place in zip(series.measured, nearest, strict=True) if place == 0]
    count = image.voxels.shape[3]
    if len(first) != count or (image.b is None and len(series.b_values) > 1):
        msg = (
            f"series {series.label}: its pixels are packed in a way that cannot be checked here; "
            "export the series uncompressed"
        )
        raise ValueError(msg)
    return [Volume(image, index, one.weighting) for index, one in enumerate(first)]


def _each_once(volumes, series):
    """Each volume once: dcm2niix may write a second image without the trace volumes."""
    if len(volumes) <= series.volumes:
        return volumes
    images = {id(volume.image): volume.image for volume in volumes}
    whole = [[volume for volume in volumes if volume.image is image] for image in images.values()]
    return next((one for one in whole if len(one) == series.volumes), volumes)


def _check_complete(volumes, series):
    images = Counter(image.weighting.b for image in series.measured)
    found = Counter(volume.weighting.b for volume in volumes)
    slices = len(series.places)
    for b in sorted(set(images) | set(found)):
        if images[b] != found[b] * slices:
            msg = (
                f"series {series.label}: {found[b]} volumes of b = {b:g} were converted, the "
                f"headers have {images[b] / slices:g}; export the series again"
            )
            raise ValueError(msg)


def _check_b(volumes, series):
    """Raise ValueError where dcm2niix read another b than the headers have."""
    pairs = [
        (place, volume.weighting.b, float(volume.image.b[volume.index]))
        for place, volume in enumerate(volumes, start=1)
        if volume.image.b is not None
    ]
    differing = [
        f"volume {place}: headers {own:.6g}, dcm2niix {its:.6g}"
        for place, own, its in pairs
        if not same_b(own, its)
    ]
    if differing:
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        msg = (
            f"series {series.label}: dcm2niix and the headers disagree on b: "
            f"{'; '.join(differing[:5])}{more}; the series cannot be trusted"
        )
        raise ValueError(msg)
