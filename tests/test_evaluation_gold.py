import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.errors import FormatError
from firth.evaluation import AnalogyGold, SimilarityGold, read_gold

REPOSITORY = Path(__file__).parent.parent
DATA = Path(os.environ.get("FIRTH_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
WORD = st.text("abcé#:'-", min_size=1, max_size=5).filter(lambda word: word[0] not in "#:")
SCORE = st.floats(-10, 10)


def data_file(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        said = f"the gold set {path} is missing: set FIRTH_TEST_DATA to the folder that holds it"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(said)
    return path


def write(folder: Path, text: str) -> Path:
    path = folder / "gold.txt"
    path.write_bytes(text.encode())
    return path


@given(st.lists(st.tuples(WORD, WORD, SCORE), min_size=1), st.sampled_from(["\t", " ", "  "]), st.booleans())
def test_similarity_comes_back(tmp_path_factory, rows, gap, is_windows):
    lines = ["# a comment", "", *(gap.join(map(str, row)) for row in rows), " "]
    path = write(tmp_path_factory.getbasetemp(), ("\r\n" if is_windows else "\n").join(lines))
    gold = read_gold(path)
    assert gold == SimilarityGold("gold", tuple(row[:2] for row in rows), tuple(row[2] for row in rows))


@given(st.lists(st.tuples(WORD, st.lists(st.tuples(WORD, WORD, WORD, WORD))), min_size=1))
def test_analogies_come_back(tmp_path_factory, sections):
    lines = [line for name, asked in sections for line in (f": {name}", *map(" ".join, asked))]
    gold = read_gold(write(tmp_path_factory.getbasetemp(), "\n".join(lines)))
    assert gold == AnalogyGold("gold", tuple((name, tuple(asked)) for name, asked in sections))


def test_tabs_hold_words_with_spaces_and_a_byte_order_mark_is_no_letter(tmp_path):
    gold = read_gold(write(tmp_path, "\ufeffNew York\tcity\t3.5\nmore than \t many\t1"))
    assert gold.pairs == (("New York", "city"), ("more than", "many"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "to hold a gold set, got no line; check the path"),
        ("# only\n\n#comments", "to hold a gold set, got no line"),
        ("a b", r"expected two words and a score \(or first a line ': section'\) in .*gold\.txt, line 1, got 'a b'"),
        (
            "a b 1\n\nword1 word2 score\n",
            "line 3, got 'word1 word2 score'; put # before a line that is none, such as a",
        ),
        ("a b nan", "line 1, got 'a b nan'"),
        ("a b inf", "line 1"),
        ("a\t\t1", "line 1"),
        ("a b c d", "line 1"),
        ("a b 1 2", "line 1"),
        ("a b 1\n: section\n", "line 2, got ': section'"),
        (": s\na b c d\na b c", r"expected four words or ': section' in .*gold\.txt, line 3, got 'a b c'"),
        (": s\na b c d e", "line 2"),
        ("x" * 1000, "got 'x{80}';"),
    ],
)
def test_lines_that_are_neither_are_named(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        read_gold(write(tmp_path, text))


def test_files_that_are_no_text_are_named(tmp_path):
    (tmp_path / "gold.txt").write_bytes(b"caf\xe9 bar 1\n")
    with pytest.raises(FormatError, match=r"gold\.txt to be text in UTF-8, got byte 0xe9 at 3; convert it"):
        read_gold(tmp_path / "gold.txt")
    with pytest.raises(FileNotFoundError):
        read_gold(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("name", "pairs"),
    [("mc-30", 30), ("men-dev", 2000), ("rg-65", 65), ("simlex-999", 999), ("simverb-dev", 500), ("ws-353-all", 353)],
)
def test_real_similarity_sets_are_read(name, pairs):
    gold = read_gold(data_file(f"similarity/{name}.txt"))
    assert isinstance(gold, SimilarityGold)
    assert gold.name == name and len(gold.pairs) == len(gold.scores) == pairs


def test_googles_analogies_are_read():
    path = data_file("analogy/questions-words.txt")
    gold = read_gold(path)
    assert isinstance(gold, AnalogyGold)
    assert len(gold.sections) == 14
    assert sum(len(questions) for _, questions in gold.sections) == 19_544
    assert sum(len(questions) for name, questions in gold.sections if name.startswith("gram")) == 10_675
    written = "".join(
        line for name, asked in gold.sections for line in (f": {name}\n", *(" ".join(words) + "\n" for words in asked))
    )
    assert hashlib.sha256(written.encode()).digest() == hashlib.sha256(path.read_bytes()).digest()
