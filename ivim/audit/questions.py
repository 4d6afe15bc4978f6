"""What the audit would have to be told: each open fact of the design, the line that tells it, and
how many numbers wait for it.
"""

import json
from dataclasses import dataclass

from ivim.audit.claims import Claims
from ivim.audit.rules.comparisons import variants
from ivim.audit.rules.curves import symmetry
from ivim.audit.rules.rows import Study
from ivim.audit.structure import Structure, infer_structure
from ivim.audit.vocabulary import RATIOS, SHARES


@dataclass(frozen=True)
class Question:
    """An open fact of the design.

    Attributes
    ----------
    section : str
        Table of the structure file that the line belongs to; empty for the top.
    line : str
        The line, with what the claims suggest as a proposal.
    text : str
        The question in one sentence.
    waiting : int
        Numbers that could be checked, or checked better, with the answer.
    """

    section: str
    line: str
    text: str
    waiting: int


def open_questions(claims: Claims, structure: Structure) -> list[Question]:
    """The questions that a structure file leaves open, those with most numbers waiting first.

    Parameters
    ----------
    claims : Claims
    structure : Structure

    Returns
    -------
    list of Question
    """
    study, proposed = Study(claims, structure), infer_structure(claims)
    found = [
        *_groups(study, proposed),
        *_recording(study, proposed),
        *_methods(study),
        *_places(study),
    ]
    return sorted((q for q in found if q.waiting), key=lambda q: -q.waiting)


def structure_text(claims: Claims, structure: Structure) -> str:
    """A structure file in which every open question stands as a comment with its line to complete.

    Parameters
    ----------
    claims : Claims
    structure : Structure

    Returns
    -------
    str
        TOML; as it stands it says nothing, until a line's ``#`` is taken away.
    """
    sections: dict[str, list[Question]] = {}
    for question in open_questions(claims, structure):
        sections.setdefault(question.section, []).append(question)
    parts = [
        "# Design facts for ivim audit. Nothing here is assumed until you take away the # before "
        "a line.",
        "# What stands behind the = is a proposal from the claims, or an example: check it "
        "against the paper.\n",
    ]
    for section in ("", "groups", "groups.parts", "parameters", "printing", "tests", "agreement"):
        questions = sections.get(section, [])
        if questions and section:
            parts.append(f"[{section}]")
        for question in questions:
            lines = "\n".join(f"# {line}" for line in question.line.splitlines())
            parts.append(f"# {question.text} ({question.waiting} numbers)\n{lines}\n")
    return "\n".join(parts)


def _quoted(name):
    return json.dumps(name, ensure_ascii=False)


def _list(names):
    return "[" + ", ".join(map(_quoted, names)) + "]"


def _groups(study, proposed):
    claims, structure = study.claims, study.structure
    tests = [c for c in claims if c.statistic in ("t", "f", "h", "p") and not c.comparison]
    rates = [c for c in claims if c.statistic in (*SHARES[1:], "auc", "cutoff")]
    if not structure.compared and len(claims.groups) > 1:
        several = any(c.statistic in ("f", "h") for c in claims) and not proposed.parts
        pair = proposed.compared or (claims.groups if several else claims.groups[:2])
        text = "Which groups do the tests compare, disjoint and together everybody?"
        yield Question("groups", f"compared = {_list(pair)}", text, len(tests) + len(rates))
        text = "Which of them is the disease that a ROC analysis looks for?"
        yield Question("groups", f"positive = {_quoted(pair[-1])}", text, len(rates))
    if not structure.parts and len(claims.groups) > 2:
        parts = proposed.parts or {claims.groups[0]: claims.groups[1:3]}
        lines = "\n".join(f"{_quoted(w)} = {_list(names)}" for w, names in parts.items())
        waiting = len(claims.where(statistic="mean")) + len(claims.where(statistic="n"))
        text = "Which groups are made up of which others?"
        yield Question("groups.parts", lines, text, waiting)
    if not structure.complete and claims.groups:
        waiting = [c for c in claims if c.statistic in ("mean", "sd", "t", *SHARES) and not c.size]
        text = "Is every number about all members of its group, with no value missing?"
        yield Question("groups", "complete = true", text, len(waiting))


def _recording(study, proposed):
    claims, structure = study.claims, study.structure
    ages = claims.where(parameter="age", statistic="mean")
    if ages and "age" not in structure.whole_numbers:
        text = "Were ages (or others) recorded in whole numbers?"
        yield Question("parameters", 'whole_numbers = ["age"]', text, 2 * len(ages))
    sds = [c for c in claims.where(statistic="sd") if not structure.spread_of(c.parameter)]
    text = "Does ± stand for standard deviations or for standard errors?"
    yield Question("parameters", 'spread = "sd"', text, len(sds))
    if not structure.rounding:
        shares = [c for c in claims if c.statistic in SHARES and c.number]
        text = 'Were digits rounded ("rounded", "half up", "half even") or cut off ("truncated")?'
        yield Question("printing", 'rounding = "rounded"', text, len(shares))
    blank = [
        c
        for c in claims.where(statistic="cutoff")
        if not c.unit
        and not structure.units.get(c.parameter)
        and any(o.unit for o in claims.where(parameter=c.parameter, statistic="mean"))
    ]
    if blank:
        line = f'units = {{ {_quoted(blank[0].parameter)} = "mm²/s" }}'
        yield Question("parameters", line, "In which unit are numbers without one?", len(blank))
    if not structure.raters and claims.where(statistic="icc"):
        waiting = 3 * len(claims.where(statistic="icc"))
        line = f"raters = {proposed.raters or 2}"
        yield Question("agreement", line, "How many raters measured each member?", waiting)


def _methods(study):
    claims, structure = study.claims, study.structure
    open_tests = [
        c
        for c in claims
        if c.statistic in ("t", "p")
        and c.analysis == "t-test"
        and not study.test_method(c)
        and not (c.statistic == "t" and variants(study, c))
    ]
    text = "Which test is behind t and p: student, welch, t-test (either), paired or mann-whitney?"
    yield Question("tests", 'method = "student"', text, len(open_tests))
    limits = [c for c in claims if _limit_of(c, SHARES) and not study.share_limits(c)]
    text = (
        "How were limits of shares computed (clopper-pearson, wilson, wald, agresti, jeffreys, "
        "bootstrap)?"
    )
    yield Question("tests", 'limits = "clopper-pearson"', text, len(limits))
    areas = [c for c in claims if _limit_of(c, ("auc",)) and not symmetry(study, c)]
    areas = [] if structure.auc_limits else [c for c in areas if not c.method]
    text = "How were limits of areas computed (delong, hanley-mcneil, bootstrap, binomial)?"
    yield Question("tests", 'auc_limits = "delong"', text, len(areas))
    ratios = [c for name in RATIOS for c in claims.where(statistic=name) if not c.method]
    text = "How were limits of odds or hazard ratios computed (wald, profile, bootstrap)?"
    yield Question(
        "tests", 'odds_limits = "wald"', text, 0 if structure.odds_limits else 3 * len(ratios)
    )
    rates = [c for c in claims if c.statistic in SHARES[1:] and study.denominator(c) is None]
    text = (
        "What are shares a share of: a group, or a number (by statistic, or by parameter and "
        "statistic)?"
    )
    line = (
        "denominators = { sensitivity = "
        f"{_quoted(claims.groups[-1] if claims.groups else 'cases')} }}"
    )
    yield Question("", line, text, len(rates))


def _limit_of(claim, statistics):
    return any(claim.statistic in (f"{name}_low", f"{name}_high") for name in statistics)


def _places(study):
    claims = study.claims
    if study.structure.restated is None:
        twice = [c for c in claims if c.number and len(claims.same(c)) > 1]
        text = "Are rows with equal keys one quantity, wherever they stand?"
        yield Question("", "restated = true", text, len(twice))
