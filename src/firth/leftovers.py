"""Removes what nobody came back to: a killed process can't clean up, and nobody tells when a cache is outlived."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

_DAY = 24 * 3600.0


def remove_unused(folder: Path, pattern: str, *, days: float) -> None:
    """Remove the entries of a folder in which nothing was written for so many days.

    It never raises, so it can be called on the way to something else: what can't be removed stays, and so does
    what another process removes or writes to at this moment.

    Args:
        folder: where to look; it need not exist.
        pattern: of the names, as `Path.glob` takes it.
        days: an entry written to since, or with anything in it written to since, stays.
    """
    with contextlib.suppress(OSError):
        for path in list(folder.glob(pattern)):
            with contextlib.suppress(OSError):
                if time.time() - _last_written(path) <= days * _DAY:
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()


def _last_written(path: Path) -> float:
    """Return when a file, or anything in a folder, was last written to: long runs write to files, not to folders."""
    return max(inner.lstat().st_mtime for inner in [path, *path.rglob("*")])
