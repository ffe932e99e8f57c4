"""`Counts`: how often each word is expected in the window of each other; they add and subtract."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import CountsError, SettingsError, UnknownWordError, check_integer, sentence
from firth.observations.cells import cell_unit
from firth.observations.measuring import row_entropies, sum_rows
from firth.observations.merging import Merged, merge, restrict
from firth.observations.record import Record
from firth.observations.rows import RowStore
from firth.observations.saving import Saved, check_rows, open_folder, write_folder
from firth.observations.settings import Observations
from firth.observations.transposing import Rows, cut_rows
from firth.text import Vocabulary

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_AT_ONCE = 1 << 22


class Counts:
    """The pair counts N⁺ of a text, exact: what `firth.count` returns. They can't be changed.

        N⁺(c, o) = unit · p_c p_o · cell(c, o)        p = `factors`

    N⁺(c, o) is how often o is expected in the window of c, V words in both roles; N⁺ is symmetric. Cells are whole
    numbers, so counts of parts add up to the counts of the whole, and subtract, to the last bit:

        whole = part + other;   whole - other == part

    Parts must share one vocabulary (`firth.count(…, vocabulary=…)`), or each have all its words (min_count=1) with
    weights that are whole ("after", or nothing dropped). Any other sum is that of counts whose keep probabilities and
    words were each part's own: it is made, but `is_exact` is false.

    Attributes:
        vocabulary: the words, V of them, with the counts from which keep probabilities and noise come.
        occurrences: how often each word was in the text counted here, (V,) uint64.
        observations: the settings.
        starts: where each row begins in the two arrays below, (V + 1,) int64.
        contexts: the words o of the cells that are not 0, row by row, ascending in each, (nnz,) int32.
        cells: their numbers, (nnz,) uint64. All arrays are read-only, and perhaps mapped.
        record: how they came about.

    >>> from firth import count
    >>> counts = count([["the", "company", "it", "keeps"]], window=2, window_weights="fixed", subsample=0, min_count=1)
    >>> counts
    Counts(4 words, 10 cells, 10 pairs)
    >>> counts.expectation("company", "keeps"), counts.expectation("the", "keeps")
    (1.0, 0.0)
    >>> (counts + counts - counts) == counts
    True
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        occurrences: np.ndarray,
        observations: Observations,
        rows: Rows | RowStore,
        record: Record,
    ) -> None:
        self.vocabulary, self.observations, self.record = vocabulary, observations, record
        self.occurrences = np.asarray(occurrences, np.uint64).view()
        self.occurrences.flags.writeable = False
        self.starts, self.contexts, self.cells = rows.starts, rows.contexts, rows.cells
        self._store = rows if isinstance(rows, RowStore) else None  # its files go when it does
        self._unread: str | None = None  # the folder whose cells nobody has looked at yet

    @property
    def tokens(self) -> int:
        """How many raw tokens were read."""
        return self.record.tokens

    @property
    def is_exact(self) -> bool:
        """Whether the cells are what counting the whole text at once gives, bit for bit."""
        return self.record.is_exact

    @property
    def config(self) -> dict[str, Any]:
        """How the counts came about, as it is stored."""
        return {"observations": self.observations.as_dict(), **self.record.as_dict()}

    @property
    def nonzero(self) -> int:
        """How many cells are not 0."""
        return len(self.cells)

    @property
    def unit(self) -> float:
        """What a cell of 1 is worth in pairs, before keep probabilities are multiplied."""
        return cell_unit(self.observations)

    @cached_property
    def factors(self) -> np.ndarray:
        """What rows and columns are multiplied with: keep probabilities if words are dropped "after"; (V,) float64."""
        if self.observations.dropping == "before":
            factors = np.ones(len(self))
        else:
            counts = self.vocabulary.counts
            factors = self.observations.keep_probabilities(counts, total=self.record.reference_total)
        factors.flags.writeable = False
        return factors

    @cached_property
    def marginals(self) -> np.ndarray:
        """N(c) = Σ_o N⁺(c, o), (V,) float64."""
        marginals = np.zeros(len(self))
        sum_rows(self._rows(), self.unit, self.factors, marginals)
        marginals.flags.writeable = False
        return marginals

    @cached_property
    def total(self) -> float:
        """T = Σ_c N(c): how many pairs, each counted in both directions."""
        return math.fsum(self.marginals)

    @property
    def coverage(self) -> float:
        """Share of the pairs of the text whose words are both here, of those that `restricted` started from."""
        whole = self.total + self.record.pairs_left_out
        return self.total / whole if whole else 1.0

    def row(self, word: str | int) -> tuple[np.ndarray, np.ndarray]:
        """Return what is seen in the window of a word.

        Args:
            word: the centre, or its id.

        Returns:
            The ids of the words, ascending, (n,) int32, and their expectations N⁺, (n,) float64.

        Raises:
            UnknownWordError: if the word is not here.
        """
        row = self._index(word)
        _, contexts, expectations = self.rows(row, row + 1)
        return contexts, expectations

    def rows(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows of words [start, stop).

        Args:
            start: id of the first word.
            stop: id behind the last.

        Returns:
            Where each row begins, (rows + 1,) int64; the words, (n,) int32; their expectations N⁺, (n,) float64.
        """
        start, stop, _ = slice(start, stop).indices(len(self))
        starts = self.starts[start : max(start, stop) + 1]
        begin, end = int(starts[0]), int(starts[-1])
        contexts = self.contexts[begin:end]
        own = np.repeat(self.factors[start : max(start, stop)], np.diff(starts))
        return starts - begin, contexts, self.cells[begin:end] * self.unit * (own * self.factors[contexts])

    def expectation(self, center: str | int, context: str | int) -> float:
        """Return N⁺(c, o), how often `context` is expected in the window of `center`.

        Args:
            center: c, or its id.
            context: o, or its id.

        Raises:
            UnknownWordError: if one is not here.
        """
        contexts, expectations = self.row(center)
        word = self._index(context)
        place = int(np.searchsorted(contexts, word))
        return float(expectations[place]) if place < len(contexts) and contexts[place] == word else 0.0

    def matrix(self) -> csr_matrix:
        """Return N⁺ as a SciPy matrix, (V, V) float64, in memory."""
        from scipy.sparse import csr_matrix

        self._rows()
        values = np.empty(self.nonzero)
        for start, stop in self._blocks():
            values[self.starts[start] : self.starts[stop]] = self.rows(start, stop)[2]
        parts = values, self.contexts.copy(), self.starts.copy()  # SciPy's functions may write to what they got
        return csr_matrix(parts, shape=(len(self), len(self)))

    def conditional_entropy(self) -> float:
        """Return H(O|C), in nats a pair: no model's loss can be lower.

            H(O|C) = −1/T Σ N⁺(c, o) log(N⁺(c, o) / N(c))

        Raises:
            CountsError: if there is no pair.

        >>> from firth import count
        >>> counts = count([["a", "b"], ["a", "c"]], min_count=1, subsample=0)
        >>> counts.conditional_entropy() / math.log(2)           # a: one of two, half the time; b, c: certain
        0.5
        """
        entropies = np.zeros(len(self))
        row_entropies(self._rows(), self.unit, self.factors, self.marginals, entropies)
        return math.fsum(entropies) / self._some_total()

    def unigram_cross_entropy(self) -> float:
        """Return the loss of the unigram model P(o|c) = N(o)/T, in nats a pair: what knowing nothing of c gives.

            −1/T Σ N⁺(c, o) log(N(o) / T) = H(O), the entropy of the marginals

        Raises:
            CountsError: if there is no pair.
        """
        total = self._some_total()
        shares = self.marginals[self.marginals > 0] / total
        return -math.fsum(shares * np.log(shares))

    def pointwise_mutual_information(self, center: str | int, context: str | int) -> float:
        """Return PMI(c, o) = log(N⁺(c, o) T / (N(c) N(o))), in nats; −∞ for a pair that was never seen.

        Args:
            center: c, or its id.
            context: o, or its id.

        Raises:
            UnknownWordError: if one is not here.
        """
        pairs = self.expectation(center, context)
        if pairs == 0:
            return -math.inf
        independent = self.marginals[self._index(center)] * self.marginals[self._index(context)]
        return float(np.log(pairs * self.total / independent))

    def mutual_information_matrix(self) -> csr_matrix:
        """Return PMI(c, o) of all pairs that were seen as a SciPy matrix, (V, V) float64; others are not stored."""
        matrix = self.matrix()
        for start, stop in self._blocks():
            begin, end = self.starts[start], self.starts[stop]
            own = np.repeat(self.marginals[start:stop], np.diff(self.starts[start : stop + 1]))
            pairs = matrix.data[begin:end]
            matrix.data[begin:end] = np.log(pairs * self.total / (own * self.marginals[self.contexts[begin:end]]))
        return matrix

    def restricted(self, words: int | Iterable[str]) -> Counts:
        """Return the counts of pairs whose words are both among some; `coverage` says what share that is.

        Windows are those of the whole text: the words left out keep their places in it.

        Args:
            words: how many of the first words, or which words; their order stays that of the vocabulary.

        Raises:
            UnknownWordError: if a word is not here.
            SettingsError: if the number is not from 1 to V, or a word comes twice.
        """
        if isinstance(words, int | np.integer):
            chosen = np.arange(check_integer("words", words, 1, len(self)))
        else:
            listed = [words] if isinstance(words, str) else list(words)
            chosen = np.sort(np.array([self._index(word) for word in listed], np.int64))
            if len(repeated := chosen[1:][chosen[1:] == chosen[:-1]]):
                came = f"{self.vocabulary.words[repeated[0]]!r} twice"
                raise SettingsError(sentence("every word once", came, "leave one out"))
        part = Counts._of(restrict(self._parts(), chosen), self.observations)
        left_out = self.record.pairs_left_out + self.total - part.total
        part.record = replace(part.record, pairs_left_out=max(0.0, left_out))
        return part

    def __add__(self, other: Counts) -> Counts:
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts._of(merge(self._parts(), other._parts()), self.observations)

    def __sub__(self, other: Counts) -> Counts:
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts._of(merge(self._parts(), other._parts(), subtracts=True), self.observations)

    def __eq__(self, other: object) -> bool:
        """Tell whether words, settings, text and every cell are the same; how they came about does not matter."""
        if not isinstance(other, Counts):
            return NotImplemented
        mine, theirs = self.record, other.record
        return (
            self.observations == other.observations
            and (mine.tokens, mine.reference_total, mine.is_exact)
            == (theirs.tokens, theirs.reference_total, theirs.is_exact)
            and self.vocabulary == other.vocabulary
            and all(
                np.array_equal(getattr(self, name), getattr(other, name))
                for name in ("occurrences", "starts", "contexts", "cells")
            )
        )

    __hash__ = None  # type: ignore[assignment]  # compared by content

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __repr__(self) -> str:
        exact = "" if self.is_exact else ", not the count of the whole"
        return f"Counts({len(self)} words, {self.nonzero} cells, {self.total:.6g} pairs{exact})"

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder: `counts.safetensors`, `words.txt`, `config.json`; whole, or not at all.

        Args:
            folder: where to; parents are made.
            overwrite: whether an older output of the library may be replaced.

        Raises:
            OutputExistsError: if the place is taken.
            SettingsError: if a word holds a newline.
            OutputError: if the disk is full, or the place can't be written to.

        >>> import tempfile
        >>> from firth import count
        >>> with tempfile.TemporaryDirectory() as place:
        ...     count([["up", "and", "down"]], min_count=1, subsample=0).save(place + "/tiny")
        ...     Counts.load(place + "/tiny")
        Counts(3 words, 6 cells, 5.6 pairs)
        """
        write_folder(folder, self._parts(), overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], *, check: bool = False) -> Counts:
        """Open a folder that `save` wrote: sizes are checked, the cells are mapped.

        Args:
            folder: where from.
            check: whether to read everything, too: checksums and rows.

        Returns:
            The counts; they read from the files as long as they live.

        Raises:
            FormatError: if this is no such folder, not a whole one, or from a newer version of the library.

        Example: `save`.
        """
        saved = open_folder(folder, check=check)
        self = cls(saved.vocabulary, saved.occurrences, saved.observations, saved.rows, saved.record)
        self._unread = None if check else os.fspath(folder)
        return self

    @classmethod
    def _of(cls, merged: Merged, observations: Observations) -> Counts:
        """Make counts of what came of others."""
        return cls(merged.vocabulary, merged.occurrences, observations, merged.rows, merged.record)

    def _rows(self) -> Rows:
        """Return the rows for a kernel; those of a file are looked at first, once, lest they lead it astray.

        Raises:
            FormatError: if a row is none.
        """
        rows = Rows(self.starts, self.contexts, self.cells)
        if self._unread is not None:
            check_rows(rows, self._unread)
            self._unread = None
        return rows

    def _parts(self) -> Saved:
        """Return all parts."""
        return Saved(self.vocabulary, self.occurrences, self.observations, self._rows(), self.record)

    def _index(self, word: str | int) -> int:
        """Return the id of a word, given as either."""
        if isinstance(word, str):
            return self.vocabulary.index(word)
        if isinstance(word, bool) or not isinstance(word, int | np.integer) or not 0 <= word < len(self):
            advice = "pass a word, or its place in the vocabulary"
            raise UnknownWordError(sentence(f"a word or an id from 0 to {len(self) - 1}", repr(word), advice))
        return int(word)

    def _some_total(self) -> float:
        """Return T, which must not be 0."""
        if self.total == 0:
            raise CountsError(sentence("counts with a pair", "none", "count more text, or with more words"))
        return self.total

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of rows with a bounded number of cells, or of one row."""
        yield from cut_rows(np.diff(self.starts), _AT_ONCE)
