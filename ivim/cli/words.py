"""Words that several commands share."""

import argparse
import sys
from contextlib import contextmanager

MODELS = ("monoexponential", "biexponential", "stretched", "kurtosis")


def add_scan(command):
    """Options of a command that reads one scan."""
    command.add_argument(
        "--dwi", metavar="IMAGE", required=True, help="diffusion series, 4-D NIfTI, last axis b"
    )
    command.add_argument(
        "--bval",
        metavar="FILE",
        help="b-values in s/mm² (default: IMAGE's name with the ending .bval)",
    )
    command.add_argument(
        "--averages",
        metavar="N",
        nargs="+",
        help="averages per b-value, e.g. 2,2,2,1 (default: NumberOfAverages in IMAGE's .json)",
    )
    command.add_argument(
        "--force", action="store_true", help="replace existing files of the same names"
    )


def add_recipe(command):
    """How to fit: one recipe for every command that fits."""
    command.add_argument(
        "--recipe",
        metavar="RECIPE",
        help="article (ADC from two b-values, the other models in full), full, segmented "
        "(bi-exponential: ADC slow first), or a TOML file of your own (default: article)",
    )


def add_resample(command):
    """What to do with regions of another grid."""
    command.add_argument(
        "--resample",
        action="store_true",
        help="take regions of another grid by nearest neighbour (default: refuse them)",
    )


def averages(words):
    """Averages as words, whether commas or blanks stand between them."""
    return None if words is None else " ".join(words).replace(",", " ").split()


def models(name):
    """Names of the models that a word stands for."""
    from ivim.signal.models import STUDY_MODELS

    return STUDY_MODELS if name == "all" else (name,)


def positive(text):
    """A whole number from 1 on."""
    if not text.isdigit() or int(text) < 1:
        msg = f"{text!r} is not a whole number from 1 on; give 1 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def assignments(words):
    """NAME=VALUE words as a dict."""
    for word in words:
        if "=" not in word:
            msg = f"-p {word}: a parameter is given as NAME=VALUE"
            raise ValueError(msg)
    return dict(word.split("=", 1) for word in words)


@contextmanager
def progress(total, unit):
    """A progress bar on standard error, where someone is looking; gives the function to call with
    the number done."""
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, disable=not sys.stderr.isatty()) as bar:
        yield lambda done: bar.update(done - bar.n)
