"""Counts on disk: what is saved is loaded and mapped; what is wrong is said, and leads no kernel astray."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

import firth
from firth import Counts, __version__
from firth.contents import kind_of
from firth.errors import FormatError, OutputExistsError, SettingsError
from firth.storage import checksum
from firth.tensors import write_tensors

TEXT = [["the", "cat", "x\r", "\u2028"], ["the", "מלך", "sat", "the", "cat"], ["cat", "x\r"]] * 7
ARGUMENTS = {"window": 3, "dropping": "after", "subsample": 0.2, "min_count": 1}


def sample():
    return firth.count(TEXT, **ARGUMENTS)


@pytest.fixture
def folder(tmp_path):
    sample().save(tmp_path / "tiny")
    return tmp_path / "tiny"


def rewrite(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def recount(folder):
    """Make sizes and checksums right, as one would who means harm."""
    names = ("counts.safetensors", "words.txt")
    rewrite(
        folder,
        files={name: {"bytes": (folder / name).stat().st_size, "blake2b": checksum(folder / name)} for name in names},
    )


@pytest.mark.parametrize("check", [False, True])
def test_what_is_saved_is_loaded(folder, check):
    counts, loaded = sample(), Counts.load(folder, check=check)
    assert loaded == counts
    assert loaded.config["corpora"][0]["checksum"] == counts.config["corpora"][0]["checksum"]
    assert loaded.config["made_with"]["firth"] == __version__
    # What is computed from mapped counts is the same, bit for bit.
    assert loaded.marginals.tobytes() == counts.marginals.tobytes()
    assert loaded.matrix().data.tobytes() == counts.matrix().data.tobytes()
    assert loaded.mutual_information_matrix().data.tobytes() == counts.mutual_information_matrix().data.tobytes()
    assert (loaded.total, loaded.conditional_entropy()) == (counts.total, counts.conditional_entropy())
    assert loaded.restricted(3) == counts.restricted(3)
    assert loaded + loaded == counts + counts
    assert loaded + loaded - counts == counts


def test_saving_again_gives_the_same_bytes(folder, tmp_path):
    loaded = Counts.load(folder)
    loaded.save(tmp_path / "again")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    loaded.save(folder, overwrite=True)
    assert loaded == Counts.load(folder, check=True)


def test_the_cells_are_mapped_and_can_not_be_changed(folder):
    loaded = Counts.load(folder)
    for array in (loaded.starts, loaded.contexts, loaded.cells, loaded.occurrences):
        assert not array.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_files_are_what_the_docstring_says(folder):
    tensors = load_file(folder / "counts.safetensors")
    counts = sample()
    assert {name: (array.dtype, array.shape) for name, array in tensors.items()} == {
        "starts": (np.int64, (len(counts) + 1,)),
        "contexts": (np.int32, (counts.nonzero,)),
        "cells": (np.uint64, (counts.nonzero,)),
        "reference_counts": (np.uint64, (len(counts),)),
        "occurrences": (np.uint64, (len(counts),)),
    }
    assert (folder / "words.txt").read_bytes().decode().split("\n")[:-1] == list(counts.vocabulary.words)
    assert kind_of(folder) == "counts"
    assert kind_of(folder.parent) is None


def test_counts_of_nothing_are_saved_too(tmp_path):
    counts = sample()
    (counts - counts).save(tmp_path / "none")
    assert len(Counts.load(tmp_path / "none", check=True)) == 0
    assert Counts.load(tmp_path / "none") + counts == counts
    empty = firth.count([["x", "y"]], vocabulary=counts, **{k: v for k, v in ARGUMENTS.items() if k != "min_count"})
    empty.save(tmp_path / "empty")
    assert Counts.load(tmp_path / "empty", check=True) == empty
    assert (Counts.load(tmp_path / "empty") + counts).tokens == counts.tokens + 2


def test_a_word_that_is_no_line_is_refused_by_name(tmp_path):
    counts = firth.count([["a", "b"]], vocabulary=firth.Vocabulary(["a", "b\nc"], [1, 1]))
    with pytest.raises(SettingsError, match=r"expected words without newline, got 'b\\nc' as row 1; leave it out"):
        counts.save(tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_taken_is_refused(folder):
    with pytest.raises(OutputExistsError):
        sample().save(folder)


def test_vectors_are_no_counts(tmp_path):
    firth.Vectors(["a"], np.ones((1, 1))).save(tmp_path / "v")
    with pytest.raises(FormatError) as caught:
        Counts.load(tmp_path / "v")
    assert str(caught.value) == (
        f"expected {tmp_path}/v to be a folder of counts written by firth, got format 'firth-vectors' in its "
        "config.json; check the path"
    )


# ── what is wrong ───────────────────────────────────────────────────────────────────────────────────────────


def spoil(**tensors):
    """Return a function that replaces tensors of a folder, with sizes and checksums made right."""

    def act(folder):
        stored = {name: array.copy() for name, array in load_file(folder / "counts.safetensors").items()}
        for name, change in tensors.items():
            stored[name] = change(stored[name])
        write_tensors(folder / "counts.safetensors", stored)
        recount(folder)

    return act


def put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


def write_words(data):
    def act(folder):
        (folder / "words.txt").write_bytes(data)
        recount(folder)

    return act


def record(**changes):
    def act(folder):
        config = json.loads((folder / "config.json").read_text())
        rewrite(folder, record={**config["record"], **changes})

    return act


def observations(**changes):
    def act(folder):
        config = json.loads((folder / "config.json").read_text())
        rewrite(folder, observations={**config["observations"], **changes})

    return act


SPOILT = {
    "no cells": (lambda folder: (folder / "counts.safetensors").unlink(), "the file counts.safetensors in "),
    "words cut": (lambda folder: (folder / "words.txt").write_bytes(b"the\n"), "words.txt to have "),
    "newer": (lambda folder: rewrite(folder, format_version=2), "in format version 1 or older, got version 2"),
    "no words": (lambda folder: rewrite(folder, words=-1), "'words' in the config of "),
    "other size": (lambda folder: rewrite(folder, words=5), "expected a tensor 'starts' of type int64 and shape (6,)"),
    "no settings": (
        lambda folder: rewrite(folder, observations=None),
        "expected the observation settings in the config of ",
    ),
    "other settings": (observations(more=1), "expected the observation settings in the config of "),
    "wrong setting": (
        observations(window="5"),
        "got others (expected window to be a whole number from 1 to 1000, got '5'",
    ),
    "no record": (lambda folder: rewrite(folder, record=[1]), "expected 'tokens' in the config of "),
    "record of bool": (record(tokens=True), "expected 'tokens' in the config of "),
    "record below 0": (record(reference_total=-1), "expected 'reference_total' in the config of "),
    "record not a bool": (record(is_exact=1), "expected 'is_exact' in the config of "),
    "texts of text": (record(corpora=["a"]), "expected 'corpora' in the config of "),
    "descending": (spoil(starts=put(1, 10**6)), "got starts that do not ascend from 0 to the end"),
    "not from 0": (spoil(starts=put(0, 1)), "got starts that do not ascend from 0 to the end"),
    "negative": (spoil(starts=put(slice(1, -1), -5)), "got starts that do not ascend from 0 to the end"),
    "count of 0": (spoil(reference_counts=put(2, 0)), "expected reference counts above 0 in "),
    "other type": (spoil(cells=lambda a: a.astype(np.int64)), "expected a tensor 'cells' of type uint64"),
    "missing": (spoil(cells=lambda a: a[:-1]), "expected a tensor 'cells' of type uint64"),
    "not UTF-8": (write_words(b"a\nb\nc\nd\ne\n\xff\n"), "words.txt in UTF-8, got "),
    "too few": (write_words(b"a\nb\n"), "words.txt to have 6 lines, got 2 line ends; copy the folder again"),
    "no end": (write_words(b"a\nb\nc\nd\ne\nf\ng"), "words.txt to have 6 lines, got 6 line ends; "),
    "twice": (write_words(b"a\nb\nc\nd\nb\nf\n"), "words.txt, got 'b' twice; copy the folder again"),
}
CELLS = {
    "no word": (spoil(contexts=put(0, 99)), "row 0"),
    "negative word": (spoil(contexts=put(0, -1)), "row 0"),
    "last": (spoil(contexts=put(-1, 6)), "row 5"),
    "unordered": (spoil(contexts=put(1, 0)), "row 0"),
    "empty cell": (spoil(cells=put(3, 0)), "row 0"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_folder_that_is_wrong_is_refused_in_one_sentence(folder, name):
    act, message = SPOILT[name]
    act(folder)
    with pytest.raises(FormatError) as caught:
        Counts.load(folder)
    assert message in str(caught.value)
    assert str(caught.value).startswith("expected ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", CELLS)
def test_rows_that_are_wrong_are_refused_before_a_kernel_reads_them(folder, name):
    act, row = CELLS[name]
    act(folder)
    for use in (
        lambda: Counts.load(folder, check=True),
        lambda: Counts.load(folder).total,
        lambda: Counts.load(folder).conditional_entropy(),
        lambda: Counts.load(folder).matrix(),
        lambda: Counts.load(folder).restricted(2),
        lambda: Counts.load(folder) + sample(),
        lambda: sample() - Counts.load(folder),
    ):
        with pytest.raises(FormatError) as caught:
            use()
        assert str(caught.value) == (
            f"expected the words of every row in {folder} ascending, and no cell of 0, got another thing in {row}; "
            "copy the folder again"
        )


def test_a_changed_cell_is_found_by_its_checksum(folder):
    path = folder / "counts.safetensors"
    data = bytearray(path.read_bytes())
    data[-60] ^= 1
    path.write_bytes(data)
    Counts.load(folder)
    with pytest.raises(FormatError, match=r"to have the checksum that .* was saved with, got another"):
        Counts.load(folder, check=True)
