"""What a run will take, before it is begun: memory by its parts, checked against the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from firth.errors import TrainingError, sentence
from firth.machine import available_memory
from firth.training.all_cells import BLOCK, PANEL
from firth.training.matrices import LINE, SPARE
from firth.training.settings import SLICES

INTERPRETER = 80 * 2**20
"""Bytes that Python, NumPy and Numba take with the kernels loaded, besides the mapped pages of their files."""

WORD = 500
"""Bytes a word takes: in the table that counts it, as text, in the noise table (by benchmarks/memory.py)."""


class _Estimate:
    """Bytes by what they are for."""

    parts: ClassVar[tuple[str, ...]]
    advice: ClassVar[str]

    @property
    def total(self) -> int:
        """Return the sum of the parts."""
        return sum(getattr(self, name) for name in self.parts)

    def __str__(self) -> str:
        """Return the parts in MB."""
        listed = ", ".join(f"{name} {getattr(self, name) / 1e6:.0f}" for name in self.parts)
        return f"{self.total / 1e6:.0f} MB ({listed})"


@dataclass(frozen=True)
class MemoryEstimate(_Estimate):
    """Bytes that a streamed run will take at its peak, by what they are for.

    Attributes:
        interpreter: Python and its libraries.
        vocabulary: words, counts and the noise table.
        matrices: centre and context vectors, and those of documents.
        threads: what each thread needs, all together.
    """

    parts = ("matrices", "vocabulary", "threads", "interpreter")
    advice = "use fewer dimensions, a higher min_count, or max_words"

    interpreter: int
    vocabulary: int
    matrices: int
    threads: int


@dataclass(frozen=True)
class ExactMemoryEstimate(_Estimate):
    """Bytes that exact training will take at its peak, by what they are for.

    Attributes:
        matrices: both matrices, the squares of their gradients, and what coordinates are chosen with.
        pairs: the expectations, and what they are made of.
        scores: one block of centres against all contexts, and where its pairs are.
        vocabulary: words and counts.
        interpreter: Python and its libraries.
    """

    parts = ("matrices", "pairs", "scores", "vocabulary", "interpreter")
    advice = "use fewer dimensions, or counts.restricted(…) to fewer words"

    matrices: int
    pairs: int
    scores: int
    vocabulary: int
    interpreter: int


def estimate_memory(
    words: int,
    dimensions: int,
    *,
    threads: int,
    window: int,
    copies: int = 0,
    documents: int = 0,
    pieces: int = 0,
    entries: int = 0,
) -> MemoryEstimate:
    """Estimate the memory of a streamed run. The corpus itself is mapped, and not counted.

    Args:
        words: V.
        dimensions: D; rows are padded to 16.
        threads: that train at once.
        window: W.
        copies: rows for copies in each matrix, where threads work in rounds (`firth.training.slices.copies_of_run`);
            0 where they race.
        documents: that have vectors.
        pieces: that words are made of: themselves and their n-grams.
        entries: pieces of all words together, and twice those of the words that are moved in a round.

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
        4 * padded * (2 * (words + SPARE * threads + copies) + documents + pieces),
        threads_room + 4 * entries + pieces,
    )


def estimate_exact_memory(words: int, dimensions: int, *, cells: int, is_exact: bool = True) -> ExactMemoryEstimate:
    """Estimate the memory of training on counts. Their files are mapped, and not counted.

    Measured at V = 30 000 with 24 M cells: within 2 % of the peak at D = 100 and 300; above it by up to a third where
    the counts are factorised.

    Args:
        words: V.
        dimensions: D.
        cells: pairs of words that were seen.
        is_exact: whether all V × V scores are computed; else the counts are factorised.

    >>> str(estimate_exact_memory(70_000, 100, cells=30_000_000))
    '962 MB (matrices 560, pairs 120, scores 164, vocabulary 35, interpreter 84)'
    """
    panels = -(-words // PANEL) + 1
    return ExactMemoryEstimate(
        matrices=(80 if is_exact else 28) * words * dimensions,  # in float64 where coordinates are chosen
        pairs=(4 if is_exact else 12) * cells,
        scores=(4 * min(BLOCK, words) + 8 * panels) * words if is_exact else 0,
        vocabulary=WORD * words,
        interpreter=INTERPRETER,
    )


def check_memory(estimate: MemoryEstimate | ExactMemoryEstimate) -> None:
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
                estimate.advice,
            )
        )
