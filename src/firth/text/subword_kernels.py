"""The compiled loops of subwords: the n-grams of every word, counted, hashed or written out, and means of their rows.

Words come as one text, lines of UTF-8 with a line feed behind each, as in `words.txt`; `ends` (V,) int64 tells where
those are. A table of subwords is two arrays (see `firth.text.subwords.SubwordTable`): the rows of word w are
rows[starts[w]:starts[w + 1]], its own first.
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled

_OPEN, _CLOSE, _LINE_FEED = 60, 62, 10
_FIRST_HASH, _PRIME, _LOW = 2166136261, 16777619, 0xFFFFFFFF
_SIGN = 0xFFFFFF00  # what a byte of 0x80 or more has above it once fastText has made a signed number of it


@compiled()
def _is_line_end(text: np.ndarray, start: int, end: int) -> bool:
    """Tell whether a word is </s>, fastText's word for the end of a line: it has no n-grams."""
    is_long = end - start != 4 or text[start] != 60 or text[start + 1] != 47
    return not (is_long or text[start + 2] != 115 or text[start + 3] != 62)


@compiled()
def _bracket(text: np.ndarray, start: int, end: int, letters: np.ndarray, begins: np.ndarray) -> int:
    """Write a word in < and > to `letters`, and where each character begins, and the last ends, to `begins`.

    Returns how many characters there are; `letters` has room for the word's bytes + 2, `begins` for one more.
    """
    letters[0], begins[0] = _OPEN, 0
    count, size = 1, 1
    for place in range(start, end):
        if text[place] & 0xC0 != 0x80:
            begins[count] = size
            count += 1
        letters[size] = text[place]
        size += 1
    letters[size], begins[count], begins[count + 1] = _CLOSE, size, size + 1
    return count + 1


@compiled(inline=True)
def _is_ngram(first: int, last: int, count: int, smallest: int) -> bool:
    """Tell whether characters `first` to `last` of `count` are an n-gram: long enough, and not < or > alone."""
    return last - first + 1 >= smallest and not (first == last and (first == 0 or last == count - 1))


@compiled()
def count_ngrams(
    text: np.ndarray, ends: np.ndarray, smallest: int, longest: int, starts: np.ndarray
) -> tuple[int, int]:
    """Write where the rows of each word start, `starts` (V + 1,) int64.

    Returns the bytes of the longest word, and a bound of the bytes that the n-grams of any one word take with a line
    feed behind each.
    """
    longest_word, most = 0, 0
    start = 0
    starts[0] = 0
    for word in range(ends.size):
        end = ends[word]
        count = 0
        if not _is_line_end(text, start, end):
            characters = 2
            for place in range(start, end):
                characters += text[place] & 0xC0 != 0x80
            covered = 0  # n-grams of n characters that a byte can be in: n at most
            for length in range(smallest, min(longest, characters) + 1):
                count += characters - length + 1 - 2 * (length == 1)
                covered += length
            most = max(most, covered * (end - start + 2) + count)
        longest_word = max(longest_word, end - start)
        starts[word + 1] = starts[word] + 1 + count
        start = end + 1
    return longest_word, most


@compiled()
def hash_ngrams(
    text: np.ndarray,
    ends: np.ndarray,
    smallest: int,
    longest: int,
    letters: np.ndarray,
    begins: np.ndarray,
    starts: np.ndarray,
    rows: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Write to `rows` each word's own row, then the buckets of its n-grams; set those to 1 in `seen` (buckets,).

    FNV-1a with 32 bits on signed bytes, as fastText has it.
    """
    buckets = np.uint64(seen.size)
    for word in range(ends.size):
        place = starts[word]
        rows[place] = word
        if starts[word + 1] == place + 1:
            continue
        count = _bracket(text, ends[word - 1] + 1 if word else 0, ends[word], letters, begins)
        for first in range(count):
            value = np.uint64(_FIRST_HASH)
            for last in range(first, min(first + longest, count)):
                for at in range(begins[last], begins[last + 1]):
                    byte = np.uint64(letters[at])
                    if byte >= np.uint64(0x80):
                        byte |= np.uint64(_SIGN)
                    value = ((value ^ byte) * np.uint64(_PRIME)) & np.uint64(_LOW)
                if _is_ngram(first, last, count, smallest):
                    place += 1
                    bucket = np.int64(value % buckets)
                    rows[place] = bucket
                    seen[bucket] = 1


@compiled()
def number_ngrams(starts: np.ndarray, numbers: np.ndarray, rows: np.ndarray) -> None:
    """Replace the bucket b of each n-gram in `rows` by its row, V + numbers[b]."""
    words = starts.size - 1
    for word in range(words):
        for place in range(starts[word] + 1, starts[word + 1]):
            rows[place] = words + numbers[rows[place]]


@compiled()
def write_ngrams(
    text: np.ndarray,
    ends: np.ndarray,
    smallest: int,
    longest: int,
    letters: np.ndarray,
    begins: np.ndarray,
    starts: np.ndarray,
    word: int,
    most: int,
    out: np.ndarray,
) -> tuple[int, int]:
    """Write the n-grams of words from `word` on, a line feed behind each, while `out` has `most` bytes left.

    Returns the first word that was not written, and how many bytes were.
    """
    written = 0
    while word < ends.size and written + most <= out.size:
        count = 0
        if starts[word + 1] > starts[word] + 1:
            count = _bracket(text, ends[word - 1] + 1 if word else 0, ends[word], letters, begins)
        for first in range(count):
            for last in range(first, min(first + longest, count)):
                if _is_ngram(first, last, count, smallest):
                    for at in range(begins[first], begins[last + 1]):
                        out[written] = letters[at]
                        written += 1
                    out[written] = _LINE_FEED
                    written += 1
        word += 1
    return word, written


@compiled()
def place_ngrams(starts: np.ndarray, word: int, stop: int, numbers: np.ndarray, rows: np.ndarray) -> None:
    """Write to `rows` the own rows of words `word` to `stop`, and V + numbers, which are those of their n-grams."""
    words = starts.size - 1
    read = 0
    for here in range(word, stop):
        rows[starts[here]] = here
        for place in range(starts[here] + 1, starts[here + 1]):
            rows[place] = words + numbers[read]
            read += 1


@compiled()
def mean_rows(
    starts: np.ndarray,
    rows: np.ndarray,
    word_matrix: np.ndarray,
    ngram_matrix: np.ndarray,
    start: int,
    sums: np.ndarray,
    out: np.ndarray,
) -> None:
    """Write the means of the rows of words from `start` on to `out` (N, D); sums in float64, `sums` (D,).

    The matrices have D columns or more.
    """
    words = starts.size - 1
    for place in range(out.shape[0]):
        first, last = starts[start + place], starts[start + place + 1]
        sums[:] = 0.0
        for at in range(first, last):
            row = rows[at]
            if row < words:
                for column in range(sums.size):
                    sums[column] += word_matrix[row, column]
            else:
                for column in range(sums.size):
                    sums[column] += ngram_matrix[row - words, column]
        for column in range(sums.size):
            out[place, column] = sums[column] / (last - first)
