"""A study on disk that is small enough to be written, measured and broken in a moment; its truth is
a formula."""

import json
import shutil

import nibabel as nib
import numpy as np

B = (0, 20, 50, 100, 200, 400, 800, 1200)
AVERAGES = (2, 2, 2, 1, 1, 2, 4, 6)
SHAPE = (12, 12, 2)
AFFINE = np.diag([-2.0, -2.0, 4.0, 1.0])
GROUPS = ("benign", "malignant")
READERS = ("A", "B")


def truth(number):
    """True (adc_slow, adc_fast, f) of patient `number`, mm²/s: odd ones diffuse faster, and the
    groups overlap."""
    odd, scatter, other = number % 2, number * 0.618 % 1, number * 0.755 % 1
    return 1e-3 * (0.8 + 0.2 * odd + 0.4 * scatter), 1e-3 * (15 + 10 * other), 0.1 + 0.1 * other


def signal(number, b=B):
    """Noise-free bi-exponential signal of patient `number` at every b."""
    slow, fast, f = truth(number)
    b = np.array(b, float)
    return 1000 * ((1 - f) * np.exp(-b * slow) + f * np.exp(-b * fast))


def write_image(path, data, affine=AFFINE):
    """Write an array as NIfTI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(data, affine), path)


def roi_path(folder, number, reader, ending=".nii.gz"):
    """Where a reader's ROI of a patient lies."""
    name = f"sub-{number:02d}"
    return folder / "derivatives" / "rois" / name / f"{name}_desc-{reader}_mask{ending}"


def dwi_path(folder, number, ending=".nii.gz"):
    """Where a patient's series or its sidecar lies."""
    name = f"sub-{number:02d}"
    return folder / name / "dwi" / f"{name}_dwi{ending}"


def square(reader="A"):
    """The mask that a reader drew: nine voxels in the second slice, those of B one voxel
    further."""
    mask = np.zeros(SHAPE, np.uint8)
    start = 4 + (reader == "B")
    mask[start : start + 3, 4:7, 1] = 1
    return mask


def write_patient(folder, number, readers=READERS, noise=2.0):
    """One patient's series, sidecars and ROIs."""
    rng = np.random.default_rng(number)
    data = signal(number) + noise * rng.standard_normal((*SHAPE, len(B)))
    write_image(dwi_path(folder, number), np.abs(data).astype(np.float32))
    dwi_path(folder, number, ".bval").write_text(" ".join(map(str, B)) + "\n")
    dwi_path(folder, number, ".bvec").write_text(3 * (" ".join(len(B) * "0") + "\n"))
    dwi_path(folder, number, ".json").write_text(json.dumps({"NumberOfAverages": AVERAGES}))
    for reader in readers:
        write_image(roi_path(folder, number, reader), square(reader))


def write_participants(folder, rows, header="participant_id\tgroup\tprimary\tsex\tage"):
    """`participants.tsv` of the given lines."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "participants.tsv").write_text("\n".join([header, *rows]) + "\n")


def write_study(folder, patients=4, readers=READERS, noise=2.0):
    """A whole study: patient 1 malignant, 2 benign, and so on in turn."""
    numbers = range(1, patients + 1)
    lines = [f"sub-{n:02d}\t{GROUPS[n % 2]}\tn/a\tn/a\t{40 + n}" for n in numbers]
    write_participants(folder, lines)
    (folder / "dataset_description.json").write_text('{"Name": "small", "BIDSVersion": "1.10.0"}')
    for n in numbers:
        write_patient(folder, n, readers, noise)
    return folder


def copy_study(source, target):
    """A copy to be broken."""
    shutil.copytree(source, target)
    return target
