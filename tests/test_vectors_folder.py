import json
import os
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file

from firth import __version__
from firth.errors import FormatError, OutputExistsError, SettingsError, UnknownWordError
from firth.storage import checksum
from firth.tensors import write_tensors
from firth.vectors import Vectors
from firth.vectors.card import model_card

WORDS = ["the", "a b", "x\r", "\u2028", "מלך"]
CONFIG = {
    "training": {
        "objective": "sampling",
        "losses": [{"pass": 1, "loss_per_pair": 2.5}, {"pass": 2, "loss_per_pair": 2.25}],
        "passes": 2,
    },
    "note": "a | b\n`c`",
}


def sample() -> Vectors:
    random = np.random.default_rng(0)
    return Vectors(
        WORDS,
        random.standard_normal((5, 3)),
        counts=np.array([2**63, 4, 3, 2, 1], np.uint64),
        context_matrix=random.standard_normal((5, 3)),
        config=CONFIG,
    )


@pytest.fixture
def folder(tmp_path):
    sample().save(tmp_path / "tiny")
    return tmp_path / "tiny"


def assert_same(first: Vectors, second: Vectors) -> None:
    assert first.words == second.words
    for name in ("matrix", "counts", "context_matrix"):
        one, other = getattr(first, name), getattr(second, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


def rewrite(folder, **changes) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def recount(folder) -> None:
    """Make sizes and checksums right, as one would who means harm."""
    files = {
        name: {"bytes": (folder / name).stat().st_size, "blake2b": checksum(folder / name)}
        for name in ("vectors.safetensors", "words.txt")
    }
    rewrite(folder, files=files)


@pytest.mark.parametrize("check", [False, True])
def test_what_is_saved_is_loaded(folder, check):
    loaded = Vectors.load(folder, check=check)
    assert_same(loaded, sample())
    assert loaded.config["training"] == CONFIG["training"]
    assert loaded.config["note"] == CONFIG["note"]
    assert loaded.config["words"] == 5 and loaded.config["dimensions"] == 3
    assert loaded.config["format"] == "firth-vectors" and loaded.config["format_version"] == 1
    assert loaded.config["firth_version"] == __version__


FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
LINES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")), min_size=1, max_size=9, unique=True
)


@given(LINES, st.integers(1, 4), st.data())
@settings(max_examples=30)
def test_any_words_and_numbers_come_back(tmp_path_factory, words, dimensions, data):
    matrix = data.draw(hnp.arrays(np.float32, (len(words), dimensions), elements=FINITE))
    vectors = Vectors(words, matrix)
    folder = tmp_path_factory.getbasetemp() / "any"
    vectors.save(folder, overwrite=True)
    loaded = Vectors.load(folder, check=True)
    assert_same(loaded, vectors)
    assert [loaded.index(word) for word in words] == list(range(len(words)))


def test_saving_what_was_loaded_gives_the_same_bytes(folder, tmp_path):
    Vectors.load(folder).save(tmp_path / "copy" / "tiny")
    for name in ("vectors.safetensors", "words.txt", "config.json", "README.md"):
        assert (folder / name).read_bytes() == (tmp_path / "copy" / "tiny" / name).read_bytes()
    assert sorted(os.listdir(folder)) == ["README.md", "config.json", "vectors.safetensors", "words.txt"]  # noqa: PTH208


def test_vectors_can_be_saved_over_the_folder_that_they_are_mapped_from(folder):
    loaded = Vectors.load(folder)
    loaded.save(folder, overwrite=True)
    assert_same(loaded, sample())
    assert_same(Vectors.load(folder, check=True), sample())


def test_an_existing_folder_is_refused_unless_overwrite(folder):
    with pytest.raises(OutputExistsError, match="pass overwrite=True"):
        Vectors(["a"], np.ones((1, 1))).save(folder)
    assert_same(Vectors.load(folder), sample())
    Vectors(["a"], np.ones((1, 1))).save(folder, overwrite=True)
    assert Vectors.load(folder).words == ["a"]


def test_the_files_are_what_their_description_says(folder):
    assert (folder / "words.txt").read_bytes() == "".join(word + "\n" for word in WORDS).encode()
    tensors = load_file(folder / "vectors.safetensors")
    assert sorted(tensors) == ["context_matrix", "counts", "matrix"]
    np.testing.assert_array_equal(tensors["matrix"], sample().matrix)
    Vectors(["a"], np.ones((1, 1))).save(folder, overwrite=True)
    assert list(load_file(folder / "vectors.safetensors")) == ["matrix"]


def test_the_card_has_the_numbers(folder):
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: firth\n")
    assert "# tiny\n\n5 words, 3 dimensions: sampling. Loss of the last pass: 2.2500 nats a pair.\n" in card
    assert 'firth.Vectors.load("tiny")' in card
    assert "| pass | loss per pair (nats) |\n|---:|---:|\n| 1 | 2.5000 |\n| 2 | 2.2500 |\n\n| setting | value |" in card
    assert "| objective | sampling |" in card
    assert "losses" not in card
    assert "| note | a \\| b 'c' |" in card


def test_the_card_of_trained_vectors_says_how_they_were_trained_and_on_what(tmp_path):
    from firth import train

    train([["to", "be", "or", "not", "to", "be"]] * 20, dimensions=4, min_count=1, subsample=0, threads=1).save(
        tmp_path / "v"
    )
    card = (tmp_path / "v" / "README.md").read_text()
    assert "4 words, 4 dimensions: skip-gram with negative sampling, on 120 words of text. Loss of" in card
    assert "| pass | pairs | loss per pair (nats) | words/s |\n|---:|---:|---:|---:|\n| 1 | " in card
    settings = (
        "window | 5",
        "window_weights | dynamic",
        "negatives | 5",
        "learning_rate | 0.025",
        "interrupted | False",
    )
    numbers = ("tokens | 120", "words_seen | 4", "sentences | 20", "min_count | 1")
    for row in (*settings, *numbers):
        assert f"\n| {row} |\n" in card


def test_the_card_shows_how_far_an_interrupted_training_came(tmp_path):
    losses = [{"pass": 1, "pairs": 1200, "loss_per_pair": 2.5}, {"pass": 2, "pairs": 0, "loss_per_pair": None}]
    training = {"losses": losses, "passes": 5, "interrupted": True}
    Vectors(["a"], np.ones((1, 1)), config={"training": training}).save(tmp_path / "v")
    card = (tmp_path / "v" / "README.md").read_text()
    assert "1 word, 1 dimension. Training was interrupted, in pass 2 of 5.\n" in card
    assert "| 1 | 1,200 | 2.5000 |\n| 2 | 0 |  |\n" in card


MADE_WITH = {
    "firth": "0.1.0",
    "python": "3.11.7",
    "numpy": "2.4.6",
    "numba": "0.68.1",
    "llvmlite": "0.50.0",
    "system": "Linux, glibc 2.36",
    "machine": "x86_64",
    "processor": "AMD EPYC",
    "compiled_for": "znver4",
    "vector_features": ["avx", "fma"],
}
WHERE = (
    " They are the same with firth 0.1.0, python 3.11.7, numpy 2.4.6, numba 0.68.1, llvmlite 0.50.0, on a processor "
    "that LLVM calls znver4 (AMD EPYC, x86_64)."
)
AGAIN = "Reproducible: `firth train --verify 'a b' CORPUS` trains it again, on any number of threads, and compares the"


@pytest.mark.parametrize(
    ("training", "line"),
    [
        ({"reproducible": True, "made_with": MADE_WITH}, f"{AGAIN} bytes.{WHERE}"),
        ({"reproducible": True}, f"{AGAIN} bytes."),
        ({"reproducible": True, "made_with": {"numpy": "2.4.6"}}, f"{AGAIN} bytes."),
        ({"reproducible": False}, "Not reproducible: threads raced, and another training gives other numbers."),
        (
            {"reproducible": True, "interrupted": True},
            "Not reproducible: training was interrupted, where no other would be.",
        ),
        (
            {"reproducible": True, "resumed_with_changes": ["numpy 2.4.6 then, 2.5.0 now"]},
            "Perhaps not reproducible: parts of it were made with other versions, or on another processor.",
        ),
        ({"passes": 2}, None),
    ],
)
def test_the_card_says_whether_training_again_gives_the_same_bytes(tmp_path, training, line):
    Vectors(["a"], np.ones((1, 1)), config={"training": training}).save(tmp_path / "a b")
    card = (tmp_path / "a b" / "README.md").read_text()
    found = [text for text in card.splitlines() if "eproducible:" in text]
    assert found == ([line] if line else [])


def test_a_name_with_a_backtick_is_code_all_the_same():
    card = model_card("a`b", {"words": 1, "dimensions": 1, "training": {"reproducible": True}})
    assert "Reproducible: `` firth train --verify 'a`b' CORPUS `` trains it again" in card


def test_settings_of_one_name_are_told_apart_in_the_card(tmp_path):
    config = {"training": {"seed": 1, "noise": {"seed": 2, "exponent": 0.75}}}
    Vectors(["a"], np.ones((1, 1)), config=config).save(tmp_path / 'a "b"')
    card = (tmp_path / 'a "b"' / "README.md").read_text()
    assert "| seed | 1 |\n| noise.seed | 2 |\n| exponent | 0.75 |\n" in card
    assert 'firth.Vectors.load("a \\"b\\"")' in card


def test_what_the_card_shows_to_open_the_files_opens_them(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    _, ours, theirs = [block.partition("```")[0] for block in (folder / "README.md").read_text().split("```python\n")]
    exec(ours, names := {})
    assert_same(names["vectors"], sample())
    monkeypatch.chdir(folder)
    exec(theirs, names := {})
    assert names["words"] == WORDS
    np.testing.assert_array_equal(names["matrix"], sample().matrix)


def test_a_changed_card_is_no_reason_to_refuse(folder):
    (folder / "README.md").write_text("mine")
    assert_same(Vectors.load(folder, check=True), sample())
    (folder / "README.md").unlink()
    assert_same(Vectors.load(folder, check=True), sample())


@pytest.mark.parametrize("losses", ["none", [], ["x"], None, {"a": 1}, [2.5], [{"loss_per_pair": None}]])
def test_a_card_is_written_whatever_the_config_says(tmp_path, losses):
    Vectors(["a"], np.ones((1, 1)), config={"training": {"losses": losses}, "long": "x" * 999}).save(tmp_path / "v")
    card = (tmp_path / "v" / "README.md").read_text()
    assert "1 word, 1 dimension.\n" in card
    assert "## Training" not in card or "| setting |" in card or "| pass |" in card
    assert "x" * 119 + "…" in card


def test_a_setting_without_json_form_is_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(SettingsError, match=r"expected training\.corpus of the config to have a JSON form, got a set"):
        Vectors(["a"], np.ones((1, 1)), config={"training": {"corpus": {1}}}).save(tmp_path / "v")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["vectors.safetensors", "words.txt", "config.json"])
def test_a_missing_or_truncated_file_is_refused(folder, name):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-1] if name != "config.json" else whole[:-3])
    with pytest.raises(FormatError, match=name):
        Vectors.load(folder)
    (folder / name).unlink()
    with pytest.raises(FormatError, match=f"expected the file {name} in .*, got nothing there"):
        Vectors.load(folder)


@pytest.mark.parametrize("name", ["vectors.safetensors", "words.txt"])
def test_a_changed_byte_is_found_by_check(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[-2] ^= 1
    (folder / name).write_bytes(data)
    assert len(Vectors.load(folder)) == 5
    with pytest.raises(FormatError, match=rf"expected .*{name} to have the checksum .*, got another; copy the folder"):
        Vectors.load(folder, check=True)


@pytest.mark.parametrize("name", ["vectors.safetensors", "words.txt"])
def test_a_link_out_of_the_folder_is_refused(folder, tmp_path, name):
    shutil.move(folder / name, tmp_path / "outside")
    (folder / name).symlink_to(tmp_path / "outside")
    with pytest.raises(FormatError, match=r"got a link to .*outside"):
        Vectors.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"words": 6},
            r"expected a tensor 'matrix' of type float32 and shape \(6, 3\) .*, got float32 of shape \(5, 3\)",
        ),
        ({"words": 0}, "expected 'words' in the config of .* to be a whole number ≥ 1, got 0"),
        ({"words": "5"}, "got '5'"),
        ({"words": None}, "got None"),
        ({"dimensions": True}, "got True"),
        ({"dimensions": 4}, r"shape \(5, 4\)"),
        ({"files": None}, r"expected vectors\.safetensors in the config of .*, got no entry"),
        ({"files": {"vectors.safetensors": 3}}, "got no entry"),
        ({"format_version": 3}, "in format version 2 or older, got version 3, written by firth .*; update firth"),
        ({"format": "firth-corpus"}, "to be a folder of vectors written by firth, got format 'firth-corpus'"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(folder, changes, message):
    rewrite(folder, **changes)
    with pytest.raises(FormatError, match=message):
        Vectors.load(folder)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "expected a tensor 'matrix' of type float32 and shape .*, got none"),
        ({"matrix": np.ones((5, 3))}, r"got float64 of shape \(5, 3\)"),
        ({"matrix": np.ones((3, 5), np.float32)}, r"got float32 of shape \(3, 5\)"),
        ({"matrix": np.ones((5, 3), np.float32), "counts": np.ones(5, np.int64)}, "tensor 'counts' of type uint64"),
        ({"matrix": np.ones((5, 3), np.float32), "context_matrix": np.ones((5, 2), np.float32)}, "'context_matrix'"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(folder, tensors, message):
    write_tensors(folder / "vectors.safetensors", tensors)
    recount(folder)
    with pytest.raises(FormatError, match=message):
        Vectors.load(folder)


@pytest.mark.parametrize("name", ["matrix", "context_matrix"])
def test_numbers_that_are_not_finite_are_found_by_check(folder, name):
    tensors = {"matrix": sample().matrix, "context_matrix": sample().context_matrix}
    tensors[name] = tensors[name].copy()
    tensors[name][1, 2] = np.nan
    write_tensors(folder / "vectors.safetensors", tensors)
    recount(folder)
    with pytest.raises(FormatError, match=f"expected finite numbers in .*, got NaN or infinity in {name} for 'a b'"):
        Vectors.load(folder, check=True)


def test_words_that_are_no_text_are_found_by_check_and_by_look_up(folder):
    data = (folder / "words.txt").read_bytes()
    (folder / "words.txt").write_bytes(data.replace(b"the", b"t\xffe"))
    recount(folder)
    with pytest.raises(FormatError, match="in UTF-8"):
        Vectors.load(folder, check=True)
    with pytest.raises(UnknownWordError):
        Vectors.load(folder).index("absent")
    (folder / "words.txt").write_bytes(b"a\na\nb\nc\nd\n")
    recount(folder)
    with pytest.raises(FormatError, match="got 'a' again in line 2"):
        Vectors.load(folder, check=True)


@pytest.mark.parametrize(
    ("place", "came"), [("nowhere", "nothing there; check the path"), ("words.txt", "a file that is none; .* name its")]
)
def test_what_is_no_folder_is_refused(folder, place, came):
    with pytest.raises(FormatError, match=f"expected vectors .*{place}, got {came}"):
        Vectors.load(folder / place)
    with pytest.raises(FormatError, match=r"to be a folder of vectors written by firth, got .*; check the path"):
        Vectors.load(folder / place, format="firth")


def test_a_folder_of_another_program_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(FormatError, match="got a folder that is none"):
        Vectors.load(tmp_path)
    with pytest.raises(FormatError, match="got format None in its config"):
        Vectors.load(tmp_path, format="firth")
