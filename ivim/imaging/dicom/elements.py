"""Values of DICOM elements, taken out without trust: what cannot be read is None, never an error.

Errors and warnings of the library may quote the value that they dislike, so none of them gets out.
"""

from __future__ import annotations

import logging
import math
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from pydicom import Dataset


@contextmanager
def quiet() -> Iterator[None]:
    """No warning and no log line of the DICOM library leaves the block: they quote header text."""
    logger = logging.getLogger("pydicom")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def get(dataset: Dataset, key: str | tuple[int, int]) -> Any:
    """Value of one element, or None where it is absent, empty or broken.

    Parameters
    ----------
    dataset : pydicom Dataset
    key : str or tuple
        Keyword or tag.

    Returns
    -------
    object
    """
    try:
        found = dataset.get(key)
        found = getattr(found, "value", found) if isinstance(key, tuple) else found
    except Exception:  # noqa: BLE001 - a broken element says nothing, however it is broken
        return None
    return None if found is None or (hasattr(found, "__len__") and not len(found)) else found


def value(groups: Sequence[Dataset], keyword: str) -> Any:
    """The first value of a keyword that several datasets give.

    Parameters
    ----------
    groups : sequence of pydicom Dataset
    keyword : str

    Returns
    -------
    object or None
    """
    return next((found for group in groups if (found := get(group, keyword)) is not None), None)


def items(dataset: Dataset, keyword: str) -> tuple:
    """Items of a sequence; none where it is absent or no sequence.

    Parameters
    ----------
    dataset : pydicom Dataset
    keyword : str

    Returns
    -------
    tuple of pydicom Dataset
    """
    found = get(dataset, keyword)
    return tuple(found) if hasattr(found, "is_undefined_length") else ()


def private(groups: Sequence[Dataset], creator: str, group: int, element: int) -> Any:
    """Value of a private element by its creator, or in the usual block without creators.

    Parameters
    ----------
    groups : sequence of pydicom Dataset
        The first that has it counts.
    creator : str
    group, element : int
        The element within its block, ``0x0C`` for (0019,100C).

    Returns
    -------
    object or None
    """
    for place in groups:
        try:
            return place.private_block(group, creator)[element].value
        except Exception:  # noqa: BLE001 - absent (KeyError) or broken in any way
            found = get(place, (group, 0x1000 + element))
        if found is not None and not any((group, block) in place for block in range(0x10, 0x100)):
            return found
    return None


def text(content: Any) -> str:
    """Text of a value, whatever its type, without padding.

    Parameters
    ----------
    content : object

    Returns
    -------
    str
    """
    if isinstance(content, bytes):
        content = content.decode("latin-1")
    return "" if content is None else str(content).strip(" \0")


def number(content: Any) -> float | None:
    """A finite number, or None.

    Parameters
    ----------
    content : object

    Returns
    -------
    float or None
    """
    try:
        found = float(text(content)) if isinstance(content, (bytes, str)) else float(content)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def numbers(content: Any, count: int) -> tuple[float, ...] | None:
    """A tuple of `count` finite numbers, or None.

    Parameters
    ----------
    content : object
    count : int

    Returns
    -------
    tuple of float, or None
    """
    if not hasattr(content, "__len__") or isinstance(content, (str, bytes)):
        return None
    found = tuple(one for part in content if (one := number(part)) is not None)
    return found if len(found) == len(content) == count else None
