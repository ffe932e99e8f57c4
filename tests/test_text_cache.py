"""The shelf of prepared corpora: found again, never half, never damaged, never anybody else's."""

import logging
import shutil
import threading

import numpy as np
import pytest

from firth import storage
from firth.errors import OutputError, SettingsError
from firth.text import cache as shelf
from firth.text import prepare_corpus, preparing, tokenizers

LINES = ["to be or not to be", "that is the question"]


@pytest.fixture
def shelf_folder(tmp_path):
    """The place of the cache; it need not exist."""
    return tmp_path / "shelf" / "of texts"


@pytest.fixture
def file(tmp_path):
    """A text."""
    path = tmp_path / "text"
    path.write_text("\n".join(LINES) + "\n")
    return path


def content(corpus):
    """All that a corpus says."""
    facts = (corpus.tokens, corpus.words_seen, corpus.sentences, corpus.checksum, corpus.settings)
    return corpus.ids.tolist(), corpus.vocabulary.words, corpus.vocabulary.counts.tolist(), facts


def entries(folder):
    """The names in the cache."""
    return sorted(path.name for path in folder.iterdir())


def forbid_reading(monkeypatch):
    """Let any corpus that is read anew fail."""

    def fail(self):
        raise AssertionError("read anew")

    monkeypatch.setattr(preparing.Preparation, "run", fail)


def test_a_file_is_found_again(file, shelf_folder, monkeypatch):
    first = prepare_corpus(file, min_count=1, cache=shelf_folder)
    before = content(first)
    first.close()
    assert len(entries(shelf_folder)) == 1
    forbid_reading(monkeypatch)
    with prepare_corpus(str(file), min_count=1, cache=str(shelf_folder), threads=1) as again:
        assert content(again) == before
        assert not again.ids.flags.writeable
    with pytest.raises(AssertionError, match="read anew"):
        prepare_corpus(file, min_count=2, cache=shelf_folder)
    file.write_text("another text")
    with pytest.raises(AssertionError, match="read anew"):
        prepare_corpus(file, min_count=1, cache=shelf_folder)


def test_the_environment_names_a_cache(file, shelf_folder, monkeypatch):
    monkeypatch.setenv("FIRTH_CACHE", str(shelf_folder))
    prepare_corpus(file, min_count=1).close()
    assert len(entries(shelf_folder)) == 1
    monkeypatch.setenv("FIRTH_CACHE", "")
    with prepare_corpus(file, min_count=1) as corpus:
        assert shelf_folder not in shelf.Path(corpus.ids.filename).parents


@pytest.mark.parametrize("corpus", [LINES, [line.split() for line in LINES]], ids=["lines", "tokens"])
def test_an_iterable_is_found_again(corpus, shelf_folder, caplog):
    caplog.set_level(logging.INFO, "firth.text")
    with prepare_corpus(iter(corpus), min_count=1, cache=shelf_folder) as first:
        before = content(first)
    names = entries(shelf_folder)
    with prepare_corpus(iter(corpus), min_count=1, cache=shelf_folder) as again:
        assert content(again) == before
        assert [message for message in caplog.messages if "using the cached corpus" in message]
    assert entries(shelf_folder) == names


def test_text_and_tokens_are_different_corpora(shelf_folder):
    prepare_corpus(LINES, min_count=1, cache=shelf_folder).close()
    prepare_corpus([[line] * 2 for line in LINES], min_count=1, cache=shelf_folder).close()
    prepare_corpus(LINES, min_count=1, cache=shelf_folder, tokenizer="words").close()
    prepare_corpus(LINES, min_count=1, cache=shelf_folder, fold_case=True).close()
    prepare_corpus(LINES, min_count=1, cache=shelf_folder, max_words=2).close()
    assert len(entries(shelf_folder)) == 5


def test_a_function_is_not_cached(file, shelf_folder, caplog):
    caplog.set_level(logging.INFO, "firth.text")
    with prepare_corpus(file, min_count=1, cache=shelf_folder, tokenizer=tokenizers.words) as corpus:
        assert corpus.settings["tokenizer"] == "firth.text.tokenizers.words"
    assert caplog.messages == [
        "not cached: whether the function firth.text.tokenizers.words is still the same can't be known"
    ]
    assert not shelf_folder.exists()


@pytest.mark.parametrize("part", ["ids", "counts", "words.txt", "config.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_entry_is_made_anew(file, shelf_folder, part, damage, caplog):
    with prepare_corpus(file, min_count=1, cache=shelf_folder) as corpus:
        before = content(corpus)
        path = shelf.Path(corpus.ids.filename).parent / part
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-4] if damage == "cut" else whole[:3] + bytes([whole[3] ^ 1]) + whole[4:])
    with prepare_corpus(file, min_count=1, cache=shelf_folder) as corpus:
        assert content(corpus) == before
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "is damaged" in caplog.messages[0]
    assert path.read_bytes() == whole
    assert len(entries(shelf_folder)) == 1


def test_a_crash_leaves_no_entry(file, shelf_folder, monkeypatch):
    def crash(*_):
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(shelf, "write_config", crash)
        with pytest.raises(RuntimeError, match="the power went"):
            prepare_corpus(file, min_count=1, cache=shelf_folder)
    assert entries(shelf_folder) == []


def test_a_full_disk(file, shelf_folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf, "write_config", full)
    with pytest.raises(OutputError) as caught:
        prepare_corpus(file, min_count=1, cache=shelf_folder)
    assert str(caught.value).startswith(f"expected room for 48 bytes of ids, got a full disk at {shelf_folder}; free")
    assert entries(shelf_folder) == []


def test_two_at_once(file, shelf_folder):
    results = []

    def prepare():
        with prepare_corpus(file, min_count=1, cache=shelf_folder, threads=1) as corpus:
            results.append(content(corpus))

    with prepare_corpus(file, min_count=1) as corpus:
        expected = content(corpus)
    threads = [threading.Thread(target=prepare) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8
    assert len(entries(shelf_folder)) == 1


def test_another_process_was_faster(file, shelf_folder, monkeypatch):
    with prepare_corpus(file, min_count=1, cache=shelf_folder) as corpus:
        before = content(corpus)
    look, asked = shelf.find, []

    def find_late(path):
        asked.append(path)
        return look(path) if len(asked) > 2 else None

    monkeypatch.setattr(shelf, "find", find_late)
    with prepare_corpus(file, min_count=1, cache=shelf_folder) as corpus:
        assert content(corpus) == before
    assert len(asked) == 3
    assert len(entries(shelf_folder)) == 1
    monkeypatch.setattr(shelf, "find", lambda path: None)
    with prepare_corpus(file, min_count=1, cache=shelf_folder) as corpus:  # and then it was damaged
        assert content(corpus) == before
    assert len(entries(shelf_folder)) == 1


def test_where_files_have_one_name_only(file, shelf_folder, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(shelf.os, "link", refuse)
    with prepare_corpus(file, min_count=1, cache=shelf_folder) as corpus:
        assert np.array_equal(corpus.ids, np.fromfile(corpus.ids.filename, np.int32))
    assert len(entries(shelf_folder)) == 1


def test_a_cache_that_is_a_file(file):
    with pytest.raises(SettingsError, match=r"expected cache to be a folder that can be made, got .*; name another"):
        prepare_corpus(file, cache=file)


def test_discarding_what_is_gone(tmp_path):
    shelf._discard(tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


def test_an_entry_can_be_moved(file, shelf_folder, tmp_path):
    with prepare_corpus(file, min_count=1, cache=shelf_folder) as corpus:
        before = content(corpus)
    shutil.copytree(shelf_folder, tmp_path / "elsewhere")
    with prepare_corpus(file, min_count=1, cache=tmp_path / "elsewhere") as corpus:
        assert content(corpus) == before
        config = storage.read_config(shelf.Path(corpus.ids.filename).parent, "corpus", 1)
        assert set(config["checksums"]) == {"ids", "counts", "words.txt"}
