"""Parameter maps as files: NIfTI in mm²/s with JSON sidecars under BIDS derivative names, and an
overview picture.

Nothing of the source's header but its geometry goes into a map, and of its file name only BIDS
entities (``sub-``, ``ses-``
...), because the rest may name a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import ivim
from ivim import parameters
from ivim.files import write_json
from ivim.imaging.formats import save_image
from ivim.signal.reasons import TIE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from ivim.imaging.grid import Grid


def bids_prefix(image: str | Path) -> str:
    """The BIDS entities of a file name with an underscore behind (``sub-01_ses-2_``), or nothing
    where the name is none of BIDS.

    Parameters
    ----------
    image : path

    Returns
    -------
    str
    """
    found = re.match(r"sub-[A-Za-z0-9]+(?:_[a-z]+-[A-Za-z0-9]+)*(?=_dwi\.)", Path(image).name)
    return f"{found.group()}_" if found else ""


def map_name(prefix: str, model: str, parameter: str, description: str = "") -> str:
    """File name of a map without ending; BIDS labels have letters and digits only, so ``adc_slow``
    is ``adcslow``.

    Parameters
    ----------
    prefix : str
        As of :func:`bids_prefix`.
    model, parameter, description : str

    Returns
    -------
    str
    """
    tail = f"_desc-{description}" if description else ""
    return f"{prefix}model-{model}_param-{parameter.replace('_', '')}{tail}_dwimap"


def write_map(
    folder: str | Path,
    name: str,
    values: np.ndarray,
    grid: Grid,
    *,
    text: str,
    unit: str = "",
    shown: tuple[float, float] | None = None,
    details: dict | None = None,
) -> None:
    """Write one map as float32 NIfTI with a JSON sidecar.

    Parameters
    ----------
    folder : path
    name : str
        File name without ending.
    values : array, shape grid.shape
        NaN where there is no value.
    grid : Grid
    text : str
        What the map is, for header and sidecar.
    unit : str
        As in the file, for example "mm^2/s".
    shown : (float, float), optional
        Display range for viewers.
    details : dict, optional
        Further entries of the sidecar.
    """
    import nibabel as nib

    image = nib.Nifti1Image(np.asarray(values, np.float32), grid.affine)
    header = image.header
    header.set_zooms(grid.spacing)
    header.set_xyzt_units("mm")
    image.set_sform(grid.affine, code="scanner")
    image.set_qform(grid.affine, code="scanner")
    # The header's field holds 79 bytes of ASCII.
    header["descrip"] = (f"{text} [{unit}]" if unit else text).encode("ascii", "ignore")[:79]
    if shown:
        header["cal_min"], header["cal_max"] = shown
    save_image(image, Path(folder) / f"{name}.nii.gz")
    sidecar = {"Description": text} | ({"Units": unit} if unit else {}) | (details or {})
    write_json(
        Path(folder) / f"{name}.json",
        sidecar | {"GeneratedBy": [{"Name": "ivim", "Version": ivim.__version__}]},
    )


def write_dataset_description(folder: str | Path) -> None:
    """Write what BIDS asks of every derivative dataset.

    Parameters
    ----------
    folder : path
    """
    content = {
        "Name": "Intravoxel incoherent motion maps",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "ivim", "Version": ivim.__version__}],
    }
    write_json(Path(folder) / "dataset_description.json", content)


def unit_of(parameter: str) -> str:
    """Unit of a parameter's map: "mm^2/s", or nothing for a number without unit.

    Parameters
    ----------
    parameter : str

    Returns
    -------
    str
    """
    return "mm^2/s" if parameters.is_diffusivity(parameter) else ""


def overview(
    path: str | Path,
    maps: Mapping[str, np.ndarray],
    grid: Grid,
    mask: np.ndarray | None = None,
    ties: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Draw the maps side by side in the slice that holds most of the mask, each with its colour
    bar.

    Parameters
    ----------
    path : path
        PNG file.
    maps : dict of str to array, shape (x, y, z)
        By parameter name, diffusivities in mm²/s.
    grid : Grid
    mask : array of bool, shape (x, y, z), optional
        By default where there are values.
    ties : dict of str to array of bool, shape (x, y, z), optional
        By parameter, voxels that are drawn in grey (:func:`draw_map`).
    """
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    first = next(iter(maps.values()))
    mask = np.isfinite(first) if mask is None else mask
    z = int(np.argmax(mask.sum(axis=(0, 1))))
    window = _window(mask[:, :, z])
    columns = min(3, len(maps))
    rows = -(-len(maps) // columns)
    shown = {name: as_displayed(values[:, :, z][window], grid) for name, values in maps.items()}
    grey = {name: as_displayed(tied[:, :, z][window], grid) for name, tied in (ties or {}).items()}
    title = f"slice {z + 1} of {first.shape[2]}"
    if any(tied.any() for tied in grey.values()):
        title += f"; {TIED_TEXT}"
    # A user's own settings of matplotlib change nothing.
    with style.context("default"):
        figure = Figure(figsize=(4.2 * columns, 3.6 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        for place, (name, values) in enumerate(shown.items(), start=1):
            axes = figure.add_subplot(rows, columns, place)
            draw_map(axes, values, name, spacing=grid.spacing, tied=grey.get(name))
        figure.suptitle(title, fontsize=9)
        figure.savefig(path, dpi=120, metadata={"Software": f"ivim {ivim.__version__}"})


TIED_TEXT = f"grey: two sets of values fit equally well (sums of squares within {TIE:g})"
"""The legend of what :func:`draw_map` draws in grey."""


def draw_map(
    axes: Axes,
    values: np.ndarray,
    parameter: str,
    spacing: Sequence[float] = (1.0, 1.0),
    tied: np.ndarray | None = None,
) -> AxesImage:
    """Draw one slice of a map, first axis to the right, second downwards, with its colour bar in
    the units of a table.

    Parameters
    ----------
    axes : matplotlib Axes
    values : array, shape (x, y)
        In mm²/s or a fraction.
    parameter : str
    spacing : sequence of float, mm
    tied : array of bool, shape (x, y), optional
        Voxels whose value the data do not determine
        (:data:`ivim.signal.reasons.TIED`): drawn in grey, darker than where there is no value.

    Returns
    -------
    matplotlib AxesImage
        Of the values.
    """
    scale = parameters.REGISTRY[parameter].scale
    low, high = parameters.REGISTRY[parameter].shown or (0.0, float(np.nanmax(values)))
    image = axes.imshow(
        (values * scale).T,
        cmap="viridis" if parameter in ("f", "alpha", "kurtosis") else "inferno",
        vmin=low * scale,
        vmax=high * scale,
        aspect=spacing[1] / spacing[0],
        interpolation="nearest",
    )
    axes.set_facecolor("0.85")  # no value is neither low nor high
    if tied is not None and tied.any():
        grey = np.where(tied, 0.5, np.nan)
        axes.imshow(grey.T, cmap="gray", vmin=0, vmax=1, aspect=image.axes.get_aspect(),
                    interpolation="nearest")  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(parameters.label(parameter))
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, pad=0.02, extend="both")
    bar.set_label(parameters.unit(parameter), fontsize=8)
    bar.ax.tick_params(labelsize=8)
    return image


def as_displayed(values: np.ndarray, grid: Grid) -> np.ndarray:
    """A slice turned as radiologists look at it: the patient's right on the left, the front upwards
    (for axial slices).

    Parameters
    ----------
    values : array, shape (x, y)
    grid : Grid

    Returns
    -------
    array, shape (x, y)
    """
    for axis in (0, 1):
        if grid.affine[axis, axis] > 0:
            values = np.flip(values, axis)
    return values


def _window(mask, margin=6):
    """The part of a slice that holds the mask, with a margin; all of it where the mask is empty."""
    if not mask.any():
        return (slice(None), slice(None))
    spans = (np.flatnonzero(mask.any(axis=1 - axis)) for axis in (0, 1))
    return tuple(slice(max(int(span[0]) - margin, 0), int(span[-1]) + margin + 1) for span in spans)
