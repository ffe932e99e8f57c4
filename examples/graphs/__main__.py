"""Vectors of things that are not words: nodes of a graph, from random walks that are trained on as sentences.

    python examples/graphs karate.edgelist                            # two sides of a quarrel, in a second
    python examples/graphs cora_edgelist.txt cora_labels.txt          # subjects of 2708 papers, in a minute

The first file has two nodes a line; the second, where there is one, a node and its class, and scikit-learn then learns
to tell the class from the vector. Without classes the graph is taken for Zachary's karate club.

Read in this order: `walks.py` (a graph as a text), `ways.py` (from walks to vectors), `factions.py` (the karate club),
`classes.py` (Cora).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from classes import SHARES, accuracies, mean_and_deviation, read_classes
from factions import PRESIDENT, TEACHER, misplaced, two_sides
from firth.errors import FirthError, FormatError, sentence
from walks import Graph, walk_sentences
from ways import from_counts, streamed


def show_sides(graph: Graph, seed: int) -> None:
    """Print who stands on which side, and who is misplaced."""
    if not {TEACHER, PRESIDENT} <= set(graph.names):
        came = "a graph without them"
        raise FormatError(sentence(f"nodes {TEACHER} and {PRESIDENT} of the karate club", came, "pass classes as well"))
    sentences = walk_sentences(graph, walks=200, length=20, seed=seed)
    vectors = streamed(sentences, dimensions=16, window=4, seed=seed, passes=5)
    side = two_sides(vectors)
    for name, members in (("teacher", side), ("president", set(graph.names) - side)):
        print(f"with the {name:10}", *(member for member in graph.names if member in members))
    wrong = misplaced(side, graph.names)
    print(f"as it came to be: {len(graph.names) - len(wrong)} of {len(graph.names)}; otherwise:", *(wrong or ["none"]))


def show_classes(graph: Graph, classes: dict[str, str], seed: int) -> None:
    """Print which share of the classes is found, of nodes that were not labelled."""
    sentences = walk_sentences(graph, walks=10, length=40, seed=seed)
    for name, way in (("streamed", streamed), ("from counts", from_counts)):
        vectors = way(sentences, seed=seed)
        for share in SHARES:
            found = mean_and_deviation(accuracies(vectors, classes, share=share))
            print(f"{name:12}{share:4.0%} labelled: class of {found} % of the others found", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Walk, train and show; return the exit status."""
    parser = argparse.ArgumentParser(prog="python examples/graphs", description=__doc__.splitlines()[0])
    parser.add_argument("edges", type=Path, help="two nodes a line")
    parser.add_argument("classes", type=Path, nargs="?", help="a node and its class a line")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    try:
        graph = Graph.read(options.edges)
        print(f"{len(graph.names)} nodes, {len(graph.neighbours) // 2} edges")
        if options.classes:
            show_classes(graph, read_classes(options.classes, graph), options.seed)
        else:
            show_sides(graph, options.seed)
    except (FirthError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
