"""A study on disk as BIDS: who is in it, whose series is which, gradient directions.

Everything here reads. No path that is found leaves the study: a symbolic link or ``..`` that points
outside is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ivim.imaging.table import MISSING, read_table, read_text

if TYPE_CHECKING:
    import pandas as pd


LABEL = re.compile(r"[A-Za-z0-9]+")
"""A BIDS label: letters and digits only (BIDS 1.10, "Filenames")."""

AGE_LIMIT = re.compile(r"(\d+)\+")
"""``89+``: the way BIDS and HIPAA write an age that would single a person out."""


def read_participants(study: str | Path) -> pd.DataFrame:
    """Read ``participants.tsv`` of a study.

    Parameters
    ----------
    study : path
        The study's folder.

    Returns
    -------
    DataFrame
        One row per participant in the file's order: ``participant_id``, ``group``, ``primary``,
        ``sex`` as text (an empty text where the file has ``n/a``), ``age`` as a number (NaN where
        it has ``n/a``), then other columns as text. A column that the file has not is filled as if
        it were ``n/a``.

    Raises
    ------
    ValueError
        When the file is missing, is no table with tabs, or names a participant badly or twice.
    """
    path = inside(study, check_study(study) / "participants.tsv")
    if not path.is_file():
        msg = (
            f"{path}: no such file; write one row per patient with the columns participant_id and "
            "group, separated by tabs"
        )
        raise ValueError(msg)
    frame = read_table(path)
    if "participant_id" not in frame:
        met = ", ".join(map(repr, frame.columns))[:200]
        msg = f"{path}: column 'participant_id' is missing; met {met}"
        raise ValueError(msg)
    _check_names(frame["participant_id"], path)
    for column in ("group", "primary", "sex", "age"):
        if column not in frame:
            frame[column] = ""
    frame["age"] = [
        _age(text, name, path)
        for text, name in zip(frame["age"], frame["participant_id"], strict=True)
    ]
    known = ["participant_id", "group", "primary", "sex", "age"]
    return frame[known + [column for column in frame.columns if column not in known]]


def check_groups(participants: pd.DataFrame, study: str | Path) -> None:
    """Raise ValueError unless every participant has a group.

    Only what compares groups needs them; an import leaves them ``n/a`` for the user to fill in.

    Parameters
    ----------
    participants : DataFrame
        As of :func:`read_participants`.
    study : path
        For the message.

    Raises
    ------
    ValueError
        Names the participants whose group is ``n/a``.
    """
    blank = participants.loc[participants["group"] == "", "participant_id"].tolist()
    if blank:
        more = f" and {len(blank) - 3} more" if len(blank) > 3 else ""
        msg = (
            f"{Path(study) / 'participants.tsv'}: group of {', '.join(blank[:3])}{more} is n/a; "
            "write each patient's group into the column 'group'"
        )
        raise ValueError(msg)


def list_subjects(study: str | Path) -> list[str]:
    """Names of the ``sub-`` folders of a study, sorted; a link out of the study is refused.

    Parameters
    ----------
    study : path

    Returns
    -------
    list of str
    """
    found = (path for path in check_study(study).glob("sub-*") if path.is_dir())
    return sorted(inside(study, path).name for path in found)


def list_series(study: str | Path, subject: str) -> list[Path]:
    """Diffusion series of one participant.

    Parameters
    ----------
    study : path
    subject : str
        ``sub-01``, with or without ``sub-``.

    Returns
    -------
    list of Path
        NIfTI files ``sub-01[_...]_dwi.nii[.gz]`` in ``dwi/`` or ``ses-*/dwi/``, sorted.

    Raises
    ------
    ValueError
        When there is no such participant, or a path leaves the study.
    """
    name = subject_name(subject)
    folder = check_study(study) / name
    if not folder.is_dir():
        msg = f"{folder}: no such folder; {name} needs {name}/dwi/{name}_dwi.nii.gz"
        raise ValueError(msg)
    inside(study, folder)
    found = (
        path
        for pattern in ("dwi", "ses-*/dwi")
        for path in folder.glob(f"{pattern}/{name}_*dwi.nii*")
        if re.search(r"_dwi\.nii(\.gz)?$", path.name)
    )
    return sorted(inside(study, path) for path in found)


def find_series(study: str | Path, subject: str, select: str | None = None) -> Path:
    """The diffusion series of one participant.

    Parameters
    ----------
    study : path
    subject : str
        ``sub-01``, with or without ``sub-``.
    select : str, optional
        Which one, where there are several: entities of the file name, for example ``ses-2`` or
        ``ses-2_run-1``, or the whole file name.

    Returns
    -------
    Path
        Of the image; :func:`ivim.imaging.series.sidecar` gives the files that go with it.

    Raises
    ------
    ValueError
        When there is none, or not exactly one; the candidates are named.
    """
    found = list_series(study, subject)
    name = subject_name(subject)
    if not found:
        msg = f"{Path(study) / name}: no diffusion series; it is called dwi/{name}_dwi.nii.gz"
        raise ValueError(msg)
    chosen = found if select is None else [path for path in found if _matches(path, select)]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(path.name for path in found)
    if not chosen:
        msg = f"{name}: no series matches --select {select}; there are {names}"
        raise ValueError(msg)
    msg = (
        f"{name}: {len(chosen)} diffusion series fit ({names}); say which one, for example "
        f"--select {_difference(chosen)}"
    )
    raise ValueError(msg)


def read_bvecs(path: str | Path, count: int) -> np.ndarray:
    """Read gradient directions: three lines of `count` numbers, or `count` lines of three.

    Parameters
    ----------
    path : path
    count : int
        Images of the series.

    Returns
    -------
    array, shape (count, 3)
        A row of zeros where there is no direction (b = 0, a trace-weighted image).

    Raises
    ------
    ValueError
        When a word is no finite number or the table has another shape.
    """
    rows = [line.replace(",", " ").split() for line in read_text(path).splitlines() if line.strip()]
    try:
        table = np.array([[float(word) for word in row] for row in rows], dtype=float)
    except ValueError:
        table = np.empty(0)
    if table.shape == (count, 3) and count != 3:
        table = table.T
    if table.shape != (3, count) or not np.isfinite(table).all():
        msg = (
            f"{path}: {len(rows)} lines of numbers; gradient directions are three lines of {count} "
            "finite numbers, one column per image"
        )
        raise ValueError(msg)
    return table.T


def subject_name(subject: str) -> str:
    """``sub-LABEL`` from a label with or without ``sub-``.

    Parameters
    ----------
    subject : str

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When the label has anything but letters and digits.
    """
    label = str(subject).removeprefix("sub-")
    if not LABEL.fullmatch(label) or len(label) > 64:
        msg = (
            f"{str(subject)[:40]!r} is no label of a participant; give letters and digits, e.g. 01"
        )
        raise ValueError(msg)
    return f"sub-{label}"


def check_study(study: str | Path) -> Path:
    """The study's folder as a path, or ValueError where it is none.

    Parameters
    ----------
    study : path

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        When there is no such folder.
    """
    study = Path(study)
    if not study.is_dir():
        msg = f"{study}: no such folder; give the folder that holds participants.tsv and sub-*"
        raise ValueError(msg)
    return study


def inside(study: str | Path, path: str | Path) -> Path:
    """The path itself where it stays within the study once symbolic links are followed.

    Parameters
    ----------
    study, path : path

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        When it leads outside.
    """
    path = Path(path)
    if not path.resolve().is_relative_to(Path(study).resolve()):
        msg = f"{path}: leads out of the study (a symbolic link or '..'); put the file itself there"
        raise ValueError(msg)
    return path


def _check_names(names, path):
    for name in names:
        if not re.fullmatch(r"sub-[A-Za-z0-9]{1,64}", name):
            msg = (
                f"{path}: participant_id {name[:40]!r}; it is sub- with letters and digits behind, "
                "e.g. sub-01, like the participant's folder"
            )
            raise ValueError(msg)
    repeated = names[names.duplicated()]
    if len(repeated):
        msg = f"{path}: {repeated.iloc[0]} stands in more than one row; give each patient one row"
        raise ValueError(msg)


def _age(text, name, path):
    if not text:
        return np.nan
    limit = AGE_LIMIT.fullmatch(text)
    try:
        age = float(limit[1] if limit else text)
    except ValueError:
        age = -1.0
    if not 0 <= age <= 150:
        msg = f"{path}: age of {name} is {text[:40]!r}; give years as a number, or {MISSING}"
        raise ValueError(msg)
    return age


def _matches(path, select):
    """Whether all entities of `select` are entities of the file's name."""
    if select == path.name:
        return True
    wanted = re.sub(r"(_dwi)?(\.nii)?(\.gz)?$", "", select).split("_")
    return set(wanted) <= set(path.name.split("_")) | {path.parent.parent.name}


def _difference(paths):
    """Entities of the first of several series that not all of them have."""
    entities = [path.name.split("_")[:-1] for path in paths]
    shared = set.intersection(*map(set, entities))
    own = [entity for entity in entities[0] if entity not in shared]
    return "_".join(own) or paths[0].name
