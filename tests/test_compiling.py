"""The key of the kernels' folder: any source of the package changes it."""

import shutil
from pathlib import Path

import pytest

from firth import compiling


@pytest.mark.parametrize("source", ["training/blocks.py", "training/matrices.py", "randomness.py", "errors.py"])
def test_a_changed_source_is_another_folder(source, tmp_path, monkeypatch):
    home = Path(compiling.__file__).parent
    copy = tmp_path / "firth"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compiling, "__file__", str(copy / "compiling.py"))
    before = compiling._sources_digest()
    with (copy / source).open("a") as file:
        file.write("# changed\n")
    after = compiling._sources_digest()
    (copy / source).rename(copy / source.replace(".py", "_moved.py"))
    assert len({before, after, compiling._sources_digest()}) == 3


def test_fast_math_never_assumes_that_numbers_are_finite():
    assert not compiling.FAST_MATH & {"fast", "nnan", "ninf"}


def test_a_home_that_can_not_be_written_is_said_and_survived(monkeypatch, caplog, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(compiling, "_user_cache", lambda: tmp_path / "file")
    assert compiling.kernel_folder.__wrapped__() is None
    assert "compiled kernels can't be kept" in caplog.text
