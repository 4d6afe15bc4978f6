"""Facts of the article, each with its place; nothing here is a default of a function that serves
other studies.

Li Y, Xing X, Zhang E, Qin S, Yuan H, Lang N. Intravoxel incoherent motion for differentiating
spinal metastasis: a pilot study. Research Square, 2021. doi:10.21203/rs.3.rs-495875/v1 (CC BY 4.0).
"""

CITATION = "Li et al. 2021, doi:10.21203/rs.3.rs-495875/v1"

# Methods, "MRI acquisitions": b in s/mm² and the "excitation times", the averages per b-value.
B_VALUES = (0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500)
AVERAGES = (2, 2, 2, 1, 1, 1, 2, 4, 6, 8)
REPETITION_TIME_S = 3.0
SCAN_TIME_S = 252
PIXEL_MM = (240 / 128, 240 / 64)  # field of view 24 cm x 24 cm, matrix 128 x 64
SLICE_MM = 4.0
ROI_AREA_MM2 = (30.0, 100.0)  # Methods, "Regions of interest"

# Methods, "Patients", and Table 1.
GROUPS = ("tuberculosis", "metastasis")
PRIMARIES = ("lung", "breast", "renal")
GROUP_SIZES = {"tuberculosis": 20, "metastasis": 50, "lung": 32, "breast": 7, "renal": 11}
POSITIVE = "metastasis"
"""The disease that the ROC analysis looks for."""

# Methods, "Statistical analysis".
SIGNIFICANCE = 0.05
ICC_BANDS = (
    (0.20, "poor"),
    (0.40, "fair"),
    (0.60, "moderate"),
    (0.80, "good"),
    (1.00, "excellent"),
)

ADDRESS = "https://doi.org/10.21203/rs.3.rs-495875/v1"
"""Of the preprint, by its DOI."""

PLACES = {
    "acquisition": "MRI acquisitions",
    "regions": "Regions of interest",
    "equations": "Post-processing and MR Imaging analysis",
    "statistics": "Statistical analysis",
    "patients": "There were 50 patients with spinal metastasis",
    "readers": "Interobserver reproducibility for MRI measurement",
    "comparison": "Comparison of IVIM parameters among different groups",
    "regression": "Logistic regression model",
    "roc": "In the ROC-analysis for differentiation",
    "discussion": "Discussion And Conclusions",
    "table1": "Patient demographics",
    "table2": "IVIM parameters among tuberculous spondylitis and spinal metastasis",
    "table3": "Comparison of mean IVIM-parameters",
    "table4": "The result of Logistic regression model",
    "table5": "Efficacy of IVIM in the differential diagnosis",
    "figure1": "A 53-year-old man with spinal metastasis",
    "figure2": "A 44-year-old woman with spinal tuberculosis",
    "figure3": "ROC curves for differentiating",
}
"""Words that stand at each place of the article, to link to it."""


def link(place: str) -> str:
    """The address of a place in the article.

    The page has no anchors of its own. The address ends with the place's words as a text fragment
    (WICG, "URL Fragment Text Directives"): a browser that knows it scrolls to them, any other opens
    the page.

    Parameters
    ----------
    place : str
        One of :data:`PLACES`.

    Returns
    -------
    str
    """
    from urllib.parse import quote

    # A bare hyphen would part the words from what stands around them.
    return f"{ADDRESS}#:~:text={quote(PLACES[place], safe='').replace('-', '%2D')}"
