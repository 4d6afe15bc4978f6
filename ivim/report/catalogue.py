"""The tables that the article does not have, by the names that a notebook asks for them with."""

from collections.abc import Callable

from ivim.report import clinic, performance, readers, supplement

TABLES: dict[str, Callable] = {
    "sexes": clinic.sexes,
    "balance": supplement.balance,
    "icc_bands": readers.bands,
    "icc_width": readers.width,
    "auc_limits": clinic.auc_limits,
    "reader_differences": supplement.reader_differences,
    "group_tests": supplement.all_tests,
    "anova_alternatives": supplement.anova_alternatives,
    "odds_per_sd": performance.readable_odds,
    "auc_differences": performance.auc_differences,
    "optimism": performance.optimism,
    "predictive_values": clinic.predictive,
    "worked_patient": clinic.worked_patient,
    "table4_with_age": clinic.with_age,
}
