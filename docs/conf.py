"""The site: the stored notebooks and the texts of the project, built offline by `make site`."""

import csv
import inspect
import json
import os
import shutil
import tomllib
from pathlib import Path

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

import ivim
from ivim import cli, report

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

os.environ["COLUMNS"] = "84"  # of the commands' help

project = PROJECT["name"]
author = "The ivim developers"
copyright = "the ivim developers; text, reconstructed data and results under CC BY 4.0"
version = release = PROJECT["version"]

# The source is the project's folder, so that every link between texts, notebooks and results is the
# one of the repository.
root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "notebooks/[0-9]*.ipynb",
    "data/README.md",
    "data/*/README.md",
    "benchmarks/*.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
exclude_patterns = ["docs/_build", "docs/_static"]
extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
]
html_theme = "pydata_sphinx_theme"
html_title = f"ivim {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": True,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 8,
    "article_header_start": [],
}
html_sidebars = {"docs/index": []}
html_show_sourcelink = False
# The notebooks are shown as they are stored: nothing is run, nothing is fetched.
nb_execution_mode = "off"
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "image/png", 5), ("html", "image/svg+xml", 40)]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "attrs_inline", "html_image"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
autodoc_typehints = "none"
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]


def copy_results(app, error):
    """Put the ledger, the figures and the tables beside the pages that link to them."""
    if error is None:
        for part in (
            "results/audit",
            "results/tables",
            "results/figures",
            "LICENSE",
            "LICENSE-DATA",
        ):
            source, target = ROOT / part, Path(app.outdir) / part
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source.is_file():
                shutil.copy(source, target)
        shutil.copy(ROOT / "docs" / "start.html", Path(app.outdir) / "index.html")


def fill_in(app, name, source):
    """Put what is computed into the pages that ask for it: public names, commands, notebooks, the
    count of STARD items.
    """
    if "NOTEBOOKS" in source[0]:
        source[0] = source[0].replace("NOTEBOOKS", notebook_list())
    if "PUBLIC_NAMES" in source[0]:
        source[0] = source[0].replace("PUBLIC_NAMES", documented_names())
        source[0] = source[0].replace("COMMANDS", command_help())
    if "STARD_SUMMARY" in source[0]:
        source[0] = source[0].replace("STARD_SUMMARY", stard_summary())


def notebook_list():
    """Every notebook by its number and its title."""
    lines = []
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        title = first.splitlines()[0].lstrip("# ").removeprefix(path.name[:2]).strip(" .:")
        lines.append(f"{path.name[:2]} {title} <../notebooks/{path.stem}>")
    return "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(lines) + "\n```"


def documented_names():
    """Every public name by its docstring, functions and classes each by their directive."""
    public = {f"ivim.{name}": getattr(ivim, name) for name in ivim.__all__ if name[:2] != "__"}
    public |= {f"ivim.report.{name}": getattr(report, name) for name in report.__all__}
    public = {name: one for name, one in public.items() if not inspect.ismodule(one)}
    directives = (
        f".. auto{'class' if inspect.isclass(one) else 'function'}:: {name}\n"
        for name, one in sorted(public.items())
    )
    return "```{eval-rst}\n" + "\n".join(directives) + "```"


def command_help():
    """Every command's own help, under its name."""
    parser = cli._parser()
    choices = next(action for action in parser._actions if action.dest == "command").choices
    return "\n".join(
        f"### ivim {name}\n\n```text\n{command.format_help()}```\n"
        for name, command in choices.items()
    )


def stard_summary():
    """How many items the article reports, partly reports, and does not."""
    with (ROOT / "data" / "published" / "stard.csv").open(encoding="utf-8") as file:
        verdicts = [row["verdict"] for row in csv.DictReader(file)]
    counts = {word: verdicts.count(word) for word in ("reported", "partly", "not")}
    return (
        f"Of {len(verdicts)} items and sub-items {counts['reported']} are reported, "
        f"{counts['partly']} partly, {counts['not']} not."
    )


def inline_math(self, node):
    """A formula in a line, as MathML that every browser shows without a script."""
    self.body.append(convert(node.astext()))
    raise SkipNode


def display_math(self, node):
    """A formula on a line of its own."""
    self.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise SkipNode


def setup(app):
    """Hooks of Sphinx."""
    app.add_html_math_renderer("mathml", (inline_math, None), (display_math, None))
    app.connect("source-read", fill_in)
    app.connect("build-finished", copy_results)
