"""Files that ids wait in, and what to say when the disk is full."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from firth.errors import OutputError, sentence


class IdFile:
    """A file of int32 numbers that only grows, written from one thread at a time.

    Attributes:
        path: where it is.
        size: how many numbers it has.
    """

    def __init__(self, path: Path, needed: int | None = None) -> None:
        """Make the file, which will take at most `needed` bytes if that is known."""
        self.path = path
        self.size = 0
        self._needed = needed
        self._file = path.open("wb", buffering=0)

    def append(self, ids: np.ndarray) -> int:
        """Write numbers, int32, at the end; return the place of the first one, counted in numbers.

        Raises:
            OutputError: if the disk is full.
        """
        start = self.size
        data = memoryview(ids.view(np.uint8).data)
        with room_named(self.path.parent, self._needed):
            while data.nbytes:
                data = data[_write(self._file.fileno(), data) :]
        self.size += ids.size
        return start

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _write(descriptor: int, data: memoryview) -> int:
    """Write what the system takes at once; return how many bytes that was."""
    return os.write(descriptor, data)


@contextmanager
def room_named(folder: Path, needed: int | None) -> Iterator[None]:
    """Turn the error of a full disk into one that names the folder and how many bytes are needed, if known.

    Raises:
        OutputError: if the disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        room = "room for the ids of the corpus" if needed is None else f"room for {needed} bytes of ids"
        advice = "free some space, or name a folder on another disk with cache= or the environment variable TMPDIR"
        raise OutputError(error.errno, sentence(room, f"a full disk at {folder}", advice)) from error
