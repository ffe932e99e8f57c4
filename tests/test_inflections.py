"""Words nobody has seen land beside their lemma: a language of stems and endings; Hebrew's rules; letters to change."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import firth
from firth.errors import TrainingError
from firth.vectors import SubwordVectors


def load_example():
    place = Path(__file__).parent.parent / "examples" / "inflections.py"
    spec = importlib.util.spec_from_file_location("inflections", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


example = load_example()

STEMS = ["drav", "meng", "kilo", "fosp", "tuba", "werz", "hylm", "cinq", "jaxe", "pruk", "gobi", "snif"]
ENDINGS = ("", "othanim", "erielle", "iskavar")
RULES = example.Rules(("",), tuple((ending, "") for ending in ENDINGS), {})


def is_unseen(stem, ending):
    """One form of each stem is never seen; which one differs from stem to stem."""
    return ending == ENDINGS[1 + STEMS.index(stem) % 3]


def lines():
    """Each stem, in any form but one, stands between two words that are its own."""
    for turn in range(60):
        for number, stem in enumerate(STEMS):
            for ending in ENDINGS:
                if not is_unseen(stem, ending):
                    yield f"x{number} {stem}{ending} y{number} z{turn % 7}"


UNSEEN = [stem + ending for stem in STEMS for ending in ENDINGS if is_unseen(stem, ending)]


@pytest.fixture(scope="module")
def vectors():
    settings = {"min_count": 1, "passes": 30, "dimensions": 24, "window": 2, "subsample": 0, "threads": 1}
    subwords = firth.Subwords(smallest=3, longest=4, buckets=None)
    return example.train(list(lines()), subwords=subwords, **settings)


def test_an_unseen_inflection_lands_beside_its_lemma_though_spelled_like_others(vectors):
    inflections = example.find_inflections(["none", *UNSEEN], vectors, RULES)
    assert inflections.words == UNSEEN
    assert [vectors.words[row] for row in inflections.lemmas] == STEMS
    nearest = {name: way(UNSEEN, vectors) for name, way in example.WAYS.items()}
    _, among, form = example.shares(nearest["vectors"], inflections)
    assert (among, form) == (1, 1)  # each is nearest to a form of its own stem, and to the stem itself
    for name in ("n-grams", "letters"):
        assert example.shares(nearest[name], inflections)[2] == 0  # the same ending on another stem is spelled nearer


def test_rows_of_the_table_mark_the_lemma_and_its_forms(vectors):
    inflections = example.find_inflections(UNSEEN, vectors, RULES)
    rows = example.table_of(example.nearest_by_vectors(UNSEEN, vectors), inflections, vectors, columns=10)
    for stem, row in zip(STEMS, rows, strict=True):
        assert row[1] == stem
        assert f"{stem}*" in row
        assert row[2].removesuffix("+") in vectors and row[2].startswith(stem)


def test_a_draw_is_the_same_each_time_and_another_by_seed(vectors):
    inflections = example.find_inflections(UNSEEN, vectors, RULES)
    few, again, other = (example.drawn(inflections, 5, seed) for seed in (1, 1, 2))
    assert few.words == again.words != other.words
    assert set(few.words) < set(UNSEEN)
    assert [vectors.words[row] for row in few.lemmas] == [STEMS[UNSEEN.index(word)] for word in few.words]
    assert sorted(example.drawn(inflections, 99, 1).words) == sorted(UNSEEN)


def test_nothing_to_look_for_is_an_error(vectors):
    with pytest.raises(TrainingError, match="expected inflections, got no rare word that is an inflection of another"):
        example.find_inflections(["none"], vectors, RULES)


@pytest.mark.parametrize(
    ("word", "lemma"),
    [
        ("ולספרים", "ספרים"),
        ("שלומות", "שלום"),
        ("ומלכתו", "מלכה"),
        ("שבמלכות", "מלכות"),
        ("חלומותיהם", "חלום"),
        ("חכמותיה", "חכמה"),
        ("לתלמידינו", "תלמיד"),
    ],
)
def test_hebrew_inflects_before_and_behind(word, lemma):
    assert lemma in set(example.hebrew().lemmas(word))


def test_a_word_is_no_inflection_of_itself_or_of_a_short_one():
    found = set(example.hebrew().lemmas("מים"))
    assert "מים" not in found
    assert all(len(lemma) >= example.hebrew().shortest for lemma in found)


@cache
def naive_edits(first, second):
    """Letters to put in, take out or change, by the definition."""
    if not first or not second:
        return len(first) + len(second)
    kept = naive_edits(first[1:], second[1:]) + (first[0] != second[0])
    return min(kept, 1 + naive_edits(first[1:], second), 1 + naive_edits(first, second[1:]))


@given(st.text("abש", max_size=6), st.lists(st.text("abש", min_size=1, max_size=6), min_size=1, max_size=4))
def test_letters_to_change_are_those_of_the_definition(word, others):
    letters = np.zeros((len(others), 6), np.uint32)
    for row, other in enumerate(others):
        letters[row, : len(other)] = [*map(ord, other)]
    found = example.edits(word, letters, np.array([*map(len, others)]))
    assert found.tolist() == [naive_edits(word, other) for other in others]


def test_ngrams_in_common_are_weighed_as_a_cosine():
    settings = firth.Subwords(smallest=2, longest=2, buckets=None)
    words = ["aaaa", "ab", "zz"]
    parts = SubwordVectors(settings, word_matrix=np.eye(3), ngram_matrix=np.eye(1, 3), keys=["<a"])
    nearest = example.nearest_by_ngrams(["aab"], firth.Vectors(words, np.eye(3), subwords=parts))
    # aab: <a aa ab b>; aaaa: <a, 3 × aa, a>, cosine 4/√(4 · 11); ab: <a ab b>, 3/√(4 · 3)
    assert nearest.tolist() == [[1, 0, 2]]


def test_the_example_shows_twenty(monkeypatch, capsys, tmp_path):
    path = tmp_path / "hebrew.txt"
    rare = "לספר וספר ספרים ספרי בספר ספרו"
    path.write_text("\n".join([f"ספר w{i} הספר w{i + 1}" for i in range(40)] * 5 + [rare]), encoding="utf-8")
    monkeypatch.setattr(example, "hebrew", lambda: example.Rules(("", "ו", "ל", "ב"), (("", ""), ("ים", "")), {}))
    assert example.main([str(path), "--passes", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "43 words have rows; of the rarer ones 4 are inflections of these"
    assert [line.split()[1] for line in printed[1:4]] == ["vectors", "n-grams", "letters"]
    table = [line.split("\t") for line in printed[4:]]
    assert table[0][:3] == ["word", "lemma", "nearest"]
    assert {row[0]: row[1] for row in table[1:]} == dict.fromkeys(["לספר", "וספר", "ספרים", "בספר"], "ספר")


def test_the_example_refuses_in_one_sentence(capsys, tmp_path):
    assert example.main([str(tmp_path)]) == 1
    assert "expected" in capsys.readouterr().err
