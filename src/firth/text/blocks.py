"""Cuts a stream of bytes into blocks that end behind a separator: the unit of work, whatever the lines are like."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from firth.errors import CorpusError, sentence
from firth.text.kernels import PADDING
from firth.text.rewriting import after_last_separator, first_invalid
from firth.text.sources import Chunk


class Block(NamedTuple):
    """Bytes from one separator to another, padded with line feeds, and from where each part of them comes."""

    text: bytes
    length: int
    parts: list[tuple[int, str, int]]

    def place(self, at: int) -> tuple[str, int]:
        """Return the name of the file in which byte `at` of the block stands, and how many bytes precede it there."""
        begin, name, start = self.parts[bisect_right(self.parts, at, key=lambda part: part[0]) - 1]
        return name, start + at - begin


def cut_blocks(chunks: Iterable[Chunk], separators: np.ndarray, block_size: int) -> Iterator[Block]:
    """Join and cut chunks into blocks of about `block_size` bytes, longer only where a single word is longer.

    Args:
        chunks: the stream.
        separators: (0x110000,) uint8, 0 for the code points behind which a block may end.
        block_size: bytes, ≥ 1.
    """
    pieces: list[memoryview] = []
    parts: list[tuple[int, str, int]] = []
    size = 0
    for data, name, start in chunks:
        if not data:
            continue
        parts.append((size, name, start))
        pieces.append(memoryview(data))
        size += len(data)
        if size < block_size:
            continue
        end = after_last_separator(np.frombuffer(data, np.uint8), len(data), separators)
        if end == 0:
            continue
        rest = pieces.pop()
        length = size - len(data) + end
        yield _block([*pieces, rest[:end]], length, parts)
        pieces, parts, size = [rest[end:]], [(0, name, start + end)], len(data) - end
    if size:
        yield _block(pieces, size, parts)


def _block(pieces: list[memoryview], length: int, parts: list[tuple[int, str, int]]) -> Block:
    """Join pieces to a block."""
    return Block(b"".join([*pieces, b"\n" * PADDING]), length, parts)


def valid_block(block: Block, errors: str) -> Block:
    """Return the block if it is text in UTF-8, or with U+FFFD for what isn't if `errors` is "replace".

    Raises:
        CorpusError: if it holds a NUL byte, or isn't UTF-8 and `errors` is "strict".
    """
    nul = block.text.find(b"\0")
    if nul >= 0:
        name, at = block.place(nul)
        came = f"a NUL byte at byte {at} of {name}"
        advice = "pass text (if this is UTF-16, convert it to UTF-8; if it's another kind of file, extract its text)"
        raise CorpusError(sentence("text", came, advice))
    wrong = first_invalid(np.frombuffer(block.text, np.uint8), block.length)
    if wrong < 0:
        return block
    if errors == "replace":
        text = block.text[: block.length].decode("utf-8", "replace").encode()
        return Block(text + b"\n" * PADDING, len(text), block.parts)
    name, at = block.place(wrong)
    came = f"the byte 0x{block.text[wrong]:02X} at byte {at} of {name}"
    advice = "convert the file (iconv -f latin1 -t utf-8), or pass errors='replace' to read U+FFFD there"
    raise CorpusError(sentence("text in UTF-8", came, advice))
