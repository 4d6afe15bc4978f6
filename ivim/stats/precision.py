"""pingouin at full precision: it rounds by its own options, which are put back after use."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np


@contextmanager
def pingouin() -> Iterator[ModuleType]:
    """The package pingouin, imported when first needed, with every rounding off.

    By default pingouin rounds the limits of an ICC to two decimals (``round.column.CI95``), and a
    user may have asked for more rounding. Warnings of what is not used here (the Bayes factor of a
    large t overflows) are not shown.

    Yields
    ------
    module

    Examples
    --------
    >>> with pingouin() as pg:
    ...     pg.options["round"] is None and "round.column.CI95" not in pg.options
    True
    >>> pg.options["round.column.CI95"]
    2
    """
    import pingouin as package

    before = dict(package.options)
    package.options.clear()
    package.options["round"] = None
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield package
    finally:
        package.options.clear()
        package.options.update(before)
