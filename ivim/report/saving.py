"""The last cell of a notebook: tables and figures written, numbers recorded, in one call."""

from collections.abc import Sequence

from ivim.report import compare
from ivim.report.minutes import Plain, Sentences
from ivim.report.picture import Picture
from ivim.report.provenance import record_numbers
from ivim.report.write import Table, listing, write_tables


def save(section: str, made: Sequence[Table | Picture | Sentences | None], numbers: dict) -> Plain:
    """Write what a notebook made.

    Parameters
    ----------
    section : str
        Name of the notebook.
    made : sequence of Table, Picture or None
    numbers : dict
        Numbers to quote.

    Returns
    -------
    ivim.report.minutes.Plain
        One line per file name.
    """
    tables = [one for one in made if isinstance(one, Table)]
    pictures = [one for one in made if isinstance(one, Picture)]
    written = write_tables(*tables)
    for picture in pictures:
        written += picture.save()
    compared = {one.name: compare.counts(one) for one in tables if "mark" in one.frame}
    record_numbers(section, numbers | ({"compared": compared} if compared else {}))
    return Plain(listing(written))
