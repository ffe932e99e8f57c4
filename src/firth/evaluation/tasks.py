"""All gold sets in one call."""

from __future__ import annotations

import os
from collections.abc import Iterable

from firth.errors import check_choice
from firth.evaluation.analogies import AnalogyResult, evaluate_analogies
from firth.evaluation.gold import SimilarityGold, read_gold
from firth.evaluation.similarity import SimilarityResult, evaluate_similarity
from firth.evaluation.spellings import UNKNOWN
from firth.vectors import Vectors


def evaluate(
    vectors: Vectors,
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    restrict: int | None = None,
    case: str = "either",
    unknown: str = "skip",
) -> list[SimilarityResult | AnalogyResult]:
    r"""Evaluate vectors against gold sets: similarity of word pairs, analogies.

    Args:
        vectors: the vectors.
        paths: files; the content of each tells its kind, see `read_gold`.
        restrict: for analogies, how many words, the most frequent, are candidates and can be asked for; None: all.
        case: "either" looks for words as written and then in lower case, "written" only as written, "lower" only
            in lower case.
        unknown: for word pairs, words without a row: "skip" leaves their pairs out, "subwords" composes their vectors
            of their n-grams. Analogies are asked of words with rows alone.

    Returns:
        One result a file, in their order; `as_dict()` of each is plain.

    Raises:
        FormatError: if a file is no gold set; all are read before any is evaluated.
        OSError: if a file can't be opened.
        SettingsError: if a setting is out of range, or n-grams have no vectors.

    >>> import numpy as np, pathlib, tempfile
    >>> vectors = Vectors(["cat", "dog", "car"], np.array([[4, 1], [3, 2], [0, 1]]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "tiny.txt")
    ...     _ = file.write_text("cat dog 7.5\nCat car 1\n")
    ...     [round(result.spearman, 3) for result in evaluate(vectors, file)]
    [1.0]
    """
    check_choice("unknown", unknown, UNKNOWN)  # there may be no word pairs to ask for it
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    golds = [read_gold(path) for path in listed]
    return [
        evaluate_similarity(vectors, gold, case=case, unknown=unknown)
        if isinstance(gold, SimilarityGold)
        else evaluate_analogies(vectors, gold, restrict=restrict, case=case)
        for gold in golds
    ]
