"""From blocks of text to ids on disk: every thread counts into a table of its own, then all become one vocabulary.

The first pass writes *provisional* ids (a word's place in its thread's table) to a spool. When all tables are
merged and the vocabulary is in order, the second pass numbers the spool anew, block by block. Which thread took
which block shows in neither the vocabulary nor the ids.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, TypeVar

import numpy as np

from firth.errors import CorpusError, sentence
from firth.text import characters, kernels, rewriting
from firth.text.blocks import Block, cut_blocks, valid_block
from firth.text.sources import Chunk, joined_tokens
from firth.text.spool import IdFile
from firth.text.tables import WordTable

Input = TypeVar("Input")
Output = TypeVar("Output")

_NOTHING = np.empty(0, np.int32)
_NO_EXPANSIONS = np.empty((0, 3), np.int32)


class Rules(NamedTuple):
    """How bytes become words."""

    holds_tokens: bool
    keeps_words: bool
    fold_case: bool
    errors: str
    keep_empty: bool = False

    def separators(self) -> np.ndarray:
        """Return the table of code points behind which a block may end."""
        if self.holds_tokens:
            return characters.separators((0x00, 0x0A))
        return characters.word_classes() if self.keeps_words else characters.separators(characters.WHITE_SPACE)

    def byte_classes(self) -> np.ndarray:
        """Return the table of bytes for the hot loop."""
        if self.holds_tokens:
            return characters.token_bytes()
        return characters.blank_bytes() if self.keeps_words else characters.white_space_bytes()


class Stretch(NamedTuple):
    """Where the provisional ids of one block are."""

    worker: int
    start: int
    size: int


class Worker:
    """One thread's table, buffers and spool."""

    def __init__(self, number: int, rules: Rules, folder: Path) -> None:
        self.number = number
        self.table = WordTable()
        self.spool = IdFile(folder / f"spool-{number}")
        self._rules = rules
        self._bytes = rules.byte_classes()
        self._classes = characters.word_classes() if rules.keeps_words else None
        self._folding = characters.case_folds() if rules.fold_case else (_NOTHING, _NO_EXPANSIONS)
        self._ids = _NOTHING
        self._rewritten = np.empty(0, np.uint8)

    def index(self, block: Block) -> Stretch:
        """Turn a block into provisional ids on disk."""
        if not self._rules.holds_tokens:
            block = valid_block(block, self._rules.errors)
        text, length = np.frombuffer(block.text, np.uint8), block.length
        if self._rules.fold_case or self._classes is not None:
            text, length = self._rewrite(text, length)
        if self._ids.size < length + 1:
            self._ids = np.empty(length + 1, np.int32)
        size = self.table.index(text, length, self._bytes, self._ids, keep_empty=self._rules.keep_empty)
        return Stretch(self.number, self.spool.append(self._ids[:size]), size)

    def _rewrite(self, text: np.ndarray, length: int) -> tuple[np.ndarray, int]:
        """Fold case and blank what's no word."""
        room = length * (rewriting.GROWTH if self._rules.fold_case else 1) + kernels.PADDING
        if self._rewritten.size < room:
            self._rewritten = np.empty(room, np.uint8)
        out = self._rewritten
        if self._classes is None:
            size = rewriting.fold_text(text, length, *self._folding, out)
        else:
            size = rewriting.keep_words(text, length, self._classes, *self._folding, out)
        out[size : size + kernels.PADDING] = 10
        view = out.view()
        view.flags.writeable = False  # as blocks are: kernels are compiled once, for arrays that can't be written
        return view, size


def hashed(chunks: Iterable[Chunk], checksum: hashlib.blake2b) -> Iterator[Chunk]:
    """Pass chunks on, with their bytes added to the checksum."""
    for chunk in chunks:
        checksum.update(chunk.data)
        yield chunk


def ended(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Pass chunks on, and a line feed behind a last line that has none."""
    last = None
    for chunk in chunks:
        last = chunk if chunk.data else last
        yield chunk
    if last is not None and not last.data.endswith(b"\n"):
        yield Chunk(b"\n", last.name, last.start + len(last.data))


def tokenized(
    chunks: Iterable[Chunk], tokenizer: Callable[[str], object], errors: str, block_size: int, *, keep_empty: bool
) -> Iterator[Chunk]:
    """Pass the lines of a stream of text through a function, one at a time, and stream its tokens.

    Blank lines never reach the function; with `keep_empty` they are passed on, without a token.
    """
    number = 0
    for block in cut_blocks(chunks, characters.separators((0x0A,)), block_size):
        text = valid_block(block, errors)
        waiting = []
        for line in text.text[: text.length].decode().removesuffix("\n").split("\n"):
            number += 1
            line = line.removesuffix("\r")
            if line.isspace() or not line:
                waiting += [""] * keep_empty
                continue
            tokens = tokenizer(line)
            if isinstance(tokens, str) or not isinstance(tokens, list | tuple | np.ndarray):
                came = f"{type(tokens).__name__} {tokens!r:.60} for line {number}"
                advice = "let it return a list, such as line.split()"
                raise CorpusError(sentence("the tokenizer to return a list of str", came, advice))
            waiting.append(joined_tokens(tokens, f"what the tokenizer returned for line {number}"))
        data = "\n".join([*waiting, ""]).encode()
        yield Chunk(data, "the tokens", 0)


def in_order(
    executor: ThreadPoolExecutor, function: Callable[[Input], Output], items: Iterable[Input], in_flight: int
) -> Iterator[Output]:
    """Yield function(item) in the order of the items, of which no more than `in_flight` wait or run at a time."""
    waiting: deque[Future[Output]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) > in_flight:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _with_free(free: SimpleQueue[Worker], block: Block) -> Stretch:
    """Let a worker that is free index the block."""
    worker = free.get()
    try:
        return worker.index(block)
    finally:
        free.put(worker)


class Reading(NamedTuple):
    """What the first pass leaves: the workers with their tables and spools, and the stretches in order."""

    workers: list[Worker]
    stretches: list[Stretch]


def read_blocks(
    blocks: Iterable[Block], rules: Rules, folder: Path, threads: int, advanced: Callable[[], None]
) -> Reading:
    """Index all blocks on several threads.

    Args:
        blocks: the corpus.
        rules: how bytes become words.
        folder: where to put the spools.
        threads: ≥ 1.
        advanced: called from this thread after each block.
    """
    workers = [Worker(number, rules, folder) for number in range(threads)]
    free: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        free.put(worker)
    stretches = []
    try:
        with ThreadPoolExecutor(threads) as executor:
            for stretch in in_order(executor, partial(_with_free, free), blocks, threads + 1):
                if stretch.size:
                    stretches.append(stretch)
                advanced()
    finally:
        for worker in workers:
            worker.spool.close()
    return Reading(workers, stretches)


def spooled(reading: Reading, stretch: Stretch) -> np.ndarray:
    """Read the provisional ids of one block (mapped files would stay in this process's memory)."""
    path = reading.workers[stretch.worker].spool.path
    return np.fromfile(path, np.int32, stretch.size, offset=np.dtype(np.int32).itemsize * stretch.start)


def has_pairs(reading: Reading) -> bool:
    """Tell whether two words stand side by side in any sentence."""
    last = np.int32(kernels.SENTENCE_END)
    for stretch in reading.stretches:
        part = spooled(reading, stretch)
        if (last >= 0 and part[0] >= 0) or bool(((part[1:] | part[:-1]) >= 0).any()):
            return True
        last = part[-1]
    return False


def write_ids(reading: Reading, new_ids: list[np.ndarray], path: Path, threads: int, *, keep_empty: bool) -> int:
    """Number the spooled words anew and write them to a file; return how many sentences.

    Args:
        reading: the first pass.
        new_ids: for each worker, the final id of each of its words, (words,) int32, < 0 for those left out.
        path: the file.
        threads: ≥ 1.
        keep_empty: whether sentences without a word are written, too; then every sentence has an end.
    """
    numbers = sum(stretch.size for stretch in reading.stretches)
    blocks = ((partial(spooled, reading, stretch), new_ids[stretch.worker]) for stretch in reading.stretches)
    return write_numbers(blocks, numbers, path, threads, keep_empty=keep_empty)


def write_numbers(
    blocks: Iterable[tuple[Callable[[], np.ndarray], np.ndarray]],
    numbers: int,
    path: Path,
    threads: int,
    *,
    keep_empty: bool,
) -> int:
    """Number words anew and write them to a file; return how many sentences.

    Args:
        blocks: what reads the words of each block, and the final id of each, int32, < 0 for those left out.
        numbers: how many ids all blocks have.
        path: the file.
        threads: ≥ 1.
        keep_empty: whether sentences without a word are written, too; then every sentence has an end.
    """
    file = IdFile(path, 4 * (numbers + 1))
    sentences = 0
    last = kernels.SENTENCE_END

    def renumbered(block: tuple[Callable[[], np.ndarray], np.ndarray]) -> tuple[np.ndarray, int]:
        read, new_ids = block
        ids = read()
        out = np.empty(ids.size, np.int32)
        written, ends = kernels.final_numbers(ids, new_ids, out, keep_empty)
        return out[:written], ends

    try:
        with ThreadPoolExecutor(threads) as executor:
            for out, ends in in_order(executor, renumbered, blocks, threads + 1):
                # A sentence that began and ended in the block before ends only once.
                repeats = not keep_empty and out.size > 0 and last == kernels.SENTENCE_END == out[0]
                file.append(out[1:] if repeats else out)
                sentences += ends - repeats
                last = out[-1] if out.size else last
        if last != kernels.SENTENCE_END:
            file.append(np.array([kernels.SENTENCE_END], np.int32))
            sentences += 1
    finally:
        file.close()
    return int(sentences)
