"""The printed paper: numbers as rows of claims, and what they owe to one another."""

import itertools
import math
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

EIGHT = ("id", "location", "group", "parameter", "statistic", "printed", "unit", "place")
FURTHER = ("analysis", "item", "test", "quote", "model", "comparison", "method", "n")
COUNTS = ("n", "male", "female", "count", "tp", "fn", "tn", "fp")
_RULES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncated": ROUND_DOWN}


def digits(value, decimals, rule="half_up"):
    """A number with the given decimals; twelve significant digits of a float count, so that a tie
    is seen as a tie.

    Examples
    --------
    >>> digits(0.8755, 3), digits(2.5, 0, "half_even"), digits(-0.0004, 2), digits(0.987, 2,
    "truncated")
    ('0.876', '2', '0.00', '0.98')
    """
    exact = Decimal(f"{float(value):.12g}").quantize(Decimal(1).scaleb(-decimals), _RULES[rule])
    return f"{abs(exact) if exact == 0 else exact:f}"


@dataclass(frozen=True)
class Relation:
    """What some printed numbers owe to one another.

    Attributes
    ----------
    name : str
    ids : tuple of str
    possible : callable
        Takes one (low, high) per id, fractions for shares; False where no values within can agree.
    """

    name: str
    ids: tuple
    possible: object


class Page:
    """Collects the rows of a paper in the style of its design.

    Parameters
    ----------
    design : designs.design.Design
    """

    def __init__(self, design):
        self.design, self.style = design, design.style
        self.rows, self.relations = [], []
        self._scale, self._counts = {}, set()

    def text(
        self, location, statistic, printed, *, group="", parameter="", unit="", plain="", **more
    ):
        """Add a row with its string; returns its id. `plain` is the statistic's name in a paper of
        eight columns.
        """
        name = "-".join(filter(None, (location, group, parameter, statistic, *more.values())))
        row_id = f"{len(self.rows) + 1}-{name}".replace(" ", "_").replace(".", "")[:70]
        place = ", ".join(filter(None, (location, group, parameter, statistic)))
        row = dict.fromkeys((*EIGHT, *FURTHER), "") | more
        row |= {"id": row_id, "location": location, "group": group, "parameter": parameter}
        row |= {"statistic": statistic, "printed": printed, "unit": unit, "place": place}
        self.rows.append(row | {"plain": plain or statistic})
        self._scale[row_id] = 1.0
        return row_id

    def number(self, location, statistic, value, decimals, *, rule=None, factor=1.0, **more):
        """Add a row with a number; `factor` turns the value into the unit that is printed."""
        printed = digits(value * factor, decimals, rule or self.style.rule)
        row_id = self.text(location, statistic, self._dressed(printed), **more)
        self._scale[row_id] = factor
        if statistic in COUNTS:
            self._counts.add(row_id)
        return row_id

    def share(self, location, statistic, fraction, *, decimals=None, **more):
        """Add a row with a share in the percent style of the paper."""
        style = self.style
        decimals = style.share_decimals if decimals is None else decimals
        if style.percent == "fraction":
            return self.number(
                location, statistic, fraction, decimals + 2, rule=style.share_rule, **more
            )
        return self.percentage(location, statistic, fraction, decimals, style.percent, **more)

    def percentage(self, location, statistic, fraction, decimals, how, **more):
        """Add a row in per cent: with ``%`` in the unit, behind the digits (``sign``) or nowhere
        (``bare``).
        """
        printed = self._dressed(digits(100 * fraction, decimals, self.style.share_rule))
        more["unit"] = "%" if how == "unit" else ""
        row_id = self.text(location, statistic, printed + "%" * (how == "sign"), **more)
        self._scale[row_id] = 100.0
        return row_id

    def area(self, location, statistic, value, **more):
        """Add a row with an area under the curve or a limit of it."""
        decimals = self.style.auc_decimals
        if self.style.auc_in_percent:
            return self.number(
                location, statistic, value, decimals - 1, factor=100, unit="%", **more
            )
        return self.number(location, statistic, value, decimals, **more)

    def p(self, location, value, *, significance=0.05, **more):
        """Add a row with a p value as the paper prints them."""
        how, rule = self.style.p, self.style.rule
        if how == "threshold":
            words = "NS" if self.design.seed % 3 == 0 else f"> {significance:g}"
            printed = f"<{significance:g}" if value < significance else words
        elif how == "coarse":
            printed = "<0.01" if value < 0.01 else digits(value, 2, rule)
        elif how == "exact" and value < 0.001:
            printed = "<0.001"
        else:
            printed = digits(value, 3, rule)
        return self.text(location, "p", self._dressed(printed), **more)

    def relate(self, name, ids, possible):
        """Note what the numbers owe to one another; numbers that are not printed (None) leave it
        out.
        """
        if None not in ids:
            self.relations.append(Relation(name, tuple(ids), possible))

    def follows(self, name, target, inputs, function):
        """`target` is `function` of the inputs, a function that is monotone in each of them."""

        def possible(printed, *given):
            found = []
            for corner in itertools.product(*(sorted(set(ends)) for ends in given)):
                try:
                    found.append(function(*corner))
                except (ValueError, ZeroDivisionError, OverflowError):
                    return True
            if any(math.isnan(value) for value in found):
                return True
            slack = 1e-9 * max(map(abs, found))
            return min(found) - slack <= printed[1] and printed[0] <= max(found) + slack

        self.relate(name, (target, *inputs), possible)

    def ordered(self, *ids):
        """The numbers stand in ascending order."""
        self.relate(
            "order",
            ids,
            lambda *ends: all(a[0] <= b[1] + 1e-9 for a, b in itertools.pairwise(ends)),
        )

    def scale(self, row_id):
        """Printed number over the value in the unit of the data: 100 for a percentage."""
        return self._scale[row_id]

    def same_scale(self, row_id, as_id):
        """Give a row the scale of another one."""
        self._scale[row_id] = self._scale[as_id]

    def interval(self, row_id, printed):
        """The values that a string stands for, in the unit of the data (shares as fractions).

        Returns
        -------
        (low, high) or None
            None for words.
        """
        text = printed.replace("−", "-").strip().rstrip("%*")
        sign, text = (text[0], text[1:].strip()) if text[:1] in "<>" else ("", text)
        try:
            value = Decimal(text)
        except ArithmeticError:
            return None
        unit = float(Decimal(1).scaleb(value.as_tuple().exponent))
        scale, value = self._scale[row_id], float(value)
        if row_id in self._counts:
            return value, value
        width = unit if "truncated" in (self.style.rule, self.style.share_rule) else unit / 2
        low, high = value - width, value + width
        if sign and "cutoff" not in row_id:
            low, high = (-math.inf, value) if sign == "<" else (value, math.inf)
        return low / scale, high / scale

    def refuted(self, printed, changed=None):
        """Relations that the strings break.

        Parameters
        ----------
        printed : dict of str to str
            Every row's string by id.
        changed : set of str, optional
            Look at relations of these rows alone.

        Returns
        -------
        list of Relation
        """
        found = []
        for relation in self.relations:
            if changed is not None and not changed & set(relation.ids):
                continue
            ends = [self.interval(name, printed[name]) for name in relation.ids]
            if None not in ends and not relation.possible(*ends):
                found.append(relation)
        return found

    def _dressed(self, printed):
        printed = printed.replace("-", self.style.minus)
        return (
            printed.replace("0.", ".", 1)
            if self.style.bare_point and _leading(printed)
            else printed
        )


def _leading(printed):
    return printed.lstrip("-−<> ").startswith("0.")
