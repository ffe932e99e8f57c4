"""Cora: can the subject of a paper be told from the vector of its node, where the papers cite each other?

A logistic regression learns from the vectors of some papers, and is asked about all others: the share that it gets
right (which is micro-averaged F1, as each paper has one class), over random splits that keep the classes' shares.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from firth.errors import FormatError, MissingExtraError, sentence
from walks import Graph, read_pairs

if TYPE_CHECKING:
    import firth

SHARES = (0.1, 0.5)
"""Of the papers, labelled."""


def read_classes(path: Path, graph: Graph) -> dict[str, str]:
    """Read the class of each node.

    Raises:
        FormatError: if a line has other than two fields, or a node of the graph has no class.
    """
    classes = dict(read_pairs(path))
    missing = [name for name in graph.names if name not in classes]
    if missing:
        came = f"none for {missing[0]}"
        raise FormatError(sentence(f"a class in {path} for each node", came, "pass two files that belong together"))
    return classes


def accuracies(vectors: firth.Vectors, classes: dict[str, str], *, share: float, splits: int = 10) -> list[float]:
    """Return the share of unlabelled nodes whose class is found, for each split; the same splits for any vectors.

    Args:
        vectors: of the nodes; their directions alone are used.
        classes: of each node.
        share: of the nodes that are labelled.
        splits: how many.

    Raises:
        MissingExtraError: if scikit-learn is not installed.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedShuffleSplit
    except ImportError as error:
        said = sentence("scikit-learn, for the classification", "none", "pip install 'firth[benchmarks]'")
        raise MissingExtraError(said) from error

    names = sorted(vectors.words)
    rows = np.stack([vectors[name] for name in names]).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    labels = np.array([classes[name] for name in names])
    found = []
    for labelled, others in StratifiedShuffleSplit(splits, train_size=share, random_state=1).split(rows, labels):
        model = LogisticRegression(C=10.0, max_iter=1000, tol=1e-3)
        found.append(float(model.fit(rows[labelled], labels[labelled]).score(rows[others], labels[others])))
    return found


def mean_and_deviation(values: list[float]) -> str:
    """Return mean and standard deviation in percent, as one cell.

    >>> mean_and_deviation([0.8, 0.82])
    '81.0 ± 1.4'
    """
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.1f} ± {100 * deviation:.1f}"
