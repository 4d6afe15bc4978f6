"""`ivim design`: what a protocol can measure, and better averages for the same scan time."""

from ivim.cli import words
from ivim.cli.words import Commands


def add(commands: Commands) -> None:
    """Add the command.

    Parameters
    ----------
    commands : argparse sub-parsers
        Of ``ivim``.
    """
    command = commands.add_parser(
        "design", help="what a protocol can measure at best, and better averages for its time"
    )
    command.add_argument(
        "--b", metavar="B", nargs="+", required=True, help="b-values in s/mm², e.g. 0,20,100,800"
    )
    command.add_argument("--averages", metavar="N", nargs="+", help="per b-value (default: 1)")
    command.add_argument("--model", choices=words.MODELS, default="biexponential")
    command.add_argument(
        "--tissue", metavar="NAME", help="bone marrow (default), liver, muscle, pancreas, ..."
    )
    command.add_argument(
        "--value",
        metavar="NAME=X",
        action="append",
        default=[],
        help="tissue by parameter, diffusivities in 10⁻³ mm²/s, e.g. adc_slow=1.0",
    )
    command.add_argument(
        "--snr", type=float, default=20.0, help="signal at b = 0 over the noise of one excitation"
    )
    command.add_argument("--voxels", type=words.positive, default=1, help="size of the region")
    command.add_argument(
        "--candidates", metavar="B", nargs="+", help="b-values to choose from (default: --b)"
    )
    command.add_argument(
        "--budget", type=words.positive, metavar="N", help="excitations (default: the protocol's)"
    )
    command.add_argument(
        "--aim", metavar="NAME", nargs="+", help="parameters to measure well (default: all)"
    )
    command.add_argument("--seed", type=int, default=0, help="of the search (default: 0)")
    command.add_argument("--out", metavar="CSV", help="write the table to this file as well")
    command.add_argument("--force", action="store_true", help="replace an existing file")
    command.set_defaults(run=_design)


def _design(args):
    from ivim.signal import design

    b, averages = _numbers("--b", args.b), _numbers("--averages", args.averages)
    options = {
        "values": _tissue(args),
        "model": args.model,
        "snr": args.snr,
        "aims": args.aim,
        "voxels": args.voxels,
    }
    _check_target(args)
    given = design.evaluate(b, averages, **options)
    better = design.improve(
        b,
        averages,
        candidates=_numbers("--candidates", args.candidates),
        budget=args.budget,
        seed=args.seed,
        **options,
    )
    table = _table(given, better)
    if args.out:
        from ivim.files import write_csv

        write_csv(args.out, table)
    print(_text(given, better, table, args))


def _table(given, better):
    """Both protocols, one row per parameter, diffusivities in 10⁻³ mm²/s."""
    import pandas as pd

    from ivim import parameters

    frames = []
    for name, one in (("given", given), ("better", better)):
        frame = one.errors.copy()
        scale = frame["parameter"].map(lambda key: parameters.to_table({key: 1.0})[key])
        frame[["value", "stderr"]] = frame[["value", "stderr"]].mul(scale, axis=0)
        frame["unit"] = frame["parameter"].map(parameters.unit)
        frame["b"] = " ".join(f"{x:g}" for x in one.b)
        frame["averages"] = " ".join(f"{x:g}" for x in one.averages)
        frame.insert(0, "protocol", name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _text(given, better, table, args):
    lines = [
        f"Least standard errors (Cramer-Rao bounds), {args.model} model, SNR {args.snr:g} per "
        f"excitation, {args.voxels} voxel(s)"
    ]
    for name, one in (("given", given), ("better", better)):
        lines.append(f"\n{name}: {one.averages.sum():g} excitations, score {one.score:.4g}")
        lines.append("  b         " + " ".join(f"{x:>5g}" for x in one.b))
        lines.append("  averages  " + " ".join(f"{x:>5g}" for x in one.averages))
        for row in table[table["protocol"] == name].itertuples():
            value = f"{row.value:>10.4g} ± {row.stderr:<10.3g} ({row.percent:.1f} %)"
            lines.append(f"  {row.parameter:<12}{value} {row.unit}".rstrip())
    lines.append(
        "\nThe score is the root mean square of the relative errors; what averages cost in time is "
        "theirs alone\n(one direction per excitation). Few b-values leave no room to check a model."
    )
    return "\n".join(lines)


def _tissue(args):
    """The tissue in mm²/s: a named one, or values by name."""
    from ivim import parameters
    from ivim.signal.design import DEFAULT_TISSUE, TISSUES

    if args.value:
        if args.tissue:
            msg = "--tissue and --value were both given; leave one of them out"
            raise ValueError(msg)
        texts = words.assignments(args.value)
        return parameters.from_table({name: _number(name, text) for name, text in texts.items()})
    name = args.tissue or DEFAULT_TISSUE
    if name not in TISSUES:
        msg = f"--tissue {name!r} is unknown; known are {', '.join(TISSUES)}, or give --value"
        raise ValueError(msg)
    if args.model != "biexponential":
        msg = f"the tissues are bi-exponential; for the {args.model} model give --value NAME=X"
        raise ValueError(msg)
    return TISSUES[name]


def _number(name, text):
    try:
        return float(text)
    except ValueError:
        msg = f"--value {name}={text}: {text!r} is no number"
        raise ValueError(msg) from None


def _numbers(option, texts):
    """Numbers whether commas or blanks stand between them."""
    if texts is None:
        return None
    parts = " ".join(texts).replace(",", " ").split()
    try:
        return [float(part) for part in parts]
    except ValueError:
        msg = f"{option} {' '.join(texts)}: give numbers with commas or blanks between them"
        raise ValueError(msg) from None


def _check_target(args):
    """Before the work, so that nobody waits for a refusal."""
    from pathlib import Path

    if args.out and Path(args.out).exists() and not args.force:
        msg = f"{args.out}: exists already; give another name, or --force to replace it"
        raise ValueError(msg)
