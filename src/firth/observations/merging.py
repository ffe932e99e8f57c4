"""Sums and differences of counts: whose words they have, what they count by, and whether they are exact.

Three cases. Counts that share vocabulary and keep probabilities add cell by cell. Counts that each have all their own
words, with whole weights, give the union of the words and the sum of the reference counts: what counting the whole at
once gives. All others are added likewise, but keep probabilities and words were each part's own,
and the sum is not exact.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from firth.errors import CountsError, sentence
from firth.observations.cells import has_whole_weights
from firth.observations.combining import Operand, Overdrawn, combine, operand
from firth.observations.record import Record
from firth.observations.rows import RowStore
from firth.observations.saving import Saved
from firth.observations.transposing import Rows
from firth.text import Vocabulary


class Merged(NamedTuple):
    """Counts that came of two."""

    vocabulary: Vocabulary
    occurrences: np.ndarray
    rows: RowStore
    record: Record


class _Words(NamedTuple):
    """The words of a result before those that are gone are left out.

    Attributes:
        words: all, in order.
        counts: reference counts, (V,) int64; those at the end may be 0 or less.
        one_ids: the id of each word of the first operand, int32.
        other_ids: likewise of the second.
    """

    words: list[str]
    counts: np.ndarray
    one_ids: np.ndarray
    other_ids: np.ndarray


def merge(
    one: Saved, other: Saved, *, subtracts: bool = False, threads: int | None = None, memory: int | None = None
) -> Merged:
    """Add counts, or subtract them.

    Args:
        one: the first.
        other: the second.
        subtracts: whether it is subtracted.
        threads: None for one on each core.
        memory: budget in bytes; None takes a quarter of what is available.

    Raises:
        CountsError: if the settings differ, more is subtracted than is there, or a cell would pass 2⁶⁴.
        OutputError: if the result passes the memory allowed and the disk is full.
    """
    _check_settings(one, other)
    record = one.record.minus(other.record) if subtracts else one.record.plus(other.record)
    are_own = one.record.has_own_words and other.record.has_own_words and has_whole_weights(one.observations)
    are_same = (
        one.vocabulary == other.vocabulary
        and one.record.reference_total == other.record.reference_total
        and not are_own
    )
    words = _shared(one) if are_same else _united(one, other, subtracts)
    if are_same:
        record = replace(record, has_own_words=False)
    else:
        total = one.record.reference_total + (-1 if subtracts else 1) * other.record.reference_total
        is_exact = record.is_exact and are_own
        record = replace(record, reference_total=max(0, total), is_exact=is_exact, has_own_words=are_own)
    size = len(words.words)
    operands = operand(one.rows, words.one_ids, size), operand(other.rows, words.other_ids, size)
    try:
        store = combine(*operands, subtracts=subtracts, threads=threads, memory=memory)
    except Overdrawn as problem:
        raise _explained(problem, words.words, operands, subtracts) from None
    occurrences = np.zeros(size, np.int64)
    occurrences[words.one_ids] = one.occurrences
    np.add.at(occurrences, words.other_ids, (-1 if subtracts else 1) * other.occurrences.astype(np.int64))
    size = size if are_same else int(np.count_nonzero(words.counts > 0))
    _check_rest(words, occurrences, store, size)
    vocabulary = one.vocabulary if are_same else Vocabulary(words.words[:size], words.counts[:size])
    store.starts = store.starts[: size + 1]
    return Merged(vocabulary, occurrences[:size].astype(np.uint64), store, record)


def _check_settings(one: Saved, other: Saved) -> None:
    """Refuse counts that were made with other settings, by the first that differs."""
    settings = other.observations.as_dict()
    for name, value in one.observations.as_dict().items():
        if settings[name] != value:
            wanted = f"counts made with the same settings, {name}={value!r}"
            raise CountsError(sentence(wanted, f"{name}={settings[name]!r}", "count one of them again"))


def _shared(one: Saved) -> _Words:
    """Return the words that both operands have."""
    ids = np.arange(len(one.vocabulary), dtype=np.int32)
    return _Words(list(one.vocabulary.words), one.vocabulary.counts.astype(np.int64), ids, ids)


def _united(one: Saved, other: Saved, subtracts: bool) -> _Words:
    """Return the union of the words, in the order of vocabularies: by count, highest first, then by the word."""
    place = {word: number for number, word in enumerate(one.vocabulary.words)}
    for word in other.vocabulary.words:
        place.setdefault(word, len(place))
    words = list(place)
    others = np.array([place[word] for word in other.vocabulary.words], np.int64)
    counts = np.zeros(len(words), np.int64)
    counts[: len(one.vocabulary)] = one.vocabulary.counts
    counts[others] += (-1 if subtracts else 1) * other.vocabulary.counts.astype(np.int64)
    by_word = np.array(sorted(range(len(words)), key=words.__getitem__), np.int64)
    order = by_word[np.argsort(-counts[by_word], kind="stable")]
    new_ids = np.empty(len(words), np.int32)
    new_ids[order] = np.arange(len(words), dtype=np.int32)
    listed = [words[number] for number in order]
    return _Words(listed, counts[order], new_ids[: len(one.vocabulary)], new_ids[others])


def _explained(problem: Overdrawn, words: list[str], operands: tuple[Operand, Operand], subtracts: bool) -> CountsError:
    """Build the error of a cell that would be negative, or too large."""
    have, change = (_cell(part, problem.row, problem.word) for part in operands)
    pair = f"the pair ({words[problem.row]!r}, {words[problem.word]!r})"
    if subtracts:
        came = f"{have} for {pair}, from which {change} is subtracted"
        return CountsError(sentence("counts that hold those subtracted", came, "subtract only what was added"))
    return CountsError(sentence("cells below 2⁶⁴", f"{have} + {change} for {pair}", "keep these counts apart"))


def _cell(part: Operand, row: int, word: int) -> int:
    """Return the cell of an operand at a row and a word of the result."""
    own = int(part.row_of[row])
    if own < 0:
        return 0
    begin, end = int(part.starts[own]), int(part.starts[own + 1])
    places = np.flatnonzero(part.new_ids[part.contexts[begin:end]] == word)
    return int(part.cells[begin + int(places[0])]) if len(places) else 0


def _check_rest(words: _Words, occurrences: np.ndarray, rows: RowStore, size: int) -> None:
    """Refuse what is negative, and pairs of words that are gone."""
    wanted, advice = "counts that hold those subtracted", "subtract only what was added"
    for what, numbers in (("occurrences", occurrences), ("reference counts", words.counts)):
        if numbers.min(initial=0) < 0:
            came = f"{int(numbers.min())} {what} left of {words.words[int(numbers.argmin())]!r}"
            raise CountsError(sentence(wanted, came, advice))
    if rows.starts[size] != rows.starts[-1] or occurrences[size:].any():
        row = size + int(np.argmax((np.diff(rows.starts[size:]) > 0) | (occurrences[size:] > 0)))
        came = f"pairs left of {words.words[row]!r}, which occurs no more"
        raise CountsError(sentence(wanted, came, advice))


def restrict(one: Saved, chosen: np.ndarray) -> Merged:
    """Return the rows and columns of some words; `pairs_left_out` of the record is for the caller to set.

    Args:
        one: the counts.
        chosen: ids of the words, ascending.
    """
    new_ids = np.full(len(one.vocabulary), -1, np.int32)
    new_ids[chosen] = np.arange(len(chosen), dtype=np.int32)
    nothing = Rows(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.uint64))
    for array in nothing:
        array.flags.writeable = False  # as stored counts are: kernels are compiled once
    none = np.empty(0, np.int32)
    store = combine(operand(one.rows, new_ids, len(chosen)), operand(nothing, none, len(chosen)))
    words = [one.vocabulary.words[number] for number in chosen]
    vocabulary = Vocabulary(words, one.vocabulary.counts[chosen])
    return Merged(vocabulary, one.occurrences[chosen], store, replace(one.record, has_own_words=False))
