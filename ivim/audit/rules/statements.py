"""Claims in words, in a form that can be held against the numbers.

The column ``test`` of a claim holds conditions joined by `` and ``:

=========================================  ===============================================================================
``mean(metastasis; f) < mean(lung; f)``    numbers printed in the article; also ``sd``, ``auc``, ``auc_low``, ``icc`` ... (parameter)
``p(t-test; f) < 0.05``                    the p printed for that analysis and parameter
``p(anova; f) < 0.05``                     the p of a one-way ANOVA of the sub-groups, recomputed from their rows
``p(pair; f; lung; renal) < 0.05``         an unadjusted comparison of two sub-groups, recomputed
``reported(u; mann-whitney)``              the article prints this statistic for this analysis (and, as a third word, parameter)
``terms(logistic) = significant(t-test)``  the parameters of the model are those significant alone; ``>``: and at least one more
``rule(figure1; f) = metastasis``          the published cut-off puts the case of the figure into this group
``reference 19 ~ rectal|KRAS``             title of the reference: every ``&`` term needs one of its ``|`` words; ``*`` ends a stem
``no reference ~ IVIM & spin*``            no reference's title or purpose has all the terms
=========================================  ===============================================================================

A condition is refuted only where it is false for every number that the prints allow. A title that
lacks a word never refutes
anything: the reference may hold what its title does not name, so the word is only said to be not
seen.
"""  # noqa: E501

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from ivim.audit.checks.diagnostic import check_case
from ivim.audit.checks.interval import Interval
from ivim.audit.checks.rounding import Outcome, cannot_tell, show
from ivim.audit.checks.testing import check_difference
from ivim.audit.checks.units import unit_factor
from ivim.audit.relations import Check, Reading, Relation, as_printed
from ivim.audit.rules.pvalues import anova_room
from ivim.audit.rules.rows import Study

STATEMENT = Check("", recovers=False)
_CALL = re.compile(r"(?P<name>[a-z_]+)\((?P<words>[^()]*)\)")
_ORDER = re.compile(r"(?P<left>.+?)\s*(?P<sign><=|>=|<|>|=)\s*(?P<right>.+)")
_REFERENCE = re.compile(r"(?P<none>no )?reference\s*(?P<number>\d*)\s*~\s*(?P<terms>.+)")


@dataclass(frozen=True)
class Condition:
    """One condition of a statement.

    Attributes
    ----------
    text : str
    inputs : tuple of str
        Ids of the claims that it is held against.
    judge : callable
        From a reading to an Outcome.
    missing : str
        What is not reported, where that leaves the claim without support.
    """

    text: str
    inputs: tuple[str, ...]
    judge: Callable[[Reading], Outcome]
    missing: str = ""


def statement_relations(study: Study) -> list[Relation]:
    """A relation for each condition of each claim in words; list of Relation.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Relation

    Raises
    ------
    ValueError
        On a ``test`` that is no known condition.
    """
    found = []
    for claim in study.claims:
        if claim.statistic in ("equation", "definition") or not claim.test:
            continue
        for condition in conditions(claim.test, study):
            inputs = tuple(name for name in condition.inputs if name != claim.id)
            name = (
                "unsupported"
                if condition.missing
                else condition.text.split("(")[0].split(" ~")[0].strip()
            )
            family = f"{claim.id}: {condition.text}"
            found.append(
                Relation(family, STATEMENT.called(name), claim.id, inputs, condition.judge)
            )
    return found


def conditions(test: str, study: Study) -> list[Condition]:
    """The conditions of a ``test`` string; list of Condition.

    Parameters
    ----------
    test : str
        Conditions joined by `` and ``.
    study : Study
        What they are held against.

    Returns
    -------
    list of Condition

    Raises
    ------
    ValueError
        On a condition that is none of the above.
    """
    return [_condition(text.strip(), study) for text in test.split(" and ")]


def _condition(text, study):
    if reference := _REFERENCE.fullmatch(text):
        return _reference(text, reference, study.structure)
    if call := _CALL.fullmatch(text):
        if call["name"] == "reported":
            return _reported(text, _words(call["words"]), study.claims)
    elif order := _ORDER.fullmatch(text):
        left, right = order["left"], order["right"]
        if left.startswith("terms("):
            return _selection(text, _words(left[6:-1])[0], order["sign"], study)
        if left.startswith("rule("):
            return _rule(text, *_words(left[5:-1]), right.strip(), study)
        return _comparison(text, left, order["sign"], right, study)
    msg = (
        f"test {text!r} is none of the known conditions; see data/published/README.md for their "
        "forms"
    )
    raise ValueError(msg)


def _words(text):
    return [word.strip() for word in text.split(";")]


def _comparison(text, left, sign, right, study):
    sides = [_quantity(side.strip(), study) for side in (left, right)]
    missing = next(
        (side for side, found in zip((left, right), sides, strict=True) if found is None), ""
    )
    if missing:
        reason = f"{missing.strip()} is not printed"
        return Condition(text, (), lambda reading: cannot_tell(reason), reason)
    inputs = tuple(dict.fromkeys(name for names, _ in sides for name in names))
    return Condition(
        text,
        inputs,
        lambda reading: _ordered(text, sides[0][1](reading), sign, sides[1][1](reading)),
    )


def _ordered(text, left, sign, right):
    if sign.startswith("<"):
        holds, certain = left.low <= right.high, left.high < right.low
    else:
        holds, certain = left.high >= right.low, left.low > right.high
    held = "holds" if certain else "can hold" if holds else "fails"
    return Outcome(
        holds, left.low, left.high, f"{text} {held}: {_show(left)} against {_show(right)}"
    )


def _show(interval):
    if interval.high <= 1e-3 and interval.low >= 0:
        return (
            f"{interval.low:.2g} to {interval.high:.2g}"
            if interval.low > 0
            else f"at most {interval.high:.2g}"
        )
    return f"{interval.low:g}" if interval.width == 0 else show(interval)


def _quantity(text, study):
    """Ids and a function from a reading to an Interval; None where the quantity is not printed."""
    call, claims = _CALL.fullmatch(text), study.claims
    if not call:
        value = _number(text)
        return (), lambda reading: Interval(value, value)
    name, words = call["name"], _words(call["words"])
    if name == "p" and words[0] in ("anova", "pair"):
        found = (
            _anova_condition(study, words[1])
            if words[0] == "anova"
            else _pair_condition(study, *words[1:])
        )
        return found and (found.inputs, lambda reading: _as_interval(found.judge(reading)))
    if name == "p":
        claim = claims.find("p", parameter=words[1], analysis=words[0]) if len(words) > 1 else None
    else:
        claim = (
            claims.find(name, *words) if len(words) == 2 else claims.find(name, parameter=words[0])
        )
    return claim and ((claim.id,), lambda reading: _value(reading[claim.id]))


def _value(value):
    if isinstance(value, Interval):
        return value
    # A p printed "<0.0001" is at least 0.
    return (
        Interval(max(value.interval.low, 0.0), value.interval.high)
        if value.comparison == "<"
        else value.interval
    )


def _as_interval(outcome):
    return Interval(outcome.low, outcome.high)


def _number(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = (
            f"test {text!r} is neither a number nor a quantity such as mean(group; parameter); "
            "see data/published/README.md"
        )
        raise ValueError(msg)
    return value


def _anova_condition(study, parameter):
    """p of the one-way ANOVA among the parts of a group, from the rows."""
    for whole, names in study.structure.parts.items():
        parts, whole_row = study.rows(names, parameter), study.row(whole, parameter)
        if parts and all(part.sd and part.complete for part in parts):
            inputs = tuple(name for part in (*parts, whole_row) if part for name in part.ids)

            def judge(reading, parts=parts, whole_row=whole_row):
                p = anova_room(reading, parts, whole_row)
                return Outcome(True, p.low, p.high, f"one-way ANOVA of the rows: p {_show(p)}")

            return Condition(f"p(anova; {parameter})", inputs, judge)
    return None


def _pair_condition(study, parameter, a, b):
    whole = study.structure.whole_of(a)
    names = study.structure.parts.get(whole, (a, b))
    found = study.rows(names, parameter)
    if not found or not {a, b} <= set(names) or not all(part.sd for part in found):
        return None
    inputs = tuple(name for part in found for name in part.ids)
    first, second = names.index(a), names.index(b)

    def judge(reading):
        groups = [part.group(reading) for part in found]
        return check_difference(groups[first], groups[second], significant=True, within=groups)

    return Condition(f"p(pair; {parameter}; {a}; {b})", inputs, judge)


def _reported(text, words, claims):
    statistic, analysis, *parameter = words
    found = [
        c
        for c in claims.where(statistic=statistic, analysis=analysis)
        if not parameter or parameter[0] in (c.parameter, c.item)
    ]
    what = f"{statistic} of the {analysis}{' for ' + parameter[0] if parameter else ''}".replace(
        "_", " "
    )
    if found:
        told = f"{what}: printed in {found[0].place or found[0].location}"
        return Condition(
            text, (found[0].id,), lambda reading: Outcome(True, math.nan, math.nan, told)
        )
    reason = f"nowhere printed: {what}"
    return Condition(text, (), lambda reading: cannot_tell(reason), reason)


def _selection(text, analysis, sign, study):
    claims, structure = study.claims, study.structure
    terms = [parameter for parameter in claims.parameters("b", analysis) if "+" not in parameter]
    tested = [
        claims.find("p", parameter=parameter, analysis="t-test")
        for parameter in claims.parameters("p", "t-test")
    ]
    inputs = tuple(claim.id for claim in tested)

    def judge(reading):
        chosen = {
            claim.parameter
            for claim in tested
            if _value(reading[claim.id]).high < structure.significance
        }
        holds = set(terms) == chosen if sign == "=" else set(terms) > chosen
        return Outcome(
            holds,
            math.nan,
            math.nan,
            f"in the model: {', '.join(terms)}; significant alone: "
            f"{', '.join(sorted(chosen)) or 'none'}",
        )

    return Condition(text, inputs, judge)


def _rule(text, figure, parameter, group, study):
    claims, structure = study.claims, study.structure
    value, cutoff = (
        claims.find("value", group, parameter, location=figure),
        claims.find("cutoff", parameter=parameter),
    )
    value = value or next(
        (c for c in claims.where(location=figure, statistic="value", parameter=parameter)), None
    )
    if value is None or cutoff is None or cutoff.number.comparison == "=":
        reason = f"no {'value' if value is None else 'cut-off with a direction'} is printed"
        return Condition(text, (), lambda reading: cannot_tell(reason), reason)

    factor = unit_factor(value.unit, cutoff.unit)
    if factor is None:
        reason = "value and cut-off are printed in units that cannot be compared"
        return Condition(text, (), lambda reading: cannot_tell(reason), reason)

    def judge(reading):
        number = as_printed(reading[value.id]).interval * Interval(factor, factor)
        return check_case(
            number, as_printed(reading[cutoff.id]), structure.whole_of(group) == structure.positive
        )

    return Condition(text, (value.id, cutoff.id), judge)


def _reference(text, match, structure):
    terms = [[word.strip() for word in term.split("|")] for term in match["terms"].split("&")]
    if match["none"]:
        return Condition(text, (), lambda reading: _no_reference(terms, structure))
    number = match["number"]
    entry = structure.references.get(number, {})
    title, about = entry.get("title", ""), entry.get("about", "")
    if not title:
        reason = f"the title of reference {number} is not among the data"
        return Condition(text, (), lambda reading: cannot_tell(reason))
    covered = [term for term in terms if _mentions(f"{title}. {about}", term)]
    lacking = "; ".join("/".join(term) for term in terms if term not in covered)
    if lacking:
        reason = f"not seen in the title of reference {number}, “{title}”: {lacking}"
        return Condition(text, (), lambda reading: cannot_tell(reason), reason)
    reason = f"reference {number} is “{title}”" + (f", about {about}" if about else "")
    return Condition(text, (), lambda reading: Outcome(True, math.nan, math.nan, reason))


def _no_reference(terms, structure):
    for number, entry in structure.references.items():
        about = f"{entry.get('title', '')}. {entry.get('cited_for', '')}"
        if all(_mentions(about, term) for term in terms):
            return Outcome(
                False,
                math.nan,
                math.nan,
                f"reference {number} is cited for it: "
                f"“{entry.get('cited_for') or entry.get('title')}”",
            )
    return Outcome(True, math.nan, math.nan, "no reference listed here has it")


def _mentions(text, words):
    return any(
        re.search(
            rf"\b{re.escape(word.rstrip('*'))}{'' if word.endswith('*') else chr(92) + 'b'}",
            text,
            re.IGNORECASE,
        )
        for word in words
    )
