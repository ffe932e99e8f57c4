"""The house has floors, and imports go down: DESIGN.md's rules, read from the source with `ast`.

Every import counts, also those inside functions and those under TYPE_CHECKING. A total order of all modules means
that there is no cycle. Inside a folder the order is what the docstring of its `__init__` says, in a sentence like
"Modules in the order of their imports: a, b, c."
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "firth"

FLOORS = (
    ("errors",),
    ("machine", "leftovers", "compiling", "provenance", "randomness", "tensors", "storage", "contents", "statistics"),
    ("text",),
    ("observations",),
    ("objectives",),
    ("training",),
    ("vectors",),
    ("evaluation", "paraphrase", "explore"),
    ("documentation", "recipes", "records", "verification", "compat", "server"),
    ("terminal", "cli", "__main__"),
)
STRANGERS = {"evaluation", "paraphrase", "explore"}  # none imports another
PLACES = {name: (floor, place) for floor, names in enumerate(FLOORS) for place, name in enumerate(names)}

MODULE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 12
RECIPE_PARAMETERS = 34
RECIPES = {
    ("recipes", "phrases", "find_phrases"),
    ("recipes", "training", "train"),
    ("recipes", "documents", "train_documents"),
    ("recipes", "counting", "count"),
    ("recipes", "fitting", "fit"),
    ("compat", "fasttext", "train_unsupervised"),
    ("compat", "sklearn", "__init__"),
    ("compat", "gensim", "word2vec", "__init__"),  # gensim's own
    ("compat", "gensim", "fasttext", "__init__"),
}
SHAPELESS_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "joblib"}
_ORDER = re.compile(r"(?i)\border of [^:]*: ([\w/,\s]+)\.")


@dataclass
class Module:
    """One source file.

    Attributes:
        path: where it stands.
        name: its parts below the package, such as ("text", "vocabulary"); () for the package itself.
        is_folder: whether it is the `__init__` of a folder.
        tree: what it says.
    """

    path: Path
    name: tuple[str, ...]
    is_folder: bool
    tree: ast.Module
    lines: int = field(default=0)


def read_house(root: Path) -> dict[tuple[str, ...], Module]:
    """Read all modules below a folder that is the package `firth`."""
    house = {}
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        parts = path.relative_to(root).with_suffix("").parts
        is_folder = parts[-1] == "__init__"
        name = parts[:-1] if is_folder else parts
        house[name] = Module(path, name, is_folder, ast.parse(text, str(path)), len(text.splitlines()))
    return house


def public_homes(house: dict[tuple[str, ...], Module]) -> dict[str, tuple[str, ...]]:
    """Read from the package's `_HOMES` in which module each public name lives."""
    for node in house[()].tree.body if () in house else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES":
            homes: dict[str, str] = ast.literal_eval(node.value)
            return {name: tuple(home.split(".")[1:]) for name, home in homes.items()}
    return {}


def imports_of(module: Module, house: dict[tuple[str, ...], Module]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the line and the name of each module of the package that a module imports, by whatever way."""
    homes = public_homes(house)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top, *rest = alias.name.split(".")
                if top == "firth":
                    yield node.lineno, tuple(rest)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "firth":
            base = tuple(str(node.module).split(".")[1:])
            for alias in node.names:
                inner = (*base, alias.name)
                yield node.lineno, inner if inner in house else base if base else homes.get(alias.name, ())
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "firth":
            yield node.lineno, homes.get(node.attr, ())


def folder_order(folder: Module) -> list[str]:
    """Read the order of the modules in a folder from the docstring of its `__init__`."""
    found = _ORDER.search(ast.get_docstring(folder.tree) or "")
    return re.split(r"/?,\s*", found[1].strip().removesuffix("/")) if found else []


def wrong_imports(house: dict[tuple[str, ...], Module]) -> Iterator[str]:
    """Yield a sentence for each import that does not go down."""
    for module in house.values():
        if module.name == ():
            continue  # it only names what lives elsewhere
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                yield f"{module.path}:{node.lineno}: a relative import: name the module in full"
        for line, target in sorted(set(imports_of(module, house))):
            if target == ():
                continue
            if rule := broken_rule(module, target, house):
                yield f"{module.path}:{line}: imports firth.{'.'.join(target)}: {rule}"


def broken_rule(module: Module, target: tuple[str, ...], house: dict[tuple[str, ...], Module]) -> str | None:
    """Return the rule that one import breaks, or None."""
    here, there = module.name[0], target[0]
    if there not in PLACES:
        return f"no floor is named for {there!r}"
    if here != there:
        if here in STRANGERS and there in STRANGERS:
            return f"{here} and {there} are siblings that don't know each other"
        (floor, place), (other_floor, other_place) = PLACES[here], PLACES[there]
        if (other_floor, other_place) < (floor, place):
            return None
        return f"{there} (floor {other_floor}) stands above {here} (floor {floor})"
    depth = next(
        (place for place, parts in enumerate(zip(module.name, target, strict=False)) if parts[0] != parts[1]), None
    )
    if depth is None:  # one lies in the other: a folder may import what it holds, never the reverse
        if module.is_folder and len(target) > len(module.name):
            return None
        return "a module may not import the folder that it lies in"
    folder = module.name[:depth]
    order = folder_order(house[folder]) if folder in house else []
    inner, other = module.name[depth], target[depth]
    if other in order and inner in order[order.index(other) + 1 :]:
        return None
    return f"it does not come before {inner!r} in the order that firth.{'.'.join(folder)} states"


def missing_places(house: dict[tuple[str, ...], Module]) -> Iterator[str]:
    """Yield a sentence for each module that has no place, and each place in a folder that has no module."""
    for module in house.values():
        if module.name and module.name[0] not in PLACES:
            yield f"{module.path}:1: no floor is named for {module.name[0]!r}: give it one in FLOORS"
        if len(module.name) > 1 and module.name[:-1] not in house:
            yield f"{module.path}:1: its folder has no __init__.py"
        if not (module.is_folder and module.name):
            continue
        inside = {name[-1] for name in house if name[:-1] == module.name}
        stated = folder_order(module)
        if len(inside) > 1 or stated:
            for name in sorted(inside - set(stated)):
                yield f"{module.path}:1: the sentence 'Modules in the order of their imports: …' leaves out {name!r}"
            for name in sorted(set(stated) - inside):
                yield f"{module.path}:1: that sentence names {name!r}, which is not there"


def over_budget(house: dict[tuple[str, ...], Module]) -> Iterator[str]:
    """Yield a sentence for each module or function that is too long or takes too much."""
    for module in house.values():
        if module.lines > MODULE_LINES:
            yield f"{module.path}:1: {module.lines} lines: a module has at most {MODULE_LINES}"
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            where = f"{module.path}:{node.lineno}: {node.name}"
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if length > FUNCTION_LINES:
                yield f"{where} has a body of {length} lines: at most {FUNCTION_LINES}"
            most = most_parameters(module, node)
            every = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            count = sum(argument.arg not in ("self", "cls") for argument in every)
            if most is not None and count > most:
                yield f"{where} takes {count} parameters: at most {most}"


def most_parameters(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> int | None:
    """Return how many parameters a function may have; None for a command, whose parameters are flags."""
    if module.name[:1] == ("cli",):
        return None
    return RECIPE_PARAMETERS if (*module.name, function.name) in RECIPES else PARAMETERS


def bad_habits(house: dict[tuple[str, ...], Module]) -> Iterator[str]:
    """Yield a sentence for each name that says nothing, each pickle and each module without a docstring."""
    for module in house.values():
        for name in sorted(SHAPELESS_NAMES & set(module.name)):
            yield f"{module.path}:1: {name!r} names no use: call a module by what it does"
        if not ast.get_docstring(module.tree):
            yield f"{module.path}:1: no docstring: say what the module is for"
        for node in ast.walk(module.tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.split(".")[0] in PICKLES:
                    yield f"{module.path}:{node.lineno}: imports {name}: nothing here is ever unpickled"


RULES = (wrong_imports, missing_places, over_budget, bad_habits)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_house(rule):
    house = read_house(SOURCE)
    assert len(house) > 5
    assert not (found := list(rule(house))), "\n".join(found)


def build(root: Path, files: dict[str, str]) -> dict[tuple[str, ...], Module]:
    """Write a small house and read it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_house(root)


SOUND = {
    "__init__.py": '"""All."""\n_HOMES = {"train": "firth.recipes"}\n',
    "errors.py": '"""Errors."""\n',
    "recipes.py": '"""Recipes."""\nfrom firth.text import Corpus\n',
    "text/__init__.py": '"""Text.\n\nModules in the order of their imports: files, corpus."""\nimport firth.errors\n',
    "text/files.py": '"""Files."""\nimport firth\nfrom firth.errors import FirthError\nversion = firth.__version__\n',
    "text/corpus.py": '"""Corpus."""\nfrom firth.text.files import version\nclass Corpus: ...\n',
}


def test_a_sound_house_is_passed(tmp_path):
    house = build(tmp_path, SOUND)
    assert [sentence for rule in RULES for sentence in rule(house)] == []


UPWARD = "recipes (floor 8) stands above errors (floor 0)"


@pytest.mark.parametrize(
    ("file", "text", "line", "said"),
    [
        ("errors.py", '"""E."""\nimport firth.recipes\n', 2, UPWARD),
        ("errors.py", '"""E."""\nfrom firth import recipes\n', 2, UPWARD),
        ("errors.py", '"""E."""\nfrom firth.recipes import x\n', 2, UPWARD),
        ("errors.py", '"""E."""\nfrom firth import train\n', 2, UPWARD),
        ("errors.py", '"""E."""\nimport firth\ndef f():\n    return firth.train\n', 4, UPWARD),
        ("errors.py", '"""E."""\ndef f():\n    from firth import recipes\n', 3, UPWARD),
        ("errors.py", '"""E."""\nif TYPE_CHECKING:\n    from firth import recipes\n', 3, UPWARD),
        ("errors.py", '"""E."""\nfrom . import recipes\n', 2, "relative import"),
        ("errors.py", '"""E."""\nfrom firth.errors import x\n', 2, "the folder that it lies in"),
        ("text/files.py", '"""F."""\nfrom firth.text.corpus import Corpus\n', 2, "does not come before 'files'"),
        ("text/files.py", '"""F."""\nfrom firth.text import Corpus\n', 2, "the folder that it lies in"),
        ("text/__init__.py", '"""T.\n\nModules in the order of their imports: files.\n"""\n', 1, "leaves out 'corpus'"),
        ("explore/maps.py", '"""M."""\n', 1, "its folder has no __init__.py"),
        ("evaluation.py", '"""E."""\nimport firth.explore\n', 2, "siblings"),
        ("statistics.py", '"""S."""\nimport firth.storage\nimport pickle\n', 3, "unpickled"),
        ("extra.py", '"""X."""\n', 1, "no floor is named for 'extra'"),
        ("text/utils.py", '"""U."""\n', 1, "'utils' names no use"),
        ("errors.py", "x = 1\n", 1, "no docstring"),
        ("errors.py", '"""E."""\n' + "\n" * 400, 1, "401 lines"),
        ("errors.py", '"""E."""\ndef f():\n    """F."""\n' + "    x = 1\n" * 51, 2, "body of 51 lines"),
        ("errors.py", f'"""E."""\ndef f({", ".join("abcdefghijklm")}): ...\n', 2, "takes 13 parameters"),
    ],
)
def test_what_is_wrong_is_found(tmp_path, file, text, line, said):
    house = build(tmp_path, {**SOUND, file: text})
    sentences = [sentence for rule in RULES for sentence in rule(house)]
    assert [s for s in sentences if s.startswith(f"{tmp_path / file}:{line}:") and said in s], sentences
