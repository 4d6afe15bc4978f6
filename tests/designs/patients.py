"""The raw data of a study, from which everything that its paper prints is computed."""

import numpy as np
import pandas as pd


def patients(design):
    """Simulated patients.

    Parameters
    ----------
    design : designs.design.Design

    Returns
    -------
    DataFrame
        ``group`` (the smallest one that the patient belongs to), ``diseased``, ``male``,
        ``smoker``, ``age``, a column per
        marker, ``NAME reader 2`` for the markers' second reading, ``months`` and ``died``.
    """
    rng = np.random.default_rng([design.seed, 2])
    group = np.repeat(design.inner, [design.sizes[name] for name in design.inner])
    level = _level(design, group)
    frame = pd.DataFrame(
        {"group": group, "diseased": np.isin(group, design.whole(design.positive))}
    )
    frame["male"] = rng.random(len(frame)) < rng.uniform(0.3, 0.7)
    frame["smoker"] = rng.random(len(frame)) < 0.25 + 0.3 * level * rng.random()
    age = rng.normal(rng.uniform(40, 65), rng.uniform(7, 15), len(frame)).clip(18, 95)
    frame["age"] = np.round(age) if design.ages_whole else np.round(age, 2)
    shift = {name: rng.normal(0, 0.5) for name in design.inner}
    for marker in design.markers:
        part = np.array([shift[name] for name in group]) if design.parts else 0
        z = rng.normal(0, 1, len(frame)) + design.effects[marker.name] * level + 0.6 * part
        frame[marker.name] = _values(marker, z)
        noise = rng.normal(0, 0.3 * marker.spread, len(frame))
        frame[f"{marker.name} reader 2"] = (frame[marker.name] + noise).round(5)
        lost = rng.random(len(frame)) < design.missing
        frame.loc[lost & _spare(frame, lost), marker.name] = np.nan
    hazard = 0.03 * np.exp(0.5 * level)
    frame["months"] = rng.exponential(1 / hazard).clip(0.1, 60).round(2)
    frame["died"] = frame["months"] < 60
    return frame


def _level(design, group):
    """0 to 1 from the first to the most diseased group, in the order of the disease."""
    rank = {design.positive: 1.0}
    others = [name for name in design.groups if name != design.positive]
    rank |= {name: i / len(design.groups) for i, name in enumerate(others)}
    inner = {part: rank[name] for name in design.groups for part in design.whole(name)}
    return np.array([inner[name] for name in group])


def _values(marker, z):
    """Marker values of standard normal draws, recorded with five decimals as an export of software
    has them.
    """
    if marker.shape == "lognormal":
        sigma = np.sqrt(np.log1p((marker.spread / marker.centre) ** 2))
        return np.round(marker.centre * np.exp(sigma * z - sigma**2 / 2), 5)
    if marker.shape == "beta":
        logit = np.log(marker.centre / (1 - marker.centre))
        slope = marker.spread / (marker.centre * (1 - marker.centre))
        return np.round(1 / (1 + np.exp(-logit - slope * z)), 5)
    return np.round(np.maximum(marker.centre + marker.spread * z, 0.02 * marker.centre), 5)


def _spare(frame, lost):
    """Three known values stay in every group, so that each has a mean and a standard deviation."""
    order = (~lost).astype(int)
    rank = pd.Series(-order).groupby(frame["group"].to_numpy()).rank(method="first").to_numpy()
    return rank > 3
