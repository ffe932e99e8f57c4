"""Training again: the same bytes from the same corpus, what differs otherwise, and what can't be repeated."""

import inspect
import json
import os
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

import firth
from firth import records, verification
from firth.errors import CorpusError, FirthError, FormatError, SettingsError, TrainingError
from firth.verification import _differences, compare_numbers, verify
from small_subwords import small_vectors

TEXT = "the cat eats fish\nthe Dog eats meat, and the fish\n" * 30
OTHER = {  # than the defaults, all of them
    "model": "cbow",
    "loss": "softmax",
    "gradient": "historical",
    "subwords": firth.Subwords(smallest=2, longest=4, buckets=100),
    "dimensions": 9,
    "window": 3,
    "negatives": 4,
    "min_count": 2,
    "max_words": 6,
    "subsample": 1e-2,
    "passes": 2,
    "learning_rate": 0.05,
    "noise_exponent": 0.5,
    "window_weights": "harmonic",
    "dropping": "after",
    "keep": "paper",
    "tokenizer": "words",
    "fold_case": True,
    "errors": "replace",
    "seed": 7,
    "held_out": 0.25,
    "interval_words": 7,
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Vectors with settings that are not the defaults, trained once."""
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        Path("corpus.txt").write_text(TEXT, encoding="utf-8")
        firth.train("corpus.txt", **OTHER, threads=2).save("v")
        return firth.Vectors.load("v")


@pytest.fixture
def saved(here, trained):
    trained.save("v")
    return "v"


def changed(vectors, *, training=None, corpus=None, **parts):
    """Return vectors with parts of them or of their config changed; a value of None takes a setting away."""
    config = deepcopy(vectors.config)
    for name, changes in (("training", training), ("corpus", corpus)):
        merged = {**config[name], **(changes or {})}
        config[name] = {key: value for key, value in merged.items() if key not in (changes or {}) or value is not None}
    own = {"words": vectors.words, "matrix": vectors.matrix, "counts": vectors.counts} | {
        "context_matrix": vectors.context_matrix
    }
    own |= parts
    return firth.Vectors(own.pop("words"), own.pop("matrix"), **own, config=config)


def refusal(error, *arguments, **settings):
    """Return the text of the error that verifying raises."""
    with pytest.raises(error) as caught:
        verify(*arguments, **settings)
    assert isinstance(caught.value, FirthError)
    return str(caught.value)


# ── the same ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("threads", [1, 3])
def test_the_corpus_is_found_where_it_was_and_gives_the_same_bytes(saved, trained, threads):
    found = verify(saved, threads=threads)
    assert found and found.same
    assert (found.model, found.words, found.dimensions, found.differences) == ("v", len(trained), 9, ())
    assert found.made_with_then == found.made_with_now
    assert re.fullmatch(r"same bytes: v was trained again, \d words × 9 dimensions, \d+\.\d seconds", str(found))


def test_every_setting_that_shapes_the_bytes_is_taken_from_the_vectors():
    leave_no_trace = {"corpus", "cache", "keep_context", "threads", "reproducible", "checkpoints", "resume"}
    leave_no_trace |= {"on_interval", "on_progress", "phrases"}  # phrases are told by their checksum
    leave_no_trace |= {"start", "frozen"}  # where training went on from other vectors, it is not verified
    stored = {*records.TRAINING, *records.INTERVALS, *records.OBSERVATIONS, *records.TEXT}
    parameters = inspect.signature(firth.train).parameters
    assert set(parameters) - leave_no_trace == stored == set(OTHER)
    assert all(OTHER[name] != parameters[name].default for name in OTHER)


def test_whatever_holds_the_same_text_gives_the_same_bytes(saved, trained):
    Path("corpus.txt").rename("moved.txt")
    lines = TEXT.splitlines()
    settings = {name: OTHER[name] for name in records.TEXT}
    with firth.prepare_corpus("moved.txt", **settings) as prepared:
        for corpus in ("moved.txt", "moved*", Path("moved.txt"), [Path("moved.txt")], iter(lines), prepared):
            assert verify(trained, corpus, threads=1)
        assert len(prepared.ids)  # it stays open


def test_sentences_of_tokens_give_the_same_bytes():
    sentences = [line.split() for line in TEXT.splitlines()]
    vectors = firth.train(sentences, dimensions=4, threads=1, keep_context=False)
    assert verify(vectors, sentences, threads=2)
    assert "expected the text that the Vectors(7 words × 4) was trained on" in refusal(CorpusError, vectors, [TEXT])


def test_a_prepared_corpus_is_kept_in_the_cache(saved):
    assert verify(saved, cache="kept", threads=1)
    assert list(Path("kept").iterdir())
    assert verify(saved, cache="kept", threads=1)


def test_progress_is_told(saved):
    stages = []
    verify(saved, threads=1, on_progress=lambda report: stages.append(report.stage))
    assert stages[-1] == "training"


# ── what differs ────────────────────────────────────────────────────────────────────────────────────────────

NOTHING = "versions, processor and kernel are the same now as then: the vectors were changed, or firth has a bug"


def test_one_number_that_was_changed_is_found(saved, trained):
    matrix = trained.matrix.copy()
    matrix[2, 3] += 0.5
    changed(trained, matrix=matrix).save("other")
    found = verify("other", threads=1)
    assert not found
    first, *lines = str(found).splitlines()
    assert first.startswith("other bytes: other was trained again, ")
    size = matrix.size
    assert lines == [f"matrix: 1 of {size} numbers are not the same; the largest difference is 0.5", NOTHING]
    (difference,) = found.differences
    assert (difference.part, difference.shape_then, difference.differing) == ("matrix", matrix.shape, 1)


def test_every_part_is_compared(here, trained):
    words = ["[new]", *list(trained.words)[1:]]
    counts, context = trained.counts.copy(), trained.context_matrix.copy()
    counts[0] += 2
    context[1] += 1
    found = verify(changed(trained, words=words, counts=counts, context_matrix=context), "corpus.txt", threads=1)
    size = len(words)
    assert str(found).splitlines()[1:4] == [
        f"words: 1 of {size} words are not the same",
        f"counts: 1 of {size} numbers are not the same; the largest difference is 2",
        f"context_matrix: 9 of {9 * size} numbers are not the same; the largest difference is 1",
    ]


def test_parts_of_another_size_are_told(here, trained):
    fewer = changed(trained, words=list(trained.words)[:2], counts=None, context_matrix=None, matrix=trained.matrix[:2])
    size = len(trained)
    lines = str(verify(fewer, "corpus.txt", threads=1)).splitlines()
    assert lines[1:] == [f"words: 2 then, {size} now", f"matrix: 2 × 9 then, {size} × 9 now", NOTHING]


def test_rows_of_subwords_are_compared():
    then = small_vectors(seed=1)
    assert list(_differences(then, small_vectors(seed=1))) == []
    others = [difference.part for difference in _differences(then, small_vectors(seed=2))]
    assert others == ["matrix", "word_matrix", "ngram_matrix"]
    alone = firth.Vectors(then.words, then.matrix)
    missing = [(difference.part, difference.shape_now) for difference in _differences(then, alone)]
    assert missing == [("word_matrix", (0, 0)), ("ngram_matrix", (0, 0))]
    assert list(_differences(alone, then)) == []


def test_what_it_was_made_with_is_compared(here, trained):
    made = trained.config["training"]["made_with"]
    then = {**made, "numpy": "1.0", "vector_features": [*made["vector_features"], "avx1024"], "coprocessor": "8087"}
    del then["system"]
    matrix = trained.matrix + np.float32(1)
    found = verify(changed(trained, training={"made_with": then}, matrix=matrix), "corpus.txt", threads=1)
    assert str(found).splitlines()[2:] == [
        f"numpy 1.0 then, {np.__version__} now",
        f"system not known then, {made['system']} now",
        "vector features avx1024 then, none of these now",
        "coprocessor 8087 then, not known now",
    ]
    assert verify(changed(trained, training={"made_with": then}), "corpus.txt", threads=1)  # the bytes decide


def test_another_kernel_is_told(here, trained):
    older = {**trained.config["training"]["kernel"], "turn": 1}
    found = verify(changed(trained, training={"kernel": older, "seed": 1}), "corpus.txt", threads=1)
    turn = trained.config["training"]["kernel"]["turn"]
    assert str(found).splitlines()[-1] == f"kernel turn 1 then, {turn} now"


def test_vectors_that_say_nothing_of_it_are_compared_too(here, trained):
    bare = changed(trained, training={"made_with": None, "kernel": None, "seed": 1})
    found = verify(bare, "corpus.txt", threads=1)
    assert found.made_with_then == {}
    assert f"numpy not known then, {np.__version__} now" in str(found).splitlines()


def test_all_of_it_can_be_written_as_json(here, trained):
    matrix = trained.matrix.copy()
    matrix[0, 0] = 0
    found = verify(changed(trained, matrix=matrix), "corpus.txt", threads=1).as_dict()
    assert json.loads(json.dumps(found)) | {"differences": None} == found | {"differences": None}
    assert list(found) == [
        *("same", "model", "words", "dimensions", "seconds", "differences", "made_with_then", "made_with_now"),
    ]
    assert found["differences"][0].keys() == {"part", "shape_then", "shape_now", "differing", "largest"}


def test_numbers_are_compared_a_stretch_at_a_time(monkeypatch):
    monkeypatch.setattr(verification, "_NUMBERS_AT_ONCE", 4)
    then = np.arange(15, dtype=np.float32).reshape(3, 5)
    now = then.copy()
    assert compare_numbers("matrix", then, now) is None
    now[0, 3], now[2, 4], now[1, 1] = 4, 10, 6.5
    found = compare_numbers("matrix", then, now)
    assert (found.differing, found.largest) == (3, 4)


# ── what can't be repeated ──────────────────────────────────────────────────────────────────────────────────


def test_another_text_is_refused_before_training(saved, monkeypatch):
    import hashlib

    monkeypatch.setattr(verification, "train", None)
    Path("corpus.txt").write_text(TEXT + "x\n", encoding="utf-8")
    then, now = (hashlib.blake2b(text.encode(), digest_size=32).hexdigest() for text in (TEXT, TEXT + "x\n"))
    assert refusal(CorpusError, saved, threads=1) == (
        f"expected the text that v was trained on, checksum {then}, got checksum {now}; "
        "pass the text as it was then (`b2sum -l 256` prints the checksum of a plain file)"
    )


@pytest.mark.parametrize(
    ("training", "error", "said"),
    [
        (
            {"reproducible": False},
            SettingsError,
            "expected v to have been trained with reproducible=True, got reproducible=False: threads raced; "
            "train it anew, without racing (by the firth of today)",
        ),
        (
            {"reproducible": None},
            SettingsError,
            "expected v to have been trained with reproducible=True, got no word; "
            "train it anew, without racing (by the firth of today)",
        ),
        (
            {"interrupted": True},
            TrainingError,
            "expected v to have been trained to its end, got an interruption in pass 2 of 2; "
            "go on from its checkpoints, if there are any, or train it anew: where it was stopped can't be repeated",
        ),
        (
            {"seed": None},
            FormatError,
            "expected the setting 'seed' in the config of v, got none; restore config.json from a copy, or train anew",
        ),
        (
            {"observations": None},
            FormatError,
            "expected the setting 'window' in the config of v, got none; "
            "restore config.json from a copy, or train anew",
        ),
        (
            {"passes": 0},
            SettingsError,
            "expected passes to be a whole number ≥ 1, got 0; choose passes within this range",
        ),
    ],
)
def test_a_training_that_can_not_be_repeated_is_refused(here, trained, training, error, said):
    changed(trained, training=training).save("v")
    assert refusal(error, "v") == said


@pytest.mark.parametrize("config", [{}, {"training": {"reproducible": True}}, {"training": [], "corpus": {}}])
def test_vectors_of_another_origin_are_refused(here, config):
    firth.Vectors(["a"], np.ones((1, 1)), config=config).save("v")
    assert refusal(FormatError, "v") == (
        "expected how v was trained, in its config, got nothing of it; name vectors that firth.train made"
    )


def test_what_is_no_folder_of_vectors_is_refused(here, saved):
    assert re.match(r"expected vectors of a known format in corpus\.txt, got ", refusal(FormatError, "corpus.txt"))
    damaged = Path("v/vectors.safetensors")
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\xff")
    assert re.search(r"to have the checksum that .*v was saved with, got another; ", refusal(FormatError, "v"))


@pytest.mark.parametrize("source", [None, [], "corpus.txt", [1]])
def test_a_corpus_without_a_name_must_be_passed(here, trained, source):
    vectors = changed(trained, corpus={"source": source})
    vectors.save("v")
    assert refusal(CorpusError, "v") == (
        "expected v to say where its corpus is, got a training on an iterable, a prepared corpus or standard input, "
        "which have no name; pass it after the model"
    )


def test_a_corpus_that_has_moved_must_be_named(here, trained):
    changed(trained, corpus={"source": ["gone.txt", "corpus.txt", "gone-*"]}).save("v")
    assert refusal(CorpusError, "v") == (
        "expected the corpus of v where it was when it was trained, got nothing at 'gone.txt' and 'gone-*', seen from "
        f"the folder '{Path.cwd()}'; pass it after the model, or go to the folder where it was trained"
    )
    assert "expected the path of a text file, got 'gone.txt', which does not exist" in refusal(
        CorpusError, "v", "gone.txt"
    )


def split_line(line):
    return line.split(" ")


def test_a_tokenizer_that_is_a_function_must_have_prepared_the_corpus(here):
    vectors = firth.train("corpus.txt", tokenizer=split_line, dimensions=4, threads=1)
    name = vectors.config["corpus"]["tokenizer"]
    assert refusal(SettingsError, vectors) == (
        f"expected the Vectors(7 words × 4) to have been trained with a tokenizer that has a name, got the function "
        f"{name}, which is not stored; pass the text prepared with it: "
        "firth.verify(model, firth.prepare_corpus(text, tokenizer=…))"
    )
    with firth.prepare_corpus("corpus.txt", tokenizer=split_line) as prepared:
        assert verify(vectors, prepared, threads=1)


def test_a_corpus_prepared_otherwise_is_refused(saved):
    with firth.prepare_corpus("corpus.txt", **{name: OTHER[name] for name in records.TEXT} | {"min_count": 1}) as p:
        assert refusal(SettingsError, saved, p) == (
            "expected a corpus prepared as that of v, with min_count=2, got min_count=1; "
            "prepare it again, or pass the text itself"
        )


def test_an_interrupted_verification_says_nothing(saved, trained, monkeypatch):
    half = changed(trained, training={"interrupted": True})
    monkeypatch.setattr(verification, "train", lambda *_, **__: half)
    with pytest.raises(KeyboardInterrupt):
        verify(saved)


# ── the page about it ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(os.name == "nt", reason="the page shows a POSIX shell")
def test_the_session_on_the_page_is_what_is_seen(tmp_path):
    page = Path(__file__).parent.parent / "docs" / "same-bytes.md"
    session = page.read_text(encoding="utf-8").partition("```console\n$ ")[2].partition("```")[0]
    commands, _, shown = zip(*(part.partition("\n") for part in session.split("\n$ ")), strict=True)
    script = [f'firth() {{ "{sys.executable}" -m firth "$@"; }}', "exec 2>&1"]
    script += [f"{command}\necho '%%%'" for command in commands]
    (tmp_path / "example").mkdir()
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path / "example",
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    seen = done.stdout.replace(str(tmp_path.resolve()), "/tmp").split("%%%\n")[:-1]
    as_shown = [re.sub(r"[\d.]+ seconds", "0.1 seconds", text).strip() for text in seen]
    assert as_shown == [text.strip() for text in shown]
