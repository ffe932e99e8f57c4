"""Windows and their negatives, drawn from `random` in the order of the recipe, far faster than call by call.

What `random.randint(0, n − 1)` does inside is simple: take as many bits as n has from the next 32-bit word of the
Mersenne Twister, and again as long as they make a number ≥ n. So the words are read ahead in bulk, a compiled loop
shapes them, and then the generator is set back and steps over exactly those that were used. The plain twin of this
module, which calls `random.randint`, stands in `tests/naive_exercise.py`; a test compares them number by number.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from firth.compiling import compiled
from recipe import Recipe
from sentences import Sentences, Text, drop_probabilities, keep_copies, noise_table, random_words


@dataclass(frozen=True)
class Windows:
    """W windows in the order in which they were drawn, as P pairs of a centre word and a context word.

    Attributes:
        centers: of each pair, (P,).
        contexts: of each pair, in column 0, and its K negatives, (P, K + 1).
        ends: where the pairs of each window end, (W,).
    """

    centers: np.ndarray
    contexts: np.ndarray
    ends: np.ndarray

    def part(self, first: int, last: int) -> Windows:
        """Return the windows first … last − 1."""
        start = int(self.ends[first - 1]) if first else 0
        end = int(self.ends[last - 1])
        return Windows(self.centers[start:end], self.contexts[start:end], self.ends[first:last] - start)


class Sampler:
    """Draws windows from a text; its whole state is the generator's, and the state from which the copies were drawn.

    Args:
        text: the corpus.
        recipe: the settings.

    Attributes:
        generator: a `random.Random`: Python's own generator, as `random.seed` would seed it, but nobody else's.
        kept: the copies that windows are drawn from; None before the first window.
        copies_state: of the generator, just before the copies were drawn; None before the first window.
    """

    def __init__(self, text: Text, recipe: Recipe) -> None:
        self.text = text
        self.recipe = recipe
        self.generator = random.Random(recipe.seed)
        self.table = noise_table(text.counts, recipe.slots)
        self.kept: Sentences | None = None
        self.copies_state: tuple | None = None

    def draw(self, windows: int) -> Windows:
        """Draw the next windows with their negatives."""
        half_width = 0  # none is waiting
        if self.kept is None:
            # The order of the recipe: the first window's half-width, then the copies, then the rest of that window.
            half_width = self.generator.randint(1, self.recipe.half_width)
            self.draw_copies(self.generator.getstate())
        state = self.generator.getstate()
        pairs = windows * 2 * self.recipe.half_width
        centers = np.empty(pairs, np.int32)
        contexts = np.empty((pairs, self.recipe.negatives + 1), np.int32)
        ends = np.empty(windows, np.int64)
        used, count = -1, windows * (8 + 4 * self.recipe.negatives)  # words: enough nearly always
        while used < 0:
            self.generator.setstate(state)
            bits = random_words(self.generator, count)
            used = _fill_windows(
                bits, half_width, self.recipe.half_width, self.kept.ids, self.kept.starts, self.table,
                centers, contexts, ends,
            )  # fmt: skip
            count *= 2
        self.generator.setstate(state)
        random_words(self.generator, used)
        return Windows(centers[: ends[-1]], contexts[: ends[-1]], ends)

    def draw_copies(self, state: tuple) -> None:
        """Draw the copies, from the state in which the generator was when they were drawn first."""
        self.copies_state = state
        self.generator.setstate(state)
        drop = drop_probabilities(self.text.counts, self.recipe.threshold)
        self.kept = keep_copies(self.text.sentences, drop, self.recipe.copies, self.generator)


@compiled()
def _draw_below(bits: np.ndarray, place: int, bound: int) -> tuple[int, int]:
    """Return what `random.randrange(bound)` returns, and the place behind the words that it reads.

    When the words of `bits` are used up, the place returned lies beyond the end, and stays there.
    """
    shift = 32
    while bound >> (32 - shift) > 0:
        shift -= 1
    while place < len(bits):
        number = np.int64(bits[place]) >> shift
        place += 1
        if number < bound:
            return number, place
    return 0, len(bits) + 1


@compiled()
def _fill_windows(
    bits: np.ndarray,
    half_width: int,
    largest: int,
    ids: np.ndarray,
    starts: np.ndarray,
    table: np.ndarray,
    centers: np.ndarray,
    contexts: np.ndarray,
    ends: np.ndarray,
) -> int:
    """Fill centers (P,), contexts (P, K + 1) and ends (W,); return how many words of `bits` that took, −1 if too many.

    A half-width above 0 is the first window's, drawn already.
    """
    place = 0
    pair = 0
    for window in range(len(ends)):
        if half_width == 0:
            half_width, place = _draw_below(bits, place, largest)
            half_width += 1
        first = pair
        while pair == first:  # until the context is not empty
            chosen, place = _draw_below(bits, place, len(starts) - 1)
            start, end = starts[chosen], starts[chosen + 1]
            offset, place = _draw_below(bits, place, end - start)
            if place > len(bits):
                return -1
            center = start + offset
            for position in range(max(start, center - half_width), min(end, center + half_width + 1)):
                if ids[position] != ids[center]:
                    centers[pair] = ids[center]
                    contexts[pair, 0] = ids[position]
                    pair += 1
        for row in range(first, pair):
            for column in range(1, contexts.shape[1]):
                slot, place = _draw_below(bits, place, len(table))
                while table[slot] == contexts[row, 0] and place <= len(bits):
                    slot, place = _draw_below(bits, place, len(table))
                contexts[row, column] = table[slot]
        if place > len(bits):
            return -1
        ends[window] = pair
        half_width = 0
    return place
