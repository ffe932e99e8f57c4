"""Packed files of vectors: opened as they are when unpacked; damaged ones, bombs and archives get their sentence."""

import bz2
import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
from collections import namedtuple

import numpy as np
import pytest

import firth
from firth.errors import FormatError, OutputError
from firth.vectors import Vectors
from firth.vectors.formats import packed
from small_subwords import small_vectors

WORDS = ["up", "down", "naïve"]
MATRIX = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
WAYS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Unpack in a folder of the test, which is empty in the end."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    assert list(place.iterdir()) == []


def damaged(data: bytes) -> bytes:
    return data[:15] + bytes(255 - byte for byte in data[15:40]) + data[40:]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["word2vec", "word2vec-text", "glove", "numpy"])
def test_packed_files_are_opened_like_plain_ones(tmp_path, way, name):
    Vectors(WORDS, MATRIX).export(tmp_path / "plain", name)
    path = tmp_path / f"v.{way}"
    path.write_bytes(WAYS[way]((tmp_path / "plain").read_bytes()))
    for format in (None, name):
        read = Vectors.load(path, format=format)
        assert list(read.words) == WORDS and np.array_equal(read.matrix, MATRIX)
        assert read.config["source"] == {"format": name, "file": f"v.{way}"}
    done = firth.convert(path, tmp_path / "other", format="glove", limit=2)
    assert (done.source, done.words) == (name, 2)
    assert list(Vectors.load(tmp_path / "other").words) == WORDS[:2]


def test_models_of_fasttext_stay_mapped_after_their_file_is_gone(tmp_path):
    vectors = small_vectors(["where", "here"], buckets=300)
    vectors.export(tmp_path / "m.bin", "fasttext")
    zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed")
    (tmp_path / "m.zst").write_bytes(zstandard.compress((tmp_path / "m.bin").read_bytes()))
    plain, read = Vectors.load(tmp_path / "m.bin"), Vectors.load(tmp_path / "m.zst")
    assert np.array_equal(read["unseen"], plain["unseen"]) and np.array_equal(read.matrix, plain.matrix)
    firth.convert(tmp_path / "m.zst", tmp_path / "again.bin", format="fasttext")
    assert (tmp_path / "again.bin").read_bytes() == (tmp_path / "m.bin").read_bytes()


@pytest.mark.parametrize("way", WAYS)
def test_damage_is_named_with_the_file_of_the_user(tmp_path, way):
    path = tmp_path / f"v.{way}"
    whole = WAYS[way](b"3 40\n" + b"".join(b"w%d" % n + b" 0.5" * 40 + b"\n" for n in range(3)))
    for data in (whole[:-9], damaged(whole)):
        path.write_bytes(data)
        for action in (Vectors.load, lambda place: firth.convert(place, tmp_path / "out", format="glove")):
            with pytest.raises(FormatError) as caught:
                action(path)
            assert str(path) in str(caught.value) and "firth-unpacked" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_errors_and_warnings_of_readers_name_the_packed_file(tmp_path, caplog):
    path = tmp_path / "v.gz"
    path.write_bytes(gzip.compress(b"2 1\na 1\n"))
    with pytest.raises(FormatError) as caught:
        Vectors.load(path)
    assert f"in {path}, as its first line says" in str(caught.value)
    path.write_bytes(gzip.compress(b"2 1\na 1\na 2\n"))
    assert list(Vectors.load(path).words) == ["a"]
    assert caplog.messages == [f"{path}: left out 1 row whose word came before: 'a'"]


def test_a_mark_at_the_start_stays_as_in_a_plain_file(tmp_path):
    text = "\ufeffup 1 2\ndown 3 4\n".encode()
    (tmp_path / "plain").write_bytes(text)
    (tmp_path / "v.gz").write_bytes(gzip.compress(text))
    assert list(Vectors.load(tmp_path / "v.gz").words) == list(Vectors.load(tmp_path / "plain").words)


def test_what_is_no_vectors_is_not_unpacked_further_than_its_beginning(tmp_path, monkeypatch):
    path, written = tmp_path / "zeros.gz", []
    path.write_bytes(gzip.compress(bytes(20 << 20)))
    monkeypatch.setattr(packed, "_check_room", lambda path, plain, size: written.append(size))
    with pytest.raises(FormatError, match=r"vectors of a known format in .*zeros\.gz"):
        Vectors.load(path)
    assert sum(written) <= 2 << 20
    for data in (b"", b"BZh is a word", b"no vectors"):
        path.write_bytes(gzip.compress(data))
        with pytest.raises(FormatError, match=r"vectors of a known format in .*zeros\.gz"):
            Vectors.load(path)


def test_no_more_is_unpacked_than_vectors_can_be(tmp_path):
    path = tmp_path / "v"
    path.write_bytes(bz2.compress(b"9 1\n" + b"a 1\n" * (1 << 20)))
    with pytest.raises(FormatError, match=r"expected at most \d+ bytes unpacked from .*/v, got more; unpack"):
        Vectors.load(path)


def test_a_full_disk_is_not_filled(tmp_path, monkeypatch):
    path = tmp_path / "v.gz"
    path.write_bytes(gzip.compress(b"up 1 2\n"))
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(3))
    with pytest.raises(OutputError, match=r"to unpack .*v\.gz, got 3 bytes free; free some"):
        Vectors.load(path)


def test_text_that_begins_like_bzip2_is_text(tmp_path):
    (tmp_path / "v").write_bytes(b"BZh 0.1 0.2 0.3\nb 1 2 3\n")
    assert list(Vectors.load(tmp_path / "v").words) == ["BZh", "b"]


@pytest.mark.parametrize("format", [None, "glove", "word2vec"])
def test_zip_archives_are_to_be_unpacked(tmp_path, format):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("glove.txt", "up 1 2\n")
    (tmp_path / "glove.zip").write_bytes(held.getvalue())
    with pytest.raises(FormatError, match=r"vectors in .*glove\.zip, got a zip archive; unpack it first"):
        Vectors.load(tmp_path / "glove.zip", format=format)
