"""One scan from the chosen series: converted, compared, joined, without the scanner's traces."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.dicom import dcm2niix, files
from ivim.imaging.dicom.match import check_b, match
from ivim.imaging.dicom.series import different, same_b, text_of
from ivim.imaging.dicom.split import split

if TYPE_CHECKING:
    from ivim.imaging.dicom.choice import Choice


SAME_CORNER = 0.1
"""Images of several series are one grid when no corner is further off than this part of a voxel."""

SAME_SCALE = 1.01
"""Ratio of scale factors up to which signals compare: the digits of the headers, and no more."""


@dataclass(frozen=True)
class Scan:
    """A diffusion-weighted scan with nothing in it that tells whose it is.

    Attributes
    ----------
    data : array, shape (x, y, z, n)
        Integers as the scanner stored them, or float32 where volumes are scaled differently.
    scaling : (float, float)
        Slope and intercept of `data`.
    affine : array, shape (4, 4)
    spacing : tuple of float, mm
    b : array, shape (n,), s/mm²
        From the headers, in the order of the scan.
    directions : array, shape (n, 3)
        Along the image's axes; zeros for b = 0 and trace-weighted volumes.
    averages : array, shape (n,), or None
        None where the headers do not say it of every volume.
    facts : dict
        Numbers and codes for the sidecar.
    notes, warnings : tuple of str
        What a person should know: what was set aside; what may be wrong with the scan.
    """

    data: np.ndarray
    scaling: tuple
    affine: np.ndarray
    spacing: tuple
    b: np.ndarray
    directions: np.ndarray
    averages: np.ndarray | None
    facts: dict
    notes: tuple = ()
    warnings: tuple = ()


def make_scan(choice: Choice) -> Scan:
    """Convert the chosen series and join them.

    Parameters
    ----------
    choice : ivim.imaging.dicom.choice.Choice

    Returns
    -------
    Scan

    Raises
    ------
    ValueError
        When a series cannot be converted, what comes out disagrees with the headers, or grids
        differ.
    """
    volumes = [volume for series in choice.series for volume in _convert(series)]
    volumes, notes = _without_traces(volumes)
    untold = check_b(volumes)
    _check_grid(volumes)
    first = volumes[0].image
    data, scaling = _join(volumes)
    return Scan(
        data=data,
        scaling=scaling,
        affine=first.affine,
        spacing=first.spacing,
        b=np.array([volume.b for volume in volumes]),
        directions=np.array([_direction(volume) for volume in volumes]),
        averages=_averages(volumes),
        facts=_facts(volumes, choice.series),
        notes=(*choice.notes, *notes, *_untold(untold)),
        warnings=(*_copies(volumes), *_scalings(choice.series)),
    )


def _convert(series):
    """Volumes of one series."""
    wanted = [header for header in series.headers if any(not frame.kind for frame in header.frames)]
    sources = [header.source for header in wanted]
    with tempfile.TemporaryDirectory(prefix="ivim-") as folder:
        inside, out = _folders(folder, "whole")
        paths = dict(zip(sources, files.stage(sources, inside), strict=True))
        several = any(len(header.frames) > 1 for header in wanted)
        try:
            volumes = match(dcm2niix.convert(inside, out, series.label), series, paths)
            if several:
                check_b(volumes)
            return volumes
        except ValueError:
            # Files of several frames can make dcm2niix mix volumes, or take a file of one volume
            # for b = 0 without reading it. What is wrong in the headers stays wrong when split.
            if not several:
                raise
        inside, out = _folders(folder, "split")
        split(series, paths, inside)
        return match(dcm2niix.convert(inside, out, series.label), series, paths)


def _folders(folder, name):
    folders = [Path(folder) / f"{name}-{part}" for part in ("in", "out")]
    for one in folders:
        one.mkdir()
    return folders


def _without_traces(volumes):
    """Drop the scanner's trace volumes of b-values whose single directions are there as well."""
    directed = [volume.b for volume in volumes if volume.weighting.direction]
    traces = [
        volume
        for volume in volumes
        if volume.weighting.isotropic and any(same_b(volume.b, b) for b in directed)
    ]
    if not traces:
        return volumes, ()
    b_values = different([volume.b for volume in traces])
    note = (
        f"{len(traces)} trace volumes of the scanner (b {text_of(b_values)}) set aside: they are "
        "means of the single directions, which are kept"
    )
    return [volume for volume in volumes if volume not in traces], (note,)


def _check_grid(volumes):
    first = volumes[0].image
    shape = first.voxels.shape[:3]
    corners = np.array(np.meshgrid(*((0, n - 1) for n in shape), indexing="ij")).reshape(3, -1)
    corners = np.vstack([corners, np.ones(corners.shape[1])])
    for volume in volumes[1:]:
        other = volume.image
        away = np.abs((first.affine - other.affine) @ corners).max()
        if other.voxels.shape[:3] != shape or away > SAME_CORNER * min(first.spacing):
            msg = (
                f"volumes of b = {volumes[0].b:g} and {volume.b:g} lie on "
                "different grids; name the series of one grid with --series"
            )
            raise ValueError(msg)


def _join(volumes):
    """All volumes in one array: as stored where one scaling serves all, else scaled."""
    scalings = {(volume.image.slope, volume.image.intercept) for volume in volumes}
    types = {volume.image.voxels.dtype for volume in volumes}
    arrays = [volume.image.voxels[..., volume.index] for volume in volumes]
    if len(scalings) == 1 and len(types) == 1:
        return np.stack(arrays, axis=-1), scalings.pop()
    data = np.empty((*arrays[0].shape, len(arrays)), np.float32)
    for place, volume in enumerate(volumes):
        data[..., place] = arrays[place] * volume.image.slope + volume.image.intercept
    return data, (1.0, 0.0)


def _direction(volume):
    """Gradient direction along the image's axes, zeros where there is none."""
    weighting, image = volume.weighting, volume.image
    if weighting.isotropic or not weighting.b:
        return np.zeros(3)
    converted = image.directions[volume.index]
    # GE's private direction is along read, phase and slice and not along the patient's axes.
    if converted.any() or not weighting.direction or volume.series.maker == "GE":
        return converted
    axes = image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0)
    # Patient axes of DICOM are LPS, those of NIfTI RAS; FSL turns x where axes are right-handed.
    turned = np.linalg.solve(axes, np.array(weighting.direction) * (-1, -1, 1))
    return turned * (-1 if np.linalg.det(axes) > 0 else 1, 1, 1)


def _averages(volumes):
    found = [volume.weighting.averages for volume in volumes]
    return None if None in found else np.array(found, float)


def _facts(volumes, series):
    """Facts that all files agree on; what differs is left out."""
    found = [volume.image.facts for volume in volumes]
    found += [header.facts for one in series for header in one.headers]
    first = {name: content for facts in found for name, content in facts.items()}
    return {
        name: content
        for name, content in first.items()
        if all(facts.get(name, content) == content for facts in found)
    }


def _untold(count):
    if not count:
        return ()
    return (f"{count} volumes: dcm2niix does not tell b, so that of the headers stands alone",)


def _copies(volumes):
    """Noise never repeats: volumes with the same pixels are one that was exported twice."""
    digests = [volume.digest for volume in volumes if volume.digest]
    count = len(digests) - len(set(digests))
    if not count:
        return ()
    return (
        f"{count} volumes have the very pixels of another; if the export holds them twice under "
        "different identifiers, take one copy away",
    )


def _scalings(series):
    """Philips can scale images one by one; then signals of different b do not compare."""
    scales = [image.frame.scale for one in series for image in one.measured if image.frame.scale]
    if not scales or max(scales) <= SAME_SCALE * min(scales):
        return ()
    return (
        f"the scanner scaled the images differently (slope times scale slope {min(scales):.4g} to "
        f"{max(scales):.4g}), so that signals may not compare between b-values",
    )
