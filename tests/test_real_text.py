"""Real text in, vectors out, and they are good: English, raw English, Hebrew. Needs the test data (FIRTH_TEST_DATA)."""

import lzma
import os
from pathlib import Path

import pytest

import firth


def data(name):
    """Return a file of the test data; a user's machine has none of it, CI always does."""
    folder = Path(os.environ.get("FIRTH_TEST_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
    if not (folder / name).exists() and os.environ.get("CI") != "true":
        pytest.skip(f"no {folder / name}: set FIRTH_TEST_DATA")
    return folder / name


@pytest.fixture(scope="module")
def wikipedia(tmp_path_factory):
    """Vectors of the first 6.8 million words of Wikipedia, given as one line."""
    path = tmp_path_factory.mktemp("english") / "one-line.txt"
    with lzma.open(data("corpora/enwiki-text8-style.txt.xz")) as file:
        path.write_bytes(file.read(40_000_000))
    return firth.train(path, passes=5, dimensions=60)


def test_one_line_is_read_whole(wikipedia):
    assert wikipedia.config["corpus"]["sentences"] == 1
    assert wikipedia.config["corpus"]["tokens"] > 6_700_000
    assert all(entry["pairs"] > 25_000_000 for entry in wikipedia.config["training"]["losses"])


def test_the_loss_falls_from_pass_to_pass(wikipedia):
    losses = [entry["loss_per_pair"] for entry in wikipedia.config["training"]["losses"]]
    assert losses == sorted(losses, reverse=True)
    assert 2 < losses[-1] < losses[0] < 3.5


def test_neighbours_of_english_words(wikipedia):
    days = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
    assert len(days & {word for word, _ in wikipedia.most_similar("monday", count=8)}) >= 5
    numbers = {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "zero"}
    assert len(numbers & {word for word, _ in wikipedia.most_similar("seven", count=9)}) >= 7


def test_similarity_as_people_see_it(wikipedia):
    (result,) = firth.evaluate(wikipedia, data("similarity/ws-353-all.txt"))
    assert result.pairs_found > 300
    assert result.spearman > 0.5


def test_analogies_of_the_most_frequent_words(wikipedia):
    (result,) = firth.evaluate(wikipedia, data("analogy/questions-words.txt"), restrict=10_000)
    assert result.overall.asked > 3_000
    assert result.overall.accuracy > 0.1


def test_hebrew_words_are_whole_and_have_neighbours(tmp_path):
    path = data("corpora/hebrew-premodern.txt.xz")
    vectors = firth.train(path, tokenizer="words", dimensions=60, passes=10)
    assert 'ד"ר' in vectors
    numbers = {"שנים", "שלשה", "חמשה", "ששה", "שבעה", "שמונה", "תשעה", "עשרה"}
    near_four = {word.removeprefix("ו") for word, _ in vectors.most_similar("ארבעה", count=10)}
    assert len(numbers & near_four) >= 3


def test_raw_text_keeps_letters_of_every_script(tmp_path):
    with lzma.open(data("corpora/enwiki-raw.txt.xz")) as file:
        (tmp_path / "raw.txt").write_bytes(file.read(8_000_000).rsplit(b"\n", 1)[0])
    vectors = firth.train(tmp_path / "raw.txt", tokenizer="words", fold_case=True, dimensions=40, passes=3)
    assert "don't" in vectors or "doesn't" in vectors
    assert not [word for word in vectors.words if word.endswith((".", ",", ";", "'"))]
    assert any(ord(letter) > 0x250 for word in vectors.words for letter in word)


def test_counts_of_english_say_how_good_vectors_can_be(wikipedia, tmp_path):
    with lzma.open(data("corpora/enwiki-text8-style.txt.xz")) as file:
        text = file.read(6_000_000).split()
    lines = [b" ".join(text[start : start + 1000]) for start in range(0, len(text), 1000)]
    names = [tmp_path / f"{number}.txt" for number in range(3)]
    for number, name in enumerate(names):
        name.write_bytes(b"\n".join(lines[number::3]) + b"\n")
    whole = firth.count(names)
    assert 8_000 < len(whole) < 20_000
    assert 3 < whole.conditional_entropy() < whole.unigram_cross_entropy() - 1
    near = whole.row("kingdom")[0]
    pairs = [(whole.pointwise_mutual_information("kingdom", int(o)), whole.vocabulary.words[o]) for o in near]
    often = [(pmi, word) for pmi, word in pairs if whole.expectation("kingdom", word) > 5]
    assert "united" in {word for _, word in sorted(often)[-5:]}
    parts = [firth.count(name, vocabulary=whole) for name in names]
    assert parts[2] + parts[0] + parts[1] == whole
    assert whole - parts[1] == parts[2] + parts[0]
