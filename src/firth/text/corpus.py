"""A prepared corpus: word ids on disk, and the vocabulary they count in."""

from __future__ import annotations

import os
import shutil
import weakref
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from firth.errors import CorpusError, sentence
from firth.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Facts:
    """What is known of a corpus besides ids and words."""

    tokens: int
    words_seen: int
    sentences: int
    checksum: str
    settings: dict[str, Any]


class Corpus:
    """Text as numbers: what `prepare_corpus` returns. A context manager.

    N numbers: the ids of the words in order, −1 behind each sentence, the last one too. No sentence is empty, unless
    empty ones were kept: then the n-th −1 ends the n-th line.

    Attributes:
        vocabulary: the words, V of them, and their counts.
        tokens: how many tokens were read, those below `min_count` included.
        words_seen: how many different words were read, those below `min_count` included.
        sentences: how many sentences there are: those that have a word left, or all where empty ones were kept.
        checksum: BLAKE2b (256 bits, hexadecimal) of the text as it was read: decompressed, files joined by line
            feeds, no byte order marks; for one plain file what `b2sum -l 256` prints. Settings don't enter.
        settings: how it was prepared, fit for JSON; `tokenizer` is None where sentences came as lists of tokens.

    >>> from firth.text import prepare_corpus
    >>> with prepare_corpus(["to be or not to be"], min_count=2) as corpus:
    ...     corpus.ids.tolist(), list(corpus.vocabulary.words), corpus.tokens, corpus.words_seen
    ([1, 0, 1, 0, -1], ['be', 'to'], 6, 4)
    """

    def __init__(self, ids: Path, vocabulary: Vocabulary, facts: Facts, *, is_temporary: bool) -> None:
        """Open the file of ids; if temporary, its folder goes when the corpus does."""
        self._ids: np.ndarray | None = np.memmap(ids, np.int32, "r")
        self.vocabulary = vocabulary
        self.tokens = facts.tokens
        self.words_seen = facts.words_seen
        self.sentences = facts.sentences
        self.checksum = facts.checksum
        self.settings = facts.settings
        self._remove = weakref.finalize(self, _remove_folder, ids.parent, os.getpid()) if is_temporary else None

    @property
    def ids(self) -> np.ndarray:
        """The ids, (N,) int32, mapped from disk, read-only.

        Raises:
            CorpusError: if the corpus was closed.
        """
        if self._ids is None:
            advice = "use it inside its `with` block, or prepare it again"
            raise CorpusError(sentence("an open corpus", "one that was closed", advice))
        return self._ids

    def close(self) -> None:
        """Let go of the ids; a temporary folder is removed, a cached corpus stays. A second call does nothing."""
        self._ids = None
        if self._remove is not None:
            self._remove()

    def __enter__(self) -> Corpus:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        kept = int(self.vocabulary.counts.sum())
        return (
            f"Corpus({self.tokens} tokens, {kept} of them in a vocabulary of {len(self.vocabulary)} words, "
            f"{self.sentences} sentences)"
        )


def _remove_folder(folder: Path, owner: int) -> None:
    """Remove a folder, but not from a child process that inherited the corpus by forking."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
