"""A made-up study of the article's design, with a table of everything that an article about it
would print, correctly rounded.
"""

import numpy as np
import pandas as pd

from ivim import article, parameters
from ivim.audit.checks.rounding import to_print
from ivim.audit.claims import Claim, Claims
from ivim.stats import agreement, groups, roc
from ivim.stats.logistic import logistic, predict

LIMITS = {"f": (0, 1), "alpha": (0, 1)}
DECIMALS = {"adc_fast": 1}  # decimals of the readings, two for the others and three for f


def simulate(seed):
    """Patients and readings of one study: 20 and 32 + 7 + 11 patients, whole ages, two readers, six
    parameters.
    """
    rng = np.random.default_rng(seed)
    primaries = ["lung"] * 32 + ["breast"] * 7 + ["renal"] * 11
    people = pd.DataFrame(
        {
            "patient": [f"sim-{i:02d}" for i in range(70)],
            "group": ["tuberculosis"] * 20 + ["metastasis"] * 50,
            "primary": [""] * 20 + primaries,
            "sex": rng.choice(["male", "female"], 70),
            "age": np.round(rng.normal(55, 12, 70)).clip(18, 90).astype(int),
        }
    )
    readings = []
    for name, centre, spread in zip(
        parameters.SIX,
        (1.1, 0.8, 28, 0.35, 1.2, 0.77),
        (0.25, 0.3, 8, 0.15, 0.4, 0.09),
        strict=True,
    ):
        shift = rng.normal(0, 0.8, 4) * spread
        level = np.select(
            [people["primary"] == p for p in ("lung", "breast", "renal")], shift[1:], shift[0]
        )
        truth = rng.normal(centre + level, spread)
        low, high = LIMITS.get(name, (0.01, 200))
        decimals = 3 if name == "f" else DECIMALS.get(name, 2)
        readings.append(
            [
                np.round(np.clip(truth + rng.normal(0, 0.3 * spread, 70), low, high), decimals)
                for _ in range(2)
            ]
        )
    frames = [
        pd.DataFrame(
            {"patient": people["patient"], "reader": reader}
            | {name: readings[i][r] for i, name in enumerate(parameters.SIX)}
        )
        for r, reader in enumerate(("A", "B"))
    ]
    return people, pd.concat(frames, ignore_index=True)


def printed(seed):
    """The claims of an article about :func:`simulate`, every number rounded half up, tables
    restated in the abstract and the text.
    """
    rng = np.random.default_rng([seed, 1])
    people, readings = simulate(seed)
    values = people.merge(
        readings.drop(columns="reader").groupby("patient").mean().round(10).reset_index(),
        on="patient",
    )
    page = _Page()
    _demographics(page, values)
    _parameters(page, values)
    _agreement(
        page,
        readings,
        form=rng.choice(["ICC(C,1)", "ICC(A,1)", "ICC(1,1)", "ICC(C,k)", "ICC(A,k)"]),
    )
    chosen = list(rng.choice(parameters.SIX, 2, replace=False))
    _tests(page, values, test=rng.choice(["Student", "Welch"]))
    _diagnosis(page, values, chosen)
    _cases(page, values, rng)
    return Claims(page.claims)


class _Page:
    """Collects claims; ids count up."""

    def __init__(self):
        self.claims = []

    def print(self, location, group, parameter, statistic, value, decimals=None, **further):
        # Odds ratios of a steep slope run into powers of ten, which is how they are then printed.
        text = (
            value
            if isinstance(value, str)
            else to_print(value, decimals)
            if abs(value) < 1e12
            else f"{value:.3e}"
        )
        self.claims.append(
            Claim(
                f"c{len(self.claims):04d}", location, group, parameter, statistic, text, **further
            )
        )


def _members(values):
    for name in (*article.GROUPS, *article.PRIMARIES):
        yield name, values[(values["group"] == name) | (values["primary"] == name)]


def _demographics(page, values):
    for name, members in _members(values):
        for location in ("table1", "abstract", "methods"):
            page.print(location, name, "", "n", str(len(members)), analysis="describe")
        for sex in ("male", "female"):
            page.print(
                "table1",
                name,
                "",
                sex,
                str(int((members["sex"] == sex).sum())),
                analysis="describe",
            )
        for location in ("table1", "results"):
            page.print(
                location,
                name,
                "age",
                "mean",
                members["age"].mean(),
                2,
                unit="years",
                analysis="describe",
            )
            page.print(
                location,
                name,
                "age",
                "sd",
                members["age"].std(),
                2,
                unit="years",
                analysis="describe",
            )


def _parameters(page, values):
    for name, members in _members(values):
        for parameter in parameters.SIX:
            for statistic, value in (
                ("mean", members[parameter].mean()),
                ("sd", members[parameter].std()),
            ):
                page.print(
                    "table2",
                    name,
                    parameter,
                    statistic,
                    value,
                    2,
                    unit=parameters.unit(parameter),
                    analysis="describe",
                )


def _p(value):
    return "<0.0001" if value < 1e-4 else to_print(value, 3)


def _tests(page, values, test):
    for parameter in parameters.SIX:
        found = (
            groups.compare_groups(values, parameter, order=article.GROUPS)
            .set_index("test")
            .loc[test]
        )
        page.print("table3", "", parameter, "t", found["statistic"], 3, analysis="t-test")
        page.print("table3", "", parameter, "p", _p(found["p"]), analysis="t-test")
        word = "p(t-test; {}) {} 0.05".format(parameter, "<" if found["p"] < 0.05 else ">=")
        page.print(
            "results", "", parameter, "claim", "differs or not", analysis="t-test", test=word
        )
        f = groups.anova(
            values[values["primary"] != ""], parameter, group="primary", order=article.PRIMARIES
        ).iloc[0]
        page.print(
            "results", "", parameter, "p", "< 0.05" if f["p"] < 0.05 else "> 0.05", analysis="anova"
        )
        pairs = groups.posthoc(
            values[values["primary"] != ""],
            parameter,
            group="primary",
            order=article.PRIMARIES,
            method="tukey",
        )
        for row in pairs[pairs["p"] < 0.05].itertuples():
            lower, upper = (row.a, row.b) if row.difference < 0 else (row.b, row.a)
            words = (
                f"mean({lower}; {parameter}) < mean({upper}; {parameter}) and p(pair; "
                f"{parameter}; {lower}; {upper}) < 0.05"
            )
            page.print(
                "discussion",
                f"{lower}-{upper}",
                parameter,
                "claim",
                "lower",
                analysis="post-hoc",
                test=words,
            )


def _agreement(page, readings, form):
    for parameter in parameters.SIX:
        row = agreement.icc(readings, values=parameter).set_index("form").loc[form]
        for statistic, value in zip(
            ("icc", "icc_low", "icc_high"), row[["icc", "ci_low", "ci_high"]], strict=True
        ):
            page.print("results", "", parameter, statistic, value, 3, analysis="agreement")


def _diagnosis(page, values, chosen):
    y = (values["group"] == "metastasis").astype(int)
    table = logistic(values.assign(outcome=y), "outcome", chosen)
    for row in table[table["term"] != "intercept"].to_dict("records"):
        for statistic in ("b", "se", "wald", "odds_ratio", "ci_low", "ci_high"):
            page.print("table4", "", row["term"], statistic, row[statistic], 3, analysis="logistic")
        page.print("table4", "", row["term"], "p", _p(row["p"]), analysis="logistic")
        page.print("table4", "", row["term"], "label", row["term"], analysis="label")
    scores = {name: values[name] for name in chosen} | {"+".join(chosen): predict(table, values)}
    for marker, score in scores.items():
        curve = roc.roc(y, score)
        for location in ("table5", "abstract", "results"):
            for statistic, value in (
                ("auc", curve.auc),
                ("auc_low", curve.ci_low),
                ("auc_high", curve.ci_high),
            ):
                page.print(location, "", marker, statistic, value, 3, analysis="roc")
        page.print(
            "table5",
            "",
            marker,
            "cutoff",
            f"{curve.direction} {to_print(curve.cutoff, 2)}",
            analysis="roc",
        )
        for rate in ("sensitivity", "specificity"):
            for end in ("", "_low", "_high"):
                page.print(
                    "table5",
                    "",
                    marker,
                    rate + end,
                    100 * getattr(curve, rate + end),
                    1,
                    unit="%",
                    analysis="roc",
                )


def _cases(page, values, rng):
    for figure, group in (("figure1", "lung"), ("figure2", "tuberculosis")):
        case = dict(_members(values))[group].iloc[int(rng.integers(7))]
        for parameter in parameters.SIX:
            in_si = parameters.unit(parameter) and parameter == "adc_fast"
            unit, factor, decimals = (
                ("mm²/s", 1e-3, 4) if in_si else (parameters.unit(parameter), 1, 2)
            )
            page.print(
                figure,
                group,
                parameter,
                "value",
                factor * case[parameter],
                decimals,
                unit=unit,
                analysis="case",
            )
