"""A binary file, mapped, read number by number: nothing in it is believed before it is compared with its size."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np

from firth.errors import FormatError, sentence
from firth.vectors.formats.sifting import plain_file

COPY_AGAIN = "copy or download it again"


class MappedFile:
    """A file and the place in it that is read next.

    Args:
        path: a plain file; links are followed.
        title: what the file must be, such as "a whole fastText model", for errors.

    Raises:
        FormatError: if it is no plain file, or an empty one.
    """

    def __init__(self, path: str | os.PathLike[str], title: str) -> None:
        self.path, self.title, self.place = Path(path), title, 0
        if plain_file(self.path) == 0:  # nothing can't be mapped
            raise self.broken("an empty file")
        with self.path.open("rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def broken(self, came: str, advice: str = COPY_AGAIN) -> FormatError:
        """Build the error of a file that is not what it should be.

        Args:
            came: what it is, or what is in it.
            advice: what to do.
        """
        return FormatError(sentence(f"{self.path} to be {self.title}", came, advice))

    @property
    def left(self) -> int:
        """How many bytes are still to be read."""
        return len(self.bytes) - self.place

    def need(self, size: int, what: str) -> int:
        """Return the place of the next `size` bytes, and step behind them.

        Args:
            size: how many there must be.
            what: they hold, for the error.

        Raises:
            FormatError: if there are fewer.
        """
        if not 0 <= size <= self.left:
            raise self.broken(f"{self.left} bytes where {what} has {size}")
        here = self.place
        self.place += size
        return here

    def integer(self, kind: str, what: str) -> int:
        """Read a whole number.

        Args:
            kind: its type for NumPy, such as "<i4".
            what: it is.

        Raises:
            FormatError: if the file ends before it does.
        """
        return int(self.array(kind, 1, what)[0])

    def flag(self, what: str) -> bool:
        """Read a byte that is 0 or 1.

        Args:
            what: it says.

        Raises:
            FormatError: if it is another, or missing.
        """
        value = self.integer("u1", what)
        if value > 1:
            raise self.broken(f"{value} where {what} is 0 or 1")
        return bool(value)

    def array(self, kind: str, count: int, what: str) -> np.ndarray:
        """Return the next numbers where they lie in the file, mapped; their place may be no multiple of their size.

        Args:
            kind: their type for NumPy.
            count: how many.
            what: they are.

        Raises:
            FormatError: if the file holds fewer.
        """
        dtype = np.dtype(kind)
        return np.frombuffer(self.bytes, dtype, count, self.need(count * dtype.itemsize, what))

    def matrix(self, rows: int, columns: int, what: str) -> np.ndarray:
        """Return the next rows of float32, mapped, (rows, columns).

        Args:
            rows: how many.
            columns: in each.
            what: they are.

        Raises:
            FormatError: if a size is none, or the file holds fewer.
        """
        if rows < 0 or columns < 1:
            raise self.broken(f"{what} of {rows} × {columns}")
        return self.array("<f4", rows * columns, what).reshape(rows, columns)
