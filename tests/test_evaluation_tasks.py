import importlib.util
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive_vectors
from firth.errors import FormatError, SettingsError
from firth.evaluation import (
    AnalogyGold,
    AnalogyResult,
    SectionResult,
    SimilarityGold,
    SimilarityResult,
    analogies,
    evaluate,
    evaluate_analogies,
    evaluate_similarity,
)
from firth.vectors import Vectors
from small_subwords import small_vectors

LETTERS = "abcdefghij"
MATRIX = np.random.default_rng(0).integers(-3, 4, (10, 3))  # small whole numbers: ties, zeros


def sample(words=LETTERS) -> Vectors:
    return Vectors(list(words), MATRIX[: len(words)])


def answer(vectors: Vectors, question, restrict):
    """Answer one question through the public door, or None if it can't be asked."""
    few = Vectors(vectors.words[:restrict], vectors.matrix[:restrict])
    if not all(word in few for word in question):
        return None
    found = few.analogy(*question[:3], count=1)
    return found[0][0] if found else ""


QUESTIONS = st.lists(st.tuples(*[st.sampled_from(LETTERS + "xy")] * 4), max_size=12)


@given(st.lists(st.tuples(st.sampled_from(["s", "gram1", "gram", "agram"]), QUESTIONS), max_size=4), st.integers(1, 12))
def test_accuracies_are_those_of_asking_one_by_one(sections, restrict):
    vectors = sample()
    gold = AnalogyGold("g", tuple((name, tuple(asked)) for name, asked in sections))
    result = evaluate_analogies(vectors, gold, restrict=restrict)
    totals = {"all": [0, 0, 0], "semantic": [0, 0, 0], "syntactic": [0, 0, 0]}
    for section, (name, asked) in zip(result.sections, sections, strict=True):
        answers = [answer(vectors, question, restrict) for question in asked]
        correct = sum(given == question[3] for given, question in zip(answers, asked, strict=True))
        skipped = answers.count(None)
        assert section == SectionResult(name, correct, len(asked) - skipped, skipped)
        for total in ("all", "syntactic" if name.startswith("gram") else "semantic"):
            totals[total] = np.add(totals[total], [correct, len(asked) - skipped, skipped]).tolist()
    assert result.overall == SectionResult("all", *totals["all"])
    assert result.semantic == SectionResult("semantic", *totals["semantic"])
    assert result.syntactic == SectionResult("syntactic", *totals["syntactic"])


def test_blocks_make_no_difference(monkeypatch):
    random = np.random.default_rng(1)
    vectors = Vectors([f"w{row}" for row in range(100)], random.standard_normal((100, 8)))
    questions = tuple(tuple(f"w{row}" for row in rows) for rows in random.integers(0, 100, (200, 4)))
    gold = AnalogyGold("g", (("s", questions),))
    whole = evaluate_analogies(vectors, gold)
    monkeypatch.setattr(analogies, "_QUESTIONS", 7)
    assert evaluate_analogies(vectors, gold) == whole


def test_restriction_is_to_the_first_rows():
    vectors = Vectors(["a", "b", "c", "d", "e"], np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [-1, 0, 0], [0, 1, 1]]))
    gold = AnalogyGold("g", (("s", (("a", "b", "c", "e"), ("a", "b", "c", "d"))),))
    assert evaluate_analogies(vectors, gold, restrict=None).overall == SectionResult("all", 1, 2, 0)
    assert evaluate_analogies(vectors, gold, restrict=5) == evaluate_analogies(vectors, gold, restrict=5, case="either")
    assert evaluate_analogies(vectors, gold, restrict=4).overall == SectionResult("all", 1, 1, 1)
    nothing = evaluate_analogies(vectors, gold, restrict=3)
    assert nothing.overall == SectionResult("all", 0, 0, 2)
    assert nothing.accuracy is None
    with pytest.raises(SettingsError, match="expected restrict to be a whole number ≥ 1, got 0"):
        evaluate_analogies(vectors, gold, restrict=0)


@pytest.mark.parametrize(("case", "asked", "correct"), [("either", 2, 1), ("written", 1, 0), ("lower", 2, 2)])
def test_the_case_of_words_is_a_stated_choice(case, asked, correct):
    words = ["man", "king", "woman", "queen", "King", "other"]
    matrix = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [0, 0, -1], [-1, 0, 0]])
    gold = AnalogyGold("g", (("s", (("Man", "king", "woman", "queen"), ("man", "King", "woman", "queen"))),))
    result = evaluate_analogies(Vectors(words, matrix), gold, case=case)
    assert (result.overall.asked, result.overall.correct, result.case) == (asked, correct, case)


def test_a_spelling_beyond_the_restriction_gives_way_to_lower_case():
    vectors = Vectors(["a", "b", "c", "d", "A"], np.eye(5))
    gold = AnalogyGold("g", (("s", (("A", "b", "c", "d"),)),))
    assert evaluate_analogies(vectors, gold, restrict=4).overall.asked == 1
    assert evaluate_analogies(vectors, gold, restrict=4, case="written").overall.asked == 0


PAIRS = st.lists(st.tuples(st.sampled_from(LETTERS + "xA"), st.sampled_from(LETTERS), st.integers(0, 5)), max_size=20)


@given(PAIRS)
def test_similarity_is_the_rank_correlation_with_cosines_of_the_pairs_found(rows):
    vectors = sample()
    gold = SimilarityGold("g", tuple(row[:2] for row in rows), tuple(float(row[2]) for row in rows))
    result = evaluate_similarity(vectors, gold)
    found = [(first.lower(), second, score) for first, second, score in rows if first != "x"]
    cosines = [vectors.similarity(first, second) for first, second, _ in found]
    assert (result.pairs_found, result.pairs_missing) == (len(found), len(rows) - len(found))
    if len(set(cosines)) > 1 and len({score for *_, score in found}) > 1:
        wanted = naive_vectors.rank_correlation(cosines, [score for *_, score in found])
        assert result.spearman == pytest.approx(wanted, abs=1e-12)
        assert result.reason is None
    else:
        assert result.spearman is None
        assert result.reason


@pytest.mark.parametrize(
    ("pairs", "scores", "reason"),
    [
        ((("a", "b"), ("a", "x")), (1, 2), "a rank correlation needs two pairs, 1 of 2 have vectors"),
        ((), (), "a rank correlation needs two pairs, 0 of 0 have vectors"),
        ((("a", "b"), ("a", "c")), (1, 1), "all scores are equal, so they have no order"),
        ((("a", "b"), ("b", "a")), (1, 2), "all cosines are equal, so they have no order"),
    ],
)
def test_a_correlation_that_cannot_be_said_has_a_reason(pairs, scores, reason):
    result = evaluate_similarity(sample(), SimilarityGold("g", pairs, scores))
    assert result.spearman is None
    assert result.reason == reason


def test_words_without_a_row_are_composed_where_that_is_asked_for():
    vectors = small_vectors(["where", "here", "there", "Rome"], buckets=None)
    pairs = (("where", "here"), ("There", "wherever"), ("ROMER", "where"), ("Hereby", "zzz"), ("Romer", "there"))
    gold = SimilarityGold("g", pairs, (1.0, 5.0, 3.0, 4.0, 2.0))
    alone = Vectors(vectors.words, vectors.matrix)
    skipped = evaluate_similarity(vectors, gold)
    assert skipped == evaluate_similarity(alone, gold)
    assert (skipped.pairs_found, skipped.pairs_missing, skipped.pairs_composed, skipped.unknown) == (1, 4, 0, "skip")
    for case, spelled in (
        ("either", [("where", "here"), ("there", "wherever"), ("romer", "where"), ("Romer", "there")]),
        ("lower", [("where", "here"), ("there", "wherever"), ("romer", "where"), ("romer", "there")]),
        ("written", [("where", "here"), ("There", "wherever"), ("Romer", "there")]),
    ):
        result = evaluate_similarity(vectors, gold, case=case, unknown="subwords")
        scores = [1.0, 5.0, 3.0, 2.0] if len(spelled) == 4 else [1.0, 5.0, 2.0]
        wanted = naive_vectors.rank_correlation([vectors.similarity(*pair) for pair in spelled], scores)
        assert result.spearman == pytest.approx(wanted, abs=1e-12)
        assert (result.pairs_found, result.pairs_missing) == (len(spelled), 5 - len(spelled))
        assert (result.pairs_composed, result.unknown) == (len(spelled) - 1, "subwords")


def test_words_are_composed_of_subwords_that_are_there():
    gold = SimilarityGold("g", (("a", "b"),), (1.0,))
    with pytest.raises(SettingsError, match="expected unknown to be 'skip' or 'subwords', got 'guess'"):
        evaluate_similarity(sample(), gold, unknown="guess")
    with pytest.raises(
        SettingsError, match=r"expected vectors with subwords for unknown='subwords', got vectors of wor"
    ):
        evaluate_similarity(sample(), gold, unknown="subwords")


def test_evaluate_reads_files_and_gives_plain_results_in_their_order(tmp_path):
    (tmp_path / "one.txt").write_text(": gram1\na b c d\n: other\na b c x\n")
    (tmp_path / "two.txt").write_text("a b 1\nb c 2\nc d 3\n")
    results = evaluate(sample(), [tmp_path / "one.txt", str(tmp_path / "two.txt")], restrict=9, case="lower")
    assert isinstance(results[0], AnalogyResult) and isinstance(results[1], SimilarityResult)
    plain = [result.as_dict() for result in results]
    assert json.loads(json.dumps(plain)) == plain
    assert [(result["kind"], result["name"]) for result in plain] == [("analogies", "one"), ("similarity", "two")]
    assert plain[0]["restrict"] == 9 and plain[0]["case"] == plain[1]["case"] == "lower"
    assert plain[0]["semantic"] == {"name": "semantic", "correct": 0, "asked": 0, "skipped": 1, "accuracy": None}
    assert plain[0]["syntactic"]["accuracy"] == results[0].syntactic.correct
    assert [section["name"] for section in plain[0]["sections"]] == ["gram1", "other"]
    assert plain[1]["pairs_found"] == 3
    assert evaluate(sample(), tmp_path / "two.txt", case="lower") == [results[1]]
    assert evaluate(sample(), []) == []
    composed = evaluate(small_vectors(), [tmp_path / "one.txt", tmp_path / "two.txt"], unknown="subwords")
    assert composed[1].unknown == "subwords"


def test_evaluate_refuses_before_it_works(tmp_path):
    (tmp_path / "good.txt").write_text("a b 1\nb c 2\n")
    (tmp_path / "bad.txt").write_text("nonsense\n")
    with pytest.raises(FormatError, match=r"bad\.txt, line 1"):
        evaluate(sample(), [tmp_path / "good.txt", tmp_path / "bad.txt"])
    with pytest.raises(SettingsError, match="expected case to be 'either' or 'written' or 'lower', got 'upper'"):
        evaluate(sample(), tmp_path / "good.txt", case="upper")
    with pytest.raises(SettingsError, match="expected unknown to be 'skip' or 'subwords', got 'guess'"):
        evaluate(sample(), [], unknown="guess")


@pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
@pytest.mark.filterwarnings("ignore")
def test_gensim_finds_the_same(tmp_path):
    from gensim.models import KeyedVectors

    random = np.random.default_rng(2)
    words = [f"w{row}" for row in range(300)]
    vectors = Vectors(words, random.standard_normal((300, 3)))  # so few dimensions that some answers are right
    theirs = KeyedVectors(3)
    theirs.add_vectors(words, vectors.matrix)
    rows = random.integers(0, 320, (2000, 4))
    questions = [" ".join(f"W{row}" for row in question) for question in rows if len(set(question)) == 4]
    (tmp_path / "analogies.txt").write_text(
        ": first\n" + "\n".join(questions[:900]) + "\n: gram\n" + "\n".join(questions[900:])
    )
    (tmp_path / "pairs.txt").write_text("".join(f"W{a}\tw{b}\t{c}\n" for a, b, c, _ in rows if a != b))
    analogy, similarity = evaluate(vectors, [tmp_path / "analogies.txt", tmp_path / "pairs.txt"], restrict=200)
    accuracy, sections = theirs.evaluate_word_analogies(str(tmp_path / "analogies.txt"), restrict_vocab=200)
    assert analogy.overall.correct > 0
    assert analogy.accuracy == pytest.approx(accuracy, abs=1e-6)
    for ours, section in zip(analogy.sections, sections[:2], strict=True):
        assert (ours.correct, ours.asked) == (len(section["correct"]), len(section["correct"] + section["incorrect"]))
    _, spearman, missing = theirs.evaluate_word_pairs(str(tmp_path / "pairs.txt"))
    assert similarity.spearman == pytest.approx(spearman[0], abs=1e-6)
    total = similarity.pairs_found + similarity.pairs_missing
    assert 100 * similarity.pairs_missing / total == pytest.approx(missing)
