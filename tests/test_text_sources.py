"""Files, folders, patterns, standard input, compression: what is read, and what is said of what can't be."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import sys
import threading
from pathlib import Path

import pytest
import zstandard

from firth.errors import MissingExtraError
from firth.text import prepare_corpus
from test_text_preparing import refused

TEXT = b"to be or not to be\nthat is the question\n"
COMPRESSORS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstandard": zstandard.ZstdCompressor().compress,
}


def ids_of(corpus, **chosen):
    """The words of a corpus in order."""
    with prepare_corpus(corpus, min_count=1, **chosen) as result:
        words = [*result.vocabulary.words, "/"]
        return " ".join(words[number] for number in result.ids)


ONE = "to be or not to be / that is the question /"


@pytest.mark.parametrize("name", COMPRESSORS)
def test_compression_is_told_by_the_first_bytes(tmp_path, name):
    path = tmp_path / "text.dat"
    path.write_bytes(COMPRESSORS[name](TEXT))
    assert ids_of(path) == ONE
    path.write_bytes(COMPRESSORS[name](TEXT) + COMPRESSORS[name](b"more text"))
    assert ids_of(str(path)) == ONE + " more text /"


@pytest.mark.parametrize("name", [name for name in COMPRESSORS if name != "plain"])
def test_damaged_files(tmp_path, name):
    text = b" ".join(b"%d" % (number * number) for number in range(50_000))
    whole = COMPRESSORS[name](text)
    path = tmp_path / "text"
    path.write_bytes(whole[:-20])
    refused(path, [f"expected a whole {name} file, got damaged or cut-off data in {path} ("])
    path.write_bytes(whole[:20] + b"\xff\x00\xff\x00" * 4 + whole[36:])
    refused(path, [f"expected a whole {name} file, got damaged"])
    path.write_bytes(whole + b"rubbish behind it")
    if name in ("gzip", "zstandard"):  # the decompressors of bzip2 and xz stop at the end of what is theirs
        refused(path, [f"expected a whole {name} file, got damaged"])


def test_a_text_that_begins_like_a_compressed_one(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"BZh9 is how bzip2 begins")
    assert ids_of(path) == "BZh9 is how bzip2 begins /"


def test_missing_extra(tmp_path, monkeypatch):
    path = tmp_path / "text"
    path.write_bytes(COMPRESSORS["zstandard"](TEXT))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingExtraError) as caught:
        prepare_corpus(path)
    assert str(caught.value) == (
        "expected zstandard, to read a .zst file, got no module zstandard; pip install 'firth[data]'"
    )


@pytest.fixture
def folder(tmp_path):
    """A folder with files at several depths, one of them empty, one without a last line feed."""
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "deep" / "2.txt").write_bytes(b"second file")
    (tmp_path / "a" / "1.txt").write_bytes(b"\xef\xbb\xbffirst file")
    (tmp_path / "b.txt").write_bytes(COMPRESSORS["gzip"](b"third file\n"))
    (tmp_path / "c.txt").write_bytes(b"")
    return tmp_path


def test_several_files(folder):
    assert ids_of(folder) == "first file / second file / third file /"
    assert ids_of(str(folder / "a" / "*.txt")) == "first file /"
    assert ids_of(str(folder / "**" / "[12].txt")) == "first file / second file /"
    assert ids_of([folder / "b.txt", folder / "a" / "1.txt"]) == "third file / first file /"
    assert ids_of((folder / "a", folder / "c.txt")) == "first file / second file /"


def test_a_file_whose_name_is_a_pattern(tmp_path):
    (tmp_path / "[1].txt").write_text("a b")
    assert ids_of(tmp_path / "[1].txt") == "a b /"


def test_a_file_object_is_an_iterable_of_lines(tmp_path):
    (tmp_path / "text").write_bytes(TEXT)
    with (tmp_path / "text").open(encoding="utf-8") as file:
        assert ids_of(file) == ONE


@pytest.mark.parametrize("name", COMPRESSORS)
def test_standard_input(monkeypatch, name):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(COMPRESSORS[name](TEXT))))
    seen = []
    assert ids_of("-", on_progress=lambda *both: seen.append(both)) == ONE
    assert seen == [(len(TEXT), None)]
    assert not sys.stdin.closed


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(TEXT,))
    writer.start()
    assert ids_of(tmp_path / "pipe", cache=tmp_path / "cache") == ONE
    writer.join()


def test_checksum(tmp_path, folder):
    (tmp_path / "plain").write_bytes(TEXT)
    (tmp_path / "packed").write_bytes(COMPRESSORS["xz"](TEXT))
    expected = hashlib.blake2b(TEXT, digest_size=32).hexdigest()
    for corpus in (tmp_path / "plain", tmp_path / "packed", TEXT.decode().splitlines()):
        with prepare_corpus(corpus, min_count=1, threads=2) as result:
            assert result.checksum == expected
    with prepare_corpus([folder / "a", folder / "b.txt"], min_count=1, tokenizer="words") as result:
        joined = b"first file\nsecond file\nthird file\n"
        assert result.checksum == hashlib.blake2b(joined, digest_size=32).hexdigest()
    with prepare_corpus([["to", "be or"]], min_count=1) as result:
        assert result.checksum == hashlib.blake2b(b"to\0be or\n", digest_size=32).hexdigest()


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────


def test_missing_files(tmp_path):
    refused(str(tmp_path / "none"), ["expected the path of a text file, got ", "none', which does not exist; check"])
    refused([tmp_path / "none"], ["expected the path of a text file"])
    text = "To be, or not to be: that is the question. " * 200
    for plain in (text, text[:50], "two\nlines", "with a NUL \0 in it"):
        refused(plain, ["expected the path of a text file, got text, or a path", "wrap it in a list: [text]"])
    refused(str(tmp_path / "*.txt"), ["expected files that match the pattern, got none for", "check the pattern"])


def test_empty_files(folder):
    refused(folder / "c.txt", ["expected a corpus with text in it, got the empty file", "c.txt"])
    (folder / "empty").mkdir()
    refused(folder / "empty", ["expected a corpus with text in it, got the folder", "with no text in it; pass another"])
    refused(str(folder / "[c].txt"), ["expected a corpus with text in it, got only empty files for"])
    refused([folder / "c.txt"] * 2, ["expected a corpus with text in it, got 2 paths with no text in them"])
    (folder / "mark").write_bytes(b"\xef\xbb\xbf")
    refused(folder / "mark", ["expected text, got nothing"])
    (folder / "blank").write_bytes(b" \n\r\n ")
    refused(folder / "blank", ["expected words, got 5 bytes with no word in them"])


@pytest.mark.parametrize("threads", [1, 4])
def test_invalid_text(tmp_path, threads):
    (tmp_path / "1").write_bytes(b"good text\n" * 500_000)
    (tmp_path / "2").write_bytes(
        b"\xef\xbb\xbf" + b"good text\n" * 400_000 + b"caf\xe9 au lait\n" + b"\xff\n" * 100_000
    )
    both = [tmp_path / "1", tmp_path / "2"]
    refused(both, [f"expected text in UTF-8, got the byte 0xE9 at byte 4000006 of {tmp_path / '2'}; convert the file",
                   "or pass errors='replace'"], threads=threads)  # fmt: skip
    with prepare_corpus(both, errors="replace", threads=threads, min_count=1) as corpus:
        assert corpus.vocabulary.words == ("good", "text", "\ufffd", "au", "caf\ufffd", "lait")


def test_binary_data(tmp_path):
    (tmp_path / "picture").write_bytes(b"a b\n" + bytes(range(20)))
    refused(tmp_path / "picture", [f"expected text, got a NUL byte at byte 4 of {tmp_path / 'picture'}; pass text"])
    (tmp_path / "wide").write_bytes("a b".encode("utf-16"))
    refused(tmp_path / "wide", ["expected text, got a NUL byte at byte 3 of", "if this is UTF-16"])


@pytest.mark.parametrize("cached", [False, True])
def test_a_file_that_cannot_be_opened(tmp_path, monkeypatch, cached):
    path = tmp_path / "text"
    path.write_text("a b")

    opened = Path.open

    def forbidden(self, *arguments, **named):  # permissions alone stop no superuser
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", forbidden)
    said = f"expected text that can be read, got 'Permission denied' for {str(path)!r}; check the path and its perm"
    refused(path, [said], cache=tmp_path / "cache" if cached else None)


def test_a_folder_in_a_folder_that_cannot_be_looked_into(folder, monkeypatch):
    hidden = folder / "hidden"
    hidden.mkdir()
    scan = os.scandir

    def forbidden(path):
        if Path(path) == hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", forbidden)
    refused(folder, [f"expected text that can be read, got 'Permission denied' for {str(hidden)!r}; check the path"])
