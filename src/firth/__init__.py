"""Word vectors from text: the public names of `firth`, loaded when they are first used.

    import firth

    vectors = firth.train("corpus.txt")
    vectors.most_similar("king")

Importing the package takes milliseconds: NumPy, Numba and the rest are imported by the names that need them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firth.errors import (
        CorpusError,
        CountsError,
        FirthError,
        FormatError,
        MissingExtraError,
        NotOfferedError,
        OutputError,
        OutputExistsError,
        SettingsError,
        ShapeError,
        TrainingError,
        UnknownWordError,
    )
    from firth.evaluation import evaluate
    from firth.evaluation.gap import Gap, gap
    from firth.evaluation.reach import reachable_dimension
    from firth.objectives import check_gradient
    from firth.observations import Observations
    from firth.observations.counts import Counts
    from firth.recipes import count, find_phrases, fit, train, train_documents
    from firth.text import Corpus, Phrases, Vocabulary, prepare_corpus
    from firth.text.subwords import Subwords
    from firth.training.checkpoints import Checkpoints
    from firth.training.intervals import EarlyStopping
    from firth.vectors import DocumentVectors, Vectors
    from firth.vectors.approximate import ApproximateIndex
    from firth.vectors.compressing import compress
    from firth.vectors.converting import convert
    from firth.verification import Verification, verify

__version__ = "0.1.0"

_HOMES = {
    "ApproximateIndex": "firth.vectors.approximate",
    "Checkpoints": "firth.training.checkpoints",
    "Corpus": "firth.text",
    "CorpusError": "firth.errors",
    "Counts": "firth.observations.counts",
    "CountsError": "firth.errors",
    "DocumentVectors": "firth.vectors.documents",
    "EarlyStopping": "firth.training.intervals",
    "FirthError": "firth.errors",
    "FormatError": "firth.errors",
    "Gap": "firth.evaluation.gap",
    "MissingExtraError": "firth.errors",
    "NotOfferedError": "firth.errors",
    "Observations": "firth.observations",
    "OutputError": "firth.errors",
    "OutputExistsError": "firth.errors",
    "Phrases": "firth.text",
    "SettingsError": "firth.errors",
    "ShapeError": "firth.errors",
    "Subwords": "firth.text.subwords",
    "TrainingError": "firth.errors",
    "UnknownWordError": "firth.errors",
    "Vectors": "firth.vectors",
    "Verification": "firth.verification",
    "Vocabulary": "firth.text",
    "check_gradient": "firth.objectives",
    "compress": "firth.vectors.compressing",
    "convert": "firth.vectors.converting",
    "count": "firth.recipes",
    "evaluate": "firth.evaluation",
    "find_phrases": "firth.recipes",
    "fit": "firth.recipes",
    "gap": "firth.evaluation.gap",
    "prepare_corpus": "firth.text",
    "reachable_dimension": "firth.evaluation.reach",
    "train": "firth.recipes",
    "train_documents": "firth.recipes.documents",
    "verify": "firth.verification",
}

__all__ = [
    "ApproximateIndex",
    "Checkpoints",
    "Corpus",
    "CorpusError",
    "Counts",
    "CountsError",
    "DocumentVectors",
    "EarlyStopping",
    "FirthError",
    "FormatError",
    "Gap",
    "MissingExtraError",
    "NotOfferedError",
    "Observations",
    "OutputError",
    "OutputExistsError",
    "Phrases",
    "SettingsError",
    "ShapeError",
    "Subwords",
    "TrainingError",
    "UnknownWordError",
    "Vectors",
    "Verification",
    "Vocabulary",
    "__version__",
    "check_gradient",
    "compress",
    "convert",
    "count",
    "evaluate",
    "find_phrases",
    "fit",
    "gap",
    "prepare_corpus",
    "reachable_dimension",
    "train",
    "train_documents",
    "verify",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the names are of every kind
    """Import a public name from its home when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'firth' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
