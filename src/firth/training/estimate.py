"""What a run will take, before it is begun: memory by its parts, checked against the machine."""

from __future__ import annotations

from dataclasses import dataclass

from firth.errors import TrainingError, sentence
from firth.machine import available_memory
from firth.training.matrices import LINE, SPARE
from firth.training.settings import SLICES

INTERPRETER = 80 * 2**20
"""Bytes that Python, NumPy and Numba take with the kernels loaded, besides the mapped pages of their files."""

WORD = 500
"""Bytes a word takes: in the table that counts it, as text, in the noise table (by benchmarks/memory.py)."""


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a streamed run will take at its peak, by what they are for.

    Attributes:
        interpreter: Python and its libraries.
        vocabulary: words, counts and the noise table.
        matrices: centre and context vectors.
        threads: what each thread needs, all together.
    """

    interpreter: int
    vocabulary: int
    matrices: int
    threads: int

    @property
    def total(self) -> int:
        """Return the sum of the parts."""
        return self.interpreter + self.vocabulary + self.matrices + self.threads

    def __str__(self) -> str:
        """Return the parts in MB."""
        parts = ("matrices", "vocabulary", "threads", "interpreter")
        listed = ", ".join(f"{name} {getattr(self, name) / 1e6:.0f}" for name in parts)
        return f"{self.total / 1e6:.0f} MB ({listed})"


def estimate_memory(words: int, dimensions: int, *, threads: int, window: int, copies: int = 0) -> MemoryEstimate:
    """Estimate the memory of a streamed run. The corpus itself is mapped, and not counted.

    Args:
        words: V.
        dimensions: D; rows are padded to 16.
        threads: that train at once.
        window: W.
        copies: rows for copies in each matrix, where threads work in rounds (`firth.training.rounds.copies_of_run`);
            0 where they race.

    >>> str(estimate_memory(1_000_000, 300, threads=2, window=5))
    '3024 MB (matrices 2432, vocabulary 500, threads 8, interpreter 84)'
    >>> str(estimate_memory(1_000_000, 300, threads=2, window=5, copies=3400))
    '3042 MB (matrices 2440, vocabulary 516, threads 2, interpreter 84)'
    """
    padded = -(-dimensions * 4 // LINE) * LINE // 4
    threads_room = threads * (4 * 2**20 + 240 * window)
    shared = 0
    if copies:
        threads_room = 2 * 2**20 + threads * 1024 * window
        shared = 2 * SLICES  # bytes a word: the number of its copy in each slice
    return MemoryEstimate(
        INTERPRETER,
        (WORD + shared) * words,
        2 * 4 * padded * (words + SPARE * threads + copies),
        threads_room,
    )


def check_memory(estimate: MemoryEstimate) -> None:
    """Refuse a run that this machine has no memory for.

    Raises:
        TrainingError: if the estimate is above what is available.
    """
    available = available_memory()
    if available is not None and estimate.total > available:
        raise TrainingError(
            sentence(
                f"room for {estimate}",
                f"{available / 1e6:.0f} MB available",
                "use fewer dimensions, a higher min_count, or max_words",
            )
        )
