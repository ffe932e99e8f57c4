"""What this process may use of the machine: cores and memory."""

from __future__ import annotations

import math
import os
from pathlib import Path

from firth.errors import check_integer

_GROUP = Path("/sys/fs/cgroup")
"""The control group of this process, as containers see it (Linux, version 2)."""


def usable_cores() -> int:
    """Count the cores that this process may use: its affinity and its share of processor time, where there are such.

    >>> usable_cores() >= 1
    True
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (_GROUP / "cpu.max").read_text().split()
        return min(cores, max(1, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError, ZeroDivisionError):  # no group, or "max"
        return cores


def check_threads(threads: int | None) -> int:
    """Return the number of threads to use: as asked, or one for each usable core.

    Raises:
        SettingsError: if `threads` is neither None nor a whole number ≥ 1.

    >>> check_threads(3)
    3
    """
    return usable_cores() if threads is None else check_integer("threads", threads, 1, 1024)


def available_memory() -> int | None:
    """Return how many bytes a process could take without swapping, or None where the system does not say.

    On Linux: `MemAvailable`, or what the control group still allows, whichever is less. Pages of files that the
    system can drop count as available in both.
    """
    try:
        available = _numbers(Path("/proc/meminfo").read_text())["MemAvailable"] * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:
        used = int((_GROUP / "memory.current").read_text())
        files = _numbers((_GROUP / "memory.stat").read_text())
        left = int((_GROUP / "memory.max").read_text()) - used + files["inactive_file"] + files["active_file"]
    except (OSError, KeyError, ValueError):  # no group, or "max"
        return available
    return max(0, min(available, left))


def _numbers(text: str) -> dict[str, int]:
    """Read lines of a name and a number."""
    parts = (line.replace(":", " ").split() for line in text.splitlines())
    return {words[0]: int(words[1]) for words in parts if len(words) > 1}
