"""What a reader sees: tables in five formats, printed beside reproduced, figures, plain sentences,
and where it all came from. The functions here are the one door for notebooks.

>>> from ivim import load_cohort, report
>>> cohort = load_cohort()
>>> table5 = report.table("table5", cohort)
>>> printed5 = report.beside(table5, cohort)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from ivim.cohort import Cohort
    from ivim.report.analysis import Analysis
    from ivim.report.minutes import Plain, Sentences
    from ivim.report.picture import Picture
    from ivim.report.write import Table

__all__ = [
    "analyse",
    "beside",
    "figure",
    "fit_in_words",
    "in_one_minute",
    "save",
    "sentences",
    "stamp",
    "table",
]


def analyse(cohort: "Cohort") -> "Analysis":
    """Everything computed from a cohort, once; see :class:`ivim.report.analysis.Analysis`.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.analysis.Analysis
    """
    from ivim.report.analysis import analyse

    return analyse(cohort)


def table(name: str, cohort: "Cohort", **options: Any) -> "Table":
    """A table of the study, computed and laid out.

    Parameters
    ----------
    name : str
        ``table1`` ... ``table5``, ``agreement``, ``anova`` or ``posthoc``; or what the article does
        not report: a name of :data:`ivim.report.catalogue.TABLES`.
    cohort : ivim.cohort.Cohort
    **options
        Of a supplementary table, for example ``resamples`` of ``optimism``.

    Returns
    -------
    ivim.report.write.Table

    Raises
    ------
    ValueError
        When there is no such table.
    """
    from ivim.report import catalogue, layout

    if name in catalogue.TABLES:
        return catalogue.TABLES[name](cohort, **options)
    if name not in layout.NAMES:
        known = ", ".join((*layout.NAMES, *catalogue.TABLES))
        msg = f"there is no table {name!r}; there are {known}"
        raise ValueError(msg)
    return layout.build(name, cohort)


def beside(made: "str | Table", cohort: "Cohort", **options: Any) -> "Table | None":
    """The article's printed numbers beside a table of the reconstructed cohort.

    Parameters
    ----------
    made : str or ivim.report.write.Table
        A table of :func:`table`, or its name.
    cohort : ivim.cohort.Cohort
    **options
        ``form`` of the ICC, or ``relabel`` of the rows: see :func:`ivim.report.compare.compare`.

    Returns
    -------
    ivim.report.write.Table or None
        None for a table of one's own, where nothing is printed to compare with.
    """
    from ivim.report import compare

    return compare.beside(cohort, table(made, cohort) if isinstance(made, str) else made, **options)


def figure(name: str, cohort: "Cohort") -> "Picture | Sentences":
    """A figure of the study with its numbers and its words.

    Parameters
    ----------
    name : str
        A name of :data:`ivim.report.gallery.FIGURES`: ``figure3``, ``groups``, ``primaries``,
        ``bland_altman``, ``regression_plane``, ``calibration`` ...
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.picture.Picture or ivim.report.minutes.Sentences
        A sentence with the reason where it cannot be drawn.
    """
    from ivim.report import gallery

    return gallery.draw(name, cohort)


def in_one_minute(notebook: str, cohort: "Cohort") -> "Sentences":
    """Three plain sentences that answer a notebook's question, from the cohort's numbers.

    Parameters
    ----------
    notebook : str
        Its number, ``03`` to ``07``.
    cohort : ivim.cohort.Cohort

    Returns
    -------
    ivim.report.minutes.Sentences
    """
    from ivim.report import minutes

    return minutes.answer(notebook, cohort)


def sentences(*texts: str) -> "Sentences":
    """Sentences as a notebook shows them.

    Parameters
    ----------
    *texts : str
        Markdown.

    Returns
    -------
    ivim.report.minutes.Sentences
    """
    from ivim.report.minutes import Sentences

    return Sentences(texts)


def fit_in_words(fit: dict) -> "Sentences":
    """How well a regression fits, in sentences.

    Parameters
    ----------
    fit : dict
        :attr:`ivim.report.analysis.Analysis.goodness`.

    Returns
    -------
    ivim.report.minutes.Sentences
    """
    from ivim.report import minutes

    return minutes.fit_in_words(fit)


def save(
    section: str, *made: "Table | Picture | Sentences | None", numbers: dict | None = None
) -> "Plain":
    """Write tables and figures, and put the numbers that texts quote into ``numbers.json``.

    Parameters
    ----------
    section : str
        Name of the notebook, for example "05_group_comparison".
    *made : Table, Picture or None
        What is not there (None, or a sentence that says why) is passed over.
    numbers : dict, optional
        Numbers to quote. How many printed digits agree is added for each table of :func:`beside`.

    Returns
    -------
    ivim.report.minutes.Plain
        The files that were written.
    """
    from ivim.report import saving

    return saving.save(section, made, numbers or {})


def stamp(*inputs: "str | Path") -> "Plain":
    """What a result was made with; see :func:`ivim.report.provenance.stamp`.

    Parameters
    ----------
    *inputs : path
        By default the two tables of the reconstructed cohort.

    Returns
    -------
    ivim.report.minutes.Plain
    """
    from ivim.report import provenance
    from ivim.report.minutes import Plain

    return Plain(provenance.stamp(*inputs))
