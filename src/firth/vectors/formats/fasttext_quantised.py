"""Matrices of fastText's small models (`.ftz`): each row a few bytes, codes of a product quantiser, decoded here.

    row = norm · (centroid 0 of code 0 ‖ centroid 1 of code 1 ‖ …)

A row of n numbers is cut into parts of s (the last may be shorter); each part is one of 256 centroids, so that it takes
a byte. The norm of a row, if norms are kept apart, is a byte too, the code of a quantiser of one number.

Jégou et al. 2011 (product quantisation) · Joulin et al. 2016 (`fastText.zip`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.vectors.formats.mapped_file import MappedFile

_CENTROIDS = 256  # as many as a byte can name
_STRETCH = 1 << 16  # rows decoded at once
_LARGEST_GROWTH = 64  # bytes of decoded rows for each byte of the file: parts of 16 numbers; fastText's own have 2


@dataclass(frozen=True, eq=False)
class QuantisedMatrix:
    """Rows as codes, mapped.

    Attributes:
        centroids: of each part, uint8 codes' numbers: a list of (256, numbers of the part) float32.
        codes: (rows, parts) uint8.
        norms: of each row, float32 (rows,); None if centroids hold them.
    """

    centroids: list[np.ndarray]
    codes: np.ndarray
    norms: np.ndarray | None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.codes), sum(part.shape[1] for part in self.centroids)

    def decode(self) -> np.ndarray:
        """Return all rows, float32, (rows, columns).

        >>> centroids = np.zeros((256, 2), np.float32)
        >>> centroids[7] = 1, 2
        >>> QuantisedMatrix([centroids], np.array([[7], [0]], np.uint8), np.array([3, 1], np.float32)).decode()
        array([[3., 6.],
               [0., 0.]], dtype=float32)
        """
        rows = np.empty(self.shape, np.float32)
        for start in range(0, len(rows), _STRETCH):
            stretch, column = slice(start, start + _STRETCH), 0
            for part, centroids in enumerate(self.centroids):
                stop = column + centroids.shape[1]
                rows[stretch, column:stop] = centroids[self.codes[stretch, part]]
                column = stop
            if self.norms is not None:
                with np.errstate(over="ignore", invalid="ignore"):  # what is not finite then is refused by the reader
                    rows[stretch] *= self.norms[stretch, np.newaxis]
        return rows


def read_quantised(file: MappedFile, what: str) -> QuantisedMatrix:
    """Read a quantised matrix; its rows stay where they are.

    Args:
        file: at the place where the matrix begins.
        what: the matrix is, for errors.

    Raises:
        FormatError: if sizes do not fit each other or the file, or rows would be absurdly large when decoded.
    """
    has_norms = file.flag(f"the mark for norms of {what}")
    rows, columns = (file.integer("<i8", f"the size of {what}") for _ in range(2))
    size = file.integer("<i4", f"the size of {what}")
    codes = file.array("u1", size, f"the codes of {what}")
    centroids = _read_centroids(file, what, columns)
    if rows < 0 or rows * len(centroids) != size:
        raise file.broken(f"{size} codes where {what} has {rows} rows of {len(centroids)} parts")
    if rows * columns * 4 > _LARGEST_GROWTH * len(file.bytes):
        came = f"{what} of {rows} × {columns} in {len(file.bytes)} bytes, which would be {rows * columns * 4}"
        raise file.broken(came, "quantise the model again with a smaller -dsub (2 is usual)")
    norms = None
    if has_norms:
        norm_codes = file.array("u1", rows, f"the norms of {what}")
        norms = _read_centroids(file, f"the norms of {what}", 1)[0][norm_codes, 0]
    return QuantisedMatrix(centroids, codes.reshape(rows, len(centroids)), norms)


def _read_centroids(file: MappedFile, what: str, columns: int) -> list[np.ndarray]:
    """Read a quantiser of rows of `columns` numbers: the centroids of each part, (256, its numbers)."""
    names = ("numbers", "parts", "numbers of a part", "numbers of the last part")
    numbers, parts, usual, last = (file.integer("<i4", f"the {name} of {what}") for name in names)
    fits = numbers == columns > 0 and 0 < last <= usual and parts > 0 and (parts - 1) * usual + last == numbers
    if not fits:
        came = f"{what} of {columns} columns in {parts} parts of {usual}, the last of {last}, in all {numbers}"
        raise file.broken(came)
    centroids = []
    for part in range(parts):
        width = last if part == parts - 1 else usual
        centroids.append(file.matrix(_CENTROIDS, width, f"the centroids of {what}").copy())
    return centroids
