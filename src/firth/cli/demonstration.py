"""`firth demo`: trains on text that is always there, the documentation of this Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from firth.cli.options import Json, Output, Overwrite, Verbose
from firth.cli.training import leave_if_interrupted, save_vectors
from firth.terminal import log_shown, progress_shown, write_json, write_table

_DEMO_FOLDER = Path("firth-demo.vectors")
_DEMO_SETTINGS: dict[str, Any] = {"dimensions": 100, "window": 8, "min_count": 10, "passes": 20}
_DEMO_WORDS = ("row", "mean", "median", "list", "read", "left", "minimum", "client", "encode")
_DEMO_ANALOGIES = (("array", "arrays", "list"), ("read", "reading", "write"), ("sin", "cos", "sinh"))


def demo(
    output: Output = _DEMO_FOLDER,
    overwrite: Overwrite = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Train on the documentation of this Python and show the result.

    The corpus is the docstrings of the standard library and of the installed packages: nothing is downloaded, and
    it takes less than a minute. An earlier demo in the default place is replaced.
    """
    from firth import recipes
    from firth.documentation import read_documentation
    from firth.storage import check_free_output

    folder = _DEMO_FOLDER if output is None else output
    overwrite = overwrite or _is_demo(folder)
    check_free_output(folder, overwrite=overwrite)
    with log_shown(verbose=verbose), progress_shown(verbose=verbose) as on_progress:
        vectors = recipes.train(read_documentation(), **_DEMO_SETTINGS, on_progress=on_progress)
    vectors.config["demo"] = True
    neighbours = {word: _words(vectors.most_similar(word, count=5)) for word in _DEMO_WORDS if word in vectors}
    analogies = {
        f"{a} : {b} = {c} : …": _words(vectors.analogy(a, b, c, count=3))
        for a, b, c in _DEMO_ANALOGIES
        if a in vectors and b in vectors and c in vectors
    }
    result = save_vectors(vectors, folder, overwrite=overwrite, as_json=json)
    if json:
        write_json({**result, "neighbours": neighbours, "analogies": analogies})
    else:
        write_table(("word", "nearest"), [(word, ", ".join(found)) for word, found in neighbours.items()])
        write_table(("analogy", "found"), [(question, ", ".join(found)) for question, found in analogies.items()])
    leave_if_interrupted(vectors, folder)


def _is_demo(folder: Path) -> bool:
    """Tell whether a folder is an earlier demo's, in the default place."""
    from firth.errors import FirthError
    from firth.vectors import Vectors

    try:
        return folder == _DEMO_FOLDER and Vectors.load(folder).config.get("demo") is True
    except FirthError:
        return False


def _words(found: list[tuple[str, float]]) -> list[str]:
    """Return the words of a list of neighbours."""
    return [word for word, _ in found]
