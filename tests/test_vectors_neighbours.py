import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import naive_vectors
from firth.vectors import neighbours
from firth.vectors.neighbours import cosines, nearest, nearest_row, row_norms

NOTHING = np.empty(0, np.int64)
SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 5))
# Small whole numbers give many ties, any float32 gives overflow, underflow and zeros.
NUMBERS = st.one_of(st.integers(-2, 2).map(float), st.floats(width=32, allow_nan=False, allow_infinity=False))
MATRICES = SHAPES.flatmap(lambda shape: hnp.arrays(np.float32, shape, elements=NUMBERS))


def random_matrix(rows, columns, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)


@given(MATRICES)
def test_cosines_are_those_of_the_definition(matrix):
    for query in matrix:
        found = cosines(matrix, query[np.newaxis])
        wanted = [naive_vectors.cosine(row, query) for row in matrix]
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14)
        assert np.abs(found).max() <= 1
    np.testing.assert_array_equal(cosines(matrix, matrix), (matrix != 0).any(axis=1).astype(float))
    np.testing.assert_array_equal(cosines(matrix, -matrix), -cosines(matrix, matrix))


@given(MATRICES)
def test_lengths_are_those_of_the_definition(matrix):
    np.testing.assert_allclose(row_norms(matrix), [math.hypot(*row.tolist()) for row in matrix], rtol=1e-15)


@given(MATRICES, st.integers(1, 15), st.data())
def test_nearest_rows_are_those_of_a_full_sort(matrix, count, data):
    rows = st.lists(st.integers(0, len(matrix) - 1), max_size=4)
    left_out = [np.array(data.draw(rows), np.int64) for _ in matrix]
    norms = row_norms(matrix)
    answers = nearest(matrix, norms, matrix, count=count, left_out=left_out)
    for query, out, (found, values) in zip(matrix, left_out, answers, strict=True):
        exact = cosines(matrix, query[np.newaxis])
        order = [row for row in np.lexsort((np.arange(len(matrix)), -exact)) if row not in out][:count]
        assert found.tolist() == order
        np.testing.assert_array_equal(values, exact[order])


@given(MATRICES, st.data())
def test_the_nearest_row_is_the_first_of_the_nearest(matrix, data):
    rows = hnp.arrays(np.int64, (len(matrix), 3), elements=st.integers(0, len(matrix) - 1))
    left_out = data.draw(rows)
    norms = row_norms(matrix)
    found = nearest_row(matrix, norms, matrix, left_out=left_out)
    for row, (wanted, _) in zip(found, nearest(matrix, norms, matrix, count=1, left_out=list(left_out)), strict=True):
        assert [row] == (wanted.tolist() or [-1])


def test_many_queries_give_the_bits_of_single_ones():
    matrix = random_matrix(500, 37)
    norms = row_norms(matrix)
    queries = random_matrix(40, 37, seed=1)
    together = nearest(matrix, norms, queries, count=7, left_out=[NOTHING] * 40)
    for query, (rows, values) in zip(queries, together, strict=True):
        ((alone_rows, alone_values),) = nearest(matrix, norms, query[np.newaxis], count=7, left_out=[NOTHING])
        np.testing.assert_array_equal(rows, alone_rows)
        np.testing.assert_array_equal(values, alone_values)


@pytest.mark.parametrize(("scores", "cells"), [(1, 1), (1000, 100), (2000, 37)])
def test_blocks_of_any_size_give_the_same(monkeypatch, scores, cells):
    matrix, queries = random_matrix(500, 37), random_matrix(9, 37, seed=1)
    left_out = np.arange(27).reshape(9, 3)

    def answer():
        norms = row_norms(matrix)
        found = nearest(matrix, norms, queries, count=5, left_out=list(left_out))
        return norms, np.array(found), nearest_row(matrix, norms, queries, left_out=left_out)

    whole = answer()
    monkeypatch.setattr(neighbours, "_SCORES", scores)
    monkeypatch.setattr(neighbours, "_CELLS", cells)
    for once, again in zip(whole, answer(), strict=True):
        np.testing.assert_array_equal(once, again)


def test_equal_rows_come_in_their_order_wherever_they_stand():
    matrix = np.repeat(random_matrix(1, 64), 1000, axis=0)
    rows, values = nearest(matrix, row_norms(matrix), matrix[:1], count=10, left_out=[np.array([3])])[0]
    assert rows.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    np.testing.assert_allclose(values, 1, atol=1e-15)


def test_differences_below_float32_are_seen():
    base = np.ones(1000, np.float64)
    matrix = np.ones((4, 1000), np.float32)
    matrix[1, 0] = np.nextafter(np.float32(1), np.float32(2))
    matrix[3, 0] = np.nextafter(np.nextafter(np.float32(1), np.float32(2)), np.float32(2))
    base[0] += 1
    rows, _ = nearest(matrix, row_norms(matrix), base[np.newaxis], count=4, left_out=[NOTHING])[0]
    assert rows.tolist() == [3, 1, 0, 2]
