"""One line of the benchmark table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, the value, the line to meet, and whether it is met (None where there is no
    line or no value).
    """

    section: str
    what: str
    value: str
    line: str = ""
    met: bool | None = None


def skipped(section, what, why):
    """A row for a peer that is not here."""
    return Row(section, what, f"skipped: {why}")
