"""What this process may use of the machine: cores and memory."""

from __future__ import annotations

import os
from pathlib import Path

from firth.errors import check_integer


def usable_cores() -> int:
    """Count the cores that this process may run on (its affinity, where the system has one)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int | None) -> int:
    """Return the number of threads to use: as asked, or one for each usable core.

    Raises:
        SettingsError: if `threads` is neither None nor a whole number ≥ 1.

    >>> check_threads(3)
    3
    """
    return usable_cores() if threads is None else check_integer("threads", threads, 1, 1024)


def available_memory() -> int | None:
    """Return how many bytes a new process could use without swapping, or None where the system does not say.

    On Linux: `MemAvailable`, or what the control group still allows, whichever is less.
    """
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        available = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    group = Path("/sys/fs/cgroup")
    try:
        left = int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no group, or "max"
        return available
    return min(available, left)
