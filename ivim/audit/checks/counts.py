"""Numbers that come from counting: means of whole numbers (GRIM), their SDs (GRIMMER), shares,
counts and totals.

All decisions are exact: rational arithmetic on the printed decimals, no tolerance. A print is
refuted only when no data set of
whole numbers can give it.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import count

from ivim.audit.checks.rounding import Outcome, Print, parse, prints_as


def grim(mean: Print, n: int, items: int = 1, rule: str = "any") -> Outcome:
    """Can the printed mean be the mean of ``n`` whole numbers?

    A mean of n whole numbers is a multiple of 1/n; one that prints as shown has to exist (Brown &
    Heathers 2017, *Soc Psychol
    Personal Sci* 8:363, doi:10.1177/1948550616673876).

    Parameters
    ----------
    mean : str or Printed
        The printed mean.
    n : int
        Number of whole numbers.
    items : int
        Whole-number items that each value averages; the grid is then 1/(n x items).
    rule : {"any", "half_up", "half_even"}
        How ties print; ``any`` accuses least.

    Returns
    -------
    Outcome
        ``low`` and ``high``: the possible means next to the printed one (both the same where the
        print is itself possible).

    Raises
    ------
    ValueError
        When ``n`` is no whole number above zero, or the mean is no printed number.

    Examples
    --------
    >>> grim("48.82", 20).holds, grim("48.82", 17).holds
    (False, True)
    """
    printed, size = parse(mean), _check_size(n) * items
    fits = integer_totals(printed, size, rule)
    if fits:
        low, high = fits[0] / size, fits[-1] / size
        return Outcome(
            True,
            low,
            high,
            f"{fits[0]}/{size} = {low:.{printed.decimals + 2}f} prints {printed.text}",
        )
    below = math.floor(Fraction(printed.value) * size)
    low, high = below / size, (below + 1) / size
    digits = printed.decimals + 2
    near = f"{below}/{size} = {low:.{digits}f} and {below + 1}/{size} = {high:.{digits}f}"
    return Outcome(
        False, low, high, f"{near}: no mean of {size} whole numbers prints {printed.text}"
    )


def grim_sizes(mean: Print, largest: int, rule: str = "any") -> tuple[int, ...]:
    """The group sizes that a mean of whole numbers can come from; the inverse of :func:`grim`.

    Parameters
    ----------
    mean : str or Printed
    largest : int
        The largest size that is tried.
    rule : {"any", "half_up", "half_even"}

    Returns
    -------
    tuple of int
    """
    return tuple(n for n in range(1, largest + 1) if integer_totals(mean, n, rule))


def integer_totals(mean: Print, n: int, rule: str = "any") -> tuple[int, ...]:
    """The whole totals whose n-th part prints as ``mean``.

    Parameters
    ----------
    mean : str or Printed
    n : int
    rule : {"any", "half_up", "half_even"}

    Returns
    -------
    tuple of int
        Empty where there is none.
    """
    printed = parse(mean)
    low, high = math.floor(printed.ends[0] * n), math.ceil(printed.ends[1] * n)
    return tuple(
        total for total in range(low, high + 1) if prints_as(Fraction(total, n), printed, rule)
    )


def totals_agree(
    whole: tuple[Print, int], parts: Sequence[tuple[Print, int]], rule: str = "any"
) -> Outcome:
    """Can the whole-number total behind one printed mean be the sum of the totals behind others?

    Parameters
    ----------
    whole : tuple of (str or Printed, int)
        Printed mean and size of the whole.
    parts : sequence of tuples of (str or Printed, int)
        The same of each part; the sizes have to add up to the whole's.

    Returns
    -------
    Outcome
        ``low`` and ``high``: smallest and largest sum of the parts' totals. None (cannot tell)
        where a mean fails GRIM by itself.

    Raises
    ------
    ValueError
        When the parts' sizes do not add up to the whole's.
    """
    if sum(n for _, n in parts) != whole[1]:
        msg = (
            f"the parts hold {sum(n for _, n in parts)} values and the whole {whole[1]}; give "
            "parts that make up the whole"
        )
        raise ValueError(msg)
    wholes, pieces = integer_totals(*whole, rule), [integer_totals(*part, rule) for part in parts]
    if not wholes or not all(pieces):
        return Outcome(
            None,
            math.nan,
            math.nan,
            "one of the means is no mean of whole numbers, so totals cannot be compared",
        )
    # Each piece is a run of consecutive whole numbers, so every sum between the extremes occurs.
    low, high = sum(piece[0] for piece in pieces), sum(piece[-1] for piece in pieces)
    holds = low <= wholes[-1] and wholes[0] <= high
    terms = " + ".join(_run(piece) for piece in pieces)
    return Outcome(holds, low, high, f"{terms} {'=' if holds else 'is not'} {_run(wholes)}")


def grimmer(mean: Print, sd: Print, n: int, items: int = 1, rule: str = "any") -> Outcome:
    """Can mean and SD together come from ``n`` whole numbers? Exact, in place of GRIMMER's parity
    tests.

    With S the sum and Q the sum of squares, SD² = (Q - S²/n)/(n - 1). For each S in the rounding
    box of the mean, every Q in that
    of the SD is tried: whole numbers with that S and that Q exist or they do not
    (:func:`attainable`). The idea is
    GRIMMER's (Anaya 2016, doi:10.7287/peerj.preprints.2400v1; Allard 2018); its published third
    test has false positives, this
    one has none.

    Parameters
    ----------
    mean, sd : str or Printed
        The printed mean and (n - 1) SD.
    n : int
        Number of values, at least 2.
    items : int
        Whole-number items that each value averages.
    rule : {"any", "half_up", "half_even"}
        How ties print.

    Returns
    -------
    Outcome
        ``low`` and ``high``: the range of possible SDs within the printed one; on refusal, the
        nearest possible SDs around it.

    Raises
    ------
    ValueError
        When ``n`` is no whole number from 2 on.

    Examples
    --------
    >>> grimmer("5.23", "2.55", 35).holds, grimmer("2.57", "2.57", 30).holds
    (False, True)
    """
    if _check_size(n) < 2:
        msg = f"an SD needs at least two values, met n = {n}"
        raise ValueError(msg)
    first = grim(mean, n, items, rule)
    if not first.holds:
        return Outcome(False, math.nan, math.nan, first.reason)
    shown, around = parse(sd), []
    for total in integer_totals(mean, n * items, rule):
        fits, below, above = _sums_of_squares(total, n, items, shown, rule)
        if fits:
            low, high = (_sd(total, q, n, items) for q in (fits[0], fits[-1]))
            reason = (
                f"{n} whole numbers with sum {total} and sum of squares {fits[0]} have SD "
                f"{low:.{shown.decimals + 2}f}"
            )
            return Outcome(
                True,
                low,
                high,
                reason if items == 1 else reason.replace("whole numbers", f"sums of {items} items"),
            )
        around += [_sd(total, q, n, items) for q in (below, above) if q is not None]
    low = max((x for x in around if x <= shown.value), default=math.nan)
    high = min((x for x in around if x >= shown.value), default=math.nan)
    near = " and ".join(f"{x:.{shown.decimals + 2}f}" for x in (low, high) if not math.isnan(x))
    reason = (
        f"no {n} whole numbers with mean {parse(mean).text} have an SD that prints {shown.text}; "
        f"the nearest are {near}"
    )
    return Outcome(False, low, high, reason)


def attainable(n: int, total: int, squares: int) -> bool:
    """Do ``n`` whole numbers (of either sign) with this sum and this sum of squares exist? Exact.

    A shift by a whole number makes 0 <= total < n. Since x² >= x and x² - x is even, squares >=
    total with equal parity is
    necessary. From five numbers on it is sufficient: all but five are set to 0 or 1, then one of
    the five to 0 or 1 such that the
    total of the last four is odd, where Cauchy's lemma always has a solution. Four numbers exist
    exactly when 4 x squares - total²
    is a sum of three squares, that is, not of the form 4^a (8b + 7) (Cauchy 1813, Legendre 1798;
    Nathanson 1987, *Proc Am
    Math Soc* 99:22). Fewer are counted out.

    Parameters
    ----------
    n : int
    total, squares : int
        The sum and the sum of squares.

    Returns
    -------
    bool
    """
    shift = total // n
    total, squares = total - n * shift, squares - 2 * shift * total + n * shift * shift
    if squares < total or (squares - total) % 2 or n * squares < total * total:
        return False
    if n >= 5:
        return True
    if n == 4:
        return _three_squares(4 * squares - total * total)
    if n == 1:
        return squares == total * total
    if n == 2:  # (x - y)² = 2 squares - total²
        return math.isqrt(2 * squares - total * total) ** 2 == 2 * squares - total * total
    reach = math.isqrt(squares)
    return any(attainable(n - 1, total - x, squares - x * x) for x in range(-reach, reach + 1))


def counts_from_percentage(
    percentage: Print, n: int, scale: int = 100, rule: str = "any"
) -> tuple[int, ...]:
    """The counts k of ``n`` whose share prints as shown; tuple of int, empty where no count does.

    Parameters
    ----------
    percentage : str or Printed
        The printed share.
    n : int
        The whole.
    scale : int
        100 for a percentage, 1 for a fraction.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        When ``n`` is no whole number above zero.

    Examples
    --------
    >>> counts_from_percentage("86.0", 50), counts_from_percentage("86.5", 50)
    ((43,), ())
    """
    printed, size = parse(percentage), _check_size(n)
    if printed.comparison != "=":
        return tuple(
            k for k in range(size + 1) if prints_as(Fraction(scale * k, size), printed, rule)
        )
    low, high = (end * size / scale for end in printed.ends)
    near = range(max(math.floor(low), 0), min(math.ceil(high), size) + 1)
    return tuple(k for k in near if prints_as(Fraction(scale * k, size), printed, rule))


def count_exists(percentage: Print, n: int, scale: int = 100, rule: str = "any") -> Outcome:
    """Is the printed share a share of ``n`` at all?

    Parameters
    ----------
    percentage : str or Printed
    n : int
    scale : int
        100 for a percentage, 1 for a fraction.
    rule : {"any", "half_up", "half_even"}

    Returns
    -------
    Outcome
        ``low`` and ``high``: the possible shares, else the nearest ones.
    """
    printed, counts = parse(percentage), counts_from_percentage(percentage, n, scale, rule)
    if counts:
        shares = [scale * k / n for k in counts]
        return Outcome(True, shares[0], shares[-1], f"{_run(counts)} of {n} prints {printed.text}")
    below = min(max(math.floor(Fraction(printed.value) * n / scale), 0), n - 1)
    low, high = scale * below / n, scale * (below + 1) / n
    return Outcome(
        False,
        low,
        high,
        f"no count of {n} prints {printed.text}: {below} gives {low:.4g}, {below + 1} gives "
        f"{high:.4g}",
    )


def parts_add_up(whole: Print | int, parts: Sequence[Print | int]) -> Outcome:
    """Does a printed whole number equal the sum of its printed parts?

    Parameters
    ----------
    whole : str, Printed or int
    parts : sequence of str, Printed or int

    Returns
    -------
    Outcome
        ``low`` = ``high`` = the sum of the parts.
    """
    numbers = [int(parse(part).value) for part in parts]
    total, stated = sum(numbers), int(parse(whole).value)
    terms = " + ".join(map(str, numbers))
    return Outcome(total == stated, total, total, f"{terms} = {total}; printed {stated}")


def _sums_of_squares(total, n, items, sd, rule):
    """First and last attainable sum of squares in the SD's box; where there is none, the nearest
    below and above it.
    """
    low, high = (max(Fraction(0), end) ** 2 for end in sd.ends)
    start, stop = (math.floor(_squares(total, variance, n, items)) for variance in (low, high))

    def fits(squares):
        return _root_prints(_variance(total, squares, n, items), sd, rule) and attainable(
            n, total, squares
        )

    if (first := next(filter(fits, range(start, stop + 2)), None)) is not None:
        return (first, next(filter(fits, range(stop + 1, start - 1, -1)))), None, None
    least = -(-total * total // n)
    possible = partial(attainable, n, total)
    below = next(
        (
            q
            for q in range(start + 1, least - 1, -1)
            if _variance(total, q, n, items) < low and possible(q)
        ),
        None,
    )
    above = next(
        q for q in count(max(stop, least)) if _variance(total, q, n, items) > high and possible(q)
    )
    return (), below, above


def _variance(total, squares, n, items):
    return (Fraction(squares) - Fraction(total * total, n)) / ((n - 1) * items**2)


def _squares(total, variance, n, items):
    return variance * (n - 1) * items**2 + Fraction(total * total, n)


def _sd(total, squares, n, items):
    return math.sqrt(_variance(total, squares, n, items))


def _root_prints(variance, sd, rule):
    """Does the root of a rational number print as shown? Decided on the squares; only an exact root
    can tie.
    """
    if variance < 0:
        return False
    low, high = sd.ends
    if (low < 0 or variance > low * low) and variance < high * high:
        return True
    edge = next((end for end in (low, high) if end >= 0 and end * end == variance), None)
    return edge is not None and prints_as(edge, sd, rule)


def _three_squares(number):
    while number and number % 4 == 0:
        number //= 4
    return number % 8 != 7


def _run(numbers):
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _check_size(n):
    if n != int(n) or n < 1:
        msg = f"a group needs a whole number of members, at least 1; met {n!r}"
        raise ValueError(msg)
    return int(n)
