"""`prepare_corpus`: from text, however it is given, to ids on disk and a vocabulary."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import CorpusError, SettingsError, check_choice, check_integer, sentence
from firth.machine import check_threads
from firth.text import cache as shelf
from firth.text.corpus import Corpus, Facts
from firth.text.sources import Chunk, FileSource, Source, open_source
from firth.text.tokenizers import Tokenizer, check_tokenizer, tokenizer_name
from firth.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from firth.text.indexing import Reading
    from firth.text.tables import WordTable

logger = logging.getLogger("firth.text")

ReadingCallback = Callable[[int, int | None], None]
"""Gets the bytes read so far, and how many there are or None."""

PUNCTUATION = b",.;"
PUNCTUATED_SHARE = 0.02
"""With more than this share of tokens ending in `PUNCTUATION`, "words" would be the better tokenizer."""

BLOCK_SIZE = 1 << 21
"""Bytes of text that one thread works on at a time."""


def prepare_corpus(
    corpus: str | Path | Iterable[Any],
    *,
    tokenizer: Tokenizer = "whitespace",
    fold_case: bool = False,
    min_count: int = 5,
    max_words: int | None = None,
    errors: str = "strict",
    keep_empty: bool = False,
    cache: str | Path | None = None,
    threads: int | None = None,
    on_progress: ReadingCallback | None = None,
) -> Corpus:
    r"""Read text, cut it into words, count them, and write their ids to disk.

    A line is a sentence: `\n` ends it, however long it is, and nothing is cut off or left out but words below
    `min_count` or beyond `max_words`. Text never is in memory as a whole; only the table of words grows. The
    result is the same on every run and for every number of threads.

    Args:
        corpus: a path or pattern (`str` or `Path`), "-" for standard input, a folder (all files below it, in
            order), or several files as a list of `Path`; gzip, bzip2, xz and zstandard are recognised by their
            first bytes. Or an iterable, gone through once: of lines (`str`), which are tokenized, or of
            sentences (list, tuple or array of `str`), which are taken as they are.
        tokenizer: "whitespace" (as `str.split()`), "words" (letters, numbers and what belongs to them, see
            `firth.text.tokenizers`), or a function that gets a line without its end and returns a list of `str`.
        fold_case: whether to fold the case of every word (`str.casefold`).
        min_count: the lowest count of a word in the vocabulary, ≥ 1.
        max_words: keep only this many of the most frequent words, ≥ 1; None for all.
        errors: "strict" to refuse what isn't UTF-8, "replace" to read U+FFFD there.
        keep_empty: whether lines without a word have their −1, too, so that sentence n is line n of the files, or item
            n of an iterable, in which line feeds are then spaces. For documents, which are known by their number.
        cache: a folder in which to keep the result for the next time; None for the one that the environment
            variable FIRTH_CACHE names, else for a temporary folder that goes with the corpus.
        threads: how many; None for one on each core.
        on_progress: called with the bytes read so far, of all (compressed) bytes or None where nobody knows;
            not at all if the corpus is found in the cache.

    Returns:
        The ids and the vocabulary; close it, or use it in a `with` block.

    Raises:
        CorpusError: if there is nothing to read, it can't be read or isn't text, it has no two words side by
            side, or no word reaches `min_count`.
        OutputError: if the disk is full.
        SettingsError: if a setting is out of range, or the cache can't be made.
        MissingExtraError: if a file is compressed with zstandard and the package isn't installed.

    >>> with prepare_corpus(["the company it keeps", "the words"], min_count=2) as corpus:
    ...     corpus.vocabulary, corpus.ids
    (Vocabulary(1 words: 'the': 2), memmap([ 0, -1,  0, -1], dtype=int32))
    """
    tokenizer = check_tokenizer(tokenizer)
    for name, value in {"fold_case": fold_case, "keep_empty": keep_empty}.items():
        if not isinstance(value, bool | np.bool_):
            raise SettingsError(sentence(f"{name} to be True or False", repr(value), "choose one of them"))
    settings = {
        "tokenizer": tokenizer_name(tokenizer),
        "fold_case": bool(fold_case),
        "min_count": check_integer("min_count", min_count, 1),
        "max_words": None if max_words is None else check_integer("max_words", max_words, 1),
        "errors": check_choice("errors", errors, ("strict", "replace")),
        "keep_empty": bool(keep_empty),
    }
    threads = check_threads(threads)
    source = open_source(corpus, errors, keep_empty=bool(keep_empty))
    cache_folder = _cache_folder(cache, tokenizer)
    if cache_folder is not None and isinstance(source, FileSource) and source.is_repeatable:
        found = shelf.find(shelf.entry(cache_folder, _checksum(source), settings))
        if found is not None:
            return found
        source = open_source(corpus, errors, keep_empty=bool(keep_empty))
    folder = Path(tempfile.mkdtemp(prefix="firth-corpus-")) if cache_folder is None else shelf.work_folder(cache_folder)
    try:
        return Preparation(source, tokenizer, settings, threads, on_progress, folder, cache_folder).run()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _cache_folder(cache: str | Path | None, tokenizer: Tokenizer) -> Path | None:
    """Return the folder of prepared corpora, made if need be, or None for no cache."""
    named = os.environ.get("FIRTH_CACHE") if cache is None else cache
    if not named:
        return None
    if callable(tokenizer):
        logger.info("not cached: whether the function %s is still the same can't be known", tokenizer_name(tokenizer))
        return None
    folder = Path(named)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        advice = "name another folder with cache= or FIRTH_CACHE"
        raise SettingsError(
            sentence("cache to be a folder that can be made", f"{named!r} ({error})", advice)
        ) from error
    return folder


def _new_checksum() -> hashlib.blake2b:
    """Start the checksum of a text."""
    return hashlib.blake2b(digest_size=32)


def _checksum(source: Source) -> str:
    """Read a source for its checksum alone."""
    checksum = _new_checksum()
    for chunk in source.chunks(BLOCK_SIZE):
        checksum.update(chunk.data)
    return checksum.hexdigest()


@dataclass
class Preparation:
    """One call of `prepare_corpus`, its settings checked."""

    source: Source
    tokenizer: Tokenizer
    settings: dict[str, Any]
    threads: int
    on_progress: ReadingCallback | None
    folder: Path
    cache_folder: Path | None = None
    block_size: int = BLOCK_SIZE

    def run(self) -> Corpus:
        """Read, count, number, write."""
        from firth.text.indexing import has_pairs, write_ids
        from firth.text.tables import ordered_words

        checksum = _new_checksum()
        reading = self._read(checksum)
        table = reading.workers[0].table
        merged = [np.arange(table.words, dtype=np.int32)]
        merged += [table.merge(worker.table) for worker in reading.workers[1:]]
        counts = table.counts()
        tokens = int(counts.sum())
        if tokens == 0:
            raise CorpusError(_no_words(self.source))
        if tokens > 1 and not has_pairs(reading):
            raise CorpusError(_no_pairs(tokens))
        kept, words = ordered_words(table, counts, self.settings["min_count"], self.settings["max_words"])
        if not words:
            raise CorpusError(nothing_left(counts, self.settings["min_count"]))
        vocabulary = Vocabulary(words, counts[kept])
        final = np.full(table.words, -1, np.int32)
        final[kept] = np.arange(kept.size, dtype=np.int32)
        path = self.folder / shelf.IDS
        numbers = [final[new_ids] for new_ids in merged]
        sentences = write_ids(reading, numbers, path, self.threads, keep_empty=self.settings["keep_empty"])
        for worker in reading.workers:
            worker.spool.path.unlink()
        self._hint(table, counts)
        facts = Facts(tokens, table.words, sentences, checksum.hexdigest(), self.settings)
        return self._opened(path, vocabulary, facts)

    def _read(self, checksum: hashlib.blake2b) -> Reading:
        """Do the first pass."""
        from firth.text.blocks import cut_blocks
        from firth.text.indexing import Rules, ended, hashed, read_blocks, tokenized

        chunks = hashed(self.source.chunks(self.block_size), checksum)
        chunks = _started(chunks)
        holds_tokens = self.source.holds_tokens
        if holds_tokens:
            if self.tokenizer != "whitespace":
                came = "lists of tokens"
                advice = "leave tokenizer out, or pass each sentence as a str"
                expected = f"lines of text for the tokenizer {self.settings['tokenizer']!r} to cut"
                raise CorpusError(sentence(expected, came, advice))
            self.settings["tokenizer"] = None
        errors, keep_empty = self.settings["errors"], self.settings["keep_empty"]
        if keep_empty:
            chunks = ended(chunks)
        if callable(self.tokenizer):
            chunks = tokenized(chunks, self.tokenizer, errors, self.block_size, keep_empty=keep_empty)
            holds_tokens = True
        rules = Rules(holds_tokens, self.tokenizer == "words", self.settings["fold_case"], errors, keep_empty)
        blocks = cut_blocks(chunks, rules.separators(), self.block_size)
        return read_blocks(blocks, rules, self.folder, self.threads, self._advanced)

    def _advanced(self) -> None:
        """Tell how far reading is."""
        if self.on_progress is not None:
            self.on_progress(self.source.bytes_done, self.source.bytes_total)

    def _opened(self, path: Path, vocabulary: Vocabulary, facts: Facts) -> Corpus:
        """Return the corpus from its folder, or from its place in the cache."""
        if self.cache_folder is not None:
            place = shelf.entry(self.cache_folder, facts.checksum, self.settings)
            kept = shelf.find(place) or shelf.keep(path, place, vocabulary, facts)
            if kept is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
                return kept
        return Corpus(path, vocabulary, facts, is_temporary=True)

    def _hint(self, table: WordTable, counts: np.ndarray) -> None:
        """Say so if much punctuation sticks to words."""
        from firth.text.tables import tokens_ending_in

        if self.settings["tokenizer"] != "whitespace":
            return
        share = tokens_ending_in(table, counts, PUNCTUATION) / int(counts.sum())
        if share > PUNCTUATED_SHARE:
            logger.info(
                "%.0f %% of the tokens end in a comma, full stop or semicolon; tokenizer='words' cuts them off",
                100 * share,
            )


def _started(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Read the first chunk now, so that the source knows what it holds."""
    return chain([chunk] if (chunk := next(chunks, None)) else [], chunks)


def _no_words(source: Source) -> str:
    """Say that there is no word in a corpus."""
    if source.bytes_done:
        came = f"{source.bytes_done} bytes with no word in them"
        return sentence("words", came, "pass a text with words, or another tokenizer")
    return sentence("text", "nothing", "check the input (a generator that was gone through before yields nothing)")


def _no_pairs(tokens: int) -> str:
    """Say that every sentence is a single word."""
    came = f"{tokens} sentences of one word each"
    advice = (
        "if these are the words of one text, wrap the list in another one, [[...]]; "
        "if a file has one word on each line, join the words of a sentence with spaces"
    )
    return sentence("sentences with several words", came, advice)


def nothing_left(counts: np.ndarray, min_count: int) -> str:
    """Say that no word reached the threshold.

    Args:
        counts: how often each word came, (V,).
        min_count: the threshold.
    """
    highest = int(counts.max())
    came = f"{int(counts.sum())} tokens, {counts.size} different words, the most frequent {highest} times"
    advice = f"pass min_count={highest} or less, or more text"
    return sentence(f"a word that occurs at least {min_count} times (min_count)", came, advice)
