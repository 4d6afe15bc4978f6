"""The tables of a measured study, from the records of its patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ivim import parameters

if TYPE_CHECKING:
    from ivim.study.layout import Layout

DETAIL = [
    "patient",
    "reader",
    "region",
    "parameter",
    "value",
    "sd",
    "median",
    "q1",
    "q3",
    "voxels",
    "fitted",
    "at_bound",
    "estimator",
    "area_mm2",
    "area_per_slice_mm2",
]
FLOW = ["patient", "group", "reader", "file", "status", "why"]
OVERLAP = [
    "patient",
    "reader_a",
    "reader_b",
    "dice",
    "area_a_mm2",
    "area_b_mm2",
    "area_difference_mm2",
]


def measurements(layout: Layout, records: dict[str, dict]) -> pd.DataFrame:
    """One row per patient and reader; blank where a parameter could not be measured.

    Parameters
    ----------
    layout : ivim.study.layout.Layout
    records : dict of str to dict

    Returns
    -------
    DataFrame
        ``patient, reader`` and the six parameters, diffusivities in 10⁻³ mm²/s.
    """
    rows = [
        {"patient": label, "reader": reader} | record["rows"].get(reader, {})
        for label, record in records.items()
        for reader in layout.readers
    ]
    return pd.DataFrame(rows, columns=["patient", "reader", *parameters.SIX]).astype(
        dict.fromkeys(parameters.SIX, float)
    )


def detail(records: dict[str, dict]) -> pd.DataFrame:
    """Spread, voxels and areas behind every value; see data/README.md for the columns.

    Parameters
    ----------
    records : dict of str to dict
        By patient, see :func:`ivim.study.record.measure_patient`.

    Returns
    -------
    DataFrame
        Columns :data:`DETAIL`.
    """
    return _frame(records, "detail", DETAIL)


def overlap(records: dict[str, dict]) -> pd.DataFrame:
    """Dice coefficient and area difference of every two readers of a patient.

    Parameters
    ----------
    records : dict of str to dict
        By patient, see :func:`ivim.study.record.measure_patient`.

    Returns
    -------
    DataFrame
        Columns :data:`OVERLAP`.
    """
    return _frame(records, "overlap", OVERLAP)


def flow(layout: Layout, records: dict[str, dict]) -> pd.DataFrame:
    """Every patient, reader and ROI file: used, or left out and why.

    Parameters
    ----------
    layout : Layout
    records : dict of str to dict
        By patient, see :func:`ivim.study.record.measure_patient`.

    Returns
    -------
    DataFrame
        ``patient, group, reader, file, status, why``; folders that ``participants.tsv`` does not
        name are left out, too, and said.
    """
    lines = [line for record in records.values() for line in record["flow"]]
    lines += [
        {"patient": name, "status": "left out", "why": "not in participants.tsv"}
        for name in layout.strangers
    ]
    lines += [
        {
            "patient": patient.label,
            "group": patient.group,
            "status": "left out",
            "why": f"{patient.passed_over} file(s) beside the ROIs have names of another kind",
        }
        for patient in layout.patients
        if patient.passed_over
    ]
    return pd.DataFrame(lines, columns=FLOW).fillna("")


def people(layout: Layout) -> pd.DataFrame:
    """``patients.csv`` of the study: ``patient, group, primary, sex, age``.

    Parameters
    ----------
    layout : Layout

    Returns
    -------
    DataFrame
        One row per patient.
    """
    columns = ["patient", "group", "primary", "sex", "age"]
    rows = [(one.label, one.group, one.primary, one.sex, one.age) for one in layout.patients]
    return pd.DataFrame(rows, columns=columns)


def failures(records: dict[str, dict]) -> list[str]:
    """What could not be measured though it should have been: ``patient, reader: why``, one each.

    Parameters
    ----------
    records : dict of str to dict

    Returns
    -------
    list of str
    """
    found = []
    for label, record in records.items():
        reasons = {line["why"]: line["reader"] for line in record["flow"] if line["failed"]}
        found += [
            why if why.startswith(label) or label in why else f"{label}, reader {reader}: {why}"
            for why, reader in reasons.items()
        ]
    return found


def _frame(records, kind, columns):
    rows = [{"patient": label} | row for label, record in records.items() for row in record[kind]]
    return pd.DataFrame(rows, columns=columns)
