"""A notebook as a file: the parameters it takes, and the bytes it is stored in."""

import ast
import json
from pathlib import Path


def parameters_of(path: Path) -> dict[str, object]:
    """Names and defaults of a notebook's parameters cell, read without starting a kernel.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to object
        Empty for a notebook without such a cell.
    """
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if "parameters" in cell["metadata"].get("tags", ()):
            body = ast.parse("".join(cell["source"])).body
            return dict(_assignment(node) for node in body if _is_assignment(node))
    return {}


def _is_assignment(node):
    return isinstance(node, (ast.Assign, ast.AnnAssign))


def _assignment(node):
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    return target.id, ast.literal_eval(node.value)


def typed(name: str, given: object, default: object) -> object:
    """The given value in the type of the notebook's default.

    Parameters
    ----------
    name : str
        Of the parameter, for the message.
    given : object
        A value of that type, or the words for one.
    default : object
        What the notebook says; None accepts everything.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        When the words are none of that type.
    """
    if default is None or isinstance(given, type(default)):
        return given
    try:
        return _of_type(given, default)
    except (KeyError, TypeError, ValueError) as error:
        msg = (
            f"parameter {name} is {given!r}; it has to be of type {type(default).__name__}, as "
            f"its default {default!r}"
        )
        raise ValueError(msg) from error


def _of_type(given, default):
    if isinstance(default, bool):
        return {"true": True, "false": False}[str(given).lower()]
    if isinstance(default, (int, float, str)):
        return type(default)(given)
    return type(default)(json.loads(given))


def clean(text: str) -> str:
    """An executed notebook without what differs between two runs: times, progress bars, versions,
    random ids.

    Parameters
    ----------
    text : str
        The notebook as JSON.

    Returns
    -------
    str
        The notebook as JSON; the same bytes for the same sources and outputs.
    """
    notebook = json.loads(text)
    notebook["metadata"].pop("papermill", None)
    notebook["metadata"].get("language_info", {}).pop("version", None)
    for cell in notebook["cells"]:
        for key in ("papermill", "execution"):
            cell["metadata"].pop(key, None)
        if "injected-parameters" in cell["metadata"].get("tags", ()):
            cell["id"] = "injected-parameters"
        if cell["cell_type"] == "code":
            cell["outputs"] = _joined(
                output for output in cell["outputs"] if output.get("name") != "stderr"
            )
        # papermill writes these where they were absent
        if cell["metadata"].get("tags") == []:
            del cell["metadata"]["tags"]
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _joined(outputs):
    """Printed lines as one output: a kernel under load sends them in pieces."""
    joined = []
    for output in outputs:
        if joined and output["output_type"] == "stream" == joined[-1]["output_type"]:
            joined[-1]["text"] = [*joined[-1]["text"], *output["text"]]
        else:
            joined.append(output)
    for output in joined:
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"]).splitlines(keepends=True)
    return joined
