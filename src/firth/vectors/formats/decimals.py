"""Lines of a word and D decimal numbers, from bytes to float32: exactly what `float` gives, rounded once more.

Little text is parsed by `float`, and of much text the numbers that the compiled parser is not sure of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from firth.errors import FormatError, sentence
from firth.machine import usable_cores
from firth.vectors.formats.changes import shown

Parser = Callable[[np.ndarray, np.ndarray, np.ndarray, int], tuple[list[bytes], np.ndarray]]
"""Takes text (uint8), where its lines begin and end (int64, (N,) each) and D; gives words (N) and float32 (N, D)."""

_COMPILE_FROM = 1 << 23  # bytes of text that take `float` as long as it takes to import Numba
_SEPARATORS = re.compile(rb"([ \t]+)")
_NUMBER = re.compile(rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)", re.IGNORECASE)
_LINE_ENDS = b" \t\r"


def parser_of(size: int) -> Parser:
    """Return what parses so much text soonest.

    Args:
        size: of the text, in bytes.

    >>> text = b"up 0.1 2"
    >>> parser_of(len(text))(np.frombuffer(text, np.uint8), np.array([0]), np.array([8]), 2)
    ([b'up'], array([[0.1, 2. ]], dtype=float32))
    """
    return parse_one_by_one if size < _COMPILE_FROM else parse_compiled


def numbers_at_end(line: bytes) -> int:
    """Count the fields at the end of a line that are numbers; the first field of all is a word, whatever it is.

    Args:
        line: without its newline.

    >>> [numbers_at_end(line) for line in (b"New York 0.5 -1e-3 ", b"1990 1 2", b" 1 2", b"up")]
    [2, 2, 2, 0]
    """
    fields = _SEPARATORS.split(line.rstrip(_LINE_ENDS))[::2]
    return next((at for at, field in enumerate(reversed(fields[1:])) if not _NUMBER.fullmatch(field)), len(fields) - 1)


def parse_line(line: bytes, dimensions: int) -> tuple[bytes, list[float]] | None:
    """Split a line from the right into a word and D numbers; None if it has fewer.

    Args:
        line: without its newline.
        dimensions: D.

    >>> parse_line(b"New York 0.5 -1e-3 ", 2), parse_line(b"up 1", 2)
    ((b'New York', [0.5, -0.001]), None)
    """
    if numbers_at_end(line) < dimensions:
        return None
    parts = _SEPARATORS.split(line.rstrip(_LINE_ENDS))  # field, separators, field, …, number
    word = b"".join(parts[: -2 * dimensions]) + parts[-2 * dimensions][:-1]
    return word, [float(number) for number in parts[1 - 2 * dimensions :: 2]]


def parse_one_by_one(
    text: np.ndarray, starts: np.ndarray, stops: np.ndarray, dimensions: int
) -> tuple[list[bytes], np.ndarray]:
    """Parse lines with `float`.

    Args:
        text: uint8.
        starts: where the lines begin, int64, (N,).
        stops: where they end, int64, (N,).
        dimensions: D.

    Raises:
        FormatError: if a line has fewer numbers; it has no more than that to say.
    """
    words, rows = [], np.empty((len(starts), dimensions), np.float32)
    with np.errstate(over="ignore"):  # becomes infinity, and is refused with its row named
        for row, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
            word, rows[row] = _parsed(text[start:stop].tobytes(), dimensions)
            words.append(word)
    return words, rows


def parse_compiled(
    text: np.ndarray, starts: np.ndarray, stops: np.ndarray, dimensions: int
) -> tuple[list[bytes], np.ndarray]:
    """Parse lines in a compiled loop on all cores, and with `float` what it leaves.

    Args:
        text: uint8.
        starts: where the lines begin, int64, (N,).
        stops: where they end, int64, (N,).
        dimensions: D.

    Raises:
        FormatError: if a line has fewer numbers.
    """
    from firth.vectors.formats.decimal_kernel import POWERS, parse_lines

    rows, word_stops = np.empty((len(starts), dimensions), np.float32), np.empty(len(starts), np.int64)
    threads = usable_cores()
    edges = [len(starts) * thread // threads for thread in range(threads + 1)]

    def parse_piece(first: int, last: int) -> None:
        piece = slice(first, last)
        parse_lines(text, starts[piece], stops[piece], POWERS, rows[piece], word_stops[piece])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(parse_piece, edges[:-1], edges[1:]))
    data = text.tobytes()
    words = [data[start:stop] for start, stop in zip(starts.tolist(), word_stops.tolist(), strict=True)]
    with np.errstate(over="ignore"):
        for row in np.flatnonzero(word_stops < 0).tolist():
            words[row], rows[row] = _parsed(data[starts[row] : stops[row]], dimensions)
    return words, rows


def _parsed(line: bytes, dimensions: int) -> tuple[bytes, list[float]]:
    """Parse a line, or say what it lacks."""
    if (parsed := parse_line(line, dimensions)) is None:
        fields = len(_SEPARATORS.split(line.rstrip(_LINE_ENDS))[::2])
        came = f"{numbers_at_end(line)} in {fields} fields of the line that begins {shown(line)}"
        raise FormatError(sentence(f"{dimensions} numbers at the end of each line", came, "export the file again"))
    return parsed
