"""Real DICOM series of six scanners (`shared/real/dicom`), where they are present."""

import csv
import gzip
import json

import numpy as np
import pydicom
import pytest
from numpy.testing import assert_allclose

import ivim
from ivim.cli import main
from ivim.imaging import bids, dicom
from ivim.imaging.series import read_series, sidecar

VIALS = {0: [(61, 65), (79, 55)], 10: [(61, 46), (44, 36)], 20: [(27, 66), (44, 55)]}
VIALS |= {30: [(44, 96), (44, 76)], 40: [(61, 86), (79, 96)]}
"""Centres of the vials in the middle slice (voxels of the imported image) by their concentration of
PVP in %, read off the image at b = 0."""


@pytest.fixture
def imported(outside, tmp_path):
    """A function that imports one of the sets; the outcome and the study."""

    def run(name, **options):
        study = tmp_path / "study"
        outcome = dicom.import_study(outside(f"real/dicom/{name}"), study, **options)
        return outcome, study

    return run


def read(study, label="sub-01"):
    """The series of a participant."""
    return read_series(bids.find_series(study, label))


@pytest.mark.parametrize("direction", ["PHASE", "READ", "SLICE"])
def test_water_has_the_adc_of_the_scanner(outside, imported, direction):
    """Siemens Sola, b 0 to 1000: the mean over the phantom is within 3 % of the scanner's map."""
    _, study = imported(f"siemens_sola_xa61_11b_water/DIFFUSION_{direction}")
    series = read(study)
    (path,) = outside(f"real/dicom/siemens_sola_xa61_11b_water/DIFFUSION_{direction}_ADC").iterdir()
    scanner = np.flipud(pydicom.dcmread(path).pixel_array).T * 1e-6
    first = series.data[:, :, 0, 0]
    water = first > 0.5 * np.median(first[first > 0.3 * first.max()])
    mean = series.data[water, 0].mean(axis=0)
    adc = ivim.fit(mean, series.b, model="monoexponential").values["adc_stand"]
    assert series.averages.tolist() == [16] * 11
    assert_allclose(adc, scanner[water].mean(), rtol=0.03)


def test_five_volumes_and_not_six_from_a_series_per_b(imported):
    """Siemens Skyra: the scanner's ADC map is not a sixth volume of b = 0."""
    _, study = imported("siemens_skyra_xa30_trace_series_per_b")
    series = read(study)
    assert series.b.tolist() == [0, 500, 1000, 1500, 2000]
    assert series.data.shape == (128, 128, 25, 5)
    assert series.averages.tolist() == [2] * 5
    path = sidecar(bids.find_series(study, "01"), ".bvec")
    assert not bids.read_bvecs(path, 5).any()


def test_vials_have_the_adc_of_the_reference(outside, imported):
    """NIST's phantom in ice water: each vial within 12 % of the reference of its concentration."""
    _, study = imported("siemens_skyra_xa30_trace_series_per_b")
    series = read(study)
    table = outside("real/dicom/siemens_skyra_xa30_trace_series_per_b")
    with (table / "NIST_reference_ADC_batch1_3T.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    reference = {int(pvp): float(adc) * 1e-6 for _, pvp, degrees, adc, _ in rows if degrees == "0"}
    x, y = np.indices(series.data.shape[:2])
    for pvp, centres in VIALS.items():
        for centre in centres:
            vial = np.hypot(x - centre[0], y - centre[1]) < 5
            mean = series.data[vial, 12, :3].mean(axis=0)
            adc = ivim.fit(mean, series.b[:3], model="monoexponential").values["adc_stand"]
            assert_allclose(adc, reference[pvp], rtol=0.12, err_msg=f"{pvp} % PVP at {centre}")


def test_averages_of_each_b_are_those_of_the_headers(imported):
    """UIH: 6 averages at b 1.25 and 2 at 928, although dcm2niix says 6 for all."""
    _, study = imported("uih_umr770_nex_varies")
    content = json.loads(sidecar(bids.find_series(study, "01"), ".json").read_text())
    assert content["NumberOfAverages"] == [6] + [2] * 16
    series = read(study)
    assert series.data.shape == (64, 64, 20, 17)
    assert_allclose(series.b, [1.25194] + [928.289] * 16, rtol=1e-6)


def test_b0_may_come_last(imported):
    """Philips, multi-frame: three directions at 1300, then b = 0."""
    _, study = imported("philips_achieva_enhanced_b1300_b0last")
    series = read(study)
    assert series.b.tolist() == [1300, 1300, 1300, 0]
    assert series.averages.tolist() == [1] * 4
    assert np.all(series.data[..., 3].mean() > series.data[..., :3].mean(axis=(0, 1, 2)))


def test_ge_b_of_private_elements(imported):
    """GE MR750: b = 0 and 1000 from (0043,1039); no averages in the headers, which is said."""
    outcome, study = imported("ge_mr750_b0_b1000")
    series = read(study)
    assert series.b.tolist() == [0, 1000]
    assert series.averages is None
    assert any("do not say the averages" in line for line in outcome.warnings)


def test_ge_tensor_agrees_with_the_reference(outside, imported):
    """GE Pioneer: b-values and directions of the upstream reference files."""
    _, study = imported("ge_pioneer_dti_b0_6xb1000")
    folder = outside("real/dicom/ge_pioneer_dti_b0_6xb1000")
    image = bids.find_series(study, "01")
    reference = bids.read_bvecs(folder / "reference.bvec", 7)
    assert_allclose(bids.read_bvecs(sidecar(image, ".bvec"), 7), reference, atol=1e-4)
    assert_allclose(read(study).b, np.loadtxt(folder / "reference.bval"), rtol=0, atol=0)


def test_a_series_of_b0_only_is_refused_in_one_line(outside, tmp_path, capsys):
    """GE HDx: four volumes of b = 0."""
    code = main(["import", str(outside("real/dicom/ge_hdx_b0only")), str(tmp_path / "study")])
    assert code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "ivim import: sub-01: series 25: b = 0 s/mm² only; a diffusion scan has at least two "
        "b-values\n"
    )
    assert not (tmp_path / "study").exists()


def test_mosaics_are_cut_into_slices(outside, imported):
    """Siemens Trio: 48 slices in one image, the files packed; voxels are those of the mosaic."""
    _, study = imported("siemens_trio_mosaic")
    series = read(study)
    assert series.b.tolist() == [0, 1000]
    assert series.data.shape == (128, 128, 48, 2)
    packed = outside("real/dicom/siemens_trio_mosaic/siemens_dwi_1000.dcm.gz")
    with gzip.open(packed) as file:
        mosaic = pydicom.dcmread(file).pixel_array
    tile = mosaic[3 * 128 : 4 * 128, 5 * 128 : 6 * 128]
    assert_allclose(series.data[:, :, 3 * 7 + 5, 1], np.flipud(tile).T, rtol=0, atol=0)


def test_siemens_csa_header_tells_b_when_private_elements_were_cut_out(outside, tmp_path):
    """Siemens Trio without group 0019: b, directions and slices from (0029,1010)."""
    scans = tmp_path / "scans"
    scans.mkdir()
    for path in outside("real/dicom/siemens_trio_mosaic").glob("*.gz"):
        with gzip.open(path) as file:
            dataset = pydicom.dcmread(file)
        for element in list(dataset.group_dataset(0x0019)):
            del dataset[element.tag]
        del dataset.SequenceName
        dataset.save_as(scans / path.stem)
    rows, _ = dicom.list_folder(scans)
    assert (rows[0]["b"], rows[0]["slices"], rows[0]["directions"]) == ("0, 1000", 48, "1")
    dicom.import_study(scans, tmp_path / "study")
    assert read(tmp_path / "study").b.tolist() == [0, 1000]


def test_all_scanners_in_one_folder(outside, tmp_path, capsys):
    """Patients are told apart, who is not to be decided on is named, the rest is imported."""
    code = main(["import", str(outside("real/dicom")), str(tmp_path / "study")])
    out, err = capsys.readouterr()
    assert code == 1
    assert "left out: sub-01: 3 series fit" in err
    for name in ("dicom2nifti", "ZZZQA", "10102024", "Parkville"):
        assert name.lower() not in (out + err).lower()
    assert len(bids.list_subjects(tmp_path / "study")) == 4
