"""Questions on the design that no table answers, as a structure file to fill in."""


def structure_text(reading) -> str:
    """A structure file to fill in.

    Parameters
    ----------
    reading : ivim.audit.reading.Reading

    Returns
    -------
    str
        TOML; nothing in it counts until its ``# `` is taken away.
    """
    claims = reading.claims
    groups = list(dict.fromkeys(name for name in claims["group"] if name))
    parts = {whole: names for table in reading.tables for whole, names in table.parts.items()}
    inner = {name for names in parts.values() for name in names}
    outer = [name for name in groups if name not in inner]
    lines = [
        '# What the tables do not say about the design. Take the "# " away where a line '
        "is true and put it right where",
        "# it is not; what stays commented out is not assumed, and checks that need it "
        "are not made.",
        "[groups]",
        f"# compared = {_list(outer[:2])}    # the groups of the tests and the ROC "
        "analysis: disjoint, together everybody",
        f'# positive = "{outer[-1] if outer else ""}"    # which of them is the disease',
        "[groups.parts]",
    ]
    suggested = parts or ({groups[0]: groups[1:3]} if len(groups) > 3 else {})
    lines += [
        f'# "{whole}" = {_list(dict.fromkeys(names))}    # a group and the disjoint '
        "sub-groups that make it up"
        for whole, names in suggested.items()
    ]
    lines.append("[parameters]")
    if "age" in set(claims["parameter"]):
        lines.append('# whole_numbers = ["age"]    # parameters recorded in whole numbers')
    lines.append("[tests]")
    if claims["statistic"].str.startswith("auc_").any():
        lines.append('# auc_limits = "symmetric"    # limits of an AUC are AUC ± z SE')
    if (claims["statistic"] == "cutoff").any():
        lines.append(
            '# cutoff = "youden"    # cut-offs have the largest sum of sensitivity and specificity'
        )
    if (claims["statistic"] == "b").any():
        lines.append(
            '# slopes = "table units"    # a slope is per unit in which the table gives the marker'
        )
    return "\n".join([*lines, ""])


def _list(names):
    return "[" + ", ".join(f'"{_quoted(name)}"' for name in names) + "]"


def _quoted(name):
    return name.replace("\\", "\\\\").replace('"', '\\"')
