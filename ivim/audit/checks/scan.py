"""Scan protocols: do the seconds add up?"""

from collections.abc import Sequence

from ivim.audit.checks.rounding import Outcome, Print, cannot_tell, parse


def repetitions(b_values: Sequence[float], averages: Sequence[int], directions: int) -> int:
    """Number of repetitions of a diffusion scan: each b > 0 once per average and direction, b = 0
    once per average.

    Parameters
    ----------
    b_values : sequence of float
        In s/mm².
    averages : sequence of int
        One per b-value.
    directions : int

    Returns
    -------
    int

    Raises
    ------
    ValueError
        When there are not as many averages as b-values.
    """
    if len(b_values) != len(averages):
        msg = f"{len(b_values)} b-values and {len(averages)} averages; give one average per b-value"
        raise ValueError(msg)
    return sum(
        count * (directions if b > 0 else 1) for b, count in zip(b_values, averages, strict=True)
    )


def scan_time(
    repetition_time: float,
    b_values: Sequence[float],
    averages: Sequence[int],
    directions: int,
    extra: int = 0,
) -> float:
    """Seconds of a single-shot diffusion scan, one repetition per shot.

    Parameters
    ----------
    repetition_time : float
        TR in s.
    b_values, averages : sequence
        b in s/mm² and the averages of each.
    directions : int
        Diffusion directions per b > 0.
    extra : int
        Preparatory repetitions.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When there are not as many averages as b-values.

    Examples
    --------
    >>> b_values = (0, 20, 50, 100, 150, 200, 400, 800, 1200, 1500)
    >>> averages = (2, 2, 2, 1, 1, 1, 2, 4, 6, 8)
    >>> scan_time(3.0, b_values, averages, directions=3, extra=1)
    252.0
    """
    return repetition_time * (repetitions(b_values, averages, directions) + extra)


def check_scan_time(
    seconds: Print,
    repetition_time: float,
    b_values: Sequence[float],
    averages: Sequence[int],
    directions: Sequence[int] = (1, 2, 3, 4, 6, 12),
    most_extra: int = 4,
) -> Outcome:
    """Does the printed scan time fit TR, b-values and averages for a usual number of directions?

    Parameters
    ----------
    seconds : str or Printed
        Printed scan time in s.
    repetition_time : number
        TR in s; a setting, so exact.
    b_values, averages : sequence
    directions : sequence of int
        Numbers of directions to try.
    most_extra : int
        Preparatory repetitions allowed for (dummy shots, a reference scan).

    Returns
    -------
    Outcome
        ``low`` = ``high`` = the time with the first number of directions that fits, fewest extra
        repetitions first. None where none fits, since slice groups, triggering or calibration may
        add time.

    Raises
    ------
    ValueError
        When there are not as many averages as b-values.
    """
    shown = parse(seconds).rounding
    for count in directions:
        shots = repetitions(b_values, averages, count)
        for extra in range(most_extra + 1):
            time = float(repetition_time * (shots + extra))
            if time in shown:
                reason = (
                    f"{count} directions make {shots} "
                    f"repetitions{f' and {extra} more' if extra else ''}: {time:g} s"
                )
                return Outcome(True, time, time, reason)
    tried = ", ".join(map(str, directions))
    return cannot_tell(
        f"none of {tried} directions makes {parse(seconds).text} s with up to {most_extra} extra "
        "repetitions"
    )
