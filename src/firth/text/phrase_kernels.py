"""The compiled loops over ids that find phrases and join them.

What a word may do is its *role*, one number a word: a connector has its place among the connectors, ≥ 0; any other
word −1, or less by `BEGINS` and `ENDS` if it may begin or end a phrase. Connectors between two words are a *run*, a
node of a tree: `children[run, connector]` is the run with one more connector behind. Run 0 has none. What follows a
word in a pair is a *follower*: run · V + second word, one number.
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled

BEGINS, ENDS = 1, 2
"""Parts of the role of a word that is no connector: −1 − role has them as bits."""

DEAD = 1
"""The run, when joining, that is in no phrase, and stays in none whatever follows. Counting has no such run."""

EMPTY = -1
"""A slot of a table that holds nothing."""


@compiled(inline=True)
def _home(left: np.int64, follower: np.int64) -> np.int64:
    """Return where the search for a pair begins, before it is cut to the size of the table."""
    mixed = (np.uint64(left) * np.uint64(0xD6E8FEB86659FD93)) ^ np.uint64(follower)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64(mixed >> np.uint64(24))


@compiled()
def grow_runs(ids: np.ndarray, roles: np.ndarray, children: np.ndarray, state: np.ndarray) -> bool:
    """Make the run of each row of connectors behind a word that may begin a phrase.

    `state` (3,) int64 is [runs there are, place in `ids`, run at that place or −1]; `children` has 0 for a run that is
    not made yet. Returns False if `children` is full; call it again with a larger one.
    """
    runs, run = state[0], state[2]
    for index in range(state[1], ids.size):
        word = ids[index]
        role = roles[word] if word >= 0 else -1
        if role < 0:
            run = 0 if (-1 - role) & BEGINS else -1
            continue
        if run < 0:
            continue
        child = children[run, role]
        if child == 0:
            if runs == children.shape[0]:
                state[0], state[1], state[2] = runs, index, run
                return False
            child = runs
            children[run, role] = child
            runs += 1
        run = child
    state[0] = runs
    return True


@compiled()
def gather_followers(
    ids: np.ndarray,
    roles: np.ndarray,
    children: np.ndarray,
    first: int,
    stop: int,
    places: np.ndarray,
    followers: np.ndarray,
) -> None:
    """Write what follows each word in [first, stop), where `places` (stop − first,) says, which moves on.

    `followers` is int64. Sentences part pairs.
    """
    words = np.int64(roles.size)
    left, run = np.int64(-1), np.int64(0)
    for index in range(ids.size):
        word = np.int64(ids[index])
        if word < 0:
            left = np.int64(-1)
            continue
        role = roles[word]
        if role >= 0:
            if left >= 0:
                run = np.int64(children[run, role])
            continue
        may = -1 - role
        if left >= 0 and may & ENDS:
            at = places[left]
            followers[at] = run * words + word
            places[left] = at + 1
        left = word - first if may & BEGINS and first <= word < stop else np.int64(-1)
        run = np.int64(0)


@compiled()
def count_followers(
    starts: np.ndarray,
    ends: np.ndarray,
    followers: np.ndarray,
    least: int,
    most: int,
    slots: np.ndarray,
    slot_counts: np.ndarray,
    found: np.ndarray,
) -> int:
    """Count the followers of each word: rows [starts, ends) of `followers`; return how many pairs were written.

    Written to `found` (P, 3) int64 are row, follower and count of the pairs that come at least `least` times. Rows
    longer than `most` are left to the caller. `slots` (a power of two ≥ 2 · most) int64 and `slot_counts` are room to
    work in.
    """
    written = 0
    for row in range(starts.size):
        length = ends[row] - starts[row]
        if length < least or length > most:
            continue
        size = 4
        while size < 2 * length:
            size *= 2
        last = size - 1
        for slot in range(size):
            slots[slot] = EMPTY
        for index in range(starts[row], ends[row]):
            follower = followers[index]
            slot = _home(np.int64(0), follower) & last
            while slots[slot] != EMPTY and slots[slot] != follower:
                slot = (slot + 1) & last
            slot_counts[slot] = 1 if slots[slot] == EMPTY else slot_counts[slot] + 1
            slots[slot] = follower
        for slot in range(size):
            if slots[slot] != EMPTY and slot_counts[slot] >= least:
                found[written, 0] = row
                found[written, 1] = slots[slot]
                found[written, 2] = slot_counts[slot]
                written += 1
    return written


@compiled()
def put_pairs(lefts: np.ndarray, followers: np.ndarray, joined: np.ndarray, slots: np.ndarray) -> None:
    """Put pairs into a table to look them up: `slots` (a power of two, 3) int64 of left, follower, joined; EMPTY."""
    last = slots.shape[0] - 1
    for pair in range(lefts.size):
        slot = _home(np.int64(lefts[pair]), followers[pair]) & last
        while slots[slot, 0] != EMPTY:
            slot = (slot + 1) & last
        slots[slot, 0] = lefts[pair]
        slots[slot, 1] = followers[pair]
        slots[slot, 2] = joined[pair]


@compiled()
def next_cut(ids: np.ndarray, at: int, roles: np.ndarray) -> int:
    """Return the first place from `at` on where joining forgets what came before: no phrase can go across it."""
    for index in range(at, ids.size):
        if ids[index] < 0:
            return index
        role = roles[ids[index]]
        if role < 0 and not (-1 - role) & ENDS:
            return index
    return ids.size


@compiled()
def join_pairs(ids: np.ndarray, roles: np.ndarray, children: np.ndarray, slots: np.ndarray, out: np.ndarray) -> int:
    """Copy ids with each pair that the table has put into one, greedily from the left; return how many were written.

    `children` leads to the run `DEAD` where no phrase has such connectors.
    """
    words, last = np.int64(roles.size), slots.shape[0] - 1
    written, place = 0, 0
    left, run = np.int64(-1), np.int64(0)
    for index in range(ids.size):
        word = np.int64(ids[index])
        out[written] = word
        written += 1
        if word < 0:
            left = np.int64(-1)
            continue
        role = roles[word]
        if role >= 0:
            if left >= 0:
                run = np.int64(children[run, role])
            continue
        may = -1 - role
        if left >= 0 and run != DEAD and may & ENDS:
            follower = run * words + word
            slot = _home(left, follower) & last
            while slots[slot, 0] != EMPTY and (slots[slot, 0] != left or slots[slot, 1] != follower):
                slot = (slot + 1) & last
            if slots[slot, 0] != EMPTY:
                out[place] = slots[slot, 2]
                written = place + 1
                left = np.int64(-1)  # a word is in one phrase
                continue
        left = word if may & BEGINS else np.int64(-1)
        run = np.int64(0)
        place = written - 1
    return written


@compiled()
def tally(ids: np.ndarray, counts: np.ndarray) -> None:
    """Add 1 to the count of each word, by id."""
    for index in range(ids.size):
        if ids[index] >= 0:
            counts[ids[index]] += 1


@compiled()
def written_size(ids: np.ndarray, starts: np.ndarray) -> int:
    """Return how many bytes `write_words` takes."""
    size = 0
    for index in range(ids.size):
        word = ids[index]
        if word >= 0:
            size += starts[word + 1] - starts[word] + 1
    return size


@compiled()
def write_words(ids: np.ndarray, starts: np.ndarray, letters: np.ndarray, out: np.ndarray) -> None:
    """Write words as UTF-8, a space between two, a line feed behind each sentence; the last id ends one.

    `letters` has the bytes of all words, of which word w has [starts[w], starts[w + 1]).
    """
    written = 0
    for index in range(ids.size):
        word = ids[index]
        if word < 0:
            out[written - 1] = 10
            continue
        for place in range(starts[word], starts[word + 1]):
            out[written] = letters[place]
            written += 1
        out[written] = 32
        written += 1
