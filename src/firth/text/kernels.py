"""The compiled loops from bytes to ids: cut into words, count, merge, number anew.

Words live in a *table*, four arrays that the caller owns and passes (see `firth.text.tables`):

    slots   (4C,) uint64   low, high, id, count of a word in each; high = 0 is an empty slot; C a power of two
    starts  (≥ V + 1,) int64   where the bytes of each word begin in the arena; starts[V] is where they end
    arena   (≥ starts[V] + 8,) uint8   the bytes of all words, one after the other
    state   (3,) int64     [words held V, next position in the text, ids written]

(low, high) is the *key*: a word of up to 15 bytes is its own key, its length in the top byte, so that most words
are found in one cache line. A longer word has a hash for `low` and its length for the rest of `high`, and its
bytes are compared. Words are parsed a batch at a time and then looked up, so that many look-ups are under way at
once. Kernels never grow an array: one that runs out of room says so, and goes on where it stopped when it's called
anew.
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled

WORD, SPACE, NEWLINE, LEAD = 0, 1, 2, 3
"""Classes of bytes: part of a word; white space; end of a sentence; first byte of what may be white space."""

PADDING = 16
"""Bytes behind the text that a kernel may read; the first of them has to be a line feed."""

BATCH = 128
"""Words that are parsed before they are looked up."""

SENTENCE_END = -1

_LONGEST_KEY = 15
_LONG = 0xFF << 56
_LENGTH = (1 << 56) - 1


@compiled(inline=True)
def _eight_bytes(text: np.ndarray, at: int) -> np.uint64:
    """Read eight bytes, the first lowest (the compiler makes one load of it)."""
    first = np.uint64(at)
    eight = np.uint64(text[first])
    for place in range(1, 8):
        eight |= np.uint64(text[first + np.uint64(place)]) << np.uint64(8 * place)
    return eight


@compiled(inline=True)
def _lowest(eight: np.uint64, length: int) -> np.uint64:
    """Keep the first `length` bytes (1 to 8) of eight."""
    return eight & (np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(64) - (np.uint64(length) << np.uint64(3))))


@compiled(inline=True)
def _first_bytes(text: np.ndarray, at: int, length: int) -> np.uint64:
    """Read the first `length` bytes (1 to 8), zeros above them."""
    return _lowest(_eight_bytes(text, at), length)


@compiled(inline=True)
def _mixed(key: np.uint64) -> np.uint64:
    """Spread the bits of a number over the low bits, which choose the slot."""
    key = (key ^ (key >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    return key ^ (key >> np.uint64(29))


@compiled(inline=True)
def _home(low: np.uint64, high: np.uint64) -> np.uint64:
    """Return where the search for a key begins, before it is cut to the size of the table."""
    return _mixed(low ^ (high * np.uint64(0xD6E8FEB86659FD93))) << np.uint64(2)


@compiled(inline=True)
def _length_of(high: np.uint64) -> np.int64:
    """Read the length of a word from its key."""
    is_long = high >= np.uint64(_LONG)
    return np.int64(high & np.uint64(_LENGTH)) if is_long else np.int64(high >> np.uint64(56))


@compiled()
def _long_key(text: np.ndarray, start: int, length: int) -> np.uint64:
    """Hash a word longer than its key can hold."""
    key = np.uint64(length)
    while length > 8:
        key = _mixed(key ^ _eight_bytes(text, start))
        start += 8
        length -= 8
    return _mixed(key ^ _first_bytes(text, start, length))


@compiled()
def _is_same(text: np.ndarray, start: int, arena: np.ndarray, other: int, length: int) -> bool:
    """Tell whether `length` bytes are the same in both places."""
    while length > 8:
        if _eight_bytes(text, start) != _eight_bytes(arena, other):
            return False
        start += 8
        other += 8
        length -= 8
    return _first_bytes(text, start, length) == _first_bytes(arena, other, length)


@compiled()
def _look_up(
    text: np.ndarray,
    batch: np.ndarray,
    size: int,
    slots: np.ndarray,
    starts: np.ndarray,
    arena: np.ndarray,
    state: np.ndarray,
    ids: np.ndarray,
    keep_empty: bool,
) -> int:
    """Find or add the words of a batch, add their weights, write their ids behind state[2].

    Returns how many rows were done: fewer than `size` if the table is full.
    """
    last = np.uint64(slots.size - 4)
    words, written = state[0], state[2]
    for row in range(size):
        low, high = batch[row, 1], batch[row, 2]
        if high == np.uint64(0):
            if keep_empty or written == 0 or ids[written - 1] != SENTENCE_END:
                ids[written] = SENTENCE_END
                written += 1
            continue
        slot = _home(low, high) & last
        while True:
            held = slots[slot + np.uint64(1)]
            if held == high and slots[slot] == low:
                if high < np.uint64(_LONG):
                    break
                other = starts[np.int64(slots[slot + np.uint64(2)])]
                if _is_same(text, np.int64(batch[row, 0]), arena, other, _length_of(high)):
                    break
            elif held == np.uint64(0):
                length, used = _length_of(high), starts[words]
                if words + 1 >= starts.size or used + length + 8 > arena.size:
                    state[0], state[2] = words, written
                    return row
                for index in range(length):
                    arena[used + index] = text[np.int64(batch[row, 0]) + index]
                slots[slot] = low
                slots[slot + np.uint64(1)] = high
                slots[slot + np.uint64(2)] = np.uint64(words)
                words += 1
                starts[words] = used + length
                break
            slot = (slot + np.uint64(4)) & last
        slots[slot + np.uint64(3)] += batch[row, 3]
        ids[written] = np.int32(slots[slot + np.uint64(2)])
        written += 1
    state[0], state[2] = words, written
    return size


@compiled()
def space_width(first: int, second: int, third: int) -> int:
    """Return how many bytes the white space beyond ASCII takes that these begin with: 2 or 3, or 0 if it's none.

    U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
    """
    if first == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    if first == 0xE3:
        return 3 if second == 0x80 and third == 0x80 else 0
    if first == 0xE2 and second == 0x80:
        return 3 if 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
    return 3 if first == 0xE2 and second == 0x81 and third == 0x9F else 0


@compiled(inline=True)
def _low_bytes(eight: np.uint64) -> np.uint64:
    """Set the top bit of the first byte below 0x21 (those above it may be wrong); 0 if there's none."""
    return (eight - np.uint64(0x2121212121212121)) & ~eight & np.uint64(0x8080808080808080)


@compiled(inline=True)
def _bytes_before(flags: np.uint64) -> np.int64:
    """Count the bytes before the first flag."""
    below = ((flags & (~flags + np.uint64(1))) - np.uint64(1)) >> np.uint64(7)
    return np.int64((below & np.uint64(0x0101010101010101)) * np.uint64(0x0101010101010101) >> np.uint64(56))


@compiled()
def _parse(
    text: np.ndarray, position: int | np.int64, length: int, classes: np.ndarray, watched: np.uint64, batch: np.ndarray
) -> tuple[int | np.int64, int]:
    """Write start, key and weight 1 of the next words to the rows of `batch`; a line feed has key 0.

    Returns the position behind them and how many there are.
    """
    size = 0
    while position < length and size < batch.shape[0]:
        start = position
        kind = classes[text[start]]
        width = (
            space_width(text[start], text[start + 1], text[start + 2]) if kind == LEAD else 1 if kind == SPACE else 0
        )
        if width > 0:
            position += width
            continue
        batch[size, 0], batch[size, 2], batch[size, 3] = np.uint64(start), np.uint64(0), np.uint64(1)
        size += 1
        if kind == NEWLINE:
            position += 1
            continue
        first, second = _eight_bytes(text, start), _eight_bytes(text, start + 8)
        flags, more = _low_bytes(first), _low_bytes(second)
        position = start + (_bytes_before(flags) if flags != np.uint64(0) else 8 + _bytes_before(more))
        is_watched = first & watched != np.uint64(0) or (flags == np.uint64(0) and second & watched != np.uint64(0))
        if is_watched or flags | more == np.uint64(0) or classes[text[position]] == WORD:
            position = start + 1  # what the first 16 bytes don't settle is looked at byte by byte
            while True:
                kind = classes[text[position]]
                if kind == LEAD:
                    width = space_width(text[position], text[position + 1], text[position + 2])
                    kind = SPACE if width > 0 else WORD
                if kind != WORD:
                    break
                position += 1
        taken = position - start
        if taken <= 8:
            batch[size - 1, 1] = _lowest(first, taken)
            batch[size - 1, 2] = np.uint64(taken) << np.uint64(56)
        elif taken <= _LONGEST_KEY:
            batch[size - 1, 1] = first
            batch[size - 1, 2] = _lowest(second, taken - 8) | np.uint64(taken) << np.uint64(56)
        else:
            batch[size - 1, 1] = _long_key(text, start, taken)
            batch[size - 1, 2] = np.uint64(_LONG) | np.uint64(taken)
    return position, size


@compiled()
def index_words(
    text: np.ndarray,
    length: int,
    classes: np.ndarray,
    watched: np.uint64,
    batch: np.ndarray,
    slots: np.ndarray,
    starts: np.ndarray,
    arena: np.ndarray,
    state: np.ndarray,
    ids: np.ndarray,
    keep_empty: bool,
) -> bool:
    """Cut text[state[1]:length] into words, count them, write their ids; return False if the table is full.

    `text` is UTF-8 and padded; `classes` (256,) tells what each byte is; `watched` has the bits 0x80 of all eight
    bytes set if any is a LEAD, else 0; `batch` (BATCH, 4) uint64 is room to work in; `ids` has room for length + 1
    numbers. −1 is written for the end of a sentence, once for several in a row unless `keep_empty`.
    """
    while state[1] < length:
        position, size = _parse(text, state[1], length, classes, watched, batch)
        done = _look_up(text, batch, size, slots, starts, arena, state, ids, keep_empty)
        if done < size:
            state[1] = np.int64(batch[done, 0])
            return False
        state[1] = position
    return True


@compiled()
def move_slots(old: np.ndarray, new: np.ndarray) -> None:
    """Put the filled slots of a table into larger, empty ones."""
    last = np.uint64(new.size - 4)
    for index in range(0, old.size, 4):
        high = old[index + 1]
        if high == np.uint64(0):
            continue
        slot = _home(old[index], high) & last
        while new[slot + np.uint64(1)] != np.uint64(0):
            slot = (slot + np.uint64(4)) & last
        for part in range(4):
            new[slot + np.uint64(part)] = old[index + part]


@compiled()
def read_counts(slots: np.ndarray, counts: np.ndarray) -> None:
    """Write the count of each word, by id."""
    for index in range(0, slots.size, 4):
        if slots[index + 1] != np.uint64(0):
            counts[np.int64(slots[index + 2])] = slots[index + 3]


@compiled()
def _parse_arena(arena: np.ndarray, starts: np.ndarray, counts: np.ndarray, word: int, batch: np.ndarray) -> int:
    """Write start, key and count of a table's words from `word` on to the rows of `batch`; return how many."""
    size = min(batch.shape[0], counts.size - word)
    for row in range(size):
        start = starts[word + row]
        length = starts[word + row + 1] - start
        batch[row, 0] = np.uint64(start)
        batch[row, 3] = counts[word + row]
        if length <= 8:
            batch[row, 1] = _first_bytes(arena, start, length)
            batch[row, 2] = np.uint64(length) << np.uint64(56)
        elif length <= _LONGEST_KEY:
            batch[row, 1] = _eight_bytes(arena, start)
            batch[row, 2] = _first_bytes(arena, start + 8, length - 8) | np.uint64(length) << np.uint64(56)
        else:
            batch[row, 1] = _long_key(arena, start, length)
            batch[row, 2] = np.uint64(_LONG) | np.uint64(length)
    return size


@compiled()
def merge_words(
    from_counts: np.ndarray,
    from_starts: np.ndarray,
    from_arena: np.ndarray,
    batch: np.ndarray,
    slots: np.ndarray,
    starts: np.ndarray,
    arena: np.ndarray,
    state: np.ndarray,
    new_ids: np.ndarray,
) -> bool:
    """Add another table's words, from number state[2] on, and their counts; write their ids here.

    Returns False if the table is full. `from_arena` is padded.
    """
    while state[2] < from_counts.size:
        size = _parse_arena(from_arena, from_starts, from_counts, state[2], batch)
        if _look_up(from_arena, batch, size, slots, starts, arena, state, new_ids, False) < size:
            return False
    return True


@compiled()
def final_numbers(ids: np.ndarray, new_ids: np.ndarray, out: np.ndarray, keep_empty: bool) -> tuple[int, int]:
    """Number words anew, leaving out those whose new id is < 0; return how many numbers and sentence ends it wrote.

    Several sentence ends in a row become one unless `keep_empty`.
    """
    written = 0
    ends = 0
    for index in range(ids.size):
        word = ids[index]
        if word >= 0:
            new = new_ids[word]
            out[written] = new
            written += new >= 0
        elif keep_empty or written == 0 or out[written - 1] != SENTENCE_END:
            out[written] = SENTENCE_END
            written += 1
            ends += 1
    return written, ends


@compiled()
def first_letters(words: np.ndarray, starts: np.ndarray, arena: np.ndarray, out: np.ndarray) -> None:
    """Write the first eight bytes of each word as a number that sorts as the bytes do, zeros behind the end."""
    for row in range(words.size):
        start = starts[words[row]]
        end = starts[words[row] + 1]
        number = np.uint64(0)
        for index in range(start, start + 8):
            number = number << np.uint64(8)
            if index < end:
                number |= np.uint64(arena[index])
        out[row] = number


@compiled()
def gather_words(words: np.ndarray, starts: np.ndarray, arena: np.ndarray, out: np.ndarray) -> int:
    """Write these words one after the other, a line feed behind each; return how many bytes that takes."""
    written = 0
    for row in range(words.size):
        for index in range(starts[words[row]], starts[words[row] + 1]):
            out[written] = arena[index]
            written += 1
        out[written] = 10
        written += 1
    return written
