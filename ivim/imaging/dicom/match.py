"""Which images a converted volume is made of, found by their pixels and not by an assumed order.

A converter may sort volumes in a way of its own. Each slice of each volume is therefore looked up
among the images of the series; b-value, averages and direction are those of the images that are
found.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.dicom import elements
from ivim.imaging.dicom.series import same_b

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ivim.imaging.dicom.dcm2niix import Converted
    from ivim.imaging.dicom.diffusion import Weighting
    from ivim.imaging.dicom.files import Source
    from ivim.imaging.dicom.series import Series


TRACE_MARKS = {"GE": 0.0, "Philips": 2000.0}
"""What dcm2niix writes for b of a trace-weighted volume, where it does not keep the headers' b (its
``geCorrectBvecs``, and the mark that it gives to Philips' derived volumes)."""


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
    series : Series
    order : tuple
        Place of its first slice among the images of the series.
    digest : tuple
        Of its slices; empty where pixels cannot be compared.
    """

    image: Converted
    index: int
    weighting: Weighting
    series: Series
    order: tuple
    digest: tuple = ()

    @property
    def b(self) -> float:
        """s/mm², from the headers; a series where they do not say it was refused before."""
        return self.weighting.b or 0.0


def match(
    converted: Sequence[Converted], series: Series, files: dict[Source, Path]
) -> list[Volume]:
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
        In the order of the scan. Maps and other images that were not measured are left out.

    Raises
    ------
    ValueError
        When a volume mixes b-values, or images are missing from what was converted.
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
    volumes = _each_once(volumes)
    _check_complete(volumes, series)
    return volumes


def check_b(volumes: Sequence[Volume]) -> int:
    """Raise ValueError where dcm2niix read another b than the headers have.

    Parameters
    ----------
    volumes : sequence of Volume

    Returns
    -------
    int
        Volumes of b > 0 whose b dcm2niix does not tell, so that the headers stand alone.

    Raises
    ------
    ValueError
        Names the volumes, counted as they are given.
    """
    told = [(place, volume, _told_b(volume)) for place, volume in enumerate(volumes, start=1)]
    differing = [
        f"volume {place} (series {volume.series.label}): headers {volume.b:.6g}, dcm2niix {its:.6g}"
        for place, volume, its in told
        if its is not None and not same_b(volume.b, its)
    ]
    if differing:
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        msg = (
            f"dcm2niix and the headers disagree on b: {'; '.join(differing[:5])}{more}; the scan "
            "cannot be trusted as it is: export it again from the scanner"
        )
        raise ValueError(msg)
    return sum(its is None and volume.b > 0 for _, volume, its in told)


def _told_b(volume):
    """b as dcm2niix has it; None where it has none, or only its mark of a trace-weighted volume."""
    if volume.image.b is None:
        return None
    its = float(volume.image.b[volume.index])
    marked = volume.weighting.isotropic and its == TRACE_MARKS.get(volume.series.maker)
    return None if marked else its


def _table(series, files, shape, ranked):
    """Images by the digest of their pixels, or None where a file cannot be unpacked here.

    Two images of the same pixels share a digest, so it stands for a list.
    """
    from pydicom.pixels import iter_pixels

    table = {}
    for place, header in enumerate(series.headers):
        if header.source not in files:  # maps and phase images only
            continue
        try:
            with elements.quiet():
                for frame, pixels in zip(
                    header.frames, iter_pixels(files[header.source]), strict=True
                ):
                    for tile in _tiles(pixels, shape):
                        table.setdefault(_digest(tile, ranked), []).append(
                            ((place, frame.index), frame)
                        )
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
        digests = tuple(_digest(one, ranked) for one in slices)
        candidates = [table.get(digest) for digest in digests]
        if None in candidates:
            msg = (
                f"series {series.label}: volume {index + 1} as converted has a slice that is none "
                "of the series' images; export the series again, uncompressed"
            )
            raise ValueError(msg)
        order, frame = _shared(candidates, series, index)
        if not frame.kind:
            found.append(Volume(image, index, frame.weighting, series, order, digests))
    return found


def _shared(candidates, series, index):
    """The first image of a volume, of the weighting that all its slices share."""
    shared = set.intersection(*({_sort(frame) for _, frame in one} for one in candidates))
    if not shared:
        met = {frame.weighting.b for one in candidates for _, frame in one if not frame.kind}
        b_values = ", ".join(f"{b:g}" for b in sorted(met))
        msg = (
            f"series {series.label}: volume {index + 1} as converted mixes images of b = "
            f"{b_values}; slices are missing or stand twice"
        )
        raise ValueError(msg)
    sort = sorted(shared, key=repr)[0]
    if len(shared) > 1:
        # Images with the same pixels under several b-values: the order of the images decides.
        expected = _ordered(series)
        sort = expected[index] if index < len(expected) and expected[index] in shared else sort
    return min(
        ((order, frame) for order, frame in candidates[0] if _sort(frame) == sort),
        key=lambda pair: pair[0],
    )


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
    """Volumes where the pixels cannot be compared: in the order of the images of their b-value."""
    nearest = np.abs(np.subtract.outer(series.heights, series.places)).argmin(axis=1)
    left = [one for one, place in zip(series.measured, nearest, strict=True) if place == 0]
    count = image.voxels.shape[3]
    if len(left) != count or (image.b is None and len(series.b_values) > 1):
        msg = (
            f"series {series.label}: its pixels are packed in a way that cannot be checked here; "
            "export the series uncompressed"
        )
        raise ValueError(msg)
    volumes = []
    for index in range(count):
        own = [one for one in left if image.b is None or same_b(one.weighting.b, image.b[index])]
        # Where none has this b the order decides, and the comparison of b that follows names it.
        taken = left.pop(left.index(own[0]) if own else 0)
        volumes.append(Volume(image, index, taken.weighting, series, (index, 0)))
    return volumes


def _each_once(volumes):
    """Each volume once: dcm2niix may write those with a direction a second time, without b."""
    images = list({id(volume.image): volume.image for volume in volumes}.values())
    images.sort(key=lambda image: image.b is None)
    kept, seen = [], set()
    for image in images:
        own = [volume for volume in volumes if volume.image is image]
        own = [volume for volume in own if not volume.digest or volume.digest not in seen]
        seen |= {volume.digest for volume in own}
        kept += [own] if own else []
    # One image keeps the order that dcm2niix gave it; several follow each other as in the series.
    kept.sort(key=lambda own: min(volume.order for volume in own))
    return [volume for own in kept for volume in own]


def _check_complete(volumes, series):
    images = Counter(image.weighting.b for image in series.measured)
    found = Counter(volume.b for volume in volumes)
    slices = len(series.places)
    for b in sorted(set(images) | set(found)):
        if images[b] != found[b] * slices:
            msg = (
                f"series {series.label}: {found[b]} volumes of b = {b:g} were converted, the "
                f"headers have {images[b] / slices:g}; export the series again"
            )
            raise ValueError(msg)
