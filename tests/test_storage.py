import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from firth import storage
from firth.errors import FormatError, OutputError, OutputExistsError, SettingsError
from firth.storage import (
    check_free_file,
    check_free_output,
    checksum,
    inner_file,
    new_file,
    new_folder,
    read_config,
    read_json,
    recover_folder,
    write_config,
)


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(folder: Path, content: str, *, overwrite: bool = False) -> None:
    with new_folder(folder, overwrite=overwrite) as fresh:
        write_config(fresh, "vectors", 1, {"content": content})
        (fresh / "inner").mkdir()
        (fresh / "inner" / "data.txt").write_text(content)


def content_of(folder: Path) -> str:
    content = read_config(folder, "vectors", 1)["content"]
    assert (folder / "inner" / "data.txt").read_text() == content
    return content


def test_a_folder_is_there_when_the_block_ends_and_not_before(tmp_path):
    target = tmp_path / "deep" / "vectors"
    with new_folder(target) as fresh:
        write_config(fresh, "vectors", 1, {})
        assert not target.exists()
        assert fresh.parent == target.parent
    assert entries(tmp_path / "deep") == ["vectors"]
    assert read_config(target, "vectors", 1)["format"] == "firth-vectors"


def test_a_folder_has_the_permissions_of_any_new_folder(tmp_path):
    write(tmp_path / "ours", "x")
    (tmp_path / "other").mkdir()
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_an_existing_folder_is_refused_unless_overwrite(tmp_path):
    write(tmp_path / "v", "old")
    with pytest.raises(
        OutputExistsError, match=r"expected a free place .*v', which exists; pass overwrite=True \(--overwrite\)"
    ):
        write(tmp_path / "v", "new")
    assert content_of(tmp_path / "v") == "old"
    write(tmp_path / "v", "new", overwrite=True)
    assert content_of(tmp_path / "v") == "new"
    assert entries(tmp_path) == ["v"]


@pytest.mark.parametrize("check", [check_free_output, check_free_file])
def test_a_place_that_cannot_be_written_to_is_refused_early(tmp_path, monkeypatch, check):
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        OutputError, match=r"expected a folder to write in, got .*file, which is a file; choose another"
    ):
        check(tmp_path / "file" / "v")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match=r"got .*, which is read-only; choose another place"):
        check(tmp_path / "deep" / "v")


def test_an_empty_folder_is_free(tmp_path):
    (tmp_path / "v").mkdir()
    write(tmp_path / "v", "new")
    assert content_of(tmp_path / "v") == "new"


@pytest.mark.parametrize("config", [None, "{", '{"format": "other"}', "[]"])
def test_a_folder_that_is_not_ours_is_never_overwritten(tmp_path, config):
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "precious.txt").write_text("x")
    if config is not None:
        (tmp_path / "v" / "config.json").write_text(config)
    with pytest.raises(OutputExistsError, match=r"which has no config.json of ours; choose another name, or remove it"):
        write(tmp_path / "v", "new", overwrite=True)
    assert (tmp_path / "v" / "precious.txt").read_text() == "x"


def test_a_file_is_never_replaced_by_a_folder(tmp_path):
    (tmp_path / "v").write_text("x")
    with pytest.raises(OutputExistsError, match="a file is never replaced by a folder"):
        check_free_output(tmp_path / "v", overwrite=True)


def test_a_link_is_followed(tmp_path):
    write(tmp_path / "first", "old")
    (tmp_path / "latest").symlink_to("first")
    write(tmp_path / "latest", "new", overwrite=True)
    assert (tmp_path / "latest").is_symlink()
    assert content_of(tmp_path / "first") == "new"


def test_an_error_in_the_block_leaves_nothing_and_the_old_one(tmp_path):
    write(tmp_path / "v", "old")
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "v", overwrite=True) as fresh:
        (fresh / "half.txt").write_text("x")
        1 / 0  # noqa: B018
    assert entries(tmp_path) == ["v"]
    assert content_of(tmp_path / "v") == "old"


def test_a_folder_that_appears_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(OutputExistsError), new_folder(tmp_path / "v") as fresh:
        write_config(fresh, "vectors", 1, {"content": "second"})
        write(tmp_path / "v", "first")
    assert content_of(tmp_path / "v") == "first"
    assert entries(tmp_path) == ["v"]


class PowerCutError(BaseException):
    """The machine stops: nothing that would clean up may run."""


def cut_power(monkeypatch, renames_done: int) -> None:
    """Let so many renames happen, then nothing more that changes the disk."""
    done = 0

    def stop(*arguments, **settings):
        raise PowerCutError

    def rename(old, new, real=os.rename):
        nonlocal done
        done += 1
        if done > renames_done:
            stop()
        real(old, new)

    def rmtree(path, *, ignore_errors=False, real=shutil.rmtree):
        if done >= renames_done:
            stop()
        real(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(shutil, "rmtree", rmtree)


@pytest.mark.parametrize(("renames_done", "left"), [(0, "old"), (1, "old"), (2, "new"), (3, "new")])
@pytest.mark.parametrize("next_step", ["open", "overwrite", "refuse"])
def test_a_crash_at_any_rename_leaves_the_old_or_the_new_folder_whole(
    tmp_path, monkeypatch, renames_done, left, next_step
):
    write(tmp_path / "v", "old")
    with monkeypatch.context() as cut:
        cut_power(cut, renames_done)
        with pytest.raises(PowerCutError):
            write(tmp_path / "v", "new", overwrite=True)
    if next_step == "open":
        assert content_of(tmp_path / "v") == left
    elif next_step == "overwrite":
        write(tmp_path / "v", "newest", overwrite=True)
        assert content_of(tmp_path / "v") == "newest"
        assert not (tmp_path / ".v.firth-old").exists()
    else:
        with pytest.raises(OutputExistsError):
            check_free_output(tmp_path / "v")
        assert content_of(tmp_path / "v") == left


@pytest.mark.parametrize(("failing", "left"), [(1, "old"), (2, "old"), (3, "new")])
def test_an_error_at_any_rename_is_undone(tmp_path, monkeypatch, failing, left):
    write(tmp_path / "v", "old")
    done = 0

    def rename(old, new, real=os.rename):
        nonlocal done
        done += 1
        if done == failing:
            raise OSError(errno.EIO, "input/output error")
        real(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename)
        if left == "new":  # the old one could not be removed: no reason to lose the new one
            write(tmp_path / "v", "new", overwrite=True)
        else:
            with pytest.raises(OSError, match="input/output error"):
                write(tmp_path / "v", "new", overwrite=True)
    assert content_of(tmp_path / "v") == left
    write(tmp_path / "v", "newest", overwrite=True)
    assert entries(tmp_path) == ["v"]


def test_a_reader_that_recovers_the_old_folder_between_the_renames_does_not_stop_the_writer(tmp_path, monkeypatch):
    write(tmp_path / "v", "old")
    seen = []

    def rename(old, new, real=os.rename):
        real(old, new)
        if Path(new).name == ".v.firth-old" and len(seen) < 2:
            seen.append(None)
            recover_folder(tmp_path / "v")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename)
        write(tmp_path / "v", "new", overwrite=True)
    assert len(seen) == 2
    assert content_of(tmp_path / "v") == "new"
    assert entries(tmp_path) == ["v"]


def test_an_older_copy_that_cannot_be_put_back_is_named(tmp_path, monkeypatch):
    write(tmp_path / ".v.firth-old", "old")

    def rename(old, new):
        raise PermissionError(errno.EACCES, "read-only")

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(FormatError, match=r"only its older copy .*\.v\.firth-old; rename it back by hand"):
        recover_folder(tmp_path / "v")


def test_a_full_disk_is_said_and_nothing_is_left(tmp_path):
    said = pytest.raises(OutputError, match=r"^expected room on the disk for .*v, got .*; free some space")
    with said as caught, new_folder(tmp_path / "v") as fresh:
        (fresh / "half.txt").write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.errno == errno.ENOSPC
    assert entries(tmp_path) == []


def test_a_file_is_there_when_the_block_ends_and_not_before(tmp_path):
    target = tmp_path / "deep" / "v.txt"
    with new_file(target) as file:
        file.write(b"words")
        assert not target.exists()
    assert target.read_bytes() == b"words"
    assert entries(tmp_path / "deep") == ["v.txt"]


def test_an_existing_file_is_refused_unless_overwrite(tmp_path):
    target = tmp_path / "v.txt"
    target.write_text("old")
    with pytest.raises(OutputExistsError, match=r"which exists; pass overwrite=True \(--overwrite\)"), new_file(target):
        pass
    with new_file(target, overwrite=True) as file:
        file.write(b"new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    with pytest.raises(OutputExistsError, match="expected a file to write, got the folder"):
        check_free_file(tmp_path, overwrite=True)


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "broken"), KeyboardInterrupt()])
def test_a_file_that_cannot_be_written_or_renamed_leaves_the_old_one(tmp_path, monkeypatch, problem):
    target = tmp_path / "v.txt"
    target.write_text("old")

    def replace(old, new):
        raise problem

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(type(problem)), new_file(target, overwrite=True) as file:
        file.write(b"new")
    assert target.read_text() == "old"
    assert entries(tmp_path) == ["v.txt"]


def test_a_config_comes_back_with_plain_values(tmp_path):
    import numpy as np

    content = {
        "training": {"losses": [np.float32(2.5), float("nan")], "passes": np.int64(3), "corpus": Path("a")},
        "counts": np.array([1, 2]),
        "word": "מלך \ud800",
        "none": None,
        "flag": True,
        "format": "mine",
    }
    write_config(tmp_path, "vectors", 1, content)
    config = read_config(tmp_path, "vectors", 1)
    assert config["training"] == {"losses": [2.5, None], "passes": 3, "corpus": "a"}
    assert config["counts"] == [1, 2]
    assert config["word"] == content["word"]
    assert config["flag"] is True and config["none"] is None
    assert config["format"] == "firth-vectors"


def test_a_setting_without_json_form_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"expected training\.rates\[1\] of the config .*, got a set"):
        write_config(tmp_path, "vectors", 1, {"training": {"rates": [1, {2}]}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "the file config.json in .*, got nothing there"),
        ("", "to hold a JSON object, got a text that is none"),
        ('{"format": "firth-vectors"', "to hold a JSON object"),
        ("[" * 100_000, "to hold a JSON object"),
        ('{"format_version": ' + "9" * 5000 + "}", "to hold a JSON object"),
        ("[]", "got a list"),
        ("\xff", "to hold a JSON object"),
        ("{}", "a folder of vectors written by firth, got format None"),
        ('{"format": "firth-corpus", "format_version": 1}', "got format 'firth-corpus'"),
        ('{"format": "firth-vectors", "format_version": "1"}', "got format_version '1'"),
        ('{"format": "firth-vectors", "format_version": true}', "got format_version True"),
        (
            '{"format": "firth-vectors", "format_version": 2, "firth_version": "9.0"}',
            "written by firth 9.0; update firth",
        ),
    ],
)
def test_a_config_that_is_wrong_is_refused_in_a_sentence(tmp_path, text, message):
    if text is not None:
        (tmp_path / "config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError, match=message) as caught:
        read_config(tmp_path, "vectors", 1)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_missing_or_a_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match="got nothing there; check the path"):
        read_config(tmp_path / "none", "vectors", 1)
    (tmp_path / "file").write_text("x")
    with pytest.raises(FormatError, match="got a file; check the path"):
        read_config(tmp_path / "file", "vectors", 1)


def test_a_huge_config_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "_LARGEST_JSON", 10)
    (tmp_path / "config.json").write_text(json.dumps({"a": "b" * 10}))
    with pytest.raises(FormatError, match="got 19 bytes"):
        read_json(tmp_path / "config.json")


def test_a_link_out_of_the_folder_and_a_pipe_are_refused(tmp_path):
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "v"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "in").symlink_to("real")
    (folder / "real").write_text("x")
    (folder / "gone").symlink_to("missing")
    assert inner_file(folder, "in").read_text() == "x"
    with pytest.raises(FormatError, match=r"got a link to .*secret; put the file itself there"):
        inner_file(folder, "out")
    with pytest.raises(FormatError, match="got nothing there"):
        inner_file(folder, "gone")
    with pytest.raises(FormatError, match="got something that is no plain file"):
        inner_file(tmp_path, "v")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
        with pytest.raises(FormatError, match="got something that is no plain file"):
            inner_file(folder, "pipe")


def test_checksum_is_that_of_the_whole_file(tmp_path):
    import hashlib

    data = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(data)
    assert checksum(tmp_path / "a") == hashlib.blake2b(data, digest_size=32).hexdigest()
