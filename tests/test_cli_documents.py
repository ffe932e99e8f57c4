"""`firth documents`: train, similar, infer, as they are called."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from firth import recipes
from firth.cli import app
from firth.cli import documents as commands
from firth.vectors import DocumentVectors

LINES = ["the cat eats fish", "", "the dog eats meat", "a car needs oil"] * 25
SMALL = ["--min-count", "1", "--dimensions", "8", "--passes", "3", "--threads", "1"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def firth(capfd):
    """Run the command in this process; return its status and what it wrote."""

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            app([str(argument) for argument in arguments], prog_name="firth")
        return left.value.code, *capfd.readouterr()

    return call


@pytest.fixture
def trained(here, firth):
    assert firth("documents", "train", "corpus.txt", *SMALL)[0] == 0
    return "corpus.documents"


def test_every_parameter_of_train_documents_is_a_flag_with_the_same_default():
    library, command = (inspect.signature(f).parameters for f in (recipes.train_documents, commands.train))
    only_in_the_command = {"corpus", "output", "overwrite", "json", "verbose"}
    assert [
        (name, parameter.default)
        for name, parameter in library.items()
        if name not in ("corpus", "on_interval", "on_progress")
    ] == [(name, parameter.default) for name, parameter in command.items() if name not in only_in_the_command]


def test_train_saves_and_sums_up(here, firth):
    status, out, err = firth("documents", "train", "corpus.txt", *SMALL, "--way", "dm", "-o", "d", "--json")
    assert status == 0
    told = json.loads(out)
    assert (told["documents"], told["words"], told["dimensions"], told["path"]) == (100, 10, 8, "d")
    assert told["training"]["objective"] == "PV-DM with negative sampling"
    assert len(DocumentVectors.load("d", check=True)) == 100
    status, out, err = firth("documents", "train", "corpus.txt", *SMALL, "-o", "d")
    assert (status, out) == (1, "")
    assert "expected a free place for the output, got 'd', which exists" in err
    status, out, err = firth("documents", "train", "corpus.txt", *SMALL, "-o", "d", "--overwrite")
    assert (status, out) == (0, "") and "saved in" in err and "documents" in err


def test_tags_are_read_from_a_file(here, firth):
    Path("tags").write_text("".join(f"doc {number}\n" for number in range(100)))
    assert firth("documents", "train", "corpus.txt", *SMALL, "--tags", "tags", "-o", "d")[0] == 0
    assert DocumentVectors.load("d").tags[99] == "doc 99"
    Path("tags").write_text("one\n")
    status, _, err = firth("documents", "train", "corpus.txt", *SMALL, "--tags", "tags", "-o", "e")
    assert status == 1 and "expected a tag for each document, got 1 tags for 100 documents" in err
    assert not Path("e").exists()


def test_similar_asks_by_tag_or_by_text(trained, firth):
    loaded = DocumentVectors.load(trained)
    status, out, _ = firth("documents", "similar", trained, "0", "2", "-n", "3")
    assert status == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[:2] for row in rows] == [
        [asked, tag] for asked in "02" for tag, _ in loaded.most_similar(asked, count=3)
    ]
    status, out, _ = firth("documents", "similar", trained, "cat fish", "--text", "-n", "2", "--json")
    found = loaded.most_similar(["cat", "fish"], count=2)
    assert json.loads(out) == {"cat fish": [{"tag": tag, "similarity": value} for tag, value in found]}
    status, _, err = firth("documents", "similar", trained, "100")
    assert status == 1
    assert "got '100'; documents are known by their numbers, from '0' to '99'" in err


@pytest.mark.parametrize("end", ["\n", ""])
def test_infer_gives_a_line_of_numbers_for_each_line(trained, firth, end):
    lines = ["the cat", "", "unseen", "a\tdog\r"]
    Path("new").write_bytes(("\n".join(lines) + end).encode())
    expected = DocumentVectors.load(trained).infer_all(lines)
    status, out, err = firth("documents", "infer", trained, "new")
    assert status == 0 and "2 of 4 documents have no known word" in err
    found = np.array([line.split("\t") for line in out.splitlines()], np.float32)
    assert found.tobytes() == expected.tobytes()
    assert firth("documents", "infer", trained, "new", "-o", "new.tsv")[:2] == (0, "")
    assert Path("new.tsv").read_text() == out
    assert firth("documents", "infer", trained, "new", "new", "-o", "new.npy", "--threads", "2")[:2] == (0, "")
    assert np.load("new.npy").tobytes() == expected.tobytes() * 2
    status, _, err = firth("documents", "infer", trained, "new", "-o", "new.npy")
    assert status == 1 and "expected a free place for the output, got 'new.npy', which exists" in err
    assert firth("documents", "infer", trained, "new", "-o", "new.npy", "--overwrite", "--passes", "9")[0] == 0
    assert (np.load("new.npy")[0] != expected[0]).any()


def test_mistakes_are_one_sentence(trained, firth):
    Path("latin").write_bytes("na\xefve".encode("latin-1"))
    for arguments, said in (
        (("infer", trained, "latin"), "expected text in UTF-8, got the byte 0xEF at byte 2 of latin"),
        (("infer", trained, "nowhere"), "nowhere"),
        (("infer", "corpus.txt", "corpus.txt"), "to be a folder of documents written by firth, got a file"),
        (("similar", "nowhere", "0"), "to be a folder of documents written by firth, got nothing there"),
        (("train", "corpus.txt", "--way", "cbow", "-o", "x"), "expected way to be 'dbow' or 'dm', got 'cbow'"),
    ):
        status, out, err = firth("documents", *arguments)
        assert (status, out) == (1, "") and said in err and "Traceback" not in err
    assert firth("documents")[0] == 2
    assert firth("documents", "train", "--help")[0] == 0
