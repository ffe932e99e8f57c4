"""How the numbers of vectors are held: as float32, or in fewer bytes, from which rows are made when they are asked for.

    float32    row as it is                                                4 D bytes a word
    float16    row as it is                                                2 D
    int8       row = scale · code, code in −127 … 127                      D + 4
    product    row = scale · (c₁[code₁] … c_M[code_M])                     M + 4, and 1 KiB · D for all words together

c_m are 256 codewords for each group of a few dimensions (Jégou, Douze & Schmid 2011, product quantization); the scale
of a row makes it as long as it was. A row that is made is a function of its own bytes and the codewords alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from firth.vectors.checking import read_only

CODEWORDS = 256
"""Codewords of each group of dimensions: what one byte can name."""

CODINGS = ("float32", "float16", "int8", "product")
"""What `StoredMatrix.coding` can be."""

_HALF_SIGN_AND_DIGITS = np.int32(-0x70002000)  # 0x8FFFE000: where a half's bits are after a shift by 13
_HALF_BIAS = np.float32(2.0**112)  # exponents of float16 count from 15, those of float32 from 127


class StoredMatrix(ABC):
    """Rows of float32, (V, D), in whatever form they are held.

    >>> held = ByteMatrix(np.array([[127, -64]], np.int8), np.array([0.5], np.float32))
    >>> held.shape, held.rows(np.array([0, 0])).tolist()
    ((1, 2), [[63.5, -32.0], [63.5, -32.0]])
    """

    coding: ClassVar[str]
    """One of `CODINGS`."""

    tile: ClassVar[int]
    """Rows that are best made at once, so that they stay in a cache."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """V and D."""

    @abstractmethod
    def rows(self, ids: np.ndarray) -> np.ndarray:
        """Return rows by their numbers, float32, (N, D).

        Args:
            ids: numbers of rows, (N,).
        """

    @abstractmethod
    def stretch(self, start: int, stop: int) -> np.ndarray:
        """Return the rows `start` to `stop`, float32, (N, D); perhaps a view.

        Args:
            start: the first row.
            stop: after the last.
        """

    @abstractmethod
    def tensors(self) -> dict[str, np.ndarray]:
        """Return what is held, by the names that files have for it."""

    def whole(self) -> np.ndarray:
        """Return all rows, float32, (V, D), read-only: of coded rows a new array with each call."""
        return read_only(self.stretch(0, self.shape[0]))

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        size = sum(tensor.nbytes for tensor in self.tensors().values())
        return f"{type(self).__name__}({self.shape[0]} × {self.shape[1]}, {size:,} bytes)"


class PlainMatrix(StoredMatrix):
    """Rows as they are.

    Args:
        matrix: float32, (V, D).
    """

    coding, tile = "float32", 1 << 16

    def __init__(self, matrix: np.ndarray) -> None:
        self._matrix = read_only(matrix)

    @property
    def shape(self) -> tuple[int, int]:  # noqa: D102 - said by the base
        return self._matrix.shape[0], self._matrix.shape[1]

    def rows(self, ids: np.ndarray) -> np.ndarray:  # noqa: D102
        return self._matrix[ids]

    def stretch(self, start: int, stop: int) -> np.ndarray:  # noqa: D102
        return self._matrix[start:stop]

    def tensors(self) -> dict[str, np.ndarray]:  # noqa: D102
        return {"matrix": self._matrix}


class HalfMatrix(StoredMatrix):
    """Rows in half the bytes: 11 binary digits of each number.

    Args:
        matrix: float16, finite, (V, D).

    >>> HalfMatrix(np.array([[1.5, -65504, 2**-24, 0]], np.float16)).whole().tolist() == [[1.5, -65504, 2**-24, 0]]
    True
    """

    coding, tile = "float16", 1 << 11

    def __init__(self, matrix: np.ndarray) -> None:
        self._matrix = read_only(matrix)

    @property
    def shape(self) -> tuple[int, int]:  # noqa: D102
        return self._matrix.shape[0], self._matrix.shape[1]

    def rows(self, ids: np.ndarray) -> np.ndarray:  # noqa: D102
        return _widened(self._matrix[ids])

    def stretch(self, start: int, stop: int) -> np.ndarray:  # noqa: D102
        return _widened(self._matrix[start:stop])

    def tensors(self) -> dict[str, np.ndarray]:  # noqa: D102
        return {"matrix": self._matrix}


class ByteMatrix(StoredMatrix):
    """Rows of whole numbers from −127 to 127, each with its scale.

    Args:
        codes: int8, (V, D).
        scales: float32, (V,).
    """

    coding, tile = "int8", 1 << 11

    def __init__(self, codes: np.ndarray, scales: np.ndarray) -> None:
        self._codes, self._scales = read_only(codes), read_only(scales)

    @property
    def shape(self) -> tuple[int, int]:  # noqa: D102
        return self._codes.shape[0], self._codes.shape[1]

    def rows(self, ids: np.ndarray) -> np.ndarray:  # noqa: D102
        return self._scaled(self._codes[ids], self._scales[ids])

    def stretch(self, start: int, stop: int) -> np.ndarray:  # noqa: D102
        return self._scaled(self._codes[start:stop], self._scales[start:stop])

    def tensors(self) -> dict[str, np.ndarray]:  # noqa: D102
        return {"codes": self._codes, "scales": self._scales}

    def _scaled(self, codes: np.ndarray, scales: np.ndarray) -> np.ndarray:
        """Make rows of codes (N, D) and scales (N,); in two steps, as NumPy multiplies mixed types more slowly."""
        rows = codes.astype(np.float32)
        rows *= scales[:, np.newaxis]
        return rows


class ProductMatrix(StoredMatrix):
    """Rows of which each group of dimensions is one of 256 codewords, and the whole has a scale.

    Args:
        codes: which codeword each group has, uint8, (V, M).
        scales: float32, (V,).
        codebooks: the codewords, float32, (256, D): of each group in its columns, see `group_ends`.

    >>> codebooks = np.arange(256, dtype=np.float32)[:, np.newaxis] * np.array([1, 1, 10], np.float32)
    >>> ProductMatrix(np.array([[2, 7]], np.uint8), np.array([0.5], np.float32), codebooks).whole().tolist()
    [[1.0, 3.5, 35.0]]
    """

    coding, tile = "product", 1 << 11

    def __init__(self, codes: np.ndarray, scales: np.ndarray, codebooks: np.ndarray) -> None:
        self._codes, self._scales, self._codebooks = read_only(codes), read_only(scales), read_only(codebooks)
        groups, dimensions = codes.shape[1], codebooks.shape[1]
        ends = group_ends(dimensions, groups)
        widths = np.diff(ends, prepend=0)
        # Codewords lie one after the other, narrow ones padded, so that one call gathers those of all groups.
        self._codewords = np.zeros((groups, CODEWORDS, widths.max()), np.float32)
        for group, (end, width) in enumerate(zip(ends.tolist(), widths.tolist(), strict=True)):
            self._codewords[group, :, :width] = codebooks[:, end - width : end]
        self._codewords = self._codewords.reshape(groups * CODEWORDS, -1)
        self._first = np.arange(groups, dtype=np.int64) * CODEWORDS
        is_real = (np.arange(widths.max()) < widths[:, np.newaxis]).reshape(-1)
        self._width = len(is_real)
        self._columns = None if is_real.all() else np.flatnonzero(is_real)

    @property
    def shape(self) -> tuple[int, int]:  # noqa: D102
        return self._codes.shape[0], self._codebooks.shape[1]

    def rows(self, ids: np.ndarray) -> np.ndarray:  # noqa: D102
        return self._made(self._codes[ids], self._scales[ids])

    def stretch(self, start: int, stop: int) -> np.ndarray:  # noqa: D102
        if stop - start <= self.tile:
            return self._made(self._codes[start:stop], self._scales[start:stop])
        made = np.empty((stop - start, self.shape[1]), np.float32)
        for first in range(start, stop, self.tile):  # numbers of codewords take eight times the bytes of codes
            part = slice(first, min(stop, first + self.tile))
            made[first - start : part.stop - start] = self._made(self._codes[part], self._scales[part])
        return made

    def tensors(self) -> dict[str, np.ndarray]:  # noqa: D102
        return {"codes": self._codes, "scales": self._scales, "codebooks": self._codebooks}

    def _made(self, codes: np.ndarray, scales: np.ndarray) -> np.ndarray:
        """Make rows of codes (N, M) and scales (N,)."""
        rows = self._codewords.take(codes + self._first, axis=0).reshape(len(codes), self._width)
        rows *= scales[:, np.newaxis]
        return rows if self._columns is None else rows.take(self._columns, axis=1)


def group_ends(dimensions: int, groups: int) -> np.ndarray:
    """Return the column after the last of each group, (M,): D columns in M groups as even as can be.

    Args:
        dimensions: D.
        groups: M ≤ D.

    >>> group_ends(10, 4)
    array([ 2,  5,  7, 10])
    """
    return np.arange(1, groups + 1) * dimensions // groups


def stored_matrix(tensors: Mapping[str, np.ndarray]) -> StoredMatrix:
    """Return the matrix that tensors hold; their types and shapes fit each other.

    Args:
        tensors: what `StoredMatrix.tensors` returned, among others.

    >>> stored_matrix({"matrix": np.eye(2, dtype=np.float16)})
    HalfMatrix(2 × 2, 8 bytes)
    """
    if "matrix" in tensors:
        matrix = tensors["matrix"]
        return HalfMatrix(matrix) if matrix.dtype == np.float16 else PlainMatrix(matrix)
    if "codebooks" in tensors:
        return ProductMatrix(tensors["codes"], tensors["scales"], tensors["codebooks"])
    return ByteMatrix(tensors["codes"], tensors["scales"])


def _widened(halves: np.ndarray) -> np.ndarray:
    """Return finite float16 (N, D) as float32: its bits moved to their places, four times as fast as NumPy 2.4's cast.

    Subnormal numbers come out right, too, as the product with 2¹¹² is exact.
    """
    bits = halves.view(np.int16).astype(np.int32)
    np.left_shift(bits, 13, out=bits)
    np.bitwise_and(bits, _HALF_SIGN_AND_DIGITS, out=bits)
    numbers = bits.view(np.float32)
    numbers *= _HALF_BIAS
    return numbers
