"""Protocol design: bounds as crlb has them, a search that finds known optima and never does
worse.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ivim
from ivim import article
from ivim.cli import main
from ivim.signal import design, noise

B, AVERAGES = np.array(article.B_VALUES, float), np.array(article.AVERAGES, float)
TISSUE = {"adc_slow": 1e-3, "adc_fast": 0.02, "f": 0.15}


def test_a_protocol_is_judged_by_its_cramer_rao_bounds():
    """Standard errors are those of `ivim.crlb`; percent and score follow from them."""
    found = design.evaluate(B, AVERAGES, TISSUE, snr=30, voxels=50)
    bounds = ivim.crlb("biexponential", TISSUE, B, AVERAGES, 30, voxels=50)
    rows = found.errors.set_index("parameter")
    assert rows["stderr"].to_dict() == bounds
    relative = [bounds[name] / TISSUE[name] for name in TISSUE]
    assert_allclose(rows["percent"][list(TISSUE)] / 100, relative, rtol=1e-12)
    assert_allclose(found.score, np.sqrt(np.mean(np.square(relative))), rtol=1e-12)


@pytest.mark.parametrize("averaging", ["magnitude", "complex"])
def test_the_search_scores_as_the_judgement_does(averaging):
    """What the search adds up excitation by excitation is the bound of the whole protocol."""
    options = {"snr": 10, "averaging": averaging}
    found = design.improve(B, AVERAGES, TISSUE, candidates=B, budget=29, **options)
    again = design.evaluate(found.b, found.averages, TISSUE, **options)
    assert_allclose(found.score, again.score, rtol=1e-12)
    given = design.evaluate(B, AVERAGES, TISSUE, **options)
    assert found.averages.sum() == 29 and found.score < 0.95 * given.score


def test_mono_exponential_optimum_is_the_textbooks():
    """ADC from two b-values in Gaussian noise: b near 1.28 / D, most averages at the high b.

    Jones, Horsfield and Simmons 1999, Magn Reson Med 42:515; here both by brute force.
    """
    adc, total = 1e-3, 100
    candidates = np.arange(0, 2000, 20.0)
    found = design.improve(
        [0, 1000], [50, 50], {"adc_stand": adc}, "monoexponential", 1000, candidates=candidates,
        budget=total, noise="gaussian",
    )  # fmt: skip
    assert found.b.size == 2 and found.b[0] == 0
    x = np.linspace(0.5, 3, 2501)  # variance (1/n0 + e^2x/n1) / x^2
    share = 1 / (1 + np.exp(-x))  # the best share of the high b is e^x / (1 + e^x)
    variance = (1 / (1 - share) + np.exp(2 * x) / share) / x**2
    assert_allclose(found.b[1] * adc, x[variance.argmin()], atol=0.021)
    assert_allclose(found.averages[1] / total, share[variance.argmin()], atol=0.011)


def test_better_protocol_measures_better():
    """Fits of simulated magnitudes scatter less with the better averages, by what was promised."""
    snr, voxels = 200, 2000
    given = design.evaluate(B, AVERAGES, TISSUE, snr=snr, aims=["f"])
    better = design.improve(B, AVERAGES, TISSUE, snr=snr, aims=["f"])
    spread = []
    for one in (given, better):
        clean = ivim.signal.models.MODELS["biexponential"].function(one.b, 1.0, **TISSUE)
        signals = noise.simulate(np.tile(clean, (voxels, 1)), 1 / snr, one.averages, 1)
        maps = ivim.fit_maps(signals, one.b, averages=one.averages, sigma=1 / snr)
        spread.append(np.subtract(*np.nanpercentile(maps["f"], [84, 16])))
    assert_allclose(spread[1] / spread[0], better.score / given.score, rtol=0.2)


def test_same_seed_same_protocol():
    """The search is reproducible."""
    one, two = (design.improve(B, AVERAGES, TISSUE, seed=3) for _ in range(2))
    assert (one.b == two.b).all() and (one.averages == two.averages).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"budget": 2}, "budget is 2 excitations; give a whole number from 4 on"),
        ({"candidates": [0, 100]}, "2 candidates; give 4 to 200"),
        ({"averages": [1, 2]}, "10 b-value.* but 2 averages"),
        ({"aims": ["alpha"]}, "'alpha' is no parameter of the biexponential"),
        ({"aims": []}, "no parameter to aim at"),
        ({"snr": 0}, "snr is 0"),
        ({"b": B / 1000}, "largest b is 1.5; b-values are in s/mm²"),
        ({"values": {"f": 0.1}}, "no value for 'adc_slow'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    """One clear line for each."""
    arguments = {"b": B, "averages": AVERAGES, "values": TISSUE} | arguments
    if "b" in arguments and arguments["b"] is not B:
        arguments["averages"] = None
    with pytest.raises(ValueError, match=words):
        design.improve(**arguments)


def test_the_command_prints_and_writes(tmp_path, capsys):
    """`ivim design` shows both protocols and writes the same numbers, in the units of tables."""
    out = tmp_path / "design.csv"
    command = ["design", "--b", "0,20,50,100,200,400,800", "--averages", "1,1,1,1,2,4,8", "--out"]
    assert main([*command, str(out), "--snr", "30"]) == 0
    told = capsys.readouterr().out
    assert "given: 18 excitations" in told and "better: 18 excitations" in told
    table = pd.read_csv(out)
    assert set(table["protocol"]) == {"given", "better"}
    slow = table[(table["parameter"] == "adc_slow") & (table["protocol"] == "given")].iloc[0]
    assert_allclose(slow["value"], 0.43)
    assert slow["unit"] == "10⁻³ mm²/s"
    assert main([*command, str(out)]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--b", "0,x"], "--b 0,x: give numbers"),
        (["--b", "0,20,100,800", "--tissue", "bone"], "'bone' is unknown; known are bone marrow"),
        (["--b", "0,20,100,800", "--value", "f"], "given as NAME=VALUE"),
        (["--b", "0,20,100,800", "--value", "f=x"], "'x' is no number"),
        (["--b", "0,1000", "--model", "monoexponential"], "give --value NAME=X"),
    ],
)
def test_the_command_refuses_in_one_line(arguments, words, capsys):
    """Exit code 2 and one line on standard error."""
    assert main(["design", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and words in told.err
