"""What tables call things: each heading, group and title stands here once."""

GROUPS = {
    "tuberculosis": "Tuberculous spondylitis",
    "metastasis": "Spinal metastasis",
    "lung": "lung cancer",
    "breast": "breast cancer",
    "renal": "renal cancer",
}
"""The article's wording of its groups (Table 1); anyone else's groups keep their own names."""

TITLES = {
    **{f"table{number}": f"Table {number}" for number in range(1, 6)},
    "agreement": "Interobserver reproducibility",
    "anova": "Differences among the primary tumours",
}
"""What an item of the article is called; the last two stand in its text."""

GROUP, PARAMETER, MARKER, TERM = "Patient group", "Parameter", "Marker", "Term"
COLUMNS = {
    "n": "No. of patients",
    "male": "Male",
    "female": "Female",
    "age": "Age\nyears",
    "test": "Test",
    "statistic": "Statistic",
    "df": "df",
    "t": "/{t}",
    "f": "/{F}",
    "z": "/{z}",
    "p": "/{p}",
    "b": "B",
    "se": "S.E.",
    "wald": "Wald",
    "odds_ratio": "OR",
    "odds_limits": "95% CI of OR",
    "auc": "AUC\n(95% CI)",
    "cutoff": "Cut-off",
    "sensitivity": "Sensitivity\n% (95% CI)",
    "specificity": "Specificity\n% (95% CI)",
    "counts": "TP / FN / TN / FP",
    "icc": "ICC\n(95% CI)",
    "ppv": "Positive predictive value\n% (95% CI)",
    "npv": "Negative predictive value\n% (95% CI)",
    "lr_positive": "Likelihood ratio +\n(95% CI)",
    "lr_negative": "Likelihood ratio −\n(95% CI)",
    "difference": "Difference",
}
"""Heading of a column; a line break parts label and unit."""

STATISTICS = {
    "Student": "/{t}",
    "Welch": "/{t}",
    "Mann-Whitney": "/{U}",
    "ANOVA": "/{F}",
    "Kruskal-Wallis": "/{H}",
}
"""The letter of each test's statistic."""

METHODS = {
    "tukey": "Tukey",
    "lsd": "LSD",
    "bonferroni": "Bonferroni",
    "games-howell": "Games–Howell",
}
"""Post-hoc methods in print."""

RECONSTRUCTED = "Computed from the reconstructed cohort, not from the patients of the article."
