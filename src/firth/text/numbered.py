"""Text as numbers while phrases are looked for and joined: its words grow, pass by pass, and keep their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from firth.text import phrase_kernels as kernels
from firth.text.corpus import Corpus
from firth.text.indexing import in_order
from firth.text.spool import IdFile

BLOCK = 1 << 20
"""Ids that one thread works on at a time; more only where a phrase may go on and on."""


class NumberedText(NamedTuple):
    """A text between two passes.

    Attributes:
        ids: the words in order, −1 behind each sentence, (N,) int32, mapped from disk.
        words: by id, V of them. After a joining some may not occur any more.
        counts: how often each comes, (V,) int64.
        places: the id of each word.
    """

    ids: np.ndarray
    words: Sequence[str]
    counts: np.ndarray
    places: Mapping[str, int]

    @property
    def tokens(self) -> int:
        """How many words there are, one behind the other."""
        return int(self.counts.sum())


def numbered_text(corpus: Corpus) -> NumberedText:
    """Return a corpus as a text that phrases can be looked for in.

    Args:
        corpus: prepared with all of its words.
    """
    words = corpus.vocabulary.words
    places = {word: place for place, word in enumerate(words)}
    return NumberedText(corpus.ids.view(np.ndarray), words, corpus.vocabulary.counts.astype(np.int64), places)


class _Lookup(NamedTuple):
    """Pairs by id, for the compiled loop: see `phrase_kernels`."""

    roles: np.ndarray
    children: np.ndarray
    slots: np.ndarray


def connector_roles(words: int, places: Mapping[str, int], connectors: Sequence[str]) -> np.ndarray:
    """Return the roles of words of which none but connectors has one, (V,) int32.

    Args:
        words: V.
        places: the id of each word.
        connectors: those that need not occur.
    """
    roles = np.full(words, -1, np.int32)
    for number, connector in enumerate(connectors):
        if (place := places.get(connector)) is not None:
            roles[place] = number
    return roles


def join_pairs(
    text: NumberedText,
    parts: Sequence[tuple[str, ...]],
    names: Sequence[str],
    connectors: Sequence[str],
    path: Path,
    threads: int,
) -> NumberedText:
    """Put pairs into one, greedily from the left, and write the new text; its first V words are those of the old.

    A phrase whose name is a word already becomes that word.

    Args:
        text: where they are.
        parts: of each phrase, from its first word to its second; those with a word that does not occur are left out.
        names: of each phrase as one word.
        connectors: that may stand in phrases.
        path: of the new file of ids.
        threads: that work at once.

    Raises:
        OutputError: if the disk is full.
    """
    words, places = list(text.words), dict(text.places)
    lookup = _lookup(parts, names, connectors, words, places)
    counts = np.zeros(len(words), np.int64)
    file = IdFile(path, 4 * text.ids.size)

    def joined(block: np.ndarray) -> np.ndarray:
        out = np.empty(block.size, np.int32)
        return out[: kernels.join_pairs(block, *lookup, out)]

    try:
        with ThreadPoolExecutor(threads) as executor:
            for out in in_order(executor, joined, _blocks(text.ids, lookup.roles), threads + 1):
                kernels.tally(out, counts)
                file.append(out)
    finally:
        file.close()
    return NumberedText(np.memmap(path, np.int32, "r").view(np.ndarray), words, counts, places)


def _blocks(ids: np.ndarray, roles: np.ndarray) -> Iterator[np.ndarray]:
    """Cut a text where no phrase can go across."""
    first = 0
    while first < ids.size:
        stop = kernels.next_cut(ids, min(first + BLOCK, ids.size), roles)
        yield ids[first:stop]
        first = stop


def _lookup(
    parts: Sequence[tuple[str, ...]],
    names: Sequence[str],
    connectors: Sequence[str],
    words: list[str],
    places: dict[str, int],
) -> _Lookup:
    """Number pairs and their names; new names are added to `words` and `places`."""
    known = len(words)
    roles = connector_roles(known, places, connectors)
    numbers = {connector: number for number, connector in enumerate(connectors)}
    runs: dict[tuple[int, int], int] = {}
    rows = []
    for phrase, name in zip(parts, names, strict=True):
        left, right = places.get(phrase[0], known), places.get(phrase[-1], known)
        if max(left, right) >= known:  # not in this text
            continue
        run = 0
        for connector in phrase[1:-1]:
            run = runs.setdefault((run, numbers[connector]), len(runs) + kernels.DEAD + 1)
        if (place := places.get(name)) is None:
            place = places[name] = len(words)
            words.append(name)
        rows.append((left, run * known + right, place))
    table = np.array(rows, np.int64).reshape(-1, 3)
    may = np.zeros(known, np.int32)
    may[table[:, 0]] |= kernels.BEGINS
    may[table[:, 1] % known] |= kernels.ENDS
    children = np.full((len(runs) + kernels.DEAD + 1, max(1, len(connectors))), kernels.DEAD, np.int32)
    for (run, number), child in runs.items():
        children[run, number] = child
    slots = np.full((1 << (2 * len(table) + 1).bit_length(), 3), kernels.EMPTY, np.int64)
    kernels.put_pairs(table[:, 0], table[:, 1], table[:, 2], slots)
    return _Lookup(np.where(roles < 0, -1 - may, roles).astype(np.int32), children, slots)


def write_lines(ids: np.ndarray, words: Sequence[str], threads: int) -> Iterator[bytes]:
    """Yield a text in UTF-8, a sentence a line, its words parted by spaces.

    Args:
        ids: the words, −1 behind each sentence, (N,) int32.
        words: by id.
        threads: that work at once.
    """
    letters = "".join(words).encode()
    starts = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) if word.isascii() else len(word.encode()) for word in words], out=starts[1:])
    spelled = np.frombuffer(letters, np.uint8)

    def written(block: np.ndarray) -> bytes:
        out = np.empty(kernels.written_size(block, starts), np.uint8)
        kernels.write_words(block, starts, spelled, out)
        return out.tobytes()

    with ThreadPoolExecutor(threads) as executor:
        yield from in_order(executor, written, _pieces(ids), threads + 1)


def _pieces(ids: np.ndarray) -> Iterator[np.ndarray]:
    """Cut a text so that no piece begins with the end of a sentence."""
    first = 0
    while first < ids.size:
        stop = min(first + BLOCK, ids.size)
        stop += stop < ids.size and ids[stop] < 0
        yield ids[first:stop]
        first = stop
