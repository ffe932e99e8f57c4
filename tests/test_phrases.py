"""Phrases: against the slow twin, against gensim where it is installed, and what they say when something is wrong."""

import importlib.util
import json
import lzma
import math
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import firth
import naive_phrases
import naive_text
from firth.errors import CorpusError, FormatError, OutputExistsError, SettingsError
from firth.text import Phrase, Phrases, collocations, find_phrases, numbered, phrase_settings, prepare_corpus
from firth.text.collocation_scores import may_join, normalized_pmi, original_score, score_named

# Words of which joined ones may be spelled alike, so that names meet.
SENTENCES = st.lists(st.lists(st.sampled_from(["a", "b", "c", "a_b", "b_c", "of", "the"]), max_size=12), max_size=12)
SETTINGS = st.fixed_dictionaries(
    {
        "min_count": st.integers(1, 3),
        "score": st.sampled_from(["original", "npmi"]),
        "connectors": st.sampled_from([(), ("of",), ("of", "the"), ("of", "the", "unseen")]),
    }
)
NEW_YORK = [["new", "york", "is", "old"], ["old", "new", "york"], ["old", "york", "is", "new"]]


@pytest.fixture
def little(monkeypatch):
    """Ranges, rows and blocks so small that a few words fill many."""
    monkeypatch.setattr(collocations, "RANGE", 3)
    monkeypatch.setattr(collocations, "LONGEST_ROW", 4)
    monkeypatch.setattr(numbered, "BLOCK", 5)


def prepared(sentences):
    return prepare_corpus(sentences, min_count=1, threads=1)


def has_pairs(sentences):
    """Whether a corpus can be made of these."""
    return any(len(sentence) > 1 for sentence in sentences)


def by_pass(phrases):
    """Count and score of each phrase, by its words; one table for each pass."""
    tables = {}
    for phrase in phrases:
        tables.setdefault(phrase.pass_number, {})[phrase.parts] = (phrase.count, phrase.score)
    return list(tables.values())


def spelled(corpus):
    """The sentences of a corpus."""
    text = " ".join("\n" if word < 0 else corpus.vocabulary.words[word] for word in corpus.ids)
    return [line.split() for line in text.split("\n")][:-1]


# ── the slow twin ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("little")
@given(
    SENTENCES, SETTINGS, st.sampled_from([0.0, 0.3, 0.7, 1.5]), st.integers(1, 3), st.sampled_from([None, 2, 3, 4]),
    st.integers(1, 3),
)  # fmt: skip
@example([["a", "b"] * 20], {"min_count": 1, "score": "original", "connectors": ()}, 0.0, 3, None, 2)
def test_the_twin_finds_and_joins_the_same(sentences, settings, threshold, passes, longest, threads):
    if not has_pairs(sentences):
        return
    settings["threshold"] = min(threshold, 1.0) if settings["score"] == "npmi" else threshold
    tables, joined = naive_phrases.all_passes(sentences, passes, longest=longest, **settings)
    with prepared(sentences) as corpus:
        phrases = find_phrases(corpus, **settings, passes=passes, longest=longest, threads=threads)
        found = by_pass(phrases)
        # A score that is the threshold but for rounding may fall to either side.
        near = {
            pair
            for table in naive_phrases.all_passes(
                sentences, 1, longest=longest, **{**settings, "threshold": settings["threshold"] - 1e-9}
            )[0]
            for pair in table
        } - set(tables[0])
        if near:
            return
        assert [set(table) for table in found] == [set(table) for table in tables if table]
        for table, expected in zip(found, tables, strict=False):
            for pair, (count, score) in table.items():
                assert count == expected[pair][0]
                assert score == pytest.approx(expected[pair][1], rel=1e-12)
        assert [phrases.apply(sentence) for sentence in sentences] == joined
        with phrases.join(corpus, min_count=1, threads=threads) as made:
            expected = naive_text.corpus(joined)
            assert list(made.vocabulary.words) == expected["words"]
            assert made.vocabulary.counts.tolist() == expected["counts"]
            assert made.ids.tolist() == expected["ids"]
            assert (made.tokens, made.words_seen) == (expected["tokens"], expected["words_seen"])
            assert made.sentences == expected["sentences"]


@pytest.mark.usefixtures("little")
@given(SENTENCES, st.integers(1, 3), st.one_of(st.none(), st.integers(1, 3)))
def test_rare_words_go_after_joining(sentences, min_count, max_words):
    if not has_pairs(sentences):
        return
    phrases = Phrases([Phrase("a_b", ("a", "b"), 1, 1.0, 1)])
    joined = [phrases.apply(sentence) for sentence in sentences]
    expected = naive_text.corpus(joined, min_count, max_words)
    with prepared(sentences) as corpus:
        if not expected["words"]:
            with pytest.raises(CorpusError, match=f"expected a word that occurs at least {min_count} times"):
                phrases.join(corpus, min_count=min_count)
            return
        with phrases.join(corpus, min_count=min_count, max_words=max_words) as made:
            assert list(made.vocabulary.words) == expected["words"]
            assert made.ids.tolist() == expected["ids"]


@pytest.mark.usefixtures("little")
@given(SENTENCES)
def test_what_is_written_is_what_is_joined(sentences):
    if not has_pairs(sentences):
        return
    phrases = Phrases(
        [Phrase("a_of_b", ("a", "of", "b"), 1, 1.0, 1), Phrase("b~c", ("b", "c"), 1, 1.0, 2)], connectors=["of"]
    )
    with tempfile.TemporaryDirectory() as folder, prepared(sentences) as corpus:
        shares = []
        phrases.write(corpus, Path(folder) / "out.txt", threads=2, on_share=shares.append)
        assert shares == sorted(shares) and shares[-1] == 1.0
        lines = (Path(folder) / "out.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [" ".join(phrases.apply(sentence)) for sentence in sentences if sentence]


def test_real_text_on_any_number_of_threads():
    data = Path(os.environ.get("FIRTH_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
    path = data / "corpora" / "enwiki-raw.txt.xz"
    if not path.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"no {path}: set FIRTH_TEST_DATA")
    with lzma.open(path) as file:
        lines = file.read(1_500_000).decode("utf-8", "ignore").split("\n")
    settings = {"min_count": 3, "threshold": 20.0, "score": "original", "connectors": ("of", "the", "in")}
    sentences = [naive_text.words(line.casefold()) for line in lines]
    tables, joined = naive_phrases.all_passes(sentences, 2, **settings)
    assert len(tables[0]) > 100 and tables[1]
    with prepare_corpus(lines, tokenizer="words", fold_case=True, min_count=1) as corpus:
        bytes_of = set()
        for threads in (1, 2, 5):
            phrases = find_phrases(corpus, **settings, passes=2, threads=threads)
            with phrases.join(corpus, min_count=2, threads=threads) as made:
                bytes_of.add((tuple(phrases), phrases.checksum, made.ids.tobytes(), made.vocabulary.words))
        assert len(bytes_of) == 1
    assert [set(table) for table in by_pass(phrases)] == [set(table) for table in tables]
    assert [phrases.apply(sentence) for sentence in sentences] == joined


# ── scores ──────────────────────────────────────────────────────────────────────────────────────────────────

COUNTS = st.integers(1, 2**40)


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.integers(1, 10))
def test_scores_by_hand(pair, more, other, rest, min_count):
    first, second = pair + more, pair + other
    tokens = first + second + rest
    counts = [np.array([number]) for number in (pair, first, second)]
    assert original_score(*counts, tokens, min_count)[0] == pytest.approx((pair - min_count) * tokens / first / second)
    value = normalized_pmi(*counts, tokens)[0]
    assert -1 <= value <= 1
    expected = math.log(pair * tokens / (first * second)) / math.log(tokens / pair)
    assert value == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_normalized_pmi_is_never_above_one():
    for count in range(1, 2000):  # words that only come together: 1, but for rounding
        assert normalized_pmi(*(np.array([count]),) * 3, tokens=4001)[0] <= 1.0


@given(
    st.lists(st.integers(1, 50), min_size=2, max_size=6), st.sampled_from(["original", "npmi"]),
    st.sampled_from([-1.0, 0.0, 0.5, 1.0, 3.0]), st.integers(1, 4), st.integers(0, 100),
)  # fmt: skip
def test_a_word_that_can_not_join_is_in_no_phrase(counts, score, threshold, min_count, rest):
    counts = np.array(counts)
    tokens = int(counts.sum()) + rest
    may = may_join(counts, score, threshold, tokens, min_count)
    value = score_named(score, tokens, min_count)
    least = min_count + (score == "original")
    for first in np.flatnonzero(~may):
        for second in range(len(counts)):
            pairs = np.arange(least, min(counts[first], counts[second]) + 1)
            assert not (value(pairs, counts[first], counts[second]) > threshold).any()


# ── what a phrase is ────────────────────────────────────────────────────────────────────────────────────────


def test_pairs_end_with_the_sentence():
    with prepared([["x", "new"], ["york", "x"], ["new", "york"]] * 2) as corpus:
        assert [(phrase.parts, phrase.count) for phrase in find_phrases(corpus, min_count=1, threshold=0)] == [
            (("new", "york"), 2),
            (("x", "new"), 2),
            (("york", "x"), 2),
        ]


def test_phrases_are_ordered_and_readable():
    with prepared([["a", "b", "c", "d"], ["c", "d"], ["d", "a", "b"]]) as corpus:
        phrases = find_phrases(corpus, min_count=1, threshold=0)
    assert list(phrases) == [
        Phrase("a_b", ("a", "b"), 2, 2.25, 1),
        Phrase("c_d", ("c", "d"), 2, 1.5, 1),
    ]
    assert len(phrases) == 2 and "a_b" in phrases and "b_c" not in phrases and None not in phrases
    assert repr(phrases) == "Phrases(2 phrases: 'a_b': 2, 'c_d': 2)"
    assert repr(Phrases([])) == "Phrases(0 phrases)"
    assert phrases.config["settings"] == {
        "min_count": 1, "threshold": 0.0, "score": "original", "longest": None, "passes": 1
    }  # fmt: skip
    assert phrases.config["corpus"]["tokens"] == 9


def test_passes_make_phrases_of_phrases():
    sentences = [["the", "new", "york", "stock", "exchange"], ["a", "new", "york", "stock", "exchange"]] * 3
    with prepared(sentences) as corpus:
        phrases = find_phrases(corpus, min_count=1, threshold=0.9, score="npmi", passes=5)
        assert [(phrase.text, phrase.pass_number) for phrase in phrases][-1] == ("new_york_stock_exchange", 2)
        assert phrases.apply(sentences[0]) == ["the", "new_york_stock_exchange"]
        short = find_phrases(corpus, min_count=1, threshold=0.9, score="npmi", passes=5, longest=3)
        assert short.apply(sentences[0]) == ["the", "new_york", "stock_exchange"]


def test_connectors_stand_inside():
    sentences = [["the", "bank", "of", "the", "west"], ["of", "bank", "of", "the", "west", "of"], ["bank", "west"]]
    with prepared(sentences) as corpus:
        phrases = find_phrases(corpus, min_count=1, threshold=0, connectors=["the", "of"])
    assert [phrase.parts for phrase in phrases] == [("bank", "of", "the", "west")]
    assert phrases.connectors == ("of", "the")
    assert phrases.apply(sentences[1]) == ["of", "bank_of_the_west", "of"]
    assert phrases.apply(["bank", "of", "west"]) == ["bank", "of", "west"]
    assert phrases.apply(["bank", "of"]) == ["bank", "of"]
    with prepared(sentences) as corpus:
        assert find_phrases(corpus, connectors="english").connectors == phrase_settings.ENGLISH_CONNECTORS


def test_a_word_spelled_like_a_phrase_is_that_phrase_from_then_on():
    sentences = [["new_york", "is", "new", "york"], ["in", "new", "york"]]
    with prepared(sentences) as corpus:
        phrases = find_phrases(corpus, min_count=1, threshold=1)
        with phrases.join(corpus, min_count=1) as joined:
            assert dict(zip(joined.vocabulary.words, joined.vocabulary.counts.tolist(), strict=True)) == {
                "in": 1, "is": 1, "new_york": 3
            }  # fmt: skip
    assert phrases.apply(["new_york", "new", "york"]) == ["new_york", "new_york"]


def test_a_corpus_is_joined_again_and_says_with_what():
    first = Phrases([Phrase("new~york", ("new", "york"), 2, 1.0, 1)], separator="~")
    second = Phrases([Phrase("old_new~york", ("old", "new~york"), 1, 1.0, 1)])
    with prepared(NEW_YORK) as corpus, first.join(corpus, min_count=1) as once, second.join(once, min_count=1) as twice:
        assert spelled(twice)[1] == ["old_new~york"]
        assert twice.checksum == corpus.checksum
        assert (once.settings["phrases"], twice.settings["phrases"]) == (
            [first.checksum],
            [first.checksum, second.checksum],
        )


def test_temporary_files_go(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with prepared(NEW_YORK * 3) as corpus:
        phrases = find_phrases(corpus, min_count=1, threshold=0, passes=3)
        with phrases.join(corpus, min_count=1) as joined:
            assert joined.tokens < corpus.tokens
        with pytest.raises(CorpusError):
            phrases.join(corpus, min_count=100)
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_shares_are_told():
    shares = []
    with prepared(NEW_YORK * 3) as corpus:
        find_phrases(corpus, min_count=1, threshold=0, passes=2, threads=2, on_share=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1.0


# ── new text ────────────────────────────────────────────────────────────────────────────────────────────────

YORK = Phrases([Phrase("new_york", ("new", "york"), 9, 120.0, 1), Phrase("in_new_york", ("in", "new_york"), 3, 2.0, 2)])


def test_new_text_in_every_form():
    sentence = ["she", "lives", "in", "new", "york", "שלום"]
    expected = ["she", "lives", "in_new_york", "שלום"]
    assert YORK.apply(sentence) == YORK.apply(tuple(sentence)) == YORK.apply(np.array(sentence)) == expected
    assert YORK.apply([]) == [] and YORK.apply(["york"]) == ["york"]
    assert list(YORK.apply([sentence, [], ("new", "york"), np.array(["new"])])) == [expected, [], ["new_york"], ["new"]]
    many = YORK.apply(sentence for _ in iter(int, 1))  # without an end: one at a time
    assert next(many) == next(many) == expected
    assert sentence[2:4] == ["in", "new"]  # untouched


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("new york", "expected a sentence as a list of words, or many of them, got str 'new york'; cut it first"),
        (7, "expected a sentence as a list of words, or many of them, got int 7; cut it first"),
        (iter(["new", "york"]), "expected every sentence to be a list of words, got str 'new' as item 1; cut lines"),
        ([["new"], None], "expected every sentence to be a list of words, got NoneType None as item 2; cut lines"),
    ],
)
def test_what_is_no_sentence(tokens, message):
    with pytest.raises(CorpusError) as caught:
        list(YORK.apply(tokens))
    assert str(caught.value).startswith(message)


# ── settings ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_count": 0}, "expected min_count to be a whole number ≥ 1, got 0"),
        ({"threshold": -1}, "expected threshold to be a finite number ≥ 0, got -1"),
        ({"threshold": float("nan")}, "expected threshold to be a finite number ≥ 0, got nan"),
        ({"score": "npmi", "threshold": 2}, "expected threshold to be a number from -1 to 1, got 2"),
        ({"score": "pmi"}, "expected score to be 'original' or 'npmi', got 'pmi'"),
        ({"passes": 0}, "expected passes to be a whole number from 1 to 20, got 0"),
        ({"longest": 1}, "expected longest to be a whole number ≥ 2, got 1"),
        ({"connectors": "of"}, "expected connectors to be 'english' or a collection of words, got 'of'"),
        ({"connectors": ["of", ""]}, "expected connectors to be 'english' or a collection of words, got ['of', '']"),
        ({"separator": ""}, "expected separator to be text that can stand in a word, got ''"),
        ({"separator": "\n"}, "expected separator to be text that can stand in a word, got '\\n'"),
        ({"separator": "\ud800"}, "expected separator to be text that can stand in a word, got '\\ud800'"),
        ({"separator": None}, "expected separator to be text that can stand in a word, got None"),
        ({"threads": 0}, "expected threads to be a whole number from 1 to 1024, got 0"),
    ],
)
def test_settings(settings, message):
    with prepared(NEW_YORK) as corpus, pytest.raises(SettingsError) as caught:
        find_phrases(corpus, **settings)
    assert str(caught.value).startswith(message)


def test_a_corpus_without_some_of_its_words_is_refused(tmp_path):
    for settings, came in (({"min_count": 2}, "min_count=2"), ({"min_count": 1, "max_words": 3}, "max_words=3")):
        with prepare_corpus(NEW_YORK, **settings) as corpus:
            uses = (find_phrases, YORK.join, lambda corpus: YORK.write(corpus, tmp_path / "out.txt"))
            for use in uses:
                with pytest.raises(SettingsError) as caught:
                    use(corpus)
                assert str(caught.value) == (
                    "expected a corpus with all of its words, so that neighbours in it are neighbours in the text, "
                    f"got {came}; prepare it with min_count=1"
                )


def test_text_that_was_cut_otherwise_is_told(caplog):
    lines = ["New York is new", "in New York"]
    with prepare_corpus(lines, min_count=1, fold_case=True) as corpus:
        phrases = find_phrases(corpus, min_count=1, threshold=0)
        phrases.join(corpus, min_count=1).close()
    assert caplog.messages == []
    with prepare_corpus(lines, min_count=1) as corpus:
        phrases.join(corpus, min_count=1).close()
    assert caplog.messages == ["the phrases were found in text with fold_case=True, and this one has fold_case=False"]
    caplog.clear()
    with prepare_corpus([["new", "york"]], min_count=1, fold_case=True) as corpus:  # nobody knows how it was cut
        phrases.join(corpus, min_count=1).close()
    assert caplog.messages == []


def test_words_with_white_space_are_not_written(tmp_path):
    with prepared([["New York", "is"]]) as corpus, pytest.raises(CorpusError) as caught:
        YORK.write(corpus, tmp_path / "out.txt")
    assert str(caught.value).startswith("expected words without white space, to be written as text, got 'New York'")
    with prepared(NEW_YORK) as corpus:
        YORK.write(corpus, tmp_path / "out.txt")
        with pytest.raises(OutputExistsError):
            YORK.write(corpus, tmp_path / "out.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_phrases_that_are_none_are_refused():
    expected = "expected a phrase of two words, none of them a connector, and connectors between, got "
    for parts in ((), ("a",), ("a", "of"), ("of", "b"), ("a", "in", "b")):
        with pytest.raises(SettingsError) as caught:
            Phrases([Phrase("x", parts, 1, 1.0, 1)], connectors=["of"])
        assert str(caught.value).startswith(f"{expected}{parts!r}; ")


# ── on disk ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_save_and_load(tmp_path):
    sentences = [["bank", "of", "\u2028odd word\t", "שָׁלוֹם"], ["bank", "of", "\u2028odd word\t", "🙂"]]
    with prepared(sentences) as corpus:
        phrases = find_phrases(corpus, min_count=1, threshold=0, connectors=["of"], separator="·", passes=2)
    phrases.save(tmp_path / "p")
    loaded = Phrases.load(tmp_path / "p")
    assert list(loaded) == list(phrases) and len(phrases) == 1
    assert (loaded.separator, loaded.connectors, loaded.config) == ("·", ("of",), phrases.config)
    assert loaded.checksum == phrases.checksum
    assert loaded.apply(sentences[0]) == ["bank·of·\u2028odd word\t", "שָׁלוֹם"]
    with pytest.raises(OutputExistsError):
        phrases.save(tmp_path / "p")
    Phrases([]).save(tmp_path / "p", overwrite=True)
    assert list(Phrases.load(tmp_path / "p")) == []


def test_the_checksum_tells_what_joins_otherwise():
    def checksum(*phrases, **settings):
        return Phrases(phrases, **settings).checksum

    first, second = Phrase("a_b", ("a", "b"), 2, 3.0, 1), Phrase("c_d", ("c", "d"), 2, 2.0, 1)
    assert checksum(first, second) == checksum(replace(first, count=9), replace(second, score=1.0))
    others = [
        checksum(first),
        checksum(first, replace(second, pass_number=2)),
        checksum(first, second, separator="~"),
        checksum(first, second, connectors=["of"]),
        checksum(first, second),
    ]
    assert len(set(others)) == len(others)


@pytest.mark.parametrize(
    "line",
    [
        "", "[]", "null", "[1, 2, 3.0]", '[1, 2, 3.0, ["a"]]', '[1, 2, 3.0, ["a", 7]]', '[1, 2, 3.0, ["a", ""]]',
        '[0, 2, 3.0, ["a", "b"]]', '[1, 0, 3.0, ["a", "b"]]', '[1, 2, NaN, ["a", "b"]]', '[1, 2, 3, ["a", "b"]]',
        '[true, 2, 3.0, ["a", "b"]]', '[1, 2, 3.0, ["a", "b", "c"]]', '[1, 2, 3.0, ["a", "of"]]', "[" * 100_000,
        '[1, 2, 3.0, ["a", "b\\nc"]]', '[1, 2, 3.0, ["a", "b\\ud800"]]', '{"1": 2}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_phrase(tmp_path, line):
    Phrases([Phrase("a_b", ("a", "b"), 2, 3.0, 1)], connectors=["of"]).save(tmp_path / "p")
    change(tmp_path / "p", f"{line}\n".encode())
    with pytest.raises(FormatError) as caught:
        Phrases.load(tmp_path / "p")
    assert str(caught.value).startswith("expected a phrase as [pass, count, score, [words]] in line 1 of ")


def change(folder, data, **config):
    """Put other contents into a folder, with the right checksum."""
    from firth.contents import describe_files

    (folder / "phrases.jsonl").write_bytes(data)
    stored = json.loads((folder / "config.json").read_text())
    stored |= {"files": describe_files(folder, ["phrases.jsonl"]), **config}
    (folder / "config.json").write_text(json.dumps(stored))


GOOD = b'[1, 2, 3.0, ["a", "b"]]\n'


@pytest.mark.parametrize(
    ("data", "config", "message"),
    [
        (GOOD + b"[1", {}, "to have 1 lines, got 1 line ends"),
        (GOOD * 2, {}, "to have 1 lines, got 2 line ends"),
        (GOOD * 2, {"phrases": 2}, "expected every phrase once in"),
        (GOOD.replace(b"1", b"2", 1) + GOOD, {"phrases": 2}, "in the order of their passes, got another"),
        (b"\xff\n", {}, "in UTF-8, got"),
        (GOOD, {"separator": None}, "expected separator and connectors in the config of"),
        (GOOD, {"connectors": "of"}, "expected separator and connectors in the config of"),
        (GOOD, {"connectors": [7]}, "expected separator and connectors in the config of"),
        (GOOD, {"phrases": -1}, "'phrases' in the config of"),
        (GOOD, {"format": "firth-vectors"}, "to be a folder of phrases written by firth"),
        (GOOD, {"format_version": 2}, "in format version 1 or older"),
        (GOOD, {"files": {}}, "expected phrases.jsonl in the config of"),
    ],
)
def test_a_folder_that_is_damaged(tmp_path, data, config, message):
    Phrases([Phrase("a_b", ("a", "b"), 2, 3.0, 1)]).save(tmp_path / "p")
    change(tmp_path / "p", data, **config)
    with pytest.raises(FormatError) as caught:
        Phrases.load(tmp_path / "p")
    assert message in str(caught.value)


def test_a_file_that_is_cut_off_or_changed(tmp_path):
    Phrases([Phrase("a_b", ("a", "b"), 2, 3.0, 1)]).save(tmp_path / "p")
    file = tmp_path / "p" / "phrases.jsonl"
    whole = file.read_bytes()
    for data, message in ((whole[:-1], "the file is truncated"), (whole.replace(b"2", b"3"), "the file has changed")):
        file.write_bytes(data)
        with pytest.raises(FormatError, match=message):
            Phrases.load(tmp_path / "p")


# ── gensim ──────────────────────────────────────────────────────────────────────────────────────────────────


def chained_sentences():
    """Words that follow their neighbours in the alphabet more often than others, sometimes connectors between."""
    names = [first + second for first in "abcdefg" for second in "uvwxyz"]
    random = np.random.default_rng(5)
    sentences = []
    for _ in range(1500):
        word, sentence = int(random.integers(len(names))), []
        for _ in range(12):
            sentence.append(names[word])
            if random.random() < 0.3:
                sentence.extend(random.choice(["of", "the", "in"], size=int(random.integers(1, 3))).tolist())
            word = (word + 1) % len(names) if random.random() < 0.5 else int(random.integers(len(names)))
        sentences.append(sentence)
    return sentences


@pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("connectors", [(), ("of", "the", "in", "and", "a")])
@pytest.mark.parametrize(("score", "peer", "threshold"), [("original", "default", 6.0), ("npmi", "npmi", 0.4)])
def test_gensim_finds_and_joins_the_same(score, peer, threshold, connectors):
    from gensim.models.phrases import Phrases as PeerPhrases

    text = sentences = chained_sentences()
    settings = {"min_count": 3, "score": score, "threshold": threshold, "connectors": connectors}
    with prepared(sentences) as corpus:
        phrases = find_phrases(corpus, **settings, passes=2)
    tables = by_pass(phrases)
    assert len(tables) == 2
    for table in tables:
        theirs = PeerPhrases(text, min_count=3, threshold=1.0, scoring=peer, connector_words={*connectors})
        # Its factor is the size of its table, and ours is the number of tokens.
        factor = sum(map(len, text)) / len(theirs.vocab) if score == "original" else 1.0
        theirs.threshold = threshold / factor
        # Not frozen: freezing takes the words of a second pass apart at the delimiter, and scores their parts.
        joined = [theirs[sentence] for sentence in text]
        found = theirs.find_phrases(text)
        ours = {"_".join(parts): value / factor for parts, (_, value) in table.items()}
        assert len(found) > 5 and {name: ours[name] for name in found} == pytest.approx(found, rel=1e-9)
        used = {word for sentence in joined for word in sentence}
        assert not used & (set(ours) - set(found))  # what it does not list came only inside others
        text = joined
    assert [phrases.apply(sentence) for sentence in sentences] == text


# ── from text to vectors ────────────────────────────────────────────────────────────────────────────────────

LINES = ["He was in New York and in old York", "she left New York for York", "new ways to New York"] * 20
TEXT = {"tokenizer": "words", "fold_case": True}
SMALL = {"dimensions": 4, "passes": 1, "threads": 1, "subsample": 0}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a text, and its phrases."""
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("\n".join(LINES), encoding="utf-8")
    firth.find_phrases("corpus.txt", min_count=2, threshold=2, **TEXT).save("p")
    return tmp_path


def test_the_recipe_finds_what_is_found_in_the_prepared_corpus(here):
    stages = []
    given = {"min_count": 2, "threshold": 0.2, "score": "npmi", "passes": 2, "connectors": ["in", "for"]}
    phrases = firth.find_phrases("corpus.txt", **given, **TEXT, on_progress=lambda report: stages.append(report.stage))
    with prepare_corpus("corpus.txt", min_count=1, **TEXT) as corpus:
        assert list(find_phrases(corpus, **given)) == list(phrases) == list(firth.find_phrases(corpus, **given))
        with pytest.raises(SettingsError) as caught:
            firth.find_phrases(corpus, fold_case=True)
    assert str(caught.value) == (
        "expected no settings of the text beside a prepared corpus, got fold_case=True; pass them to prepare_corpus"
    )
    assert {"reading", "counting"} <= set(stages)
    assert phrases.config["corpus"]["source"] == ["corpus.txt"]
    assert phrases.config["settings"]["threshold"] == 0.2


def test_settings_are_refused_before_the_text_is_read():
    with pytest.raises(SettingsError, match="expected passes to be"):
        firth.find_phrases("no-such-file", passes=0)


def test_vectors_of_phrases_say_which(here):
    phrases = Phrases.load("p")
    vectors = firth.train("corpus.txt", phrases="p", **TEXT, **SMALL)
    assert "new_york" in vectors and vectors.config["corpus"]["phrases"] == [phrases.checksum]
    assert (vectors.config["corpus"]["phrases_source"], vectors.config["corpus"]["min_count"]) == ("p", 5)
    again = firth.train("corpus.txt", phrases=phrases, **TEXT, **SMALL)
    assert again.matrix.tobytes() == vectors.matrix.tobytes()
    assert again.config["corpus"]["phrases_source"] is None
    assert vectors.counts.sum() == vectors.config["corpus"]["tokens"]
    with prepare_corpus("corpus.txt", min_count=1, **TEXT) as corpus:
        with pytest.raises(SettingsError) as caught:
            firth.train(corpus, phrases="p", **SMALL)
        with phrases.join(corpus) as joined:
            assert firth.train(joined, **SMALL).matrix.tobytes() == vectors.matrix.tobytes()
    assert str(caught.value) == (
        "expected no settings of the text beside a prepared corpus, got phrases='p'; "
        "join the phrases in it, phrases.join(corpus)"
    )
    assert "phrases" not in firth.train("corpus.txt", **TEXT, **SMALL).config["corpus"]


def test_vectors_of_phrases_are_verified(here):
    phrases = Phrases.load("p")
    firth.train("corpus.txt", phrases="p", **TEXT, **SMALL).save("v")
    assert firth.verify("v") and firth.verify("v", "corpus.txt", threads=2)
    with prepare_corpus("corpus.txt", min_count=1, **TEXT) as corpus:
        with phrases.join(corpus) as joined:
            assert firth.verify("v", joined)
        with pytest.raises(SettingsError) as caught:
            firth.verify("v", corpus)
    assert str(caught.value) == (
        f"expected a corpus prepared as that of v, with phrases with checksum {phrases.checksum}, got no phrases; "
        "join those in it: phrases.join(corpus, min_count=…)"
    )


def test_what_is_verified_needs_the_phrases_as_they_were(here):
    phrases = Phrases.load("p")
    wanted = f"expected the phrases that were joined for v, checksum {phrases.checksum}, got "
    firth.train("corpus.txt", phrases="p", **TEXT, **SMALL).save("v")
    firth.find_phrases("corpus.txt", min_count=2, threshold=2, separator="~", **TEXT).save("p", overwrite=True)
    with pytest.raises(SettingsError) as caught:
        firth.verify("v")
    assert str(caught.value).startswith(f"{wanted}checksum {Phrases.load('p').checksum} at 'p'; pass the text with")
    Path("p").rename("elsewhere")
    with pytest.raises(SettingsError) as caught:
        firth.verify("v")
    assert str(caught.value).startswith(f"{wanted}nothing at 'p', seen from the folder '{here}'; go to the folder")
    firth.train("corpus.txt", phrases=phrases, **TEXT, **SMALL).save("v", overwrite=True)
    with pytest.raises(SettingsError) as caught:
        firth.verify("v")
    assert str(caught.value) == (
        f"{wanted}no word where they are; "
        "pass the text with its phrases joined: firth.verify(model, phrases.join(corpus, min_count=…))"
    )


def test_vectors_without_phrases_are_not_verified_with_some(here):
    firth.train("corpus.txt", **TEXT, **SMALL, min_count=1).save("v")
    phrases = Phrases.load("p")
    with (
        prepare_corpus("corpus.txt", min_count=1, **TEXT) as corpus,
        phrases.join(corpus, min_count=1) as joined,
        pytest.raises(SettingsError) as caught,
    ):
        firth.verify("v", joined)
    assert str(caught.value).startswith("expected a corpus prepared as that of v, with no phrases, got phrases with")


def test_counts_of_phrases_say_which(here):
    phrases = Phrases.load("p")
    with prepare_corpus("corpus.txt", min_count=1, **TEXT) as corpus, phrases.join(corpus) as joined:
        counts = firth.count(joined)
    assert counts.record.corpora[0]["phrases"] == [phrases.checksum]
