"""The approximate index: exact cosines, measured recall, the same file every time; hostile files get a sentence."""

import builtins
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firth.contents import describe_files
from firth.errors import FormatError, MissingExtraError, OutputExistsError, SettingsError
from firth.storage import read_json, write_config
from firth.vectors import Vectors
from firth.vectors.approximate import ApproximateIndex
from firth.vectors.compressing import compress
from firth.vectors.graph_file import check_graph
from firth.vectors.neighbours import best_of
from firth.vectors.stored import PlainMatrix

pytest.importorskip("usearch", reason="the extra 'search' is not installed")


def random_vectors(rows=2000, dimensions=16, seed=0):
    matrix = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    matrix[5] = 0
    return Vectors([f"w{row}" for row in range(rows)], matrix)


@pytest.fixture(scope="module")
def vectors():
    return random_vectors()


@pytest.fixture(scope="module")
def index(vectors):
    return ApproximateIndex.build(vectors)


@pytest.fixture
def folder(index, tmp_path):
    index.save(tmp_path / "index")
    return tmp_path / "index"


def test_answers_are_those_of_exact_search_but_for_some_that_are_missing(vectors, index):
    words = vectors.words[100:200]
    shares = []
    for exact, found in zip(vectors.most_similar(words), vectors.most_similar(words, index=index), strict=True):
        assert len(found) == 10
        values = dict(vectors.most_similar(words[len(shares)], count=2000))
        assert all(values[word] == value for word, value in found)
        assert found == sorted(found, key=lambda pair: -pair[1])
        shares.append(len({word for word, _ in exact} & {word for word, _ in found}) / 10)
    assert np.mean(shares) > 0.9 and index.recall > 0.9


def test_the_recall_is_what_it_says(vectors, index):
    recall = index.config["recall"]
    assert recall["at"] == 10 and recall["words"] == 1000 - (5 in _sample()) and recall["mean"] == index.recall
    everything = ApproximateIndex.build(vectors, connectivity=32, expansion_build=500, expansion_search=2000)
    assert everything.recall > 0.999
    poor = ApproximateIndex.build(vectors, connectivity=2, expansion_build=2, expansion_search=10)
    assert poor.recall < index.recall
    assert repr(index) == f"ApproximateIndex(2000 words × 16, recall {index.recall:.3f})"


def _sample():
    from firth.randomness import random_bits, stream_key

    return np.argsort(random_bits(stream_key(1, "sample"), np.arange(2000)), kind="stable")[:1000]


def test_one_query_is_as_many(vectors, index):
    words = vectors.words[:30]
    assert vectors.most_similar(words, index=index, threads=2) == [
        vectors.most_similar(word, index=index) for word in words
    ]
    assert vectors.most_similar([], index=index) == []
    query = vectors.most_similar("w1", index=index, count=3)
    left = vectors.most_similar("w1", index=index, count=3, exclude=[query[0][0]])
    assert query[0] not in left and left[:2] == query[1:]
    assert [value for _, value in vectors.most_similar(np.zeros(16), index=index)] == [0.0] * 10
    assert len(vectors.most_similar("w1", index=index, count=5000)) <= 1998
    assert vectors.related(["w1", "w2"], ["w3"], index=index, count=3)


def test_the_same_index_every_time(vectors, tmp_path):
    for name in ("one", "two"):
        ApproximateIndex.build(vectors).save(tmp_path / name)
    one, two = ((tmp_path / name / "index.usearch").read_bytes() for name in ("one", "two"))
    assert one == two
    assert ApproximateIndex.build(vectors).config["settings"]["same_every_time"] is True
    assert ApproximateIndex.build(vectors, threads=2).config["settings"]["same_every_time"] is False


def test_saved_and_loaded(vectors, index, folder):
    loaded = ApproximateIndex.load(folder)
    words = vectors.words[:50]
    assert vectors.most_similar(words, index=loaded) == vectors.most_similar(words, index=index)
    assert loaded.recall == index.recall and repr(loaded) == repr(index)
    with pytest.raises(OutputExistsError):
        index.save(folder)
    loaded.save(folder.parent / "again")
    assert (folder.parent / "again" / "index.usearch").read_bytes() == (folder / "index.usearch").read_bytes()


def test_compressed_vectors_have_indexes_too():
    small = compress(random_vectors(500), to="int8")
    index = ApproximateIndex.build(small)
    assert dict(small.most_similar("w1", index=index)).keys() <= dict(small.most_similar("w1", count=100)).keys()


def test_vectors_of_nothing_but_zeros(tmp_path):
    nothing = Vectors(["a", "b"], np.zeros((2, 3)))
    index = ApproximateIndex.build(nothing)
    index.save(tmp_path / "index")
    for one in (index, ApproximateIndex.load(tmp_path / "index")):
        assert nothing.most_similar("a", index=one) == []
    assert index.recall == 1


def test_an_index_of_other_vectors_is_refused(vectors, index):
    message = r"expected an index of these vectors, got one of others, 2000 × 16; build one: firth index"
    for other in (
        random_vectors(seed=1),
        random_vectors(1000),
        Vectors([f"x{row}" for row in range(2000)], vectors.matrix),
    ):
        with pytest.raises(SettingsError, match=message):
            other.most_similar(other.words[0], index=index)
    same = Vectors(list(vectors.words), vectors.matrix.copy())
    assert same.most_similar("w1", index=index) == vectors.most_similar("w1", index=index)
    with pytest.raises(SettingsError, match="expected no restrict with an index, got 5"):
        vectors.most_similar("w1", index=index, restrict=5)


def test_settings_out_of_range(vectors):
    for name in ("connectivity", "expansion_build", "expansion_search", "threads"):
        with pytest.raises(SettingsError, match=f"expected {name} to be a whole number"):
            ApproximateIndex.build(vectors, **{name: 0})
    with pytest.raises(SettingsError, match="expected seed"):
        ApproximateIndex.build(random_vectors(20), seed=-1)


def test_without_the_extra(vectors, folder, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("usearch"):
            raise ImportError(name)
        return real(name, *rest, **more)

    for name in [name for name in sys.modules if name.startswith("usearch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    message = r"expected usearch, for an approximate index, got no module usearch; pip install 'firth\[search\]'"
    with pytest.raises(MissingExtraError, match=message):
        ApproximateIndex.build(vectors)
    with pytest.raises(MissingExtraError, match=message):
        ApproximateIndex.load(folder)


def test_a_changed_file_is_refused_before_it_is_opened(folder):
    path = folder / "index.usearch"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(FormatError, match="to have the checksum that"):
        ApproximateIndex.load(folder)
    path.write_bytes(data[:-1])
    with pytest.raises(FormatError, match=r"to have \d+ bytes, got \d+"):
        ApproximateIndex.load(folder)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(FormatError, match="a link to"):
        ApproximateIndex.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "firth-vectors"}, "to be a folder of index written by firth"),
        ({"format_version": 2}, "in format version 1 or older, got version 2"),
        ({"dimensions": 17}, "to be a whole index of usearch, got"),
        ({"dimensions": "16"}, "'dimensions' in the config of"),
        ({"count": 1998}, "to be a whole index of usearch, got"),
        ({"words": 1000}, "a node of another level, or of no word"),
        ({"settings": None}, "to have settings and recall"),
        ({"settings": {"expansion_search": 10**9}}, "to have settings and recall"),
        ({"recall": {}}, "to have settings and recall"),
        ({"files": {}}, "got no entry"),
    ],
)
def test_a_config_that_does_not_fit(folder, changes, message):
    config = read_json(folder / "config.json")
    marks = {name: changes.get(name, config[name]) for name in ("format", "format_version")}
    write_config(folder, marks["format"].removeprefix("firth-"), marks["format_version"], {**config, **changes})
    with pytest.raises(FormatError, match=message):
        ApproximateIndex.load(folder)


def small_file(path):
    """A small index with several levels; the file, and what its folder says of it."""
    built = ApproximateIndex.build(random_vectors(300, 4), connectivity=4)
    built.save(path)
    return path / "index.usearch", {"count": 299, "dimensions": 4, "words": 300}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_links_are_checked_whatever_the_checksum_says(data, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    if not folder.exists():
        small_file(folder)
    path = folder / "index.usearch"
    whole = path.read_bytes()
    start = 8 + 2 * 4 * 299
    place = data.draw(st.one_of(st.integers(0, 7), st.integers(start, len(whole) - 1)))
    changed = bytearray(whole)
    changed[place : place + 4] = data.draw(st.binary(min_size=1, max_size=4))
    other = folder / "other"
    other.write_bytes(changed)
    try:
        check_graph(other, count=299, dimensions=4, words=300)
    except FormatError as problem:
        assert "to be a whole index of usearch, got" in str(problem)
        return
    from usearch.index import Index

    opened = Index.restore(str(other), view=True)  # what was believed can be searched without a crash
    if opened is not None:
        opened.search(np.ones((3, 4), np.float32), 20, threads=1)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, b"\xff", "a head of other vectors"),
        (8 + 8 * 299, b"useless", "a head of other vectors"),
        (8 + 8 * 299 + 17, b"\x01", "a head of "),
        (8 + 8 * 299 + 64, b"\xff", "nodes with 4 and"),
        (8 + 8 * 299 + 64 + 24, b"\x7f", "levels up to 127"),
        (8 + 8 * 299 + 64 + 32, b"\xff\xff", "from node 65535"),
        (8 + 8 * 299 + 64 + 40, b"\x00\x80", "levels up to"),
    ],
)
def test_each_part_of_the_head(tmp_path, place, value, message):
    path, sizes = small_file(tmp_path / "index")
    check_graph(path, **sizes)
    data = bytearray(path.read_bytes())
    data[place : place + len(value)] = value
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message):
        check_graph(path, **sizes)
    path.write_bytes(data[:50])
    with pytest.raises(FormatError, match="got 50 bytes"):
        check_graph(path, **sizes)


def test_a_hostile_folder_with_the_right_checksum(tmp_path):
    path, _ = small_file(tmp_path / "index")
    data = bytearray(path.read_bytes())
    data[-8:-4] = b"\xff" * 4  # a link of the last node, used or not
    data[-(4 + 4 * 8) :] = b"\x08\0\0\0" + b"\xfe" * 32
    path.write_bytes(data)
    config = read_json(tmp_path / "index" / "config.json")
    write_config(
        tmp_path / "index", "index", 1, config | {"files": describe_files(tmp_path / "index", ("index.usearch",))}
    )
    with pytest.raises(FormatError, match="a link of level 0 that leads nowhere"):
        ApproximateIndex.load(tmp_path / "index")


def test_the_best_of_chosen_rows():
    held = PlainMatrix(np.array([[1, 0], [0, 1], [1, 1], [2, 0]], np.float32))
    queries = np.array([[1.0, 0.0], [0.0, 1.0]])
    nothing = np.zeros(0, np.int64)
    found = best_of(held, queries, [np.array([3, 1, 0]), nothing], [np.array([1]), nothing], count=2)
    assert found[0][0].tolist() == [0, 3] and found[0][1].tolist() == [1, 1] and found[1][0].tolist() == []
