"""Recipes: one way to fit signals and maps, read strictly from TOML, told in words and JSON."""

import json
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import ivim
from ivim import article, parameters
from ivim.signal.models import MODELS, STUDY_MODELS
from ivim.signal.recipe import RECIPES, Recipe, get_recipe

B = np.array(article.B_VALUES, float)
AVERAGES = np.array(article.AVERAGES, float)
SIGNAL = MODELS["biexponential"].function(B, 400.0, 1e-3, 0.02, 0.2) + np.cos(np.arange(10))


@pytest.fixture
def write(tmp_path):
    """A TOML file with the text given."""

    def write(text):
        path = tmp_path / "mine.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize("name", RECIPES)
def test_fit_and_maps_of_a_recipe_agree(name):
    """A recipe gives one signal and a voxel with that signal the same parameters to 1e-5."""
    recipe = get_recipe(name)
    fits = recipe.fit(SIGNAL, B, AVERAGES)
    maps = recipe.maps(SIGNAL[None], B, AVERAGES)
    assert set(fits) == set(maps) == set(STUDY_MODELS)
    for model in STUDY_MODELS:
        for parameter in MODELS[model].parameters:
            found = maps[model][parameter][0]
            assert_allclose(found, fits[model].values[parameter], rtol=1e-5)


def test_article_takes_the_adc_from_two_samples():
    """ADC of the article's recipe is ln(S0/S1200)/1200, whatever the other samples are."""
    found = RECIPES["article"].fit(SIGNAL, B, AVERAGES)["monoexponential"]
    assert_allclose(found.values["adc_stand"], np.log(SIGNAL[0] / SIGNAL[8]) / 1200, rtol=1e-9)


def test_segmented_is_the_segmented_fit():
    """The recipe's threshold reaches the fit."""
    recipe = Recipe("mine", biexponential="segmented", threshold=400)
    found = recipe.fit(SIGNAL, B, AVERAGES, ["biexponential"])["biexponential"]
    alone = ivim.fit(SIGNAL, B, averages=AVERAGES, method="segmented", threshold=400)
    assert found.values == alone.values
    assert found.method == "segmented"


@pytest.mark.parametrize(
    ("b", "pair", "expected"),
    [
        (B, None, (0, 1200)),
        (B[1:-2], None, (20, 800)),
        (B, (50, 800), (50, 800)),
    ],
)
def test_pair_of_the_two_point_adc(b, pair, expected):
    """The lowest b, and 1200 s/mm² or else the highest; a pair that is named stands."""
    assert Recipe("mine", pair=pair).adc_pair(b) == expected


def test_equal_weights_leave_the_averages_out():
    """With weights "equal" the averages do not change a value."""
    recipe = Recipe("mine", weights="equal")
    one, two = (recipe.fit(SIGNAL, B, n)["biexponential"].values for n in (None, AVERAGES))
    assert one == two


def test_bounds_go_to_the_model_that_has_the_parameter():
    """Bounds of several models stand in one recipe, and hold in maps."""
    recipe = Recipe("mine", bounds={"f": (0, 0.1), "alpha": (0.5, 0.6)})
    maps = recipe.maps(SIGNAL[None], B, AVERAGES)
    assert maps["biexponential"]["f"][0] == 0.1
    assert maps["stretched"]["alpha"][0] == 0.6


def test_one_noise_level_serves_all_models():
    """An estimated noise level is estimated once, from all voxels, and is that of `fit_maps`."""
    rng = np.random.default_rng(0)
    clean = MODELS["biexponential"].function(B, 100.0, 1e-3, 0.02, 0.2)
    shape = (400, B.size)
    data = np.abs(clean + 4 * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)))
    maps = Recipe("mine", sigma="estimate").maps(data, B)
    alone = ivim.fit_maps(data, B, "biexponential", sigma="estimate")
    assert_array_equal(maps["biexponential"]["adc_slow"], alone["adc_slow"])
    assert np.median(maps["monoexponential"]["adc_stand"]) > np.median(
        ivim.fit_maps(data, B, "monoexponential")["adc_stand"]
    )


def test_toml_gives_the_recipe_it_says(write):
    """Every key of a file reaches the recipe."""
    recipe = get_recipe(
        write(
            'name = "ours"\npair = [0, 800]\nthreshold = 250\nsigma = 3\naveraging = "complex"\n'
            '[methods]\nmonoexponential = "two-point"\nbiexponential = "segmented"\n'
            "[bounds]\nf = [0, 0.5]\nadc_fast = [6e-3, 0.1]\n"
        )
    )
    assert recipe == Recipe(
        "ours", "two-point", "segmented", pair=(0, 800), threshold=250.0, sigma=3.0,
        averaging="complex", bounds={"f": (0, 0.5), "adc_fast": (6e-3, 0.1)},
    )  # fmt: skip


def test_empty_file_is_the_full_recipe(write):
    """Without a key every default of `Recipe` stands."""
    assert get_recipe(str(write(""))) == Recipe("own")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("threshhold = 3", "threshhold is unknown; accepted are"),
        ("threshold = true", "threshold is True; give a b-value"),
        ("threshold = nan", "threshold is nan"),
        ('sigma = "guess"', "sigma is 'guess'; give the noise level"),
        ("sigma = 0", "sigma is 0"),
        ("pair = [800, 0]", r"pair is \(800, 0\); the first has to be below"),
        ("pair = 3", "pair is 3; give two numbers"),
        ("methods = 3", "methods is 3; give a table"),
        ("bounds = [1, 2]", r"bounds is \[1, 2\]; give a table"),
        ('[methods]\nbiexponential = "fast"', "biexponential is 'fast'; accepted are 'full', 'seg"),
        ("[methods]\nbiexponential = [1]", r"biexponential is \[1\]; accepted are"),
        ('[methods]\ntensor = "full"', "methods.tensor is unknown; accepted are biexponential"),
        ("monoexponential = 3", "monoexponential is unknown"),
        ("[bounds]\nf = [0.5, 0.2]", r"bounds.f is \(0.5, 0.2\); the first has to be below"),
        ("[bounds]\nf = [0, inf]", "bounds.f is inf"),
        ("[bounds]\nadc_fast = [5, 200]", "adc_fast ends at 200; they are in mm²/s"),
        ("[bounds]\nmagic = [0, 1]", "bounds.magic is unknown; accepted are adc_fast"),
        ('weights = "equal"\nsigma = "estimate"', "needs the averages"),
        ('name = ""', "name is ''"),
        ("threshold = ", "is no TOML"),
        ("a = " + "[" * 5000, "is no TOML"),
        (b"\xff\xfe", "is no TOML"),
        ("#" * 200_000, "bytes are no recipe"),
    ],
)
def test_bad_files_are_one_line_that_names_the_file(write, text, words):
    """What is wrong, the value met and what is accepted, behind the name of the file."""
    with pytest.raises(ValueError, match=f"^mine.toml: .*{words}") as caught:
        get_recipe(write(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("recipe", ["artcle", 3, None])
def test_unknown_recipes_are_refused(recipe):
    """The answer lists those known."""
    with pytest.raises(ValueError, match="known are article, full, segmented, or give the path"):
        get_recipe(recipe)


def test_missing_file_is_refused(tmp_path):
    """A path that is no file is one line."""
    with pytest.raises(ValueError, match="none.toml: no such file"):
        get_recipe(tmp_path / "none.toml")
    with pytest.raises(ValueError, match="no such file"):
        get_recipe(tmp_path)


def test_as_dict_is_json_and_says_everything():
    """A record of a run holds the whole recipe, and reading it back loses nothing."""
    recipe = Recipe("mine", sigma="estimate", bounds={"f": (0, 0.5)}, pair=(0, 800))
    told = json.loads(json.dumps(recipe.as_dict()))
    assert Recipe(**{key: told[key] for key in told if key != "methods"}, **told["methods"]) == (
        recipe
    )


def test_sentences_tell_the_series():
    """The words name b-values, threshold, weights, and the bounds in the units of tables."""
    recipe = Recipe(
        "mine", "two-point", "segmented", threshold=150, bounds={"adc_fast": (6e-3, 0.1)}
    )
    text = " ".join(recipe.sentences(B, AVERAGES))
    assert "0 and 1200 s/mm²" in text and "from 150 s/mm² on" in text
    assert "weighted by the number of averages" in text
    assert f"between 6 and 100 {parameters.unit('adc_fast')}" in text
    assert "equal weights" in " ".join(recipe.sentences(B))


def test_a_recipe_does_not_change():
    """A recipe that is used twice is the same recipe; and it can be sent to another process."""
    recipe = Recipe("mine", bounds={"f": (0, 0.5)})
    with pytest.raises(AttributeError, match="cannot assign"):
        recipe.sigma = 3
    assert pickle.loads(pickle.dumps(recipe)) == recipe
