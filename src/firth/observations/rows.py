"""Finished rows, put one behind the other: in memory, and on disk once they pass what memory may hold.

Threads finish ranges of rows in any order; each waits for its turn to learn where its rows go, so the result is in
order whatever the threads do, and is written from front to back.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import numpy as np

from firth.errors import OutputError, sentence
from firth.observations.accumulating import RowsOut

CELL_BYTES = 12
"""A cell on disk or in memory: its word, int32, and its count, uint64."""

ShareCallback = Callable[[float], None]
"""Gets how much of the work is done, 0 … 1."""

Pieces = Iterator[tuple[RowsOut, int, bool]]
"""Rows as a thread finishes them: where they are, how many cells they have, and whether they end the range."""

_TELL_EVERY = 0.25


class RowStore:
    """Cells of rows in order, that only grows.

    Attributes:
        used: how many cells there are.
        starts: where each row begins, one more behind the last, (rows + 1,) int64; made by `finish`.
        contexts: the words of all rows, (used,) int32, read-only, perhaps mapped; made by `finish`.
        cells: their counts, (used,) uint64, likewise.
        is_stopped: whether something failed, and no more is appended.
    """

    def __init__(self, room: int) -> None:
        """Begin with nothing; more than `room` cells go to a temporary folder."""
        self.used = 0
        self.starts = np.zeros(1, np.int64)
        self.contexts = np.empty(room, np.int32)  # what is never written takes no memory
        self.cells = np.empty(room, np.uint64)
        self._folder: Path | None = None
        self._remove: weakref.finalize | None = None
        self._turn = 0
        self._copying = 0
        self.is_stopped = False
        self._changed = threading.Condition()

    @property
    def is_on_disk(self) -> bool:
        """Whether the cells are in files."""
        return self._folder is not None

    def begin(self) -> None:
        """Give the next range 0 the turn."""
        self._turn = 0

    def append(self, number: int, rows: RowsOut, count: int, is_last: bool) -> None:
        """Put the first `count` cells of `rows` behind all others when range `number` has its turn.

        Args:
            number: of the range of rows, 0 first.
            rows: the cells; they may be changed afterwards.
            count: how many of them.
            is_last: whether the range ends with these: then the next one has its turn.

        Raises:
            OutputError: if the disk is full.
        """
        with self._changed:
            while self._turn != number and not self.is_stopped:
                self._changed.wait()
            if self.is_stopped:
                return
            start = self.used
            self.used += count
            if self._folder is None and self.used > len(self.cells):
                while self._copying:
                    self._changed.wait()
                self._move_to_disk(start)
            if self._folder is not None:
                self._write(rows.contexts[:count], rows.cells[:count])
            else:
                self._copying += 1
            self._turn += is_last
            self._changed.notify_all()
            if self._folder is not None:
                return
        self.contexts[start : start + count] = rows.contexts[:count]
        self.cells[start : start + count] = rows.cells[:count]
        with self._changed:
            self._copying -= 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Let all threads that wait for their turn go: something failed."""
        with self._changed:
            self.is_stopped = True
            self._changed.notify_all()

    def finish(self, sizes: np.ndarray) -> None:
        """Make the arrays: `sizes` (rows,) says how many cells each row has."""
        self.starts = np.zeros(len(sizes) + 1, np.int64)
        np.cumsum(sizes, out=self.starts[1:])
        if self._folder is None:
            self.contexts, self.cells = self.contexts[: self.used], self.cells[: self.used]
        else:
            self.contexts, self.cells = self._mapped("contexts", np.int32), self._mapped("cells", np.uint64)
        for array in (self.starts, self.contexts, self.cells):
            array.flags.writeable = False

    def release(self) -> None:
        """Let go of the arrays, and remove the files."""
        self.contexts, self.cells = np.empty(0, np.int32), np.empty(0, np.uint64)
        if self._remove is not None:
            self._remove()

    def _move_to_disk(self, count: int) -> None:
        """Make the files and move the first `count` cells there."""
        self._folder = Path(tempfile.mkdtemp(prefix="firth-counts-"))
        self._remove = weakref.finalize(self, _remove_folder, self._folder, os.getpid())
        self._write(self.contexts[:count], self.cells[:count])
        self.contexts, self.cells = np.empty(0, np.int32), np.empty(0, np.uint64)

    def _write(self, contexts: np.ndarray, cells: np.ndarray) -> None:
        """Write cells at the end of the files."""
        assert self._folder is not None
        with _room_named(self._folder):
            for name, part in (("contexts", contexts), ("cells", cells)):
                with _open_to_append(self._folder / name) as file:
                    data = memoryview(part.view(np.uint8).data)
                    while data.nbytes:
                        data = data[file.write(data) :]

    def _mapped(self, name: str, dtype: type) -> np.ndarray:
        """Map a file."""
        assert self._folder is not None
        return np.asarray(np.memmap(self._folder / name, dtype, "r"))


def _open_to_append(path: Path) -> FileIO:
    """Open a file to write at its end."""
    return path.open("ab", buffering=0)


def _remove_folder(folder: Path, owner: int) -> None:
    """Remove a folder, but not from a child process that inherited it by forking."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _room_named(folder: Path) -> Iterator[None]:
    """Turn the error of a full disk into one that names the folder.

    Raises:
        OutputError: if the disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        advice = (
            "free some space, name a folder on another disk with the environment variable TMPDIR, or allow more memory"
        )
        wanted = "room for counts that pass the memory allowed"
        raise OutputError(error.errno, sentence(wanted, f"a full disk at {folder}", advice)) from error


def fill_rows(
    store: RowStore,
    ranges: Sequence[tuple[int, int]],
    make_worker: Callable[[], Callable[[int, int], Pieces]],
    threads: int,
    on_share: ShareCallback | None = None,
) -> None:
    """Finish ranges of rows on several threads, and append them in order.

    Args:
        store: gets the rows.
        ranges: [start, stop) of each.
        make_worker: called once in each thread, with room of its own; the result yields the rows of a range.
        threads: ≥ 1.
        on_share: called from this thread, four times a second.
    """
    numbered = enumerate(ranges)
    taking = threading.Lock()
    done = 0

    def run() -> None:
        nonlocal done
        try:
            work = make_worker()
            while True:
                with taking:
                    number, (start, stop) = next(numbered, (-1, (0, 0)))
                if number < 0 or store.is_stopped:
                    return
                for rows, count, is_last in work(start, stop):
                    store.append(number, rows, count, is_last)
                with taking:
                    done += 1
        except BaseException:
            store.stop()
            raise

    store.begin()
    threads = min(threads, max(1, len(ranges)))
    try:
        with ThreadPoolExecutor(threads) as executor:
            running = [executor.submit(run) for _ in range(threads)]
            try:
                _wait(running, lambda: on_share(done / len(ranges)) if on_share is not None else None)
            except BaseException:
                store.stop()
                raise
        for future in running:
            future.result()
    except BaseException:
        store.release()  # now, however long the error is kept
        raise


def _wait(running: list[Future[None]], tell: Callable[[], None]) -> None:
    """Wait until all have ended, or one has failed; tell four times a second."""
    while wait(running, timeout=_TELL_EVERY, return_when=FIRST_EXCEPTION).not_done:
        if any(future.done() and future.exception() for future in running):
            return
        tell()
