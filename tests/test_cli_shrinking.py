"""`firth compress`, `firth index` and `firth similar --index`."""

import json
from pathlib import Path

import numpy as np
import pytest

from firth.cli import app
from firth.vectors import Vectors

WORDS = ["king", "queen", "man", "woman", "apple"]
MATRIX = np.array([[1, 1, 0], [1, 1, 1], [1, -1, 0], [1, -1, 1], [-1, 0, 0]], np.float32)
QUESTIONS = ": family\nman king woman queen\n: fruit\nking man queen pear\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Vectors(WORDS, MATRIX).save("v")
    Path("questions.txt").write_text(QUESTIONS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def firth(capfd, here):
    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            app([str(argument) for argument in arguments], prog_name="firth")
        return left.value.code, *capfd.readouterr()

    return call


def test_compress_says_what_it_costs(firth):
    asked = ["--to", "int8", "--words", 4, "--evaluate", "questions.txt", "--threads", 2]
    status, out, _ = firth("compress", "v", "-o", "small", *asked)
    lines = dict(line.split("\t", 1) for line in out.splitlines())
    assert status == 0
    assert lines["words"] == "4" and lines["dimensions"] == "3" and lines["saved in"] == "small"
    assert lines["bytes of vectors before"] == "60" and lines["bytes of vectors"] == "28"
    assert "questions\taccuracy, family\t1.0000\t1.0000" in out or "questions\taccuracy, all\t1.0000\t1.0000" in out
    small = Vectors.load("small", check=True)
    assert small.stored.coding == "int8" and list(small.words) == WORDS[:4]
    evaluation = small.config["compression"]["evaluation"]
    assert evaluation[0]["file"] == "questions" and evaluation[0]["before"] == evaluation[0]["after"] == 1


def test_compress_as_one_document(firth):
    status, out, err = firth(
        "compress", "v", "-o", "small", "--to", "product", "--groups", 1, "--dimensions", 2, "--json"
    )
    report = json.loads(out)
    assert (status, err) == (0, "")
    assert report["path"] == "small" and report["compression"]["groups"] == 1
    assert report["compression"]["dimensions"] == [3, 2] and report["compression"]["center"] is False
    assert firth("similar", "small", "king", "-n", 1)[0] == 0
    assert firth("info", "small", "--check")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "int4"], "expected to to be 'float32' or 'float16'"),
        (["--to", "int8", "--groups", "2"], "expected no groups but for to='product'"),
        (["--to", "int8", "-o", "v"], "--overwrite"),
        (["--to", "float32", "--dimensions", "9"], "expected dimensions to be a whole number from 1 to 3"),
    ],
)
def test_what_compress_refuses(firth, arguments, message):
    status, out, err = firth("compress", "v", "-o", "small", *arguments)
    assert (status, out) == (1, "") and message in err
    assert not Path("small").exists()


def test_an_index_is_built_and_asked(firth):
    pytest.importorskip("usearch", reason="the extra 'search' is not installed")
    status, out, _ = firth("index", "v", "-o", "near")
    assert status == 0
    assert out.splitlines() == [
        "words\t5",
        "dimensions\t3",
        "recall of 10\t1",
        "measured on words\t5",
        "saved in\tnear",
    ]
    assert firth("similar", "v", "king", "--index", "near") == firth("similar", "v", "king")
    status, out, _ = firth("index", "v", "-o", "near", "--overwrite", "--json", "--threads", 2)
    report = json.loads(out)
    assert status == 0 and report["recall"]["mean"] == 1 and report["settings"]["same_every_time"] is False
    Vectors(WORDS, -MATRIX[::-1]).save("other")
    status, out, err = firth("similar", "other", "king", "--index", "near")
    assert (status, out) == (1, "") and "expected an index of these vectors" in err
    status, out, err = firth("similar", "v", "king", "--index", "v")
    assert (status, out) == (1, "") and "to be a folder of index written by firth" in err


def test_fewer_words_need_no_other_form(firth):
    status, out, _ = firth("compress", "v", "-o", "few", "--words", 2)
    assert status == 0 and "words\t2" in out
    assert list(Vectors.load("few").words) == WORDS[:2]
