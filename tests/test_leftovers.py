"""Leftovers go once nobody can be using them, and nothing else goes."""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from firth import compiling
from firth.leftovers import remove_unused
from firth.storage import new_file, new_folder
from firth.text import prepare_corpus

DAY = 24 * 3600.0


def age(path: Path, days: float) -> Path:
    """Let a file, or a folder and all in it, look as if nobody had written to it for so long."""
    then = time.time() - days * DAY
    for inner in [*path.rglob("*"), path]:
        os.utime(inner, (then, then), follow_symlinks=False)
    return path


def made(path: Path, days: float = 0) -> Path:
    """Make a folder with something in it, of a given age."""
    (path / "inner").mkdir(parents=True)
    (path / "inner" / "data").write_text("x")
    return age(path, days)


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_old_and_matches_goes(tmp_path):
    made(tmp_path / "a-old", 2)
    made(tmp_path / "a-new", 0.5)
    made(tmp_path / "b-old", 2)
    (tmp_path / "a-file").write_text("x")
    age(tmp_path / "a-file", 2)
    remove_unused(tmp_path, "a-*", days=1)
    assert entries(tmp_path) == ["a-new", "b-old"]


def test_a_folder_in_which_one_file_was_written_lately_stays(tmp_path):
    (made(tmp_path / "a", 2) / "inner" / "data").write_text("y")
    age(tmp_path / "a" / "inner", 0)
    os.utime(tmp_path / "a", (0, 0))
    remove_unused(tmp_path, "a", days=1)
    assert entries(tmp_path) == ["a"]


def test_a_link_goes_but_not_what_it_leads_to(tmp_path):
    made(tmp_path / "precious", 9)
    (tmp_path / "a-link").symlink_to("precious")
    made(tmp_path / "a-folder")
    (tmp_path / "a-folder" / "link").symlink_to("../precious")
    age(tmp_path / "a-folder", 9)
    age(tmp_path / "a-link", 9)
    remove_unused(tmp_path, "a-*", days=1)
    assert entries(tmp_path) == ["precious"]
    assert (tmp_path / "precious" / "inner" / "data").read_text() == "x"


def test_nothing_is_raised_where_there_is_nothing_or_another_is_faster(tmp_path, monkeypatch):
    remove_unused(tmp_path / "absent", "*", days=1)
    made(tmp_path / "a", 2)
    made(tmp_path / "b", 2)
    look = Path.lstat

    def gone(path):
        if path.name == "a":
            raise FileNotFoundError(2, "No such file or directory")
        return look(path)

    monkeypatch.setattr(Path, "lstat", gone)
    remove_unused(tmp_path, "[ab]", days=1)
    monkeypatch.undo()
    assert entries(tmp_path) == ["a"]


def test_many_at_once(tmp_path):
    for number in range(20):
        made(tmp_path / f"a-{number}", 2)
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(remove_unused, tmp_path, "a-*", days=1) for _ in range(8)]
    assert [future.result() for future in done] == [None] * 8
    assert entries(tmp_path) == []


# ── where it is used ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """A cache of kernels that is empty; each call of `folder()` is that of another process."""
    monkeypatch.setattr(compiling, "_user_cache", lambda: tmp_path)
    return compiling.kernel_folder.__wrapped__


def test_a_new_kernel_folder_removes_those_not_used_for_a_month(kernels, tmp_path):
    made(tmp_path / "kernels-older", 31)
    made(tmp_path / "kernels-old", 29)
    made(tmp_path / "something-else", 31)
    folder = kernels()
    assert entries(tmp_path) == sorted([folder.name, "kernels-old", "something-else"])


def test_using_a_kernel_folder_keeps_it_and_looks_at_no_other(kernels, tmp_path):
    folder = kernels()
    age(folder, 40)
    made(tmp_path / "kernels-older", 31)
    assert kernels() == folder
    assert time.time() - folder.stat().st_mtime < DAY
    assert entries(tmp_path) == sorted([folder.name, "kernels-older"])


def test_what_a_killed_process_left_beside_an_output_goes_with_the_next(tmp_path):
    made(tmp_path / ".v.firth-new-0123456789ab", 2)
    made(tmp_path / ".w.firth-new-0123456789ab", 0.5)
    made(tmp_path / "..v.firth-old.firth-trash-0123456789ab", 2)
    made(tmp_path / ".v.firth-old", 2)  # an older output, moved aside: still to be recovered
    with new_folder(tmp_path / "w"):
        pass
    assert entries(tmp_path) == [".v.firth-old", ".w.firth-new-0123456789ab", "w"]
    made(tmp_path / ".v.firth-new-ba9876543210", 2)
    with new_file(tmp_path / "f") as file:
        file.write(b"x")
    assert entries(tmp_path) == [".v.firth-old", ".w.firth-new-0123456789ab", "f", "w"]


def test_what_a_killed_process_left_in_the_cache_goes_with_the_next_entry(tmp_path):
    made(tmp_path / ".partial-killed", 2)
    made(tmp_path / ".partial-running", 0.5)
    made(tmp_path / "corpus-kept", 99)
    prepare_corpus(["to be or not to be"], min_count=1, cache=tmp_path).close()
    left = entries(tmp_path)
    assert left[0] == ".partial-running"
    assert "corpus-kept" in left
    assert len(left) == 3
    shutil.rmtree(tmp_path / ".partial-running")
