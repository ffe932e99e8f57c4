"""What it takes to give a vector to a document that was not trained on, read from what training left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from firth.errors import FormatError, SettingsError, TrainingError, check_integer, check_number, sentence
from firth.observations import Observations
from firth.training.documents import DocumentModel
from firth.vectors.document_folder import DocumentParts

if TYPE_CHECKING:
    from firth.training.inference import Frozen


def frozen_documents(parts: DocumentParts) -> tuple[Frozen, dict[str, Any]]:
    """Return what new documents are judged by, and the schedule of training: passes, learning_rate, seed.

    Raises:
        FormatError: if the config does not say how the documents were trained.
        TrainingError: if the outputs were not kept.
    """
    from firth.objectives.huffman import HuffmanTree
    from firth.training.inference import frozen_model

    if "output_matrix" not in parts.tensors:
        expected = "the outputs, by which a new document is judged"
        raise TrainingError(sentence(expected, "none: they were not kept", "train with keep_outputs=True"))
    training, counts = parts.config.get("training"), parts.tensors["counts"]
    expected = "config['training'] to say how the documents were trained"
    if not isinstance(training, Mapping):
        raise FormatError(sentence(expected, repr(training), "train them with firth.train_documents"))
    try:
        model = DocumentModel.of(training)
        schedule = checked_schedule({name: training[name] for name in ("passes", "learning_rate", "seed")})
        tree = HuffmanTree.of(counts) if model.loss == "hierarchical" else None
        words = parts.tensors["word_matrix"] if model.way == "dm" else None
        frozen = frozen_model(
            model.member,
            words=words,
            outputs=parts.tensors["output_matrix"],
            counts=counts,
            observations=Observations(**training["observations"]),
            negatives=check_integer("negatives", training["negatives"], 1, 1000),
            paths=(tree.starts, tree.nodes, tree.codes) if tree is not None else None,
        )
    except (SettingsError, KeyError, TypeError) as problem:
        came = f"no {problem}" if isinstance(problem, KeyError) else f"settings that are none ({problem})"
        raise FormatError(sentence(expected, came, "train them with firth.train_documents")) from None
    return frozen, schedule


def checked_schedule(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """Return passes, learning rate and seed if they are within their ranges.

    >>> checked_schedule({"passes": 5, "learning_rate": 0.025, "seed": 1})
    {'passes': 5, 'learning_rate': 0.025, 'seed': 1}
    """
    return {
        "passes": check_integer("passes", schedule["passes"], 1),
        "learning_rate": check_number("learning_rate", schedule["learning_rate"], 0, 10, open_below=True),
        "seed": check_integer("seed", schedule["seed"], 0, 2**63 - 1),
    }
