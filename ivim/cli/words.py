"""Words that several commands share."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = argparse._SubParsersAction

MODELS = ("monoexponential", "biexponential", "stretched", "kurtosis")


def add_scan(command: argparse.ArgumentParser) -> None:
    """Options of a command that reads one scan.

    Parameters
    ----------
    command : ArgumentParser
    """
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


def add_recipe(command: argparse.ArgumentParser) -> None:
    """How to fit: one recipe for every command that fits.

    Parameters
    ----------
    command : ArgumentParser
    """
    command.add_argument(
        "--recipe",
        metavar="RECIPE",
        help="article (ADC from two b-values, the other models in full), full, segmented "
        "(bi-exponential: ADC slow first), or a TOML file of your own (default: article)",
    )


def add_resample(command: argparse.ArgumentParser) -> None:
    """What to do with regions of another grid.

    Parameters
    ----------
    command : ArgumentParser
    """
    command.add_argument(
        "--resample",
        action="store_true",
        help="take regions of another grid by nearest neighbour (default: refuse them)",
    )


def averages(words: Sequence[str] | None) -> list[str] | None:
    """Averages as words, whether commas or blanks stand between them.

    Parameters
    ----------
    words : sequence of str or None

    Returns
    -------
    list of str or None
        One word per number; None where none were given.
    """
    return None if words is None else " ".join(words).replace(",", " ").split()


def models(name: str) -> tuple[str, ...]:
    """Names of the models that a word stands for.

    Parameters
    ----------
    name : str
        A model, or ``all`` for those of the article.

    Returns
    -------
    tuple of str
    """
    from ivim.signal.models import STUDY_MODELS

    return STUDY_MODELS if name == "all" else (name,)


def positive(text: str) -> int:
    """A whole number from 1 on.

    Parameters
    ----------
    text : str

    Returns
    -------
    int

    Raises
    ------
    argparse.ArgumentTypeError
        For anything else.
    """
    if not text.isdigit() or int(text) < 1:
        msg = f"{text!r} is not a whole number from 1 on; give 1 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def assignments(words: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE words as a dict.

    Parameters
    ----------
    words : sequence of str

    Returns
    -------
    dict of str to str

    Raises
    ------
    ValueError
        For a word without ``=``.
    """
    for word in words:
        if "=" not in word:
            msg = f"-p {word}: a parameter is given as NAME=VALUE"
            raise ValueError(msg)
    return dict(word.split("=", 1) for word in words)


@contextmanager
def progress(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, where someone is looking.

    Parameters
    ----------
    total : int
    unit : str
        What is counted.

    Yields
    ------
    callable
        To be called with the number done.
    """
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, disable=not sys.stderr.isatty()) as bar:

        def move(done: int) -> None:
            bar.update(done - bar.n)

        yield move
