"""Questions on the design that no table answers, as a structure file to fill in."""

import json
from typing import TYPE_CHECKING

from ivim.audit.claims import Claim, Claims
from ivim.audit.questions import structure_text as questions_on
from ivim.audit.structure import Structure

if TYPE_CHECKING:
    from ivim.audit.reading import Reading


def structure_text(reading: "Reading") -> str:
    """A structure file to fill in: what the auditor asks of any claims, and groups that are
    indented under others.

    Parameters
    ----------
    reading : ivim.audit.reading.Reading

    Returns
    -------
    str
        TOML; nothing in it counts until its ``#`` is taken away.

    Raises
    ------
    ValueError
        Where a number of a long table is none.
    """
    claims = Claims([Claim(**row) for row in reading.claims.to_dict("records")])
    text = questions_on(claims, Structure())
    parts = {whole: names for table in reading.tables for whole, names in table.parts.items()}
    if not parts:
        return text
    lines = ["", "# These groups are indented under another one in a table; are they its parts?"]
    lines += ["# [groups.parts]"] + [
        f"# {json.dumps(whole, ensure_ascii=False)} = "
        + json.dumps(list(dict.fromkeys(names)), ensure_ascii=False)
        for whole, names in parts.items()
    ]
    return "\n".join([text.rstrip("\n"), *lines, ""])
