"""How each case of the table of bad inputs in `data/README.md` is made from a good study: case ->
(words, how it is broken).

The words are those of the command behind its name; ``{study}``, ``{out}`` and ``{file}`` stand for
the study, a fresh folder and a settings file beside it.
"""

import gzip
import json
import shutil
import struct
import zipfile

import nibabel as nib
import numpy as np
import small_study as small

MEASURE = "measure {study} --out {out}/measurements.csv --jobs 1"
STUDY = "study {study} --out {out} --jobs 1"
SIMULATE = "simulate {out}/new --patients 4 --seed 1"
WITH_TRUTH = SIMULATE + " --truth {file}"
WITH_RECIPE = MEASURE + " --recipe {file}"


def _nothing(study, out, file):
    pass


def _participants(*lines, header="participant_id\tgroup\tprimary\tsex\tage"):
    return lambda study, out, file: small.write_participants(study, lines, header)


def _no_text(study, out, file):
    (study / "participants.tsv").write_bytes(b"\xff\xfe\x00a")


def _two_in(one, other):
    """Two participants in these groups."""
    return _participants(f"sub-01\t{one}", f"sub-02\t{other}", header="participant_id\tgroup")


def _replace_text(ending, old, new):
    """Change a sidecar of the first patient."""

    def change(study, out, file):
        path = small.dwi_path(study, 1, ending)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def _sidecar(ending, text):
    return lambda study, out, file: small.dwi_path(study, 1, ending).write_text(text)


def _series(function):
    """Write another series for the first patient, made from its own."""

    def change(study, out, file):
        path = small.dwi_path(study, 1)
        image = nib.load(path)
        data = np.asarray(image.dataobj)
        small.write_image(path, function(data), image.affine)

    return change


def _series_bytes(function):
    def change(study, out, file):
        path = small.dwi_path(study, 1)
        path.write_bytes(function(path.read_bytes()))

    return change


def _roi(mask, affine=small.AFFINE):
    return lambda study, out, file: small.write_image(small.roi_path(study, 1, "A"), mask(), affine)


def _roi_file(ending, content):
    """Another file in place of the first patient's ROI by A."""

    def change(study, out, file):
        small.roi_path(study, 1, "A").unlink()
        path = small.roi_path(study, 1, "A", ending)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return change


def _polygon(points, **changes):
    content = {
        "space": "RAS",
        "unit": "mm",
        "polygons": [{"name": "lesion", "points": points}],
    } | changes
    return _roi_file(".json", json.dumps(content))


def _file(text):
    return lambda study, out, file: file.write_text(text)


def _default_truth(old="", new="", cut=None):
    """The default settings with one place changed."""

    def change(study, out, file):
        from ivim.synthetic.settings import DEFAULT

        text = DEFAULT.read_text(encoding="utf-8")
        assert old in text, old
        text = text.replace(old, new, 1) if cut is None else text[: text.index(cut)]
        file.write_text(text, encoding="utf-8")

    return change


def _second_series(study, out, file):
    for ending in (".nii.gz", ".bval", ".json"):
        path = small.dwi_path(study, 1, ending)
        shutil.copy(path, path.with_name(path.name.replace("_dwi", "_run-2_dwi")))


def _one_series_only(study, out, file):
    small.dwi_path(study, 1).unlink()


def _no_rois(study, out, file):
    shutil.rmtree(study / "derivatives")


def _no_roi_of_one(study, out, file):
    shutil.rmtree(small.roi_path(study, 1, "A").parent)


def _two_voxels_alone(study, out, file):
    """One patient only, whose ROI has two voxels: others would be measured, and shrinkage takes its
    time."""
    small.write_participants(study, ["sub-01\tbenign"], "participant_id\tgroup")
    mask = np.zeros(small.SHAPE, np.uint8)
    mask[4:6, 4, 1] = 1
    small.write_image(small.roi_path(study, 1, "A"), mask)


def _two_by_one_reader(study, out, file):
    shutil.copy(small.roi_path(study, 1, "A"), small.roi_path(study, 1, "A", ".nii"))


def _link_out(path_of):
    """A file of the study becomes a link to one outside."""

    def change(study, out, file):
        path = path_of(study)
        outside = study.parent / ("outside" + "".join(path.suffixes))
        shutil.move(path, outside)
        path.symlink_to(outside)

    return change


def _claims_much(shape):
    """A header that claims far more voxels than the file has."""

    def change(data):
        header = bytearray(gzip.decompress(data))
        header[40:56] = struct.pack("<8h", 4, *shape, 1, 1, 1)[:16]
        return gzip.compress(bytes(header[:400]))

    return change


def _gzip_bomb(data):
    """A small file that unpacks to very much more than its header claims."""
    return gzip.compress(gzip.decompress(data) + bytes(30_000_000), 9)


def _zero_inside(data):
    data = data.copy()
    data[3:9, 3:9, 1] = 0
    return data


def _user_file(name, text="mine"):
    def change(study, out, file):
        (out / name).write_text(text)

    return change


def _small_zip():
    import io

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("notes.txt", "no ROI")
    return target.getvalue()


OFF_IMAGE = [[500, 500, 4], [510, 500, 4], [510, 510, 4]]
INSIDE = [[-7, -7, 4], [-13, -7, 4], [-13, -13, 4], [-7, -13, 4]]

CASES = {
    # The folder and its table.
    "no-study": ("measure {study}/nowhere --out {out}/measurements.csv", _nothing),
    "no-participants": (MEASURE, lambda study, *_: (study / "participants.tsv").unlink()),
    "commas": (MEASURE, _participants("sub-01,benign", header="participant_id,group")),
    "no-id-column": (MEASURE, _participants("sub-01\tbenign", header="patient\tgroup")),
    "id-is-a-path": (MEASURE, _participants("sub-01/../x\tbenign", header="participant_id\tgroup")),
    "id-twice": (MEASURE, _participants(*2 * ["sub-01\tbenign"], header="participant_id\tgroup")),
    "short-row": (MEASURE, _participants("sub-01", header="participant_id\tgroup")),
    "no-row": (MEASURE, _participants()),
    "age-in-words": (MEASURE, _participants("sub-01\tbenign\tn/a\tn/a\told")),
    "not-utf-8": (MEASURE, _no_text),
    # The series.
    "no-series": (MEASURE, _one_series_only),
    "two-series": (MEASURE, _second_series),
    "select-matches-none": (MEASURE + " --select ses-9", _nothing),
    "series-3d": (MEASURE, _series(lambda data: data[..., 0])),
    "series-complex": (MEASURE, _series(lambda data: data.astype(np.complex64))),
    "series-cut-off": (MEASURE, _series_bytes(lambda data: data[: len(data) // 2])),
    "series-is-text": (MEASURE, _series_bytes(lambda data: b"no image at all")),
    "series-claims-10-12-voxels": (MEASURE, _series_bytes(_claims_much((20000, 20000, 2500, 8)))),
    "series-is-a-gzip-bomb": (MEASURE, _series_bytes(_gzip_bomb)),
    "series-link-out": (MEASURE, _link_out(lambda study: small.dwi_path(study, 1))),
    "series-without-signal": (MEASURE, _series(_zero_inside)),
    "series-nan": (MEASURE, _series(lambda data: data * np.float32(np.nan))),
    # b-values and averages.
    "no-bval": (MEASURE, lambda study, *_: small.dwi_path(study, 1, ".bval").unlink()),
    "bval-count": (MEASURE, _sidecar(".bval", "0 20 50\n")),
    "bval-word": (MEASURE, _replace_text(".bval", "50", "fifty")),
    "bval-negative": (MEASURE, _replace_text(".bval", "50", "-50")),
    "bval-nan": (MEASURE, _replace_text(".bval", "50", "nan")),
    "bval-unit": (MEASURE, _sidecar(".bval", "0 .02 .05 .1 .2 .4 .8 1.2\n")),
    "bval-empty": (MEASURE, _sidecar(".bval", "\n")),
    "too-few-b": (MEASURE, _sidecar(".bval", "800 800 800 800 800 800 800 800\n")),
    "json-broken": (MEASURE, _sidecar(".json", '{"NumberOfAverages": [1,')),
    "averages-count": (MEASURE, _sidecar(".json", '{"NumberOfAverages": [1, 2]}')),
    "averages-zero": (MEASURE, _sidecar(".json", '{"NumberOfAverages": 0}')),
    "averages-words": (MEASURE, _sidecar(".json", '{"NumberOfAverages": "many"}')),
    # Regions of interest.
    "no-rois": (MEASURE, _no_rois),
    "no-roi-of-one": (MEASURE, _no_roi_of_one),
    "unknown-reader": (MEASURE + " --reader C", _nothing),
    "two-rois-by-one": (MEASURE, _two_by_one_reader),
    "unknown-lesion": (MEASURE + " --lesion L3", _nothing),
    "roi-empty": (MEASURE, _roi(lambda: np.zeros(small.SHAPE, np.uint8))),
    "roi-shape": (MEASURE, _roi(lambda: np.ones((5, 5, 1), np.uint8), np.diag([-3.3, -3.3, 4, 1]))),
    "roi-shifted": (MEASURE, _roi(small.square, small.AFFINE + 0.9 * np.eye(4, k=3))),
    "roi-fractions": (MEASURE, _roi(lambda: 0.4 * small.square().astype(np.float32))),
    "roi-nan": (MEASURE, _roi(lambda: np.full(small.SHAPE, np.nan, np.float32))),
    "roi-link-out": (MEASURE, _link_out(lambda study: small.roi_path(study, 1, "A"))),
    "roi-is-text": (MEASURE, _roi_file(".nii.gz", "no mask")),
    "roi-nrrd-cut-off": (MEASURE, _roi_file(".nrrd", "NRRD0004\ntype: uint8\ndimension: 3\n")),
    "roi-dicom-cut-off": (MEASURE, _roi_file(".dcm", bytes(128) + b"DICM\x02\x00")),
    "roi-zip-cut-off": (MEASURE, _roi_file(".zip", b"PK\x03\x04cut")),
    "roi-zip-without-roi": (MEASURE, _roi_file(".zip", _small_zip())),
    "roi-imagej-cut-off": (MEASURE, _roi_file(".roi", b"Iout\x00\xe4")),
    "polygons-no-json": (MEASURE, _roi_file(".json", '{"space": "RAS", ')),
    "polygons-space": (MEASURE, _polygon(INSIDE, space="XYZ")),
    "polygons-unit": (MEASURE, _polygon(INSIDE, unit="cm")),
    "polygons-two-points": (MEASURE, _polygon(INSIDE[:2])),
    "polygons-off-image": (MEASURE, _polygon(OFF_IMAGE)),
    "roi-empty-file": (MEASURE, _roi_file(".nrrd", "")),
    "shrinkage-few-voxels": (MEASURE + " --estimator shrinkage --reader A", _two_voxels_alone),
    # How and where.
    "estimator": (MEASURE + " --estimator median", _nothing),
    "jobs-zero": ("measure {study} --out {out}/measurements.csv --jobs 0", _nothing),
    "area-reversed": (MEASURE + " --roi-area 100 30", _nothing),
    "unknown-recipe": (MEASURE + " --recipe best", _nothing),
    "no-recipe-file": (WITH_RECIPE, _nothing),
    "recipe-no-toml": (WITH_RECIPE, _file("methods = [")),
    "recipe-unknown-word": (WITH_RECIPE, _file('treshold = 200\n')),
    "recipe-unknown-method": (WITH_RECIPE, _file('[methods]\nbiexponential = "best"\n')),
    "recipe-bounds-unit": (WITH_RECIPE, _file("[bounds]\nadc_slow = [0.1, 3.0]\n")),
    "recipe-bounds-order": (WITH_RECIPE, _file("[bounds]\nf = [0.5, 0.1]\n")),
    "no-scheduler": (MEASURE + " --scheduler tcp://127.0.0.1:9", _nothing),
    "out-no-folder": ("measure {study} --out {out}/none/m.csv", _nothing),
    "out-is-a-folder": ("measure {study} --out {out}", _nothing),
    "out-not-csv": ("measure {study} --out {out}/m.xlsx", _nothing),
    "out-is-flow": ("measure {study} --out {out}/flow.csv", _nothing),
    "out-is-the-users": (MEASURE, _user_file("measurements.csv")),
    # A whole study.
    "group-not-known": (STUDY, _two_in("n/a", "benign")),
    "one-group": (STUDY, _two_in("benign", "benign")),
    "no-such-positive": (STUDY + " --positive cancer", _nothing),
    "study-out-has-files": (STUDY, _user_file("thesis.txt")),
    "study-out-is-a-file": ("study {study} --out {out}/file", _user_file("file")),
    "study-cannot-measure": (STUDY, _roi(lambda: np.zeros(small.SHAPE, np.uint8))),
    # Simulation.
    "simulate-into-files": ("simulate {out} --patients 4", _user_file("thesis.txt")),
    "simulate-into-a-file": ("simulate {out}/file --patients 4", _user_file("file")),
    "simulate-too-few": ("simulate {out}/new --patients 1", _nothing),
    "simulate-none": ("simulate {out}/new --patients 0", _nothing),
    "simulate-seed": ("simulate {out}/new --patients 4 --seed -1", _nothing),
    "truth-missing": (WITH_TRUTH, _nothing),
    "truth-no-toml": (WITH_TRUTH, _file("name = ")),
    "truth-not-utf-8": (WITH_TRUTH, lambda study, out, file: file.write_bytes(b"\xff\xfe")),
    "truth-misspelt": (WITH_TRUTH, _default_truth("snr_between", "snr_betwen")),
    "truth-unknown": (WITH_TRUTH, _default_truth("[lesion]", "[lesion]\nshape = 1")),
    "truth-part-missing": (WITH_TRUTH, _default_truth(cut="[lesion]")),
    "truth-word-for-number": (WITH_TRUTH, _default_truth("snr = 30.0", 'snr = "high"')),
    "truth-bool-for-number": (WITH_TRUTH, _default_truth("snr = 30.0", "snr = true")),
    "truth-f-in-percent": (WITH_TRUTH, _default_truth("f = 0.129", "f = 12.9")),
    "truth-d-in-mm2-s": (WITH_TRUTH, _default_truth("adc_slow = 0.88", "adc_slow = 0.00088")),
    "truth-averages-count": (WITH_TRUTH, _default_truth("averages = [2, ", "averages = [")),
    "truth-averages-fraction": (WITH_TRUTH, _default_truth("averages = [2, ", "averages = [2.5, ")),
    "truth-few-b": (
        WITH_TRUTH,
        _default_truth(
            "b = [0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500]",
            "b = [0, 0, 0, 0, 0, 800, 800, 800, 800, 800]",
        ),
    ),
    "truth-axes-order": (WITH_TRUTH, _default_truth("[9.0, 17.0]", "[17.0, 9.0]")),
    "truth-age": (WITH_TRUTH, _default_truth("age = [45, 17]", "age = [45]")),
    "truth-one-group": (WITH_TRUTH, _default_truth(cut="# A solid malignant tumour")),
    "truth-readers-alike": (WITH_TRUTH, _default_truth('name = "R2"', 'name = "R1"')),
    "truth-reader-name": (WITH_TRUTH, _default_truth('name = "R2"', 'name = "../R2"')),
    "truth-readers-no-list": (WITH_TRUTH, _default_truth("[[readers]]", "[readers]")),
    "truth-share": (WITH_TRUTH, _default_truth("share = 0.3", "share = -0.3")),
}  # fmt: skip
