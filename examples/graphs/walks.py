"""A graph as a text: random walks are sentences, nodes are words.

A walk starts at a node and goes on to one of its neighbours, each as likely as any other (DeepWalk: Perozzi, Al-Rfou &
Skiena 2014). Its steps are drawn from (seed, walk, node, step) alone, so a walk is the same whichever others are made
and in whatever order, and a short walk is how a long one begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firth.errors import FormatError, check_integer, sentence
from firth.randomness import random_bits, stream_key


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected graph without parallel edges; its nodes have names, and numbers in the order of their names.

    Attributes:
        names: of the nodes, as the file has them.
        starts: where the neighbours of each node start, and where the last ones end, (n + 1,) int64.
        neighbours: of all nodes, one after the other, each node's in rising order, (2 · edges,) int64.
    """

    names: list[str]
    starts: np.ndarray
    neighbours: np.ndarray

    @classmethod
    def of(cls, edges: list[tuple[str, str]]) -> Graph:
        """Build the graph of these edges; the direction and the repetition of an edge mean nothing.

        >>> graph = Graph.of([("a", "b"), ("b", "c"), ("c", "b")])
        >>> graph.names, graph.neighbours_of(1).tolist()
        (['a', 'b', 'c'], [0, 2])
        """
        names = sorted({name for edge in edges for name in edge}, key=lambda name: (len(name), name))
        number = {name: place for place, name in enumerate(names)}
        both = {(number[a], number[b]) for edge in edges for a, b in (edge, edge[::-1])}
        pairs = np.array(sorted(both), np.int64).reshape(-1, 2)
        starts = np.searchsorted(pairs[:, 0], np.arange(len(names) + 1))
        return cls(names, starts, pairs[:, 1])

    @classmethod
    def read(cls, path: Path) -> Graph:
        """Read a file with the names of two nodes on each line.

        Raises:
            FormatError: if a line has other than two, or there is none.
        """
        edges = [(first, second) for first, second in read_pairs(path)]
        if not edges:
            raise FormatError(sentence(f"edges in {path}", "no line", "pass a file with two names a line"))
        return cls.of(edges)

    def neighbours_of(self, node: int) -> np.ndarray:
        """Return the nodes that an edge leads to, in rising order."""
        return self.neighbours[self.starts[node] : self.starts[node + 1]]


def read_pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the two fields of each line.

    Raises:
        FormatError: if a line has other than two.
    """
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split()
        if len(fields) != 2:
            wanted = f"two fields in line {place} of {path}"
            raise FormatError(sentence(wanted, str(len(fields)), "pass an edge, or a node and its class, a line"))
        yield fields[0], fields[1]


def walk_nodes(graph: Graph, *, walk: int, length: int, seed: int = 1) -> np.ndarray:
    """Walk once from every node.

    Args:
        graph: every node of it has a neighbour, as it stands in an edge.
        walk: which of the walks from each node, ≥ 0.
        length: nodes in a walk, the first included.
        seed: of the random numbers.

    Returns:
        Node numbers, (n, length) int64; row i starts at node i.

    >>> triangle = Graph.of([("a", "b"), ("b", "c"), ("a", "c")])
    >>> long, short = (walk_nodes(triangle, walk=0, length=length) for length in (9, 4))
    >>> long[:, 0].tolist(), bool((long[:, :4] == short).all()), bool((long[:, 1:] != long[:, :-1]).all())
    ([0, 1, 2], True, True)
    """
    check_integer("walk", walk, 0)
    check_integer("length", length, 1, 2**31)
    count = len(graph.names)
    key = stream_key(seed, "generator", walk)
    walks = np.empty((count, length), np.int64)
    walks[:, 0] = here = np.arange(count)
    places = np.arange(count, dtype=np.uint64) << np.uint64(32)  # a node's own stretch of the stream
    degrees = np.diff(graph.starts)
    for step in range(1, length):
        high = random_bits(key, places + np.uint64(step)) >> np.uint64(32)
        chosen = high * degrees[here].astype(np.uint64) >> np.uint64(32)  # 0 … degree − 1, even to one in 2³²/degree
        walks[:, step] = here = graph.neighbours[graph.starts[here] + chosen.astype(np.int64)]
    return walks


def walk_sentences(graph: Graph, *, walks: int, length: int, seed: int = 1) -> list[list[str]]:
    """Return `walks` walks from each node as lists of names, round by round, each round in an order of its own."""
    found = []
    for walk in range(walks):
        key = stream_key(seed, "generator", walk, 1)  # another than that of the steps
        order = np.argsort(random_bits(key, np.arange(len(graph.names))), kind="stable")
        nodes = walk_nodes(graph, walk=walk, length=length, seed=seed)[order]
        found += [[graph.names[node] for node in row] for row in nodes.tolist()]
    return found
