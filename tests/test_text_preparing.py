"""`prepare_corpus` as a whole: against the slow twin in blocks of any size, and what it says when it can't."""

import logging
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import firth
import naive_text
from firth.errors import CorpusError, OutputError, SettingsError
from firth.text import Corpus, Vocabulary, prepare_corpus, spool
from firth.text.indexing import in_order
from firth.text.preparing import Preparation
from firth.text.sources import open_source

TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200),
    st.lists(st.sampled_from([*naive_text.TRICKY, "word", "Word", "a" * 20, "\u3000", "\x85"]), max_size=60).map(
        "".join
    ),
)
TOKENS = st.text(st.characters(exclude_characters="\0\n", exclude_categories=["Cs"]), min_size=1, max_size=5)
WAYS = st.fixed_dictionaries(
    {
        "block_size": st.integers(1, 64),
        "threads": st.integers(1, 4),
        "min_count": st.integers(1, 3),
        "max_words": st.one_of(st.none(), st.integers(1, 5)),
        "fold_case": st.booleans(),
        "keep_empty": st.booleans(),
    }
)

ONE_BYTE = {"block_size": 1, "threads": 1, "min_count": 1, "max_words": None, "fold_case": False, "keep_empty": False}


def prepared(corpus, tokenizer, way):
    """A corpus prepared in blocks of a given size."""
    chosen = {
        "tokenizer": tokenizer,
        "fold_case": way["fold_case"],
        "min_count": way["min_count"],
        "max_words": way["max_words"],
        "errors": "strict",
        "keep_empty": way["keep_empty"],
    }
    folder = Path(tempfile.mkdtemp())
    source = open_source(corpus, "strict", keep_empty=way["keep_empty"])
    return Preparation(source, tokenizer, chosen, way["threads"], None, folder, block_size=way["block_size"]).run()


def found(corpus):
    """What a corpus holds, as the slow twin says it."""
    return {
        "words": list(corpus.vocabulary.words),
        "counts": corpus.vocabulary.counts.tolist(),
        "ids": corpus.ids.tolist(),
        "tokens": corpus.tokens,
        "words_seen": corpus.words_seen,
        "sentences": corpus.sentences,
    }


def assert_same(corpus, tokenizer, way, sentences):
    """Check a corpus against the slow twin, or that it's refused where nothing is left to train on."""
    expected = naive_text.corpus(sentences, way["min_count"], way["max_words"], way["keep_empty"])
    if expected["tokens"] == 0 or (expected["tokens"] > 1 and max(map(len, sentences)) < 2) or not expected["words"]:
        with pytest.raises(CorpusError, match="expected"):
            prepared(corpus, tokenizer, way)
        return
    with prepared(corpus, tokenizer, way) as result:
        assert found(result) == expected


@given(TEXTS, st.sampled_from(["whitespace", "words"]), WAYS)
@example("a" * 300 + " b\n" + "c " * 100, "whitespace", ONE_BYTE)
def test_a_file_in_any_blocks_on_any_threads(text, tokenizer, way):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text"
        path.write_bytes(text.encode())
        if not text.removeprefix("\ufeff"):
            return
        lines = naive_text.lines(text.removeprefix("\ufeff"))
        sentences = [one for line in lines for one in naive_text.sentences(line, tokenizer, way["fold_case"])]
        assert_same(path, tokenizer, way, sentences)


@given(st.lists(TEXTS), st.sampled_from(["whitespace", "words"]), WAYS)
def test_lines(lines, tokenizer, way):
    whole = [line.replace("\n", " ") for line in lines] if way["keep_empty"] else lines
    sentences = [one for line in whole for one in naive_text.sentences(line, tokenizer, way["fold_case"])]
    assert_same(iter(lines), tokenizer, way, sentences or [[]])


@given(st.lists(st.lists(TOKENS)), WAYS)
def test_lists_of_tokens(sentences, way):
    folded = [[word.casefold() if way["fold_case"] else word for word in one] for one in sentences]
    assert_same(iter(sentences), "whitespace", way, folded or [[]])


@given(TEXTS, WAYS)
def test_a_function_sees_whole_lines(text, way):
    seen = []

    def tokenizer(line):
        seen.append(line)
        return line.split()

    whole = text.replace("\n", " ") if way["keep_empty"] else text
    sentences = naive_text.sentences(whole, "whitespace", way["fold_case"])
    assert_same([text], tokenizer, way, sentences)
    lines = [line.removesuffix("\r") for line in whole.split("\n")]
    assert seen == [line for line in lines if line.strip()]


def test_every_kind_of_sequence_of_tokens():
    same = [["New York", "is"], ("New York", "is"), np.array(["New York", "is"])]
    with prepare_corpus(same, min_count=1) as corpus:
        assert corpus.vocabulary == Vocabulary(["New York", "is"], [3, 3])
        assert corpus.settings["tokenizer"] is None
    with prepare_corpus(np.array([["a", "b"], ["c", "a"]], dtype=object), min_count=1) as corpus:
        assert corpus.ids.tolist() == [0, 1, -1, 2, 0, -1]


def test_a_line_may_end_in_any_way():
    with prepare_corpus(["a b\r\n", "a\rb", "a b"], min_count=1, threads=1) as corpus:
        assert corpus.ids.tolist() == [0, 1, -1] * 3


@pytest.mark.parametrize("tokenizer", ["whitespace", "words", str.split])
@pytest.mark.parametrize("last", ["b a", "unseen", " "])
@pytest.mark.parametrize("end", ["\n", ""])
def test_lines_without_a_word_keep_their_number(tmp_path, tokenizer, last, end):
    lines = ["", "a b", "rare", " \t", "", "a b", last]
    (tmp_path / "text").write_text("\n".join(lines) + end)
    expected = [-1, 0, 1, -1, -1, -1, -1, 0, 1, -1, *([1, 0] if last == "b a" else []), -1]
    for corpus in (tmp_path / "text", lines, [line + "\n" for line in lines]):
        with prepare_corpus(corpus, tokenizer=tokenizer, min_count=2, keep_empty=True) as prepared:
            assert prepared.ids.tolist() == expected
            assert prepared.sentences == 7


def test_what_a_corpus_is():
    with prepare_corpus(iter(["a b a", "", "b a c"]), min_count=2, max_words=7) as corpus:
        assert corpus.ids.dtype == np.int32
        assert not corpus.ids.flags.writeable
        assert corpus.ids.tolist() == [0, 1, 0, -1, 1, 0, -1]
        assert (corpus.tokens, corpus.words_seen, corpus.sentences) == (6, 3, 2)
        assert corpus.settings == {
            "tokenizer": "whitespace",
            "fold_case": False,
            "min_count": 2,
            "max_words": 7,
            "errors": "strict",
            "keep_empty": False,
        }
        assert repr(corpus) == "Corpus(6 tokens, 5 of them in a vocabulary of 2 words, 2 sentences)"
        folder = Path(corpus.ids.filename).parent
        assert sorted(path.name for path in folder.iterdir()) == ["ids"]
    assert not folder.exists()
    corpus.close()
    with pytest.raises(
        CorpusError, match=r"expected an open corpus, got one that was closed; use it inside its `with`"
    ):
        corpus.ids  # noqa: B018


def test_a_forgotten_corpus_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    corpus = prepare_corpus(["a b"], min_count=1)
    assert len(list(tmp_path.iterdir())) == 1
    del corpus
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_corpus(["a b"], min_count=1, on_progress=stop)
    with pytest.raises(CorpusError):
        prepare_corpus(["a b"], min_count=9)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_process_leaves_the_corpus_alone():
    program = (
        "import os, sys\n"
        "from firth.text import prepare_corpus\n"
        "corpus = prepare_corpus(['a b'], min_count=1)\n"
        "if os.fork() == 0:\n"
        "    sys.exit()\n"
        "os.wait()\n"
        "print(os.path.exists(corpus.ids.filename))\n"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}  # newer Pythons warn of any fork after threads
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "True\n"


def test_importing_compiles_nothing():
    program = "import sys, firth.text; print('numba' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_public_names():
    assert firth.prepare_corpus is prepare_corpus
    assert firth.Corpus is Corpus
    assert firth.Vocabulary is Vocabulary


def test_progress(tmp_path):
    path = tmp_path / "text"
    path.write_text("a b\n" * 2_000_000)
    seen = []
    prepare_corpus(path, threads=2, on_progress=lambda done, total: seen.append((done, total))).close()
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {8_000_000}
    assert seen[-1][0] == 8_000_000
    seen.clear()
    prepare_corpus(["a b"], min_count=1, on_progress=lambda *both: seen.append(both)).close()
    assert seen == [(4, None)]


def test_a_long_line_and_a_long_word_in_many_blocks():
    line = " ".join(f"w{number % 1000}" for number in range(1_500_000))
    long_word = "x" * 5_000_000
    with prepare_corpus([line, f"{long_word} {long_word} w1"], min_count=2, threads=2) as corpus:
        assert corpus.sentences == 2
        assert corpus.tokens == 1_500_003
        assert corpus.vocabulary.index(long_word) == 1000
        assert corpus.ids[-4:].tolist() == [1000, 1000, 0, -1]


def test_a_line_without_white_space_is_cut_where_the_words_are():
    line = "言葉、" * 1_000_000
    with prepare_corpus([line], tokenizer="words", min_count=2, threads=2) as corpus:
        assert corpus.tokens == 1_000_000
        assert corpus.vocabulary.words == ("言葉",)


@pytest.mark.parametrize("in_flight", [1, 3])
def test_no_more_blocks_wait_than_allowed(in_flight):
    taken = []

    def items():
        for number in range(20):
            taken.append(number)
            yield number

    with ThreadPoolExecutor(2) as executor:
        for place, result in enumerate(in_order(executor, lambda number: -number, items(), in_flight)):
            assert result == -place
            assert len(taken) <= place + 1 + in_flight
    assert len(taken) == 20


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────


def refused(corpus, message, **chosen):
    """Check that a corpus is refused with a message that begins, goes on and ends like this."""
    with pytest.raises(CorpusError) as caught:
        prepare_corpus(corpus, **chosen)
    text = str(caught.value)
    places = [text.find(part) for part in message]
    assert -1 not in places, text
    assert places == sorted(places), text
    assert places[0] == 0, text


def test_nothing_to_read():
    refused([], ["expected text, got nothing; check the input (a generator that was gone through before"])
    refused(iter(()), ["expected text, got nothing"])
    refused(["", "  "], ["expected words, got", "bytes with no word in them; pass a text with words"])
    refused([[], []], ["expected words, got"])


def test_no_corpus_at_all():
    refused(7, ["expected a path, or an iterable of lines or lists of tokens, got int 7; pass the path"])
    refused(None, ["expected a path, or an iterable", "got NoneType None"])
    refused(b"a b", ["expected a path, or an iterable", "got bytes; decode it first"])
    refused([b"a b"], ["expected every item of the corpus", "got bytes b'a b' as item 1; open the file in text mode"])
    refused([1, 2], ["expected every item of the corpus", "got int 1 as item 1; pass str, or list"])
    refused(["a", Path("b")], ["expected every item", "as item 2; to read several files, pass a list"])


def test_flat_lists():
    wanted = ["expected sentences with several words, got 3 sentences of one word each; ", "[[...]]", "join the words"]
    refused(["to", "be", "or"], wanted, min_count=1)
    refused([["to"], ["be"], ["or"]], wanted, min_count=1)
    with prepare_corpus(["word"], min_count=1) as corpus:
        assert corpus.ids.tolist() == [0, -1]


def test_mixtures():
    refused(["a b", ["c"]], ["expected every item of the corpus to be of one kind, got a line of text first",
                             "a list of tokens as item 2; make them all"])  # fmt: skip
    refused([["c"], "a b"], ["expected every item", "got a list of tokens first and a line of text as item 2"])


def test_tokens_that_cannot_be_written_down():
    refused([["a", 3]], ["expected every token to be a str, got 3 (int) in item 1; convert it with str(token)"])
    refused([["a", "b\0"]], ["expected tokens without NUL and line feed, got 'b\\x00' in item 1"])
    refused([["a"], ["b\n", "c"]], ["expected tokens without NUL and line feed, got 'b\\n' in item 2"])
    refused([["a", ""]], ["expected tokens of at least one character, got '' in item 1; leave empty tokens out"])
    refused([["", "a"]], ["expected tokens of at least one character"])
    refused([["a", "", "b"]], ["expected tokens of at least one character"])
    refused([[""]], ["expected tokens of at least one character"])
    refused([["a", "b\0", ""]], ["expected tokens without NUL"])
    refused(["a b\0"], ["expected lines of text, got a NUL character in item 1; remove it"])


def test_tokens_need_no_tokenizer():
    wanted = ["expected lines of text for the tokenizer 'words' to cut, got lists of tokens; leave tokenizer out"]
    refused([["a", "b"]], wanted, tokenizer="words")
    refused([["a", "b"]], ["expected lines of text for the tokenizer 'builtins.str.split'"], tokenizer=str.split)


def test_functions_that_return_something_else():
    refused(["a b"], ["expected the tokenizer to return a list of str, got str 'a b' for line 1"], tokenizer=str.strip)
    refused(["x", "a b"], ["expected the tokenizer to return a list of str, got NoneType None for line 1"],
            tokenizer=lambda line: None)  # fmt: skip
    refused(["a", "b "], ["expected tokens of at least one", "got '' in what the tokenizer returned for line 2"],
            tokenizer=lambda line: line.split(" "))  # fmt: skip


def test_errors_of_a_function_come_through():
    def fail(line):
        raise RuntimeError(line)

    with pytest.raises(RuntimeError, match="a b"):
        prepare_corpus(["a b"], tokenizer=fail)


def test_nothing_left():
    wanted = ["expected a word that occurs at least 5 times (min_count), got 6 tokens, 3 different words, the most "
              "frequent 3 times; pass min_count=3 or less, or more text"]  # fmt: skip
    refused(["a a a", "b b c"], wanted)


def test_lone_surrogates():
    refused(["a \udc80"], ["expected text that can be written as UTF-8, got the lone surrogate '\\udc80' in item 1"])
    with prepare_corpus(["a \udc80é"], errors="replace", min_count=1) as corpus:
        assert corpus.vocabulary.words == ("a", "\ufffdé")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"min_count": 0}, "expected min_count to be a whole number ≥ 1, got 0"),
        ({"max_words": 0}, "expected max_words to be a whole number ≥ 1, got 0"),
        ({"errors": "ignore"}, "expected errors to be 'strict' or 'replace', got 'ignore'"),
        ({"threads": 0}, "expected threads to be"),
        ({"tokenizer": "space"}, "expected tokenizer to be"),
        ({"fold_case": "yes"}, "expected fold_case to be True or False, got 'yes'"),
    ],
)
def test_settings(chosen, message):
    with pytest.raises(SettingsError) as caught:
        prepare_corpus(["a b"], **chosen)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("file", ["spool", "ids"])
def test_no_room_on_the_disk(tmp_path, monkeypatch, file):
    write = os.write

    def full(descriptor, data):
        if Path(f"/proc/self/fd/{descriptor}").readlink().name.startswith(file):
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:3])  # systems may write less than asked

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(spool, "_write", full)
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to know which file is written")
    room = "room for 16 bytes of ids" if file == "ids" else "room for the ids of the corpus"
    with pytest.raises(OutputError) as caught:
        prepare_corpus(["a b"], min_count=1)
    assert str(caught.value).startswith(f"expected {room}, got a full disk at {tmp_path}")
    assert "; free some space" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_hint(caplog):
    caplog.set_level(logging.INFO, "firth.text")
    prepare_corpus(["Well, this is a sentence."], min_count=1).close()
    assert caplog.messages == [
        "40 % of the tokens end in a comma, full stop or semicolon; tokenizer='words' cuts them off"
    ]
    caplog.clear()
    prepare_corpus(["Well, this is a sentence."], min_count=1, tokenizer="words").close()
    prepare_corpus([["Well,", "this."]], min_count=1).close()
    prepare_corpus(["this is a sentence"], min_count=1).close()
    assert caplog.messages == []


# ── the real thing ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "tokenizer", "fold_case"),
    [
        ("enwiki-text8-style.txt.xz", "whitespace", False),
        ("enwiki-raw.txt.xz", "words", True),
        ("hebrew-premodern.txt.xz", "words", False),
    ],
)
def test_real_text(name, tokenizer, fold_case, tmp_path):
    import lzma

    data = Path(os.environ.get("FIRTH_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
    path = data / "corpora" / name
    if not path.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"no {path}: set FIRTH_TEST_DATA")
    with lzma.open(path) as file:
        text = file.read(3_000_000).decode("utf-8", "ignore")
    (tmp_path / "text").write_text(text, "utf-8", newline="")
    expected = naive_text.corpus(naive_text.sentences(text, tokenizer, fold_case), 5, 10_000)
    for threads in (1, 3):
        chosen = {"tokenizer": tokenizer, "fold_case": fold_case, "max_words": 10_000, "threads": threads}
        with prepare_corpus(tmp_path / "text", **chosen) as corpus:
            assert found(corpus) == expected
