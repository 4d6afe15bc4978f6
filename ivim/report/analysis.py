"""Everything computed from a cohort, once, by name; tables, figures, comparison, audit and verifier
are views of it.

What cannot be computed for a table of one's own (one reader, no ages, one patient in a group ...)
is left out of the frame and said in ``frame.attrs["notes"]``; the layout prints these sentences
below the table. A blank value leaves its patient out of that parameter only, and the notes say how
many have a value.
"""

from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np
import pandas as pd

from ivim import article
from ivim.cohort import Cohort
from ivim.report import frames
from ivim.report.cells import literal
from ivim.report.quantities import quantities_of
from ivim.stats import agreement as reader_agreement
from ivim.stats import groups, roc
from ivim.stats.logistic import goodness, logistic, predict

Stratum: TypeAlias = tuple[str, bool, pd.DataFrame]
"""Name, whether it is a sub-group, its patients."""

EVERYONE = "all"
"""The group of all patients together, in quantities."""


@lru_cache(maxsize=16)
def analyse(cohort: Cohort) -> "Analysis":
    """The analysis of a cohort: the same object for the same cohort, so that nothing is done twice.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Returns
    -------
    Analysis
    """
    return Analysis(cohort)


class Analysis:
    """What the notebooks compute from a cohort, each piece when it is first asked for.

    Parameters
    ----------
    cohort : ivim.cohort.Cohort

    Attributes
    ----------
    table1, table2, table3, table4, table5, agreement, anova, posthoc : DataFrame
        Columns as :data:`ivim.report.frames.COLUMNS` has them, full precision.
    strata : list of (str, bool, DataFrame)
        The rows of Tables 1 and 2: each group, then its sub-groups. Name, whether it is a
        sub-group, and its patients. A sub-group that occurs in two groups, or is named as a group,
        carries its group's name as well.
    spread : DataFrame
        ``group, parameter, n, mean, sd, median, q1, q3``: Table 2 with quartiles.
    group_tests : DataFrame
        ``parameter, test, group, statistic, df, p, chosen``: all tests behind Table 3.
    predictors : tuple of str
        What enters Tables 4 and 5.
    curves : dict of str to ivim.stats.roc.Roc
        The ROC curve of each marker that has one.
    subgroups : DataFrame
        The patients whose primary tumours are compared.
    """

    def __init__(self, cohort: Cohort):
        self.cohort = cohort

    def table(self, name: str) -> pd.DataFrame:
        """One table by name, as a copy that may be changed.

        Parameters
        ----------
        name : str
            One of :data:`ivim.report.frames.COLUMNS`.

        Returns
        -------
        DataFrame
        """
        if name not in frames.COLUMNS:
            msg = f"there is no table {name!r}; there are {', '.join(frames.COLUMNS)}"
            raise ValueError(msg)
        frame = getattr(self, name)
        copied = frame.copy()
        copied.attrs = frame.attrs | {"notes": list(frame.attrs["notes"])}
        return copied

    def quantities(self) -> pd.DataFrame:
        """Every number of the tables, by what it is.

        Returns
        -------
        DataFrame
            ``analysis, item, group, parameter, statistic, value, unit``. `analysis` is describe,
            normality, t-test (the test of Table 3, whichever it is; `item` names it), agreement
            (`item`: the form), anova, posthoc (`item`: the method; `group`: "a-b"), logistic or
            roc. Diffusivities in 10⁻³ mm²/s, shares in per cent, as they are printed.
        """
        found = [quantities_of(name, self.table(name)) for name in frames.COLUMNS]
        found += [quantities_of(name, getattr(self, name)) for name in ("normality", "everyone")]
        found.append(quantities_of("optima", self.optima))
        return pd.concat(found, ignore_index=True)

    @cached_property
    def strata(self) -> list[Stratum]:
        """The rows of Tables 1 and 2."""
        values, rows = self.cohort.values, []
        for group in self.cohort.groups:
            members = values[values["group"] == group]
            rows.append((group, False, members))
            for primary in self.cohort.primaries:
                part = members[members["primary"] == primary]
                everywhere = (values["primary"] == primary).sum()
                alone = everywhere == len(part) and primary not in self.cohort.groups
                if len(part):
                    rows.append((primary if alone else f"{group}: {primary}", True, part))
        return rows

    @cached_property
    def table1(self) -> pd.DataFrame:
        """Demographics; ages in years, counts missing where no sex is given."""
        rows: list[tuple] = []
        known: dict[str, dict] = {"Age": {}, "Sex": {}}
        for name, is_part, members in self.strata:
            sexes = members["sex"].str.strip().str.lower().map(frames.SEXES)
            found = sexes.value_counts() if sexes.notna().any() else {}
            male, female = (
                found.get(sex, 0 if len(found) else pd.NA) for sex in ("male", "female")
            )
            ages = members["age"]
            rows.append((name, len(members), male, female, ages.mean(), ages.std()))
            if not is_part:
                known["Age"][name] = ages.notna()
                known["Sex"][name] = sexes.notna()
        notes = [frames.completeness(what, by_group) for what, by_group in known.items()]
        frame = frames.tidy("table1", rows, [note for note in notes if note])
        return frame.astype({"male": "Int64", "female": "Int64"})

    @cached_property
    def spread(self) -> pd.DataFrame:
        """Table 2 with median and quartiles (linear between order statistics, R's type 7)."""
        parts = [(name, members) for name, _, members in self.strata]
        return frames.spread(parts, self.cohort.parameters)

    @cached_property
    def table2(self) -> pd.DataFrame:
        """Means and standard deviations of each parameter in each group and sub-group."""
        return frames.tidy("table2", self.spread[frames.COLUMNS["table2"].split()], self.gaps)

    @cached_property
    def everyone(self) -> pd.DataFrame:
        """All patients together, as :attr:`spread`."""
        return frames.spread([(EVERYONE, self.cohort.values)], self.cohort.parameters)

    @cached_property
    def gaps(self) -> list[str]:
        """For each parameter that is not known of everyone, a sentence that says of how many."""
        counts = self.cohort.values[list(self.cohort.parameters)].notna().sum()
        total = len(self.cohort.values)
        return [
            f"{name} is known of {n} of {total} patients."
            for name, n in counts.items()
            if n < total
        ]

    @cached_property
    def group_tests(self) -> pd.DataFrame:
        """All tests behind Table 3: normality, equal variances, the chosen one, its
        alternatives."""
        compute = frames.two_groups if len(self.cohort.groups) == 2 else frames.many_groups
        found, notes = frames.each(self.cohort.parameters, lambda name: compute(self.cohort, name))
        columns = ["parameter", "test", "group", "statistic", "df", "p", "chosen"]
        frame = pd.DataFrame(columns=columns).astype({"chosen": bool})
        frame = pd.concat(found, ignore_index=True)[columns] if found else frame
        frame.attrs["notes"] = [*notes, *map(literal, self.gaps)]
        return frame

    @cached_property
    def normality(self) -> pd.DataFrame:
        """Shapiro-Wilk's test of each parameter in each group."""
        return self.group_tests[self.group_tests["test"] == "Shapiro-Wilk"]

    @cached_property
    def table3(self) -> pd.DataFrame:
        """The test that the article's rule chooses for each parameter."""
        tests = self.group_tests
        return frames.tidy("table3", tests[tests["chosen"]], tests.attrs["notes"])

    @cached_property
    def by_ranks(self) -> tuple[str, ...]:
        """The parameters that Table 3 compares by ranks."""
        ranked = self.table3["test"].isin(("Mann-Whitney", "Kruskal-Wallis"))
        return tuple(self.table3.loc[ranked, "parameter"])

    @cached_property
    def _entering(self):
        tests = self.table3
        names = tests.loc[tests["p"] < article.SIGNIFICANCE, "parameter"].tolist()
        if names:
            return tuple(names), []
        if tests.empty:
            return (), ["No parameter could be compared between the groups, so none enters."]
        least = tests.loc[tests["p"].idxmin(), "parameter"]
        note = f"No parameter differs between the groups at p < {article.SIGNIFICANCE}; "
        return (least,), [f"{note}{least}, of the smallest p, stands in."]

    @property
    def predictors(self) -> tuple[str, ...]:
        """What enters Tables 4 and 5, by the article's rule: what differs between the groups."""
        return self._entering[0]

    @property
    def remarks(self) -> list[str]:
        """Where no parameter differs: which one stands in for Tables 4 and 5, and why."""
        return self._entering[1]

    @cached_property
    def outcome(self) -> pd.DataFrame:
        """``cohort.values`` of the patients with every predictor known, with ``outcome`` (0, 1)."""
        data = self.cohort.values.assign(outcome=self.cohort.outcome)
        return data.dropna(subset=list(self.predictors)).reset_index(drop=True)

    @cached_property
    def table4(self) -> pd.DataFrame:
        """Logistic regression of the disease on :attr:`predictors`.

        Where they separate the groups, maximum likelihood has no answer: Firth's penalty is used
        and the notes say so. ``attrs`` keeps what :func:`ivim.stats.logistic.goodness` needs.
        """
        names, notes = list(self.predictors), [*self.remarks, *self._left_out]
        if not names:
            return frames.tidy("table4", [], notes)
        try:
            return frames.fitted(logistic(self.outcome, "outcome", names), notes)
        except ValueError as error:
            try:
                penalised = logistic(self.outcome, "outcome", names, penalty="firth")
            except ValueError:
                return frames.tidy("table4", [], [*notes, f"No regression: {error}."])
            separated = f"Fitted with Firth's penalty: {', '.join(names)} separate the groups, "
            return frames.fitted(penalised, [*notes, f"{separated}maximum likelihood is infinite."])

    @cached_property
    def goodness(self) -> dict[str, float]:
        """How well the regression fits (:func:`ivim.stats.logistic.goodness`), or nothing."""
        if self.table4.empty:
            return {}
        return goodness(self.table4, self.outcome).iloc[0].to_dict()

    @cached_property
    def markers(self) -> dict[str, np.ndarray]:
        """The scores of Table 5: each predictor, and the fitted probability of all together."""
        scores = {name: self.outcome[name].to_numpy() for name in self.predictors}
        if len(scores) > 1 and len(self.table4):
            scores["+".join(scores)] = predict(self.table4, self.outcome)
        return scores

    @cached_property
    def _curves(self):
        sick = self.outcome["outcome"].to_numpy()
        found, notes = frames.each(
            self.markers.items(), lambda item: (item[0], roc.roc(sick, item[1]))
        )
        return dict(found), notes

    @property
    def curves(self) -> dict[str, roc.Roc]:
        """The ROC curve of each marker that has one."""
        return self._curves[0]

    @cached_property
    def table5(self) -> pd.DataFrame:
        """Diagnostic performance of each marker; shares as fractions 0-1 with exact limits."""
        wanted = frames.COLUMNS["table5"].split()
        rows = [
            {"marker": name, "auc_low": curve.ci_low, "auc_high": curve.ci_high}
            | {column: getattr(curve, column) for column in wanted if hasattr(curve, column)}
            for name, curve in self.curves.items()
        ]
        notes = [*self.remarks, *self._left_out, *self._curves[1], *self._rest]
        return frames.tidy("table5", rows, notes)

    @cached_property
    def optima(self) -> pd.DataFrame:
        """How many cut-offs of each marker share the largest Youden index."""
        rows = [(name, len(curve.cutoffs)) for name, curve in self.curves.items()]
        return pd.DataFrame(rows, columns=["marker", "optima"])

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """Agreement of the readers: six forms of the ICC per parameter."""
        if self.cohort.measurements["reader"].nunique() < 2:
            return frames.tidy("agreement", [], ["One reader only: agreement needs at least two."])
        found, notes = frames.each(self.cohort.parameters, self._icc)
        return frames.tidy("agreement", pd.concat(found) if found else [], [*notes, *self.gaps])

    def readings(self, name: str) -> pd.DataFrame:
        """The readings of one parameter, of the patients that every reader has a value of.

        Parameters
        ----------
        name : str

        Returns
        -------
        DataFrame
            Rows of ``cohort.measurements``.
        """
        readings = self.cohort.measurements
        blank = readings.loc[readings[name].isna(), "patient"]
        return readings[~readings["patient"].isin(blank)]

    def _icc(self, name):
        return reader_agreement.icc(self.readings(name), values=name)

    @cached_property
    def _parts(self):
        named = self.cohort.values[self.cohort.values["primary"] != ""]
        if named.empty:
            why = "No sub-groups: column primary is empty, so nothing is compared among them."
            return named, [why]
        diseased = named[named["group"] == self.cohort.positive]
        named = diseased if diseased["primary"].nunique() > 1 else named
        counts = named["primary"].value_counts()
        alone = [name for name in self.cohort.primaries if counts.get(name) == 1]
        notes = [f"Sub-group {name} has one patient and is left out." for name in alone]
        kept = named[named["primary"].map(counts) > 1]
        if kept["primary"].nunique() < 2:
            why = "Fewer than two sub-groups have two patients, so nothing is compared among them."
            return kept.iloc[:0], [*notes, why]
        return kept, notes

    @property
    def subgroups(self) -> pd.DataFrame:
        """The patients whose primary tumours are compared.

        The positive group's where it has at least two sub-groups of two patients or more, as in the
        article; else everyone's.
        """
        return self._parts[0]

    @property
    def subgroup_notes(self) -> list[str]:
        """Which sub-groups are left out of the comparison, and why."""
        return self._parts[1]

    @cached_property
    def anova(self) -> pd.DataFrame:
        """One-way analysis of variance among the primary tumours."""
        return self._among_subgroups("anova", groups.anova)

    @cached_property
    def posthoc(self) -> pd.DataFrame:
        """Pairwise differences among the primary tumours by four methods."""

        def all_methods(*args, **named):
            found = [groups.posthoc(*args, method=name, **named) for name in groups.POSTHOC]
            return pd.concat(found)

        return self._among_subgroups("posthoc", all_methods)

    def _among_subgroups(self, table, compute):
        data, notes = self._parts
        if data.empty:
            return frames.tidy(table, [], notes)
        order = [name for name in self.cohort.primaries if name in set(data["primary"])]
        found, more = frames.each(
            self.cohort.parameters,
            lambda name: compute(data.dropna(subset=name), name, group="primary", order=order),
        )
        return frames.tidy(table, pd.concat(found) if found else [], [*notes, *more])

    @property
    def _left_out(self):
        total, n = len(self.cohort.values), len(self.outcome)
        return [f"{n} of {total} patients have every value that enters."] if n < total else []

    @property
    def _rest(self):
        others = self.cohort.groups[:-1]
        if len(others) < 2:
            return []
        return [f"Disease is set against all other groups ({', '.join(others)})."]
