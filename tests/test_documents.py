"""`firth.train_documents` and `DocumentVectors`: documents known by their lines, saved and loaded, and new ones."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import firth
from firth.errors import FormatError, SettingsError, ShapeError, TrainingError, UnknownWordError
from firth.provenance import made_with
from firth.storage import checksum
from firth.tensors import write_tensors
from firth.vectors import DocumentVectors, Vectors
from firth.vectors.tags import Numbers

ANIMALS, METALS = (
    ["cat", "dog", "cow", "hen", "pig", "fox", "owl", "bee"],
    ["iron", "gold", "zinc", "lead", "tin", "copper", "nickel", "silver"],
)
SMALL = {"dimensions": 12, "min_count": 1, "threads": 1, "subsample": 0}


def texts(count=60):
    """Documents about animals (even numbers) and metals (odd ones)."""
    random = np.random.default_rng(0)
    return [" ".join(random.choice((ANIMALS, METALS)[number % 2], 12)) for number in range(count)]


@pytest.fixture(scope="module")
def trained():
    """Vectors of two kinds of documents, which tell them apart."""
    return firth.train_documents(texts(), **SMALL, passes=40, learning_rate=0.1)


@pytest.fixture
def folder(trained, tmp_path):
    trained.save(tmp_path / "d")
    return tmp_path / "d"


# ── training ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("way", "loss"),
    [("dbow", "sampling"), ("dbow", "hierarchical"), ("dbow", "softmax"), ("dm", "sampling"), ("dm", "softmax")],
)
def test_documents_of_a_kind_come_together_and_new_ones_join_them(way, loss):
    rate = 0.5 if way == "dm" else 0.1
    found = firth.train_documents(texts(), way=way, loss=loss, window=2, passes=40, learning_rate=rate, **SMALL)
    kinds = [int(near[1][0]) % 2 for near in found.most_similar(found.matrix, count=2)]
    assert np.mean([kind == row % 2 for row, kind in enumerate(kinds)]) > 0.9
    for kind, words in enumerate((ANIMALS, METALS)):
        near = found.most_similar(words[:6], count=10)
        assert sum(int(tag) % 2 == kind for tag, _ in near) >= (7 if way == "dm" else 9)  # 5 by chance


def test_vectors_say_how_they_came_about():
    found = firth.train_documents(texts(), **SMALL, way="dm", passes=2, seed=7, window=3)
    training = found.config["training"]
    assert training["objective"] == "PV-DM with negative sampling"
    assert (training["way"], training["loss"], training["gradient"]) == ("dm", "sampling", "true")
    assert training["observations"] == firth.Observations(window=3, subsample=0).as_dict()
    assert training["made_with"] == made_with()
    assert (training["seed"], training["interrupted"], training["rows_scaled_back"]) == (7, False, 0)
    assert training["learning_rate"] == 0.2 and training["kernel"]["pool"] == 8
    assert [entry["pass"] for entry in training["losses"]] == [1, 2]
    for entry in training["losses"]:
        assert entry["pairs"] == entry["pairs_scored"] == 60 * 12  # the mean of a window and its document: one each
        assert 0 < entry["loss_per_pair"] <= 6 * np.log(2) * (1 + 1e-6)
    assert found.config["corpus"]["sentences"] == 60 == len(found)


def test_a_document_is_a_line_whatever_it_holds(tmp_path, caplog):
    lines = texts()
    lines[3], lines[8] = "", "unseen words"
    (tmp_path / "lines").write_text("\n".join(lines))
    expected = firth.train_documents(lines, **{**SMALL, "min_count": 2}, passes=3)
    assert len(expected) == 60 and "unseen" not in expected.words
    tokens = [line.split() for line in lines]
    with firth.prepare_corpus(lines, min_count=2, keep_empty=True) as prepared:
        for corpus in (tmp_path / "lines", str(tmp_path / "lines"), iter(tokens), prepared):
            settings = {key: value for key, value in SMALL.items() if corpus is not prepared or key != "min_count"}
            settings = {**settings, "min_count": 2} if corpus is not prepared else settings
            found = firth.train_documents(corpus, **settings, passes=3)
            assert found.matrix.tobytes() == expected.matrix.tobytes()
    assert [row for row, vector in enumerate(expected.matrix) if not vector.any()] == [3, 8]
    assert caplog.messages[0] == "2 of 60 documents have no known word: their vectors are zero"


@pytest.mark.parametrize("way", ["dbow", "dm"])
def test_the_same_bytes_on_any_number_of_threads(way):
    lines = texts(900)
    one, two = (firth.train_documents(lines, **{**SMALL, "threads": threads}, way=way, passes=2) for threads in (1, 2))
    for name in ("matrix", "output_matrix"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert one.word_vectors.matrix.tobytes() == two.word_vectors.matrix.tobytes()


def test_words_that_are_not_trained_have_no_vectors():
    found = firth.train_documents(texts(), **SMALL, train_words=False, passes=2)
    assert found.word_vectors is None
    assert found.config["training"]["objective"] == "PV-DBOW with negative sampling"
    assert found.infer("cat dog").any()


def test_progress_ends_at_the_end():
    seen = []
    firth.train_documents(texts(), **SMALL, passes=2, on_progress=seen.append)
    assert seen[0].stage == "reading"
    shares = [report.share_done for report in seen if report.stage == "training"]
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] == 1
    assert (seen[-1].pass_number, seen[-1].passes) == (2, 2) and seen[-1].words_per_second > 0


def test_ctrl_c_keeps_what_was_learnt(caplog):
    def interrupt(report):
        if report.stage == "training":
            signal.raise_signal(signal.SIGINT)

    found = firth.train_documents(texts(), **SMALL, passes=50, on_progress=interrupt)
    training = found.config["training"]
    assert training["interrupted"] is True and 1 <= len(training["losses"]) < 50
    assert re.fullmatch(r"interrupted in pass \d+ of 50; what was learnt is kept", caplog.messages[0])
    assert found.matrix.any() and found.infer("cat").any()


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"way": "cbow"}, SettingsError, "expected way to be 'dbow' or 'dm', got 'cbow'; choose one of them"),
        (
            {"loss": "hinge"},
            SettingsError,
            "expected loss to be 'sampling' or 'hierarchical' or 'softmax', got 'hinge'",
        ),
        ({"gradient": "no"}, SettingsError, "expected gradient to be 'true' or 'historical', got 'no'"),
        ({"train_words": 1}, SettingsError, "expected train_words to be True or False, got 1; choose one"),
        (
            {"way": "dm", "train_words": False},
            SettingsError,
            'expected words to be trained with way="dm", got train_words=False; keep train_words=True, or choose',
        ),
        ({"tags": ["a"]}, SettingsError, "expected a tag for each document, got 1 tags for 60 documents; pass a list"),
        ({"tags": "abc"}, SettingsError, "expected a tag for each document, got one text; pass a list of as many"),
        (
            {"tags": ["a"] * 60},
            SettingsError,
            "expected tags that differ, texts without line feed, got others (expected every word once, got 'a' again",
        ),
        ({"passes": 0}, SettingsError, "expected passes to be a whole number ≥ 1, got 0; "),
    ],
)
def test_what_is_refused(settings, error, said):
    with pytest.raises(error) as caught:
        firth.train_documents(texts(), **SMALL, **settings)
    assert str(caught.value).startswith(said)


def test_a_corpus_that_lost_lines_is_refused():
    with firth.prepare_corpus(texts(), min_count=1) as prepared, pytest.raises(SettingsError) as caught:
        firth.train_documents(prepared)
    assert str(caught.value) == (
        "expected a corpus in which every line has its number, got one without those that have no word; "
        "pass keep_empty=True to prepare_corpus"
    )


# ── looking up ──────────────────────────────────────────────────────────────────────────────────────────────


def small(**more):
    matrix = np.array([[0, 2], [0, -1], [-3, 0]], np.float32)
    return DocumentVectors(matrix, words=["a", "b"], counts=[3, 2], **more)


def test_documents_are_known_by_tag_or_number():
    tagged = small(tags=["x", "y z", ""])
    assert list(tagged.tags) == ["x", "y z", ""] and "y z" in tagged and "0" not in tagged and 0 not in tagged
    assert tagged["y z"].tolist() == [0, -1] and tagged.index("") == 2
    numbered = small()
    assert list(numbered.tags) == ["0", "1", "2"] and numbered["2"].tolist() == [-3, 0]
    assert repr(numbered) == "DocumentVectors(3 documents × 2)"
    assert numbered.most_similar("0") == [("2", 0.0), ("1", -1.0)]
    assert tagged.most_similar(np.array([-1.0, 0.0]), count=1) == [("", 1.0)]
    assert numbered.most_similar(np.eye(2), count=1) == [[("0", 0.0)], [("0", 1.0)]]
    for documents, tag, said in (
        (tagged, "0", "expected the tag of a document, got '0'; documents are known by tags, from 'x' to ''"),
        (
            numbered,
            "3",
            "expected the tag of a document, got '3'; documents are known by their numbers, from '0' to '2'",
        ),
        (numbered, 0, "expected the tag of a document, got 0; documents are known by their numbers, from '0' to '2'"),
    ):
        with pytest.raises(UnknownWordError) as caught:
            documents[tag]
        assert str(caught.value) == said


def test_numbers_are_a_sequence_of_their_own_names():
    numbers = Numbers(12)
    assert list(numbers) == [str(number) for number in range(12)] and numbers[2:4] == ["2", "3"] and len(numbers) == 12
    assert [tag in numbers for tag in ("11", "12", "01", "-1", "", "٣", "1" * 9999, 3)] == [True] + [False] * 7
    assert numbers.find("5") == numbers.index("5") == 5 and numbers.find("x") is None
    assert repr(numbers) == "Numbers(12)"


@pytest.mark.parametrize(
    ("parts", "error", "said"),
    [
        ({"matrix": np.ones((3, 2, 1))}, ShapeError, "expected matrix of shape"),
        ({"matrix": np.full((3, 2), np.nan)}, SettingsError, "expected matrix of finite float32 numbers"),
        ({"counts": [1]}, ShapeError, "expected counts of shape (2,), got shape (1,)"),
        ({"word_matrix": np.ones((2, 3))}, ShapeError, "expected word_matrix of shape (any, 2), got shape (2, 3)"),
        ({"output_matrix": np.ones((3, 2))}, ShapeError, "expected output_matrix of shape (2, any), got shape (3, 2)"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, error, said):
    with pytest.raises(error) as caught:
        DocumentVectors(**{"matrix": np.ones((3, 2)), "words": ["a", "b"], "counts": [3, 2], **parts})
    assert str(caught.value).startswith(said)


def test_queries_that_are_none_are_refused():
    with pytest.raises(ShapeError, match=r"expected query of shape \(any, 2\), got shape \(1, 3\)"):
        small().most_similar(np.ones(3))
    with pytest.raises(ShapeError, match="expected a query to be words or vectors, got object of object"):
        small().most_similar(object())
    with pytest.raises(SettingsError, match="expected count to be a whole number ≥ 1, got 0"):
        small().most_similar("0", count=0)


# ── new documents ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_text_is_cut_as_those_of_training_were():
    lines = [text.title() + "!" for text in texts()]
    found = firth.train_documents(lines, **SMALL, tokenizer="words", fold_case=True, passes=2)
    expected = found.infer(["cat", "dog"]).tobytes()
    for document in ("Cat, dog?", "CAT\ndog", ["CAT", "Dog"], ("cat", "x-ray", "dog"), np.array(["cat", "dog"])):
        assert found.infer(document).tobytes() == expected


def test_the_same_words_have_the_same_vector_in_another_process(folder):
    code = (
        "import sys, firth; loaded = firth.DocumentVectors.load(sys.argv[1]); "
        "sys.stdout.write(loaded.infer('cat iron cat').tobytes().hex())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(firth.__file__).parent.parent)},
    )
    loaded = DocumentVectors.load(folder)
    everything = loaded.infer_all(["zinc", "cat iron cat", ["bee"]] * 80, threads=2)
    assert found.stdout == loaded.infer("cat iron cat").tobytes().hex() == everything[1].tobytes().hex()
    assert everything[:3].tobytes() * 80 == everything.tobytes()


def test_passes_rate_and_seed_can_be_chosen(trained):
    usual = trained.infer("cat dog cow")
    given = {name: trained.config["training"][name] for name in ("passes", "learning_rate", "seed")}
    assert trained.infer("cat dog cow", **given).tobytes() == usual.tobytes()
    for other in ({"passes": 3}, {"learning_rate": 0.5}, {"seed": 9}):
        assert (trained.infer("cat dog cow", **other) != usual).any()


def test_documents_without_a_known_word_are_zero_and_the_log_says_so(trained, caplog):
    with caplog.at_level(logging.WARNING):
        found = trained.infer_all(["", "unseen", "cat", []])
    assert [bool(vector.any()) for vector in found] == [False, False, True, False]
    assert caplog.messages == ["3 of 4 documents have no known word: their vectors are zero"]
    assert trained.most_similar(found[0], count=1) == [("0", 0.0)]
    assert trained.infer_all([]).shape == (0, 12)


def test_what_can_not_be_given_a_vector(trained):
    by_tokens = firth.train_documents([text.split() for text in texts()], **SMALL, passes=1)
    bare = firth.train_documents(texts(), **SMALL, passes=1, keep_outputs=False)
    for documents, call, error, said in (
        (
            bare,
            "cat",
            TrainingError,
            "the outputs, by which a new document is judged, got none: they were not kept; train with",
        ),
        (
            by_tokens,
            "cat",
            SettingsError,
            "a list of words, as the tokenizer of training (None) is not at hand, got a text, 'cat'; cut it into words",
        ),
        (trained, 7, SettingsError, "a text, or a list of its words, got int 7; pass several to infer_all"),
        (trained, [["cat"]], SettingsError, "a text, or a list of its words, got list [['cat']]; pass several"),
        (small(), "a", TrainingError, "the outputs, by which a new document is judged, got none"),
    ):
        with pytest.raises(error) as caught:
            documents.infer(call)
        assert str(caught.value).startswith(f"expected {said}")
    with pytest.raises(SettingsError, match="expected a list of documents, got one text; pass it to infer"):
        trained.infer_all("cat")
    with pytest.raises(
        SettingsError, match="expected every document to be a text or a list of its words, got int 3 as"
    ):
        trained.infer_all(["cat", 3])
    with pytest.raises(SettingsError, match="expected passes to be a whole number ≥ 1, got 0"):
        trained.infer("cat", passes=0)


@pytest.mark.parametrize(
    ("training", "said"),
    [
        (None, "got None; train them with firth.train_documents"),
        (
            {"way": "dm"},
            "got settings that are none (expected a setting for each part of a model of documents, got none",
        ),
        ({"observations": None}, "got settings that are none ("),
        ({"observations": {"window": 0}}, "got settings that are none (expected window to be a whole number from 1"),
        ({"negatives": "5"}, "got settings that are none (expected negatives to be a whole number from 1 to 1000"),
        ({"passes": None}, "got settings that are none (expected passes to be"),
        ({"way": "dm", "train_words": True}, "got no 'word_matrix'"),
    ],
)
def test_a_config_that_does_not_say_how_is_refused(training, said):
    usual = {"way": "dbow", "train_words": True, "loss": "sampling", "gradient": "true", "observations": {}}
    usual |= {"negatives": 5, "passes": 2, "learning_rate": 0.1, "seed": 1}
    if training is not None and training != {"way": "dm"}:
        training = {**usual, **training}
    documents = small(output_matrix=np.ones((2, 2)), config={"training": training, "corpus": {}})
    with pytest.raises(FormatError) as caught:
        documents.infer(["a"])
    assert str(caught.value).startswith(f"expected config['training'] to say how the documents were trained, {said}")


# ── on disk ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("tags", [None, [f"tag {number}" for number in range(60)]])
def test_what_is_saved_is_loaded(trained, tmp_path, tags, check):
    parts = {"words": trained.words, "counts": trained.word_vectors.counts, "config": trained.config, "tags": tags}
    matrices = {"word_matrix": trained.word_vectors.matrix, "output_matrix": trained.output_matrix}
    saved = DocumentVectors(trained.matrix, **parts, **matrices)
    saved.save(tmp_path / "d")
    assert (tmp_path / "d" / "tags.txt").exists() == (tags is not None)
    loaded = DocumentVectors.load(tmp_path / "d", check=check)
    assert list(loaded.tags) == list(saved.tags) and loaded.words == saved.words
    assert loaded.matrix.tobytes() == saved.matrix.tobytes() and not loaded.matrix.flags.writeable
    assert (
        isinstance(loaded.word_vectors, Vectors)
        and loaded.word_vectors["cat"].tolist() == matrices["word_matrix"][trained.words.index("cat")].tolist()
    )
    assert loaded.infer("cat tin").tobytes() == trained.infer("cat tin").tobytes()
    loaded.save(tmp_path / "again" / "d")
    for file in (tmp_path / "d").iterdir():
        assert file.read_bytes() == (tmp_path / "again" / "d" / file.name).read_bytes()


def test_the_card_says_what_it_is(folder):
    card = (folder / "README.md").read_text()
    assert "# d\n\n60 documents, 16 words, 12 dimensions: PV-DBOW and skip-gram with negative sampling, on 720" in card
    assert 'firth.DocumentVectors.load("d")' in card and "| way | dbow |" in card


def spoil(folder, change):
    """Change a file of a folder, sizes and checksums made right, as one would who means harm."""
    change(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    names = [name for name in config["files"] if (folder / name).exists()]
    files = {name: {"bytes": (folder / name).stat().st_size, "blake2b": checksum(folder / name)} for name in names}
    path.write_text(json.dumps({**config, "files": {**config["files"], **files}}))


def rewrite(**changes):
    def change(folder):
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


def tensors(**changes):
    def change(folder):
        loaded = DocumentVectors.load(folder)
        usual = {"matrix": loaded.matrix, "counts": loaded.word_vectors.counts}
        parts = {name: np.array(part) for name, part in {**usual, **changes}.items() if part is not None}
        write_tensors(folder / "vectors.safetensors", parts)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rewrite(documents=61), "expected a tensor 'matrix' of type float32 and shape (61, 12) in"),
        (rewrite(documents=True), "expected 'documents' in the config of"),
        (rewrite(words=10**9), "expected a tensor 'counts' of type uint64 and shape (1000000000,) in"),
        (rewrite(dimensions=0), "expected 'dimensions' in the config of"),
        (rewrite(format="firth-vectors"), "expected"),
        (tensors(counts=None), "expected a tensor 'counts' of type uint64 and shape (16,) in"),
        (tensors(matrix=np.zeros((60, 12))), "expected a tensor 'matrix' of type float32 and shape (60, 12) in"),
        (tensors(output_matrix=np.zeros((16, 3), np.float32)), "expected a tensor 'output_matrix' of type float32"),
        (lambda folder: (folder / "words.txt").write_bytes(b"a\n"), "expected"),
        (lambda folder: (folder / "vectors.safetensors").unlink(), "expected the file vectors.safetensors in"),
    ],
)
def test_hostile_folders_are_one_sentence(folder, change, said):
    spoil(folder, change)
    with pytest.raises(FormatError) as caught:
        DocumentVectors.load(folder)
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["matrix", "word_matrix", "output_matrix"])
def test_what_is_read_only_when_checked(folder, name):
    shape = (60 if name == "matrix" else 16, 12)
    spoil(folder, tensors(**{name: np.full(shape, np.nan, np.float32)}))
    DocumentVectors.load(folder)
    with pytest.raises(FormatError, match=rf"got NaN or infinity in {name} in row 0; train or export it again"):
        DocumentVectors.load(folder, check=True)


def test_files_that_changed_are_found(folder):
    text = (folder / "words.txt").read_bytes()
    (folder / "words.txt").write_bytes(text[::-1].strip() + b"\n")
    with pytest.raises(FormatError, match=r"words\.txt to have the checksum that .* was saved with, got another"):
        DocumentVectors.load(folder, check=True)


def test_word_vectors_are_no_document_vectors(tmp_path):
    Vectors(["a"], np.ones((1, 1))).save(tmp_path / "v")
    with pytest.raises(FormatError, match="to be a folder of documents written by firth, got format 'firth-vectors'"):
        DocumentVectors.load(tmp_path / "v")
