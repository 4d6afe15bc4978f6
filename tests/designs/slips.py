"""Thirty kinds of single slips, each of which knows the cells that it made wrong."""

from dataclasses import dataclass

import numpy as np

from designs.page import digits

SPARED = ("claim",)


@dataclass(frozen=True)
class Slip:
    """A slip in a study.

    Attributes
    ----------
    kind : str
    wrong : tuple of str
        Ids of the rows that no longer print what was computed.
    rows : list of dict
        All rows of the paper with the slip.
    refutable : bool
        Whether the numbers, as printed with the slip, cannot all be right.
    """

    kind: str
    wrong: tuple
    rows: list
    refutable: bool


def plant(made, kind, seed, tries=60):
    """Put one slip into a study.

    Parameters
    ----------
    made : designs.study.Study
    kind : str
        One of :data:`KINDS`.
    seed : int
        Which of the possible places; a place where the slip is refutable goes before one where it
        is not.
    tries : int
        How many places are looked at.

    Returns
    -------
    Slip or None
        None where the study has no place for the kind.
    """
    rng = np.random.default_rng([seed, made.design.seed, list(KINDS).index(kind)])
    places = list(KINDS[kind](made, rng))
    printed = {row["id"]: row["printed"] for row in made.rows}
    first = None
    for at in rng.permutation(len(places))[:tries]:
        changed = {name: text for name, text in places[at].items() if text != printed[name]}
        if not changed:
            continue
        broken = bool(made.page.refuted(printed | changed, set(changed)))
        rows = [row | {"printed": changed.get(row["id"], row["printed"])} for row in made.rows]
        slip = Slip(kind, tuple(changed), rows, broken)
        if broken:
            return slip
        first = first or slip
    return first


def _numbers(made, *statistics):
    """Rows with a number, of the given statistics or of all."""
    return [
        row
        for row in made.rows
        if row["statistic"] not in SPARED
        and any(mark.isdigit() for mark in row["printed"])
        and (not statistics or row["statistic"] in statistics)
    ]


def _where(made, **wanted):
    return [row for row in made.rows if all(row[key] == value for key, value in wanted.items())]


def _key(row, *without):
    """What identifies a row, apart from some of it."""
    names = (
        "location",
        "group",
        "parameter",
        "statistic",
        "analysis",
        "item",
        "model",
        "comparison",
    )
    return tuple(row[name] for name in names if name not in without)


def _families(made, without, *statistics):
    """Groups of two rows and more that differ only in the given columns."""
    found = {}
    for row in _numbers(made, *statistics):
        found.setdefault(_key(row, *without), []).append(row)
    return [rows for rows in found.values() if len(rows) > 1]


def _edited(edit):
    """A kind that changes the string of one number at random places."""

    def places(made, rng):
        rows = _numbers(made)
        for at in rng.permutation(len(rows))[:60]:
            text = edit(rows[at]["printed"], rng)
            if text is not None:
                yield {rows[at]["id"]: text}

    return places


def _positions(text):
    return [i for i, mark in enumerate(text) if mark.isdigit()]


def _digit(text, rng):
    at = _positions(text)[rng.integers(len(_positions(text)))]
    new = str((int(text[at]) + rng.integers(1, 10)) % 10)
    return text[:at] + new + text[at + 1 :]


def _swapped(text, rng):
    at = _positions(text)
    pairs = [(i, j) for i, j in zip(at, at[1:], strict=False) if text[i] != text[j]]
    if not pairs:
        return None
    i, j = pairs[rng.integers(len(pairs))]
    marks = list(text)
    marks[i], marks[j] = marks[j], marks[i]
    return "".join(marks)


def _point(text, rng):
    """The point one place further right or left."""
    if "." not in text:
        return None
    at, step = text.index("."), int(rng.choice([-1, 1]))
    bare = text[:at] + text[at + 1 :]
    at += step
    if not 0 <= at <= len(bare) or not bare[at : at + 1].isdigit():
        return None
    whole, rest = bare[:at], bare[at:]
    sign = whole[: len(whole) - len(whole.lstrip("<>−- "))]
    return sign + (whole[len(sign) :].lstrip("0") or "0") + "." + rest


def _dropped(text, rng):
    at = _positions(text)
    if len(at) < 2:
        return None
    i = at[rng.integers(len(at))]
    short = text[:i] + text[i + 1 :]
    return short if not short.rstrip("%").endswith(".") else None


def _doubled(text, rng):
    i = _positions(text)[rng.integers(len(_positions(text)))]
    return text[:i] + text[i] + text[i:]


def _minus_lost(made, rng):
    for row in _numbers(made):
        if row["printed"][0] in "-−":
            yield {row["id"]: row["printed"][1:]}


def _exchange(a, b):
    return {a["id"]: b["printed"], b["id"]: a["printed"]}


def _rows_exchanged(made, rng):
    """Two markers' rows of one table in each other's place."""
    tables = {}
    for row in _numbers(made):
        if row["location"].startswith("table") and row["parameter"]:
            cell = _key(row, "parameter")
            tables.setdefault(row["location"], {}).setdefault(row["parameter"], {})[cell] = row
    for table in tables.values():
        names = list(table)
        for a, b in zip(names, names[1:], strict=False):
            shared = table[a].keys() & table[b].keys()
            if len(shared) > 1:
                pairs = [_exchange(table[a][cell], table[b][cell]) for cell in sorted(shared)]
                yield {name: text for pair in pairs for name, text in pair.items()}


def _groups_exchanged(made, rng):
    """Mean and spread of two groups in each other's place."""
    for cells in made.described.values():
        names = list(cells)
        for a, b in zip(names, names[1:], strict=False):
            rows = _by_id(made)
            pairs = [_exchange(rows[cells[a][i]], rows[cells[b][i]]) for i in (1, 2)]
            yield pairs[0] | pairs[1]


def _by_id(made):
    return {row["id"]: row for row in made.rows}


def _spreads(made):
    """Each printed SD with its value and the size of its group."""
    rows = _by_id(made)
    for cells in made.described.values():
        for size, _, spread in cells.values():
            if rows[spread]["statistic"] == "sd":
                yield (
                    rows[spread],
                    sum(made.page.interval(spread, rows[spread]["printed"])) / 2,
                    size,
                )


def _se_for_sd(made, rng):
    for row, sd, size in _spreads(made):
        n = float(_by_id(made)[size]["printed"])
        yield {row["id"]: _like(row, sd / n**0.5)}


def _variance_for_sd(made, rng):
    for row, sd, _ in _spreads(made):
        yield {row["id"]: _like(row, sd**2)}


def _like(row, value):
    """A value with the decimals of a row."""
    text = row["printed"].rstrip("%")
    return digits(value, len(text.partition(".")[2])) + "%" * row["printed"].endswith("%")


def _total_pasted(made, rng):
    """The row of a whole where that of a part belongs."""
    design, rows = made.design, _by_id(made)
    wholes = dict(design.parts) | ({design.total: design.groups} if design.total else {})
    for cells in made.described.values():
        for whole, parts in wholes.items():
            for part in parts:
                yield {cells[part][i]: rows[cells[whole][i]]["printed"] for i in (1, 2)}


def _limits_exchanged(made, rng):
    for low, high in _limit_pairs(made):
        yield _exchange(low, high)


def _limit_pairs(made):
    """Lower and upper limits that belong together."""
    found = {}
    for row in _numbers(made):
        stem, _, end = row["statistic"].rpartition("_")
        if end in ("low", "high"):
            found.setdefault((_key(row, "statistic"), stem), {})[end] = row
    return [(ends["low"], ends["high"]) for ends in found.values() if len(ends) == 2]


def _rates_exchanged(made, rng):
    yield from _swapped_statistics(made, "sensitivity", "specificity")
    yield from _swapped_statistics(made, "ppv", "npv")


def _swapped_statistics(made, first, second):
    for rows in _families(made, ("statistic",), first, second):
        if {row["statistic"] for row in rows} == {first, second}:
            yield _exchange(rows[0], rows[1])


def _p_decimal(made, rng):
    for row in _numbers(made, "p"):
        text = row["printed"]
        if text.startswith("<") and "." in text and rng.random() < 0.5:
            yield {row["id"]: text.replace(".", ".0", 1)}
        elif "." in text:
            yield {row["id"]: _like(row, min(1.0, float(text.lstrip("<> ") or 0) * 10))}


def _of_other(without, *statistics):
    """A kind that prints another row's number of the same kind."""

    def places(made, rng):
        for rows in _families(made, without, *statistics):
            for a, b in zip(rows, rows[1:], strict=False):
                yield {b["id"]: a["printed"]}

    return places


def _n_wrong(made, rng):
    for row in _numbers(made, "n"):
        off = int(rng.choice([-10, -3, -2, -1, 1, 2, 3, 10]))
        if int(row["printed"]) + off > 1:
            yield {row["id"]: str(int(row["printed"]) + off)}


def _share_off(made, rng):
    """A share of another count than the one that was found."""
    for row in _numbers(made, "share", "sensitivity", "specificity", "ppv", "npv", "accuracy"):
        low, high = made.page.interval(row["id"], row["printed"])
        value = (low + high) / 2 + float(rng.choice([-1, 1])) * float(rng.uniform(0.005, 0.1))
        if 0 < value < 1:
            yield {row["id"]: _like(row, value * made.page.scale(row["id"]))}


def _count_off(made, rng):
    for row in _numbers(made, "tp", "fn", "tn", "fp", "count", "male", "female"):
        off = int(rng.choice([-3, -2, -1, 1, 2, 3]))
        if row["printed"].isdigit() and int(row["printed"]) + off >= 0:
            yield {row["id"]: str(int(row["printed"]) + off)}


def _column_shifted(made, rng):
    """The numbers of a row one column further right, the last of them in the first."""
    found = {}
    for row in _numbers(made):
        if row["location"].startswith("table") and row["parameter"] and row["statistic"] != "p":
            found.setdefault(_key(row, "statistic"), []).append(row)
    for rows in found.values():
        if len(rows) > 2:
            texts = [row["printed"] for row in rows]
            yield {
                row["id"]: text for row, text in zip(rows, [texts[-1], *texts[:-1]], strict=True)
            }


def _limits_of_other(*stems):
    """Both limits of another marker's row."""

    def places(made, rng):
        found = {}
        for low, high in _limit_pairs(made):
            stem = low["statistic"].removesuffix("_low")
            if stem in stems:
                key = (stem, *_key(low, "parameter", "statistic"))
                found.setdefault(key, []).append((low, high))
        for pairs in found.values():
            for (low, high), (other_low, other_high) in zip(pairs, pairs[1:], strict=False):
                yield {other_low["id"]: low["printed"], other_high["id"]: high["printed"]}

    return places


def _b_for_ratio(made, rng):
    for rows in _families(made, ("statistic",), "b", "odds_ratio"):
        yield {rows[1]["id"]: rows[0]["printed"]}


def _limit_for_value(made, rng):
    """A limit where the value itself belongs."""
    for low, high in _limit_pairs(made):
        stem = low["statistic"].removesuffix("_low")
        stem = {"ci": "hr" if low["analysis"] == "cox" else "odds_ratio"}.get(stem, stem)
        for row in _where(made, statistic=stem, location=low["location"]):
            if _key(row, "statistic") == _key(low, "statistic"):
                yield {row["id"]: (low, high)[rng.integers(2)]["printed"]}


def _quartiles_exchanged(made, rng):
    yield from _swapped_statistics(made, "median", "q1")
    yield from _swapped_statistics(made, "median", "q3")


def _mean_sd_exchanged(made, rng):
    yield from _swapped_statistics(made, "mean", "sd")
    yield from _swapped_statistics(made, "mean", "se_mean")


def _abstract_differs(made, rng):
    for row in _where(made, location="abstract"):
        yield {row["id"]: _digit(row["printed"], rng)}


def _wald_not_squared(made, rng):
    for row in _numbers(made, "wald"):
        yield {row["id"]: _like(row, float(row["printed"]) ** 0.5)}


KINDS = {
    "digit": _edited(_digit),
    "decimal point": _edited(_point),
    "digits swapped": _edited(_swapped),
    "digit dropped": _edited(_dropped),
    "digit doubled": _edited(_doubled),
    "minus lost": _minus_lost,
    "rows exchanged": _rows_exchanged,
    "groups exchanged": _groups_exchanged,
    "SE for SD": _se_for_sd,
    "variance for SD": _variance_for_sd,
    "mean and SD exchanged": _mean_sd_exchanged,
    "total pasted": _total_pasted,
    "limits exchanged": _limits_exchanged,
    "sensitivity and specificity exchanged": _rates_exchanged,
    "p ten times too large": _p_decimal,
    "p of another row": _of_other(("parameter",), "p"),
    "statistic of another row": _of_other(("parameter",), "t", "z", "f", "h", "wald", "chi2"),
    "n wrong": _n_wrong,
    "count wrong": _count_off,
    "percentage wrong": _share_off,
    "columns shifted": _column_shifted,
    "AUC limits of another row": _limits_of_other("auc"),
    "ratio limits of another row": _limits_of_other("ci"),
    "agreement limits of another row": _limits_of_other("icc", "kappa"),
    "cell above copied": _of_other(
        ("parameter",), "mean", "sd", "median", "auc", "odds_ratio", "icc"
    ),
    "cell beside copied": _of_other(("group",), "mean", "sd", "median", "n"),
    "B for odds ratio": _b_for_ratio,
    "limit for value": _limit_for_value,
    "median and quartile exchanged": _quartiles_exchanged,
    "abstract differs": _abstract_differs,
}
"""Kind -> function of (study, rng) that yields the possible places as dict of row id to new
string.
"""
