"""What a hand slips into when it copies a number: the decimal point, a digit lost, doubled or
exchanged, the sign.
"""

from ivim.audit.checks.rounding import Printed


def misprints(printed: Printed) -> list[str]:
    """Numbers that may have been meant: decimal point, digits lost, doubled, exchanged, sign.

    Parameters
    ----------
    printed : Printed

    Returns
    -------
    list of str
        As they would be printed.

    Examples
    --------
    >>> misprints(Printed.parse(".782"))[:2]
    ['7.82', '0.0782']
    """
    value = printed.value
    head = "" if printed.comparison == "=" else f"{printed.comparison} "
    sign, body = ("-" if value < 0 else ""), f"{abs(value):f}"
    found = [f"{sign}{abs(value).scaleb(shift):f}" for shift in (1, -1, 2, -2)]
    spots = [i for i, character in enumerate(body) if character.isdigit()]
    found += [sign + body[:i] + body[i + 1 :] for i in spots if len(spots) > 1]
    found += [sign + body[:i] + body[i] + body[i:] for i in spots]
    found += [
        sign + _exchanged(body, i, j)
        for i, j in zip(spots, spots[1:], strict=False)
        if body[i] != body[j]
    ]
    found += [body if sign else f"-{body}"] if value else []
    numbers = (text for text in dict.fromkeys(found) if text.strip("-.") and not text.endswith("."))
    return [
        head + text + printed.marks
        for text in numbers
        if Printed.parse(text).value not in (0, value)
    ]


def _exchanged(text, i, j):
    characters = list(text)
    characters[i], characters[j] = characters[j], characters[i]
    return "".join(characters)


def significant_digits(printed: Printed) -> int:
    """Number of significant digits.

    Parameters
    ----------
    printed : Printed

    Returns
    -------
    int
    """
    return len(f"{abs(printed.value):f}".replace(".", "").lstrip("0"))
