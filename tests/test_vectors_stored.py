"""Vectors held in fewer bytes: rows are what the twins make, search over them is exact, folders keep them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import naive_vectors
from firth.errors import FormatError, SettingsError, ShapeError
from firth.storage import read_json, write_config
from firth.vectors import Vectors
from firth.vectors.neighbours import cosines, nearest, row_norms
from firth.vectors.stored import ByteMatrix, HalfMatrix, PlainMatrix, ProductMatrix, group_ends, stored_matrix


def generator(seed=0):
    return np.random.default_rng(seed)


def product(rows=50, dimensions=10, groups=4, seed=0):
    draw = generator(seed)
    codes = draw.integers(0, 256, (rows, groups), dtype=np.uint8)
    scales = draw.random(rows, dtype=np.float32)
    return ProductMatrix(codes, scales, draw.standard_normal((256, dimensions), dtype=np.float32))


def every_form(rows=50, dimensions=10):
    draw = generator(1)
    return [
        PlainMatrix(draw.standard_normal((rows, dimensions), dtype=np.float32)),
        HalfMatrix(draw.standard_normal((rows, dimensions)).astype(np.float16)),
        ByteMatrix(draw.integers(-127, 128, (rows, dimensions), dtype=np.int8), draw.random(rows, dtype=np.float32)),
        product(rows, dimensions, groups=4),
        product(rows, dimensions, groups=5),
    ]


@given(
    hnp.arrays(
        np.float16,
        st.tuples(st.integers(1, 5), st.integers(1, 5)),
        elements=st.floats(width=16, allow_nan=False, allow_infinity=False),
    )
)
def test_every_float16_is_widened_as_numpy_does(halves):
    np.testing.assert_array_equal(HalfMatrix(halves).whole(), halves.astype(np.float32))


def test_all_float16_there_are():
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)].reshape(-1, 8)
    np.testing.assert_array_equal(HalfMatrix(finite).whole().view(np.uint32), finite.astype(np.float32).view(np.uint32))


@pytest.mark.parametrize(("dimensions", "groups"), [(8, 2), (10, 4), (7, 7), (5, 1), (3, 2)])
def test_product_rows_are_those_of_the_twin(dimensions, groups):
    held = product(30, dimensions, groups)
    parts = held.tensors()
    wanted = naive_vectors.product_rows(parts["codes"], parts["scales"], parts["codebooks"])
    np.testing.assert_array_equal(held.whole(), wanted)
    assert group_ends(dimensions, groups)[-1] == dimensions


@pytest.mark.parametrize("held", every_form(), ids=lambda held: repr(held))
def test_rows_and_stretches_are_of_the_whole(held, monkeypatch):
    whole = held.whole()
    monkeypatch.setattr(type(held), "tile", 7)
    assert whole.dtype == np.float32 and whole.shape == held.shape == (50, 10)
    ids = np.array([49, 0, 7, 7, -1])
    np.testing.assert_array_equal(held.rows(ids), whole[ids])
    for start, stop in ((0, 50), (3, 4), (10, 31), (50, 50)):
        np.testing.assert_array_equal(held.stretch(start, stop), whole[start:stop])
    assert held.rows(np.zeros(0, np.int64)).shape == (0, 10)
    np.testing.assert_array_equal(stored_matrix(held.tensors()).whole(), whole)
    with pytest.raises(ValueError, match="read-only"):
        whole[0] = 0


@pytest.mark.parametrize("held", every_form(), ids=lambda held: repr(held))
def test_search_is_exact_over_the_rows_that_are_made(held):
    plain = held.whole()
    norms = row_norms(held)
    np.testing.assert_array_equal(norms, row_norms(plain))
    queries = generator(2).standard_normal((20, 10))
    nothing = [np.zeros(0, np.int64)] * 20
    for threads in (1, 3):
        found = nearest(held, norms, queries, count=7, left_out=nothing, threads=threads)
        for query, (rows, values) in zip(queries, found, strict=True):
            exact = cosines(plain, query[np.newaxis])
            wanted = np.lexsort((np.arange(50), -exact))[:7]
            np.testing.assert_array_equal(rows, wanted)
            np.testing.assert_array_equal(values, exact[wanted])


@pytest.mark.parametrize("held", every_form(), ids=lambda held: repr(held))
def test_folders_keep_the_form(held, tmp_path):
    words = [f"w{number}" for number in range(50)]
    vectors = Vectors(words, held, counts=np.arange(50))
    vectors.save(tmp_path / "saved")
    for check in (False, True):
        loaded = Vectors.load(tmp_path / "saved", check=check)
        assert loaded.stored.coding == held.coding and type(loaded.stored) is type(held)
        np.testing.assert_array_equal(loaded.matrix, held.whole())
        np.testing.assert_array_equal(loaded["w3"], held.whole()[3])
        assert loaded.most_similar("w3") == vectors.most_similar("w3")
    assert read_json(tmp_path / "saved" / "config.json")["format_version"] == (1 if held.coding == "float32" else 2)


@pytest.mark.parametrize("held", every_form(), ids=lambda held: repr(held))
def test_the_card_says_how_to_open_them_without_the_library(held, tmp_path, monkeypatch):
    words = [f"w{number}" for number in range(50)]
    Vectors(words, held).save(tmp_path / "saved")
    code = (tmp_path / "saved" / "README.md").read_text().split("```python")[2].split("```")[0]
    monkeypatch.chdir(tmp_path / "saved")
    names = {}
    exec(code, names)
    np.testing.assert_array_equal(names["matrix"], held.whole())
    assert names["words"] == words


@pytest.mark.parametrize(
    "coding",
    [None, "int8", {"name": "int4"}, {"name": "product"}, {"name": "product", "groups": 11}, {"name": "int8"}, {}],
)
def test_a_coding_that_does_not_fit_is_refused(coding, tmp_path):
    Vectors([f"w{number}" for number in range(50)], product()).save(tmp_path / "saved")
    config = read_json(tmp_path / "saved" / "config.json") | {"coding": coding}
    write_config(tmp_path / "saved", "vectors", 2, config)
    with pytest.raises(
        FormatError, match=r"'coding' in the config of|'groups' in the config of|expected a tensor 'codes'"
    ):
        Vectors.load(tmp_path / "saved")


def test_numbers_that_are_none_are_found(tmp_path):
    codes, scales = np.ones((2, 3), np.int8), np.array([1, np.nan], np.float32)
    with pytest.raises(SettingsError, match=r"finite numbers, got NaN or infinity in scales for 'b' \(row 1\)"):
        Vectors(["a", "b"], ByteMatrix(codes, scales))
    Vectors(["a", "b"], ByteMatrix(codes, np.ones(2, np.float32))).save(tmp_path / "saved")
    path = tmp_path / "saved" / "vectors.safetensors"
    data = bytearray(path.read_bytes())
    place = data.rindex(np.ones(2, "<f4").tobytes())
    data[place : place + 4] = np.array([np.inf], "<f4").tobytes()
    path.write_bytes(data)
    broken = Vectors.load(tmp_path / "saved")
    assert broken.most_similar("b") == []  # not checked: a row without a length is near to nothing
    with pytest.raises(FormatError, match="checksum"):
        Vectors.load(tmp_path / "saved", check=True)


def test_a_matrix_of_other_rows_is_refused():
    with pytest.raises(ShapeError, match=r"expected a matrix of 3 rows, got 50; pass one for each word"):
        Vectors(["a", "b", "c"], product())
