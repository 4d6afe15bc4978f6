"""Real, openly licensed scans and regions to try the project on: fetched from pinned commits,
checked by SHA-256, never part of the project. ``scans.csv`` beside this module names every file,
its SHA-256 and its place in the repository.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ivim import files

HOST = "https://raw.githubusercontent.com/"


@dataclass(frozen=True)
class ScanSet:
    """A set of files of one repository.

    Attributes
    ----------
    repository : str
        Owner, name and commit, as in an address.
    text : str
        What it is, with source and licence.
    """

    repository: str
    text: str


SETS = {
    "spinal_cord_ivim": ScanSet(
        "slevyrosetti/ivim-toolbox/42809f1681102e654177105fd76d635c60b2d413",
        "human spinal cord at 7 T, 11 b-values from 5 to 800 s/mm², three encoding directions, "
        "cord mask (Lévy et al. 2020, Magn Reson Med 84:1082; MIT licence)",
    ),
    "abdomen_wetscherek": ScanSet(
        "awetscherek/ivim_tools/8a85f923f6748abc3c2c9cfac17e7cf987315273",
        "two volunteers, b from 0 to 500 s/mm², six directions kept apart, masks and organ labels "
        "(Wetscherek, Stieltjes and Laun 2015, Magn Reson Med 74:410; BSD-2)",
    ),
    "siemens_water": ScanSet(
        "GSTT-CSC/hazen/ce5426aa0c428bbc86937d3da261da301d6b2ecf",
        "DICOM, Siemens Sola: water, 11 b-values to 1000 s/mm², three directions, the scanner's "
        "ADC maps (Apache-2.0)",
    ),
    "nist_phantom": ScanSet(
        "JamesCKorte/mrbias/e455051affc56e65157047bb0fe0e07c8299386b",
        "DICOM, Siemens Skyra: NIST diffusion phantom, one series per b to 2000 s/mm², reference "
        "ADCs (BSD-3)",
    ),
    "uih_averages": ScanSet(
        "neurolabusc/dcm_qa_uih/d729bdd785d37ad5f1ed479c305a76f370d8011b",
        "DICOM, UIH uMR 770: 16 directions, 6 averages at the lowest b and 2 at the others (BSD-2)",
    ),
    "roi_slicer": ScanSet(
        "lassoan/slicerio/543a856758168e9319f6f88ddba6c00d31fa48ef",
        "segmentations of 3D Slicer with their CT, one with segments that overlap (MIT)",
    ),
    "roi_dicomseg": ScanSet(
        "QIICR/dcmqi/b6137d9ee8cf6cd6c074fe27d1af26a30b578753",
        "DICOM segmentation and the NRRD that it was made of (BSD-3-like)",
    ),
    "roi_rtstruct": ScanSet(
        "oncoray/mirp/d8a6a7264a4d0ccb1f88cc670e0b6d047235909f",
        "structure set of a soft-tissue sarcoma on T1, and the mask of the same contours "
        "(CC BY 3.0)",
    ),
    "roi_imagej": ScanSet(
        "hadim/read-roi/2077478803d6de6dd3a32a13d0639341567c675f",
        "ROIs of ImageJ: polygon, freehand, oval, rectangle, composite (BSD-3)",
    ),
}
"""The sets by name."""

DEFAULT = ("spinal_cord_ivim", "abdomen_wetscherek")


def _read_files():
    """Place under the target folder to (address at a pinned commit, SHA-256)."""
    table = Path(__file__).with_name("scans.csv").read_text(encoding="utf-8")
    return {
        f"{row['set']}/{row['file']}": (
            f"{HOST}{SETS[row['set']].repository}/{row['source']}",
            row["sha256"],
        )
        for row in csv.DictReader(table.splitlines())
    }


FILES = _read_files()
"""Place under the target folder to (address at a pinned commit, SHA-256)."""

ECHO_TIMES_MS = (40, 70, 100)
BIPOLAR = 1
"""Code of the bipolar gradients in the abdominal files; images without diffusion weighting have
none.
"""


def fetch_data(
    folder: str | Path | None = None,
    downloader: Callable | None = None,
    sets: Sequence[str] | None = None,
) -> Iterator[Path]:
    """Fetch the scans that are not there yet; yields as it goes, so that a caller can show
    progress.

    Parameters
    ----------
    folder : path, optional
        By default the user's cache folder (:func:`default_folder`).
    downloader : callable, optional
        As pooch takes it, ``(url, output_file, pooch)``; by default over HTTPS.
    sets : sequence of str, optional
        Names of :data:`SETS`, or ``"all"``; by default :data:`DEFAULT`.

    Yields
    ------
    Path
        Each file once it is there and its SHA-256 is right.

    Raises
    ------
    ValueError
        When a set is unknown, or a file cannot be reached or is not the pinned one; a wrong file is
        not kept.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    folder, wanted = Path(folder or default_folder()), _wanted(sets)
    chosen = {name: entry for name, entry in FILES.items() if name.split("/")[0] in wanted}
    store = pooch.create(
        folder,
        base_url="",
        registry={name: f"sha256:{sha}" for name, (_, sha) in chosen.items()},
        urls={name: address for name, (address, _) in chosen.items()},
        retry_if_failed=2,
    )
    for name, (address, _) in chosen.items():
        try:
            path = Path(store.fetch(name, downloader=downloader))
        except OSError as error:
            msg = (
                f"{name} could not be fetched from {address} ({type(error).__name__}); check the "
                "connection and try again"
            )
            raise ValueError(msg) from error
        yield path
        if path.suffix == ".mat":
            yield from _abdomen_to_nifti(path)


def _wanted(sets):
    """The names of the sets to fetch."""
    sets = DEFAULT if not sets else tuple(SETS) if "all" in sets else tuple(sets)
    for name in sets:
        if name not in SETS:
            msg = f"set is {name!r}; accepted are {', '.join(SETS)}, or all"
            raise ValueError(msg)
    return sets


def default_folder() -> Path:
    """The user's cache folder for the scans.

    Returns
    -------
    Path
    """
    import pooch

    return Path(pooch.os_cache("ivim"))


def _abdomen_to_nifti(path):
    """Write the bipolar images at each echo time, their b-values, the mask and the organ labels
    beside a volunteer's MATLAB file.

    The file gives no geometry: the grid is that of the voxel indices, as if they were 1 mm.
    """
    import nibabel as nib
    from scipy.io import loadmat

    from ivim.imaging.formats import save_image

    content = loadmat(path)
    b, echo, shape = (content[key].ravel() for key in ("b", "T", "betta"))
    for time in ECHO_TIMES_MS:
        take = (echo == time) & ((shape == BIPOLAR) | (b == 0))
        data = np.moveaxis(content["data"][take], 0, -1)[:, :, None, :]
        target = path.with_name(f"{path.stem}_bipolar_T{time}.nii.gz")
        save_image(nib.Nifti1Image(data, np.eye(4)), target)
        bval = target.with_name(f"{path.stem}_bipolar_T{time}.bval")
        files.write_text(bval, " ".join(map(str, b[take])) + "\n")
        yield target
    for key in ("mask", "rois"):
        target = path.with_name(f"{path.stem}_{key}.nii.gz")
        save_image(
            nib.Nifti1Image(np.rint(content[key]).astype(np.uint8)[:, :, None], np.eye(4)), target
        )
        yield target
