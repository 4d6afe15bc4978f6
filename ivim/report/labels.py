"""What tables and figures call a group, a parameter or a marker of a cohort, and how a cut-off is
printed. A user's own name is shown as it is, whatever stands in it."""

from collections.abc import Iterable

from ivim import parameters
from ivim.cohort import Cohort
from ivim.report import printing
from ivim.report.cells import literal, parameter
from ivim.report.headings import GROUPS


def group_label(name: str, cohort: Cohort) -> str:
    """A group's name as printed: the article's wording in the article's cohort.

    Parameters
    ----------
    name : str
    cohort : ivim.cohort.Cohort

    Returns
    -------
    str
    """
    return GROUPS.get(name, name) if cohort.reconstructed else literal(name)


def inline(name: str, cohort: Cohort) -> str:
    """A group's name within a sentence.

    Parameters
    ----------
    name : str
    cohort : ivim.cohort.Cohort

    Returns
    -------
    str
    """
    return group_label(name, cohort).lower() if cohort.reconstructed else literal(name)


def heading(name: str) -> str:
    """A parameter's label with its unit on a second line.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return "\n".join(filter(None, (parameter(name), parameters.unit(name))))


def marker_parts(name: str, markers: Iterable[str]) -> list[str]:
    """The markers that a marker is made of: "adc_fast+f" is the combination of two where both stand
    beside it, and a column of that name where they do not.

    Parameters
    ----------
    name : str
    markers : iterable of str
        All markers of the table or the figure.

    Returns
    -------
    list of str
        The marker itself where it is a single one.
    """
    others = [marker for marker in dict.fromkeys(markers) if marker != name]
    return others if len(others) > 1 and "+".join(others) == name else [name]


def marker_label(name: str, markers: Iterable[str]) -> str:
    """A marker's label; the combination of several reads "ADC_{fast} and /{f}".

    Parameters
    ----------
    name : str
    markers : iterable of str
        All markers of the table or the figure.

    Returns
    -------
    str
    """
    return " and ".join(parameter(part) for part in marker_parts(name, markers))


def cutoff(marker: str, direction: str, value: float, combined: bool = False) -> str:
    """A cut-off as printed, "> 29.05": two decimals for the article's diffusivities, three for
    fractions and probabilities.

    Parameters
    ----------
    marker : str
    direction : str
    value : float
    combined : bool
        Whether the value is a probability fitted to several markers.

    Returns
    -------
    str
    """
    if parameters.is_diffusivity(marker):
        return f"{direction} {printing.number(value, 2)}"
    if combined or marker in parameters.SIX:
        return f"{direction} {printing.number(value, 3)}"
    return f"{direction} {value:.4g}".replace("-", printing.MINUS)
