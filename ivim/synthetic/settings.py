"""What a simulated study is drawn from: a small TOML file, read strictly, so that a misspelt word
never passes for a default."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ivim.files import shown

DEFAULT = Path(__file__).with_name("study.toml")
"""The documented defaults, with their sources; the file to copy for settings of one's own."""


@dataclass(frozen=True)
class Protocol:
    """How a patient is scanned: b in s/mm², excitations per b, SNR of the lesion at b = 0 in one
    excitation."""

    b: tuple
    averages: tuple
    snr: float
    snr_between: float


@dataclass(frozen=True)
class Lesion:
    """Size (semi-axes in mm, smallest and largest) and heterogeneity of every lesion, see
    :class:`phantom.Tissue`."""

    semi_axes_mm: tuple
    variation: float
    patchiness: float
    coupling: float
    spread: float


@dataclass(frozen=True)
class Reader:
    """Who draws: the usual radius in mm, the SD of its logarithm, and the SD of the place in mm."""

    name: str
    radius_mm: float
    radius_between: float
    shift_mm: float


@dataclass(frozen=True)
class Group:
    """Patients of one kind: medians of the three parameters (diffusivities in 10⁻³ mm²/s) and SDs
    of their logarithms."""

    name: str
    share: float
    adc_slow: float
    adc_fast: float
    f: float
    between: dict
    male: float
    age: tuple
    primaries: dict


@dataclass(frozen=True)
class Settings:
    """All of one file."""

    name: str
    protocol: Protocol
    lesion: Lesion
    readers: tuple
    groups: tuple


def read_settings(path: str | Path | None = None) -> Settings:
    """Read the settings of a simulated study.

    Parameters
    ----------
    path : path, optional
        TOML file with the entries of :data:`DEFAULT`, which is also the default; every entry is
        needed but ``primaries``.

    Returns
    -------
    Settings

    Raises
    ------
    ValueError
        When the file cannot be read, an entry is missing, unknown, of another type or out of its
        range.
    """
    path = Path(path or DEFAULT)
    content = _Table(_parse(path), str(path.name))
    settings = Settings(
        name=content.text("name", r"[^\t\r\n]{1,80}"),
        protocol=_protocol(content.table("protocol")),
        lesion=_lesion(content.table("lesion")),
        readers=tuple(_reader(one) for one in content.tables("readers")),
        groups=tuple(_group(one) for one in content.tables("groups")),
    )
    content.finish()
    _check_names(settings, path.name)
    return settings


def _parse(path):
    if not path.is_file():
        msg = f"{path}: no such file; give a TOML file like {DEFAULT.name} (see data/README.md)"
        raise ValueError(msg)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        msg = (
            f"{path}: not TOML in UTF-8 ({' '.join(why.split())[:200]}); mend it, or begin with a "
            "copy of the defaults "
            "(see data/README.md)"
        )
        raise ValueError(msg) from error


def _protocol(table):
    b = table.numbers("b", 0, 1e4)
    averages = table.numbers("averages", 1, 1000, whole=True)
    if len(averages) != len(b):
        msg = f"{table.place}: {len(averages)} averages for {len(b)} b-values; give one per b-value"
        raise ValueError(msg)
    if len(set(b)) < 4:
        msg = (
            f"{table.place}: {len(set(b))} different b-value(s); the bi-exponential model needs "
            "at least 4"
        )
        raise ValueError(msg)
    protocol = Protocol(b, averages, table.number("snr", 1, 1e5), table.number("snr_between", 0, 1))
    table.finish()
    return protocol


def _lesion(table):
    axes = table.numbers("semi_axes_mm", 3, 60)
    if len(axes) != 2 or axes[0] > axes[1]:
        msg = (
            f"{table.place}: semi_axes_mm is {list(axes)}; give the smallest and the largest, in "
            "this order"
        )
        raise ValueError(msg)
    lesion = Lesion(
        axes,
        table.number("variation", 0, 1),
        table.number("patchiness", 0, 1),
        table.number("coupling", -1, 1),
        table.number("spread", 0, 1),
    )
    table.finish()
    return lesion


def _reader(table):
    reader = Reader(
        table.text("name", r"[A-Za-z0-9]+"),
        table.number("radius_mm", 1, 60),
        table.number("radius_between", 0, 1),
        table.number("shift_mm", 0, 60),
    )
    table.finish()
    return reader


def _group(table):
    between = table.table("between")
    group = Group(
        name=table.text("name", r"[^\t\r\n]{1,40}"),
        share=table.number("share", 1e-6, 1e6),
        # Medians: inside the bounds of the fits, so that a lesion without noise can be found again.
        adc_slow=table.number("adc_slow", 0.05, 3.0),
        adc_fast=table.number("adc_fast", 5.0, 200.0),
        f=table.number("f", 0, 0.9),
        between={name: between.number(name, 0, 2) for name in ("adc_slow", "adc_fast", "f")},
        male=table.number("male", 0, 1),
        age=table.numbers("age", 0, 120),
        primaries=table.shares("primaries"),
    )
    if len(group.age) != 2:
        msg = f"{table.place}: age is {list(group.age)}; give mean and standard deviation in years"
        raise ValueError(msg)
    between.finish()
    table.finish()
    return group


def _check_names(settings, name):
    for kind in ("readers", "groups"):
        names = [one.name for one in getattr(settings, kind)]
        if len(set(names)) < len(names):
            msg = (
                f"{name}: two {kind} have the same name ({', '.join(names)}); names are given once"
            )
            raise ValueError(msg)
    if len(settings.groups) < 2:
        msg = f"{name}: {len(settings.groups)} group; a comparison needs at least two"
        raise ValueError(msg)


class _Table:
    """A TOML table whose entries are taken one by one; what is left at the end is refused."""

    def __init__(self, content, place):
        self.content, self.place, self.taken = content, place, []

    def take(self, key):
        self.taken.append(key)
        if key not in self.content:
            met = ", ".join(map(shown, list(self.content)[:9])) or "nothing"
            msg = f"{self.place}: {key!r} is missing; met {met}"
            raise ValueError(msg)
        return self.content[key]

    def finish(self):
        if unknown := [key for key in self.content if key not in self.taken]:
            accepted = ", ".join(self.taken)
            msg = f"{self.place}: unknown entry {shown(unknown[0])}; accepted are {accepted}"
            raise ValueError(msg)

    def text(self, key, pattern):
        value = self.take(key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            msg = f"{self.place}: {key} is {shown(value)}; give text that matches {pattern}"
            raise ValueError(msg)
        return value

    def number(self, key, low, high):
        return self._checked(self.take(key), key, low, high)

    def numbers(self, key, low, high, whole=False):
        values = self.take(key)
        if not isinstance(values, list) or not values:
            msg = f"{self.place}: {key} is {values!r}; give a list of numbers"
            raise ValueError(msg)
        return tuple(self._checked(value, key, low, high, whole) for value in values)

    def _checked(self, value, key, low, high, whole=False):
        kind = "a whole number" if whole else "a number"
        plain = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not plain or not low <= value <= high:
            msg = f"{self.place}: {key} is {shown(value)}; it is {kind} from {low:g} to {high:g}"
            raise ValueError(msg)
        return value if whole else float(value)

    def table(self, key):
        content = self.take(key)
        if not isinstance(content, dict):
            msg = f"{self.place}: {key} is {shown(content)}; it is a table, [{key}]"
            raise ValueError(msg)
        return _Table(content, f"{self.place}, {key}")

    def tables(self, key):
        content = self.take(key)
        if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
            msg = f"{self.place}: {key} is no list of tables; write [[{key}]] above each"
            raise ValueError(msg)
        if not content:
            msg = f"{self.place}: {key} is empty; write [[{key}]] above each"
            raise ValueError(msg)
        return [
            _Table(one, f"{self.place}, {key} {number}")
            for number, one in enumerate(content, start=1)
        ]

    def shares(self, key):
        """An optional table of names and shares; empty where there is none."""
        if key not in self.content:
            self.taken.append(key)
            return {}
        table = self.table(key)
        return {name: table.number(name, 1e-6, 1e6) for name in list(table.content)}
