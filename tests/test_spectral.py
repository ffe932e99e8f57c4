"""Tables of pairs, sparse products, leading eigenpairs, the spectral start and PPMI with truncated SVD."""

import logging

import numpy as np
import pytest
import scipy.sparse

import naive_factorize as naive
from firth.errors import SettingsError, ShapeError
from firth.objectives import ShiftedPmi, Softmax, positive_pmi, unigram_loss
from firth.training import eigenpairs, spectral
from firth.training.eigenpairs import leading_eigenpairs, leading_singular_triplets
from firth.training.ppmi import fit_ppmi
from firth.training.sparse import SparseMatrix, is_symmetric
from firth.training.spectral import association_matrix, spectral_start
from firth.training.table import PairTable, row_blocks
from firth.training.workers import combine, inner_products, orthonormal_factors, workers


def random_seen(words, *, symmetric=True, density=0.3, seed=1, kinds=6):
    """Counts with some structure: words of one kind keep company."""
    numbers = np.random.default_rng(seed)
    kind = numbers.integers(kinds, size=words)
    rates = numbers.gamma(0.5, size=(kinds, kinds))[kind][:, kind] * np.outer(*[1 / np.arange(1, words + 1)] * 2) * 500
    seen = numbers.poisson(rates) * (numbers.random((words, words)) < density)
    seen = (seen + seen.T) / 2 if symmetric else seen.astype(float)
    seen[0, 0] += 1
    return seen


def sparse_of(dense):
    matrix = scipy.sparse.csr_matrix(dense)
    matrix.sort_indices()
    return SparseMatrix(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32))


def symmetric_of(values, words, seed=1):
    """A symmetric matrix with these eigenvalues, and 0 for the rest."""
    basis = np.linalg.qr(np.random.default_rng(seed).standard_normal((words, len(values))))[0]
    return (basis * values) @ basis.T


# --- the table


def test_a_table_holds_what_the_dense_matrix_holds():
    seen = random_seen(40, symmetric=False)
    table = PairTable.from_dense(seen)
    assert np.allclose(table.marginals, seen.sum(axis=1), rtol=1e-6)
    assert np.allclose(table.context_marginals, seen.sum(axis=0), rtol=1e-6)
    assert table.total == pytest.approx(seen.sum())
    assert not is_symmetric(table)
    assert is_symmetric(PairTable.from_dense(seen + seen.T))
    skewed = np.zeros((3, 3))
    skewed[0, 1] = skewed[1, 2] = 1
    assert not is_symmetric(PairTable.from_dense(skewed))


def test_blocks_cover_all_rows_once():
    for starts in ([0, 0], [0, 5, 5, 5], np.arange(0, 3_000_000, 1000), [0, 10**6, 10**6, 2 * 10**6]):
        blocks = row_blocks(np.asarray(starts))
        assert [row for first, last in blocks for row in range(first, last)] == list(range(len(starts) - 1))


@pytest.mark.parametrize(
    ("starts", "contexts", "expectations", "error", "said"),
    [
        ([0, 1], [0, 0], [1, 1], ShapeError, "rise from 0 to the number of pairs, 2, got 2 from 0 to 1"),
        ([0, 2, 1], [0], [1], ShapeError, "rise from 0"),
        ([], [], [], ShapeError, "got none"),
        ([0, 1], [[0]], [1], ShapeError, "contexts of shape (any,)"),
        ([0, 1], [0], [1, 2], ShapeError, "expectations of shape (1,)"),
        ([0, 1], [1], [1], SettingsError, "from 0 to 0, got 1 at pair 0; sort each row"),
        ([0, 2, 2], [1, 0], [1, 1], SettingsError, "got 0 at pair 1"),
        ([0, 2, 2], [1, 1], [1, 1], SettingsError, "got 1 at pair 1"),
        ([0, 1], [0], [-1], SettingsError, "expectations to be finite numbers ≥ 0, got -1 at pair 0"),
        ([0, 1], [0], [np.nan], SettingsError, "got nan at pair 0"),
        ([0, 1], [0], [0.0], SettingsError, "at least one pair, got none"),
        ([0, 0], [], [], SettingsError, "at least one pair, got none"),
    ],
)
def test_a_wrong_table_is_refused(starts, contexts, expectations, error, said):
    with pytest.raises(error) as caught:
        PairTable.from_rows(np.array(starts), np.array(contexts, int), np.array(expectations, float))
    assert said in str(caught.value)


# --- products


@pytest.mark.parametrize("width", [1, 15, 16, 33, 130, 300])
def test_products_are_those_of_the_twin(width):
    seen = random_seen(50, symmetric=False)
    matrix = np.random.default_rng(2).standard_normal((50, width)).astype(np.float32)
    with workers(2) as share:
        out = sparse_of(seen).times(share, matrix)
        transposed = sparse_of(seen).transposed().times(share, matrix)
    assert np.allclose(out, naive.product(seen, matrix), rtol=1e-5, atol=1e-4)
    assert np.allclose(transposed, naive.product(seen.T, matrix), rtol=1e-5, atol=1e-4)


def test_dense_blocks_are_what_numpy_says():
    matrix = np.random.default_rng(1).standard_normal((20_000, 12)).astype(np.float32)
    with workers(3) as share:
        basis, triangle = orthonormal_factors(share, matrix)
        assert np.allclose(inner_products(share, basis, basis), np.eye(12), atol=1e-5)
        assert np.allclose(combine(share, basis, triangle), matrix, atol=1e-4)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("floor", "shift", "power"), [(1, 0, 0.25), (0, 0, 0), (0, 1.5, 0), (0, -1, 0.5)])
def test_associations_are_those_of_the_twin(symmetric, floor, shift, power):
    seen = random_seen(30, symmetric=symmetric)
    matrix = association_matrix(PairTable.from_dense(seen), floor=floor, shift=shift, power=power, threads=2)
    assert np.allclose(matrix.dense(), naive.association(seen, floor, shift, power), rtol=1e-5, atol=1e-6)
    if (floor, power) == (0, 0):
        assert np.allclose(matrix.dense(), positive_pmi(seen, shift=shift), rtol=1e-5, atol=1e-6)


# --- eigenpairs

PLANTED = np.array([9.0, -7, 5, 5, 5, -3, 2, 1])


@pytest.mark.parametrize("words", [8, 300, 1000])
def test_planted_eigenpairs_are_found(words):
    dense = symmetric_of(PLANTED, words)
    found = leading_eigenpairs(sparse_of(dense), 8, tolerance=1e-5, threads=2)
    assert np.allclose(found.values, PLANTED, atol=1e-4)
    assert np.allclose((found.vectors * found.values) @ found.vectors.T, dense, atol=1e-4)
    assert np.allclose(found.vectors.T @ found.vectors, np.eye(8), atol=1e-5)
    largest = np.abs(found.vectors).argmax(axis=0)
    assert (found.vectors[largest, range(8)] > 0).all()


def test_more_equal_eigenvalues_than_a_block_are_all_found():
    found = leading_eigenpairs(sparse_of(np.eye(1000)), 100)
    assert np.allclose(found.values, 1)
    assert np.allclose(found.vectors.T @ found.vectors, np.eye(100), atol=1e-5)


def test_a_matrix_of_zeros_has_eigenvalues_0():
    found = leading_eigenpairs(sparse_of(np.zeros((1000, 1000))), 3)
    assert (found.values == 0).all()
    assert np.isfinite(found.vectors).all()


@pytest.mark.parametrize("blocks", [2, 8])
def test_a_slowly_falling_spectrum_meets_the_dense_decomposition(monkeypatch, blocks):
    """With little room the basis is full again and again."""
    monkeypatch.setattr(eigenpairs, "BLOCKS", blocks)
    seen = association_matrix(PairTable.from_dense(random_seen(660)), floor=1, shift=0, power=0.25).dense()
    true = np.linalg.eigvalsh(seen)
    true = true[np.argsort(-np.abs(true))]
    found = leading_eigenpairs(sparse_of(seen), 20, tolerance=1e-4)
    assert np.abs(np.abs(found.values) - np.abs(true[:20])).max() < 1e-4 * true[0]
    errors = np.linalg.norm(seen @ found.vectors - found.vectors * found.values, axis=0)
    assert errors.max() < 2e-4 * true[0]
    assert found.residual <= 1e-4


def test_singular_triplets_meet_the_dense_decomposition():
    dense = association_matrix(
        PairTable.from_dense(random_seen(660, symmetric=False)), floor=1, shift=0, power=0.25
    ).dense()
    left, values, right = leading_singular_triplets(sparse_of(dense), 20, tolerance=1e-5, threads=2)
    true = np.linalg.svd(dense, compute_uv=False)
    assert np.allclose(values, true[:20], atol=1e-3 * true[0])
    assert np.allclose(left.T @ dense @ right, np.diag(values), atol=1e-3 * true[0])


def test_a_solver_that_runs_out_says_so(monkeypatch, caplog):
    monkeypatch.setattr(eigenpairs, "MOST_PRODUCTS", 3)
    numbers = np.random.default_rng(1).standard_normal((900, 900))
    with caplog.at_level(logging.WARNING):
        found = leading_eigenpairs(sparse_of(numbers + numbers.T), 20, tolerance=1e-6)
    assert found.products == 3
    assert "after 3 products the eigenpairs are known to" in caplog.text


def test_wrong_questions_to_the_solver_are_refused():
    matrix = sparse_of(np.eye(3))
    with pytest.raises(SettingsError, match="count to be a whole number from 1 to 3, got 4"):
        leading_eigenpairs(matrix, 4)
    with pytest.raises(SettingsError, match="tolerance to be a number above 0 and up to 1"):
        leading_singular_triplets(matrix, 1, tolerance=0)
    with pytest.raises(SettingsError, match="a matrix of finite numbers, got values from nan"):
        leading_eigenpairs(sparse_of(np.diag([1.0, np.nan])), 1)


@pytest.mark.parametrize("symmetric", [True, False])
def test_any_number_of_threads_gives_the_same_bytes(symmetric):
    table = PairTable.from_dense(random_seen(1200, symmetric=symmetric))
    starts = {b"".join(part.tobytes() for part in spectral_start(table, 40, threads=n)) for n in (1, 2, 3, 4, 4)}
    assert len(starts) == 1
    fits = [fit_ppmi(table, 30, threads=n) for n in (1, 2, 3, 4, 4)]
    assert len({(fit.center.tobytes(), fit.context.tobytes(), fit.value, fit.lowest) for fit in fits}) == 1


# --- the start


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("words", [60, 640])
def test_the_start_has_the_scores_of_the_twin(symmetric, words, monkeypatch):
    monkeypatch.setattr(spectral, "TOLERANCE", 1e-5)
    seen = random_seen(words, symmetric=symmetric)
    seen[5] = seen[:, 5] = 0
    center, context = spectral_start(PairTable.from_dense(seen), 13)
    assert (center[:, -1] == 1).all()
    true = naive.spectral_scores(seen, 12, spectral.POWER, spectral.SCALE)
    assert np.allclose(center.astype(float) @ context.T.astype(float), true, rtol=2e-3, atol=2e-3 * np.abs(true).max())


def test_the_start_is_far_better_than_the_unigram_model():
    seen = random_seen(300, density=1.0)
    center, context = spectral_start(PairTable.from_dense(seen), 20)
    _, lowest = Softmax().optimum(seen)
    unigram = unigram_loss(seen)
    assert Softmax().value(center.astype(float) @ context.T, seen) < unigram - 0.15 * (unigram - lowest)


@pytest.mark.parametrize("words", [1, 2, 5])
@pytest.mark.parametrize("dimensions", [1, 2, 3, 5, 9])
def test_few_words_leave_coordinates_to_train(words, dimensions):
    seen = random_seen(words, density=1.0)
    center, context = spectral_start(PairTable.from_dense(seen), dimensions, seed=3)
    assert np.isfinite(center).all() and np.isfinite(context).all()
    spare = slice(min(words, dimensions - 1), dimensions - 1)
    assert (context[:, spare] == 0).all()
    assert (np.abs(center[:, spare]) <= 0.5 / dimensions).all()
    assert (center[:, spare] != 0).any(axis=0).all()
    other, _ = spectral_start(PairTable.from_dense(seen), dimensions, seed=4)
    assert dimensions - 1 <= words or not np.array_equal(other, center)


@pytest.mark.parametrize("words", [6, 700])
def test_counts_of_all_sizes_leave_finite_numbers(words):
    numbers = np.random.default_rng(1)
    seen = 10.0 ** numbers.uniform(-9, 12, (words, words)) * (numbers.random((words, words)) < 0.5)
    seen[1] = 0
    seen[:, 2] = 0
    seen[0, 0] = 1e12
    for counts in (seen, seen + seen.T):
        table = PairTable.from_dense(counts)
        for part in spectral_start(table, 5):
            assert np.isfinite(part).all()
        fit = fit_ppmi(table, 5)
        assert np.isfinite([fit.center, fit.context]).all()
        assert np.isfinite([fit.value, fit.lowest]).all()


def test_a_word_without_pairs_is_a_bias_alone():
    seen = random_seen(700)
    seen[7] = seen[:, 7] = 0
    center, context = spectral_start(PairTable.from_dense(seen), 10)
    assert (center[7, :-1] == 0).all() and (context[7, :-1] == 0).all()
    assert context[7, -1] < np.log(seen.sum(axis=0)[seen.sum(axis=0) > 0].min() / seen.sum())


# --- PPMI


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("words", [40, 640])
@pytest.mark.parametrize("exponent", [0, 0.5, 1])
def test_ppmi_reaches_the_value_that_none_undercuts(symmetric, words, exponent):
    seen = random_seen(words, symmetric=symmetric)
    fit = fit_ppmi(PairTable.from_dense(seen), 11, shift=0.3, eigenvalue_exponent=exponent, tolerance=1e-5)
    objective = ShiftedPmi(shift=0.3)
    *_, lowest = objective.factorization(seen, dimensions=11)
    assert fit.value == pytest.approx(objective.value(fit.center.astype(float) @ fit.context.T, seen), rel=1e-5)
    assert fit.value == pytest.approx(lowest, rel=1e-4)
    assert fit.lowest == pytest.approx(lowest, rel=1e-4)
    assert np.allclose(np.linalg.norm(fit.center, axis=0), fit.singular_values**exponent, rtol=1e-4)


def test_ppmi_in_all_dimensions_is_exact_and_more_stay_empty():
    seen = random_seen(20)
    fit = fit_ppmi(PairTable.from_dense(seen), 25)
    assert np.allclose(fit.center @ fit.context.T, positive_pmi(seen), atol=1e-5)
    assert fit.value == pytest.approx(0, abs=1e-6)
    assert not fit.center[:, 20:].any() and not fit.singular_values[20:].any()
    assert fit_ppmi(PairTable.from_dense(np.ones((1, 1))), 1).value == 0


def test_wrong_questions_to_ppmi_are_refused():
    table = PairTable.from_dense(np.eye(2))
    with pytest.raises(SettingsError, match="eigenvalue_exponent to be a number from 0 to 1, got 2"):
        fit_ppmi(table, 1, eigenvalue_exponent=2)
    with pytest.raises(SettingsError, match="shift to be a finite number"):
        fit_ppmi(table, 1, shift=np.nan)
    with pytest.raises(SettingsError, match="dimensions to be a whole number from 1"):
        spectral_start(table, 0)
