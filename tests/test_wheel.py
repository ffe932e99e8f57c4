"""The wheel holds all that is needed: built, installed where the source tree is out of sight, and used."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "firth"
COMES_WITH = {"llvmlite": "numba"}  # a package that a declared one brings, pinned to its own version
EXTRAS = {"sklearn", "usearch", "zstandard"}  # imported where it is used, with a message that names the extra


def declared_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}


def test_what_is_imported_is_declared():
    imported = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    foreign = {COMES_WITH.get(name, name) for name in imported - sys.stdlib_module_names - {"firth", "__future__"}}
    assert foreign - EXTRAS <= declared_dependencies()


def run(*command, cwd):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    # Numba keeps machine code by the path of its source: not for an environment that goes away in the user's cache.
    environment["NUMBA_CACHE_DIR"] = str(Path(command[0]).parent.parent / "kernels")
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel with the tools at hand: no download, no isolation."""
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-W",
        "default",
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder,
        ROOT,
        cwd=folder,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install the wheel in an environment of its own, and return the folder of its programs.

    Its dependencies are those of the environment that runs the tests. A line in a `.pth` file adds that
    environment's packages, but not its `.pth` files, one of which leads to the source tree.
    """
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", programs / "python"]
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    packages = Path(run(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
                    .stdout.strip())  # fmt: skip
    here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(here)) + "\n", encoding="utf-8")
    return programs


def python(installed, code, tmp_path):
    return run(installed / "python", "-c", code, cwd=tmp_path).stdout.split()


def test_the_wheel_holds_every_module_and_says_that_it_is_typed(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    modules = {f"firth/{path.relative_to(SOURCE).as_posix()}" for path in SOURCE.rglob("*.py")}
    assert modules | {"firth/py.typed"} <= held
    assert not [name for name in held if not name.startswith("firth") or "__pycache__" in name]


def test_the_source_distribution_holds_what_make_needs(tmp_path):
    run(sys.executable, "-W", "default", "-m", "build", "--sdist", "--no-isolation", "--outdir", tmp_path, ROOT,
        cwd=tmp_path)  # fmt: skip
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    folders = {"src": "*.py", "tests": "*", "tools": "*", "benchmarks": "*.py", "docs": "*.md", "examples": "*.py"}
    for folder, pattern in folders.items():
        files = (path for path in (ROOT / folder).rglob(pattern) if path.is_file() and "__pycache__" not in path.parts)
        assert {path.relative_to(ROOT).as_posix() for path in files} <= held
    assert {"Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "pyproject.toml"} <= held


def test_the_installed_package_is_not_the_source_tree(installed, tmp_path):
    (place,) = python(installed, "import firth; print(firth.__file__)", tmp_path)
    assert Path(place).is_relative_to(installed.parent)


def test_the_command_says_its_version_and_its_help(installed, tmp_path):
    import firth

    assert run(installed / "firth", "--version", cwd=tmp_path).stdout == f"firth {firth.__version__}\n"
    assert "train" in run(installed / "firth", "--help", cwd=tmp_path).stdout
    assert run(installed / "python", "-m", "firth", "--version", cwd=tmp_path).stdout.startswith("firth ")


HEAVY = "print(*({'numpy', 'numba', 'scipy', 'rich', 'safetensors', 'typer'} & set(sys.modules)))"


def test_importing_the_package_imports_nothing_else(installed, tmp_path):
    assert python(installed, f"import sys, firth; firth.__version__; dir(firth); {HEAVY}", tmp_path) == []


def test_help_imports_nothing_of_what_trains(installed, tmp_path):
    code = f"""
import atexit, io, sys
def say():
    sys.stdout = sys.__stdout__
    {HEAVY}
atexit.register(say)
sys.argv, sys.stdout = ["firth", "train", "--help"], io.StringIO()
from firth.cli import main
main()
"""
    assert set(python(installed, code, tmp_path)) == {"typer"}


def test_vectors_are_trained_and_asked(installed, tmp_path):
    lines = [f"the {animal} eats the {food}" for animal in ("cat", "dog") for food in ("fish", "meat")] * 50
    (tmp_path / "corpus.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    trained = run(installed / "firth", "train", "corpus.txt", "--dimensions", "8", "--threads", "1", cwd=tmp_path)
    assert trained.stdout == ""
    assert "saved in\tcorpus.vectors\n" in trained.stderr
    similar = run(installed / "firth", "similar", "corpus.vectors", "cat", "-n", "2", cwd=tmp_path).stdout
    assert [line.split("\t")[0] for line in similar.splitlines()] == ["cat", "cat"]


def test_asking_vectors_needs_neither_numba_nor_scipy(installed, tmp_path):
    lines = ["one two three four"] * 20  # each word is frequent, so none is thinned out below
    (tmp_path / "corpus.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run(
        installed / "firth",
        "train",
        "corpus.txt",
        "-o",
        "v",
        "--subsample",
        "0",
        "--dimensions",
        "8",
        "--threads",
        "1",
        cwd=tmp_path,
    )
    code = "import sys; from firth import Vectors; Vectors.load('v').most_similar('one'); "
    assert not {"numba", "scipy"} & set(python(installed, code + HEAVY, tmp_path))
