import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import naive_vectors
from firth.errors import SettingsError, ShapeError
from firth.statistics import rank_correlation

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.floats(-5, 5)), min_size=2, max_size=30)


@given(PAIRS)
def test_rank_correlation_is_pearsons_of_the_ranks(pairs):
    x, y = zip(*pairs, strict=True)
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    assert rank_correlation(np.array(x), np.array(y)) == pytest.approx(naive_vectors.rank_correlation(x, y), abs=1e-12)


@pytest.mark.parametrize(("x", "y"), [([1], [1]), ([1, 2], [1, 2, 3]), ([[1, 2]], [[1, 2]]), ([], [])])
def test_lists_that_do_not_fit_are_refused(x, y):
    with pytest.raises(ShapeError, match="expected two lists of one length ≥ 2, got shapes"):
        rank_correlation(np.array(x), np.array(y))


@pytest.mark.parametrize(("x", "y"), [([1, 1], [1, 2]), ([1, 2], [3, 3]), ([1, np.nan], [1, 2]), ([1, 2], [np.inf, 2])])
def test_numbers_without_an_order_are_refused(x, y):
    with pytest.raises(SettingsError, match="expected finite numbers that differ"):
        rank_correlation(np.array(x), np.array(y))
