"""The file of a usearch index, read before usearch maps it: it follows links without looking where they lead.

Layout (usearch 2, little endian): rows and bytes a row, uint32 each; the vectors; a head of 64 bytes; five uint64:
nodes, links of a node above and on the lowest level, highest level, first node; the level of each node, int16; the
nodes: key uint64, level int16, and for each level, lowest first, a uint32 count and room for uint32 numbers of nodes.
"""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np

from firth.errors import FormatError, sentence

_MAGIC = b"usearch"
_HEAD, _SIZES, _NODE_HEAD = 64, 40, 10
_KINDS = bytes([99, 12, 14, 15])  # cosine, float16, keys of 64 bits, links of 32 bits
_NODES = 1 << 16  # checked at once


def check_graph(path: Path, *, count: int, dimensions: int, words: int) -> None:
    """Check that the file is what its head says, and that no link leads out of it.

    Args:
        path: the file.
        count: how many nodes it must have.
        dimensions: D of their vectors.
        words: how many rows there are that keys can name.

    Raises:
        FormatError: if it is not.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        start = 8 + 2 * dimensions * count
        if size < start + _HEAD + _SIZES:
            raise _broken(path, f"{size} bytes")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    data = np.frombuffer(mapped, np.uint8)
    shape = data[:8].view("<u4").tolist()
    head = data[start : start + _HEAD].tobytes()
    if shape != [count, 2 * dimensions] or not head.startswith(_MAGIC) or head[13:17] != _KINDS:
        raise _broken(path, f"a head of other vectors ({shape[0]} × {shape[1]} bytes)")
    present, deleted, columns = np.frombuffer(head, "<u8", 3, 17).tolist()
    if (present, deleted, columns) != (count, 0, dimensions):
        raise _broken(path, f"a head of {present} nodes, {deleted} of them deleted, in {columns} dimensions")
    place = start + _HEAD
    nodes, above, lowest, highest, first = data[place : place + _SIZES].view("<u8").tolist()
    place += _SIZES
    if nodes != count or size < place + 2 * count or max(above, lowest) > 1 << 16:
        raise _broken(path, f"{nodes} nodes with {above} and {lowest} links")
    levels = data[place : place + 2 * count].view("<i2").astype(np.int64)
    place += 2 * count
    if count and (levels.min() < 0 or levels.max() != highest or first >= count or levels[first] != highest):
        raise _broken(path, f"levels up to {highest}, from node {first}")
    steps = _NODE_HEAD + 4 * (1 + lowest) + levels * 4 * (1 + above)
    if place + int(steps.sum()) != size:
        raise _broken(path, f"{size} bytes for {count} nodes")
    starts = place + np.cumsum(steps) - steps
    for part in range(0, count, _NODES):
        some = slice(part, part + _NODES)
        _check_nodes(path, data, starts[some], levels[some], (lowest, above), words, levels)


def _check_nodes(
    path: Path,
    data: np.ndarray,
    starts: np.ndarray,
    levels: np.ndarray,
    rooms: tuple[int, int],
    words: int,
    every_level: np.ndarray,
) -> None:
    """Check the nodes that start at these bytes: keys, levels, and the links of each level."""
    lowest, above = rooms
    heads = data[starts[:, np.newaxis] + np.arange(_NODE_HEAD)]
    keys = np.ascontiguousarray(heads[:, :8]).view("<u8")[:, 0]
    if keys.max() >= words or (np.ascontiguousarray(heads[:, 8:]).view("<i2")[:, 0] != levels).any():
        raise _broken(path, "a node of another level, or of no word")
    for level in range(int(levels.max()) + 1):
        room = above if level else lowest
        offset = _NODE_HEAD + (4 * (1 + lowest) + (level - 1) * 4 * (1 + above) if level else 0)
        places = starts[levels >= level, np.newaxis] + offset + np.arange(4 * (1 + room))
        lists = data[places].view("<u4")
        counts, links = lists[:, 0], lists[:, 1:]
        used = links[np.arange(room) < counts[:, np.newaxis]]
        if counts.max() > room or (len(used) and used.max() >= len(every_level)):
            raise _broken(path, f"a link of level {level} that leads nowhere")
        if (every_level[used] < level).any():
            raise _broken(path, f"a link of level {level} to a node that is below")


def _broken(path: Path, came: str) -> FormatError:
    """Build the error of a file that can't be believed."""
    return FormatError(sentence(f"{path} to be a whole index of usearch", came, "build it again: firth index"))
