"""From a corpus to the phrases of each pass, and to a corpus in which they are joined."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import CorpusError
from firth.text import cache as shelf
from firth.text.collocations import Collocation, ShareCallback, find_collocations
from firth.text.corpus import Corpus, Facts
from firth.text.indexing import write_numbers
from firth.text.numbered import BLOCK, NumberedText, join_pairs, numbered_text, write_lines
from firth.text.phrase_settings import PhraseSettings
from firth.text.preparing import nothing_left
from firth.text.vocabulary import Vocabulary

Pairs = tuple[Sequence[tuple[str, ...]], Sequence[str]]
"""The phrases of one pass: their parts, and each as one word."""


def _work_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for the texts between passes (some systems can't remove a file that is mapped)."""
    return tempfile.TemporaryDirectory(prefix="firth-phrases-", ignore_cleanup_errors=True)


def find_in_passes(
    corpus: Corpus, settings: PhraseSettings, threads: int, on_share: ShareCallback | None
) -> list[list[Collocation]]:
    """Return the phrases of each pass; the last one may have found none.

    Args:
        corpus: with all of its words.
        settings: what a phrase is.
        threads: that work at once.
        on_share: told how far it is.
    """
    text = numbered_text(corpus)
    lengths = np.ones(len(text.words), np.int64)
    found: list[list[Collocation]] = []
    with _work_folder() as folder:
        for number in range(settings.passes):

            def advanced(share: float, number: int = number) -> None:
                if on_share is not None:
                    on_share((number + share) / settings.passes)

            found.append(find_collocations(text, lengths, settings, threads, advanced))
            if not found[-1] or number + 1 == settings.passes:
                break
            parts = [pair.parts for pair in found[-1]]
            names = [settings.separator.join(each) for each in parts]
            joined = join_pairs(text, parts, names, settings.connectors, Path(folder) / f"pass-{number}", threads)
            lengths = _longer_words(text, joined, lengths, parts, names)
            text = joined
    return found


def _longer_words(
    text: NumberedText,
    joined: NumberedText,
    lengths: np.ndarray,
    parts: Sequence[tuple[str, ...]],
    names: Sequence[str],
) -> np.ndarray:
    """Return of how many words each word is made after a joining; of the most, if it can be made in two ways."""
    longer = np.zeros(len(joined.words), np.int64)
    longer[: lengths.size] = lengths
    for words, name in zip(parts, names, strict=True):
        made_of = int(lengths[text.places[words[0]]] + lengths[text.places[words[-1]]]) + len(words) - 2
        place = joined.places[name]
        longer[place] = max(longer[place], made_of)
    return longer


def _joined_text(
    corpus: Corpus, passes: Sequence[Pairs], connectors: Sequence[str], folder: str, threads: int
) -> NumberedText:
    """Join the phrases of all passes."""
    text = numbered_text(corpus)
    for number, (parts, names) in enumerate(passes):
        text = join_pairs(text, parts, names, connectors, Path(folder) / f"pass-{number}", threads)
    return text


def joined_corpus(
    corpus: Corpus, passes: Sequence[Pairs], connectors: Sequence[str], settings: Mapping[str, Any], threads: int
) -> Corpus:
    """Join the phrases of all passes, count and order the words anew, and write their ids to a temporary folder.

    Args:
        corpus: with all of its words.
        passes: the phrases.
        connectors: that may stand in them.
        settings: of the new corpus, with `min_count` and `max_words`.
        threads: that work at once.

    Raises:
        CorpusError: if no word reaches `min_count`.
        OutputError: if the disk is full.
    """
    place = Path(tempfile.mkdtemp(prefix="firth-corpus-"))
    try:
        with _work_folder() as folder:
            text = _joined_text(corpus, passes, connectors, folder, threads)
            kept = np.flatnonzero(text.counts >= settings["min_count"]).tolist()
            if not kept:
                raise CorpusError(nothing_left(text.counts[text.counts > 0], settings["min_count"]))
            counts, words = text.counts.tolist(), text.words
            order = sorted(kept, key=lambda word: (-counts[word], words[word]))[: settings["max_words"]]
            final = np.full(len(words), -1, np.int32)
            final[order] = np.arange(len(order), dtype=np.int32)
            blocks = (
                (partial(text.ids.__getitem__, slice(start, start + BLOCK)), final)
                for start in range(0, text.ids.size, BLOCK)
            )
            keeps = bool(settings.get("keep_empty"))
            sentences = write_numbers(blocks, text.ids.size, place / shelf.IDS, threads, keep_empty=keeps)
            words_seen = int(np.count_nonzero(text.counts))
            facts = Facts(text.tokens, words_seen, sentences, corpus.checksum, dict(settings))
            vocabulary = Vocabulary([words[word] for word in order], text.counts[order])
        return Corpus(place / shelf.IDS, vocabulary, facts, is_temporary=True)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def joined_lines(
    corpus: Corpus, passes: Sequence[Pairs], connectors: Sequence[str], threads: int
) -> Iterator[tuple[bytes, float]]:
    """Yield a corpus as text with the phrases of all passes joined, in pieces, each with the share that is then done.

    Args:
        corpus: with all of its words.
        passes: the phrases.
        connectors: that may stand in them.
        threads: that work at once.
    """
    with _work_folder() as folder:
        text = _joined_text(corpus, passes, connectors, folder, threads)
        for done, lines in enumerate(write_lines(text.ids, text.words, threads), start=1):
            yield lines, min(1.0, done * BLOCK / text.ids.size)
        yield b"", 1.0  # pieces end with sentences, so there may be fewer than blocks
