"""Arrays at the door of `Vectors`: shape, type, and that every number is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from firth.errors import SettingsError, ShapeError, check_shape, sentence


def checked_matrix(name: str, matrix: object, rows: int | None, words: Sequence[str] | None = None) -> np.ndarray:
    """Return a matrix (rows, D) as finite float32, without a copy if it is that already.

    Args:
        name: what to call it.
        matrix: the numbers.
        rows: how many rows it must have; None: any number.
        words: whose row each is, to name the one that is wrong; None: rows have no names.

    Raises:
        ShapeError: if it holds no real numbers, has other rows, or no number.
        SettingsError: if a number is NaN or infinite, or too large for float32.

    >>> checked_matrix("matrix", [[1, 2]], 1).dtype
    dtype('float32')
    """
    array = np.asarray(matrix)
    if array.dtype.kind not in "fiu":
        raise ShapeError(sentence(f"{name} to hold real numbers", str(array.dtype), "convert it to float32"))
    check_shape(name, array, (rows, None))
    if array.size == 0:
        wanted = f"{name} of at least one dimension and one row"
        raise ShapeError(sentence(wanted, f"shape {array.shape}", "pass another"))
    with np.errstate(over="ignore"):  # becomes infinity, and is refused below
        array = np.ascontiguousarray(array, np.float32)
    row = row_not_finite(array)
    if row is not None:
        came = f"NaN or infinity {named_row(row, words)}"
        raise SettingsError(sentence(f"{name} of finite float32 numbers", came, "lower the rate and train again"))
    return array


def checked_counts(counts: object, rows: int) -> np.ndarray:
    """Return counts (rows,) as uint64.

    Args:
        counts: whole numbers.
        rows: how many there must be.

    Raises:
        ShapeError: if there are more or fewer.
        SettingsError: if one is negative, or they are no whole numbers.

    >>> checked_counts([2, 1], 2)
    array([2, 1], dtype=uint64)
    """
    array = check_shape("counts", np.asarray(counts), (rows,))
    if array.dtype.kind not in "iu" or (array.dtype.kind == "i" and array.min() < 0):
        came = str(array.dtype) if array.dtype.kind not in "iu" else str(array.min())
        raise SettingsError(sentence("counts to be whole numbers ≥ 0", came, "pass how often each word was seen"))
    return np.ascontiguousarray(array, np.uint64)


def checked_queries(query: object, dimensions: int) -> np.ndarray:
    """Return one vector (D,) or many (N, D) as an array (N, D) of finite numbers.

    Args:
        query: the vector or vectors.
        dimensions: D.

    Raises:
        ShapeError: if these are no real numbers, or not D in each.
        SettingsError: if one is NaN or infinite.

    >>> checked_queries([1.0, 2.0], 2)
    array([[1., 2.]])
    """
    try:
        array = np.asarray(query)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fiu":
        came = f"{type(query).__name__} of {array.dtype}"
        raise ShapeError(sentence("a query to be words or vectors", came, "pass a str, a list of str, or numbers"))
    queries = check_shape("query", array[np.newaxis] if array.ndim == 1 else array, (None, dimensions))
    if not np.isfinite(queries).all():
        raise SettingsError(sentence("a query of finite numbers", "NaN or infinity", "check where it comes from"))
    return queries


def row_not_finite(matrix: np.ndarray) -> int | None:
    """Return the first row with NaN or infinity, or None; the extremes tell without a copy.

    Args:
        matrix: float32, (N, D), N and D ≥ 1.

    >>> row_not_finite(np.array([[1.0, 2.0], [np.nan, 3.0]]))
    1
    """
    if np.isfinite(matrix.min()) and np.isfinite(matrix.max()):
        return None
    return int(np.flatnonzero(~(np.isfinite(matrix.min(axis=1)) & np.isfinite(matrix.max(axis=1))))[0])


def not_finite(tensors: Mapping[str, np.ndarray], words: Sequence[str]) -> str | None:
    """Say where in the tensors of vectors NaN or infinity is; None if nowhere.

    Args:
        tensors: by name, each with a row for each word, but `codebooks`.
        words: of the rows.

    >>> not_finite({"scales": np.array([1.0, np.inf])}, ["a", "b"])
    "NaN or infinity in scales for 'b' (row 1)"
    """
    for name, tensor in tensors.items():
        if tensor.dtype.kind == "f":
            row = row_not_finite(tensor.reshape(len(tensor), -1))
            if row is not None:
                return f"NaN or infinity in {name} {named_row(row, None if name == 'codebooks' else words)}"
    return None


def named_row(row: int, words: Sequence[str] | None) -> str:
    """Say which row is meant, by its word if it has one.

    Args:
        row: its number.
        words: of all rows, or None.

    >>> named_row(1, ["a", "b"]), named_row(1, None)
    ("for 'b' (row 1)", 'in row 1')
    """
    return f"in row {row}" if words is None else f"for {words[row]!r} (row {row})"


def read_only(array: np.ndarray) -> np.ndarray:
    """Return a view that can't be written to.

    Args:
        array: of any shape and type.

    >>> read_only(np.zeros(2)).flags.writeable
    False
    """
    view = array.view()
    view.flags.writeable = False
    return view
