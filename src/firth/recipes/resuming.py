"""Checkpoints as recipes use them: where they go, and whether those that are there are of this run."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from firth.errors import FirthError, SettingsError, sentence
from firth.observations import Observations
from firth.provenance import made_with
from firth.recipes.continuing import Start
from firth.text import Corpus, Vocabulary
from firth.text.subwords import Subwords
from firth.training.checkpoints import Checkpoint, Checkpoints, Keeper, newest_checkpoint
from firth.training.kinds import Kind
from firth.training.settings import StreamSettings, kernel_choices
from firth.vectors import Vectors

logger = logging.getLogger(__name__)


class Keeping(NamedTuple):
    """How a run is kept, and from where it goes on.

    Attributes:
        keeper: writes checkpoints, if any.
        found: the checkpoint to go on from, if any.
        changes: what was another when earlier parts of the run were made: versions, processor, kernel.
        seconds: of training until the checkpoint.
    """

    keeper: Keeper | None = None
    found: Checkpoint | None = None
    changes: tuple[str, ...] = ()
    seconds: float = 0.0


def checked_checkpoints(checkpoints: Checkpoints | str | Path | None, *, resume: bool) -> Checkpoints | None:
    """Return where checkpoints go, as the recipe got it, after looking at the place.

    Raises:
        SettingsError: if a run is to be resumed from nowhere.
        OutputExistsError: if there are some, and the run is not to be resumed.
        OutputError: if the place can't be written to.
    """
    if checkpoints is None:
        if resume:
            raise SettingsError(sentence("checkpoints to resume from", "none", "pass checkpoints=FOLDER"))
        return None
    if not isinstance(checkpoints, Checkpoints):
        checkpoints = Checkpoints(checkpoints)
    checkpoints.check_place(resume=resume)
    return checkpoints


def run_of(
    corpus: Corpus,
    observations: Observations,
    settings: StreamSettings,
    subwords: Subwords | None = None,
    start: Start | None = None,
) -> dict[str, Any]:
    """Return what makes a run the same run: all that shapes its vectors and reports, and what its text is.

    >>> from firth.text import prepare_corpus
    >>> settings = StreamSettings(dimensions=4, negatives=5, passes=1, learning_rate=0.1, threads=1, seed=1)
    >>> with prepare_corpus(["to be or not to be"], min_count=1) as corpus:
    ...     run = run_of(corpus, Observations(), settings)
    >>> run["training"]["dimensions"], run["corpus"]["tokens"]
    (4, 6)
    """
    kind = settings.kind
    is_paired = kind.model == "skip-gram"  # else the loss is no function of the counts of pairs
    return {
        "training": {
            "objective": str(kind),
            "model": kind.model,
            "loss": kind.loss,
            "gradient": kind.gradient,
            "subwords": None if subwords is None else subwords.as_dict(),
            "start": None if start is None else start.as_dict(),
            "reading": {"sampling": "sampling", "softmax": "softmax"}.get(kind.loss) if is_paired else None,
            "reproducible": settings.reproducible,
            "observations": observations.as_dict(),
            "dimensions": settings.dimensions,
            "negatives": settings.negatives,
            "passes": settings.passes,
            "learning_rate": settings.learning_rate,
            "seed": settings.seed,
            "held_out": settings.held_out,
            "interval_words": settings.interval_words,
        },
        "corpus": {
            "tokens": corpus.tokens,
            "words_seen": corpus.words_seen,
            "sentences": corpus.sentences,
            "checksum": corpus.checksum,
            **corpus.settings,
        },
    }


def keeping_of(
    checkpoints: Checkpoints | None, run: Mapping[str, Any], corpus: Corpus, kind: Kind, *, resume: bool
) -> Keeping:
    """Find the checkpoint that a run goes on from, and say how it is kept.

    Args:
        checkpoints: where they go, if anywhere.
        run: from `run_of`.
        corpus: what it is trained on.
        kind: which member of the family.
        resume: whether it goes on.

    Raises:
        SettingsError: if the checkpoint is of another run.
        FormatError: if all checkpoints are damaged.
    """
    if checkpoints is None:
        return Keeping()
    kernel = kernel_choices(run["training"]["reproducible"], kind)
    record = _as_json(
        {
            "run": run,
            "positions": len(corpus.ids),
            "vocabulary": _checksum(corpus.vocabulary),
            "made_with": {**made_with(), **{f"kernel_{name}": value for name, value in kernel.items()}},
            "changes": [],
        }
    )
    found = newest_checkpoint(checkpoints) if resume else None
    if found is None:
        if resume:
            logger.warning("no checkpoint in %s to resume from: training from the start", checkpoints.folder)
        return Keeping(Keeper(checkpoints, record))
    _check_same_run(found, record, checkpoints)
    standing = found.standing
    logger.info("going on from pass %d, %d of %d steps", standing.pass_index + 1, standing.step, found.steps)
    record["changes"] = [*found.record["changes"], *_changes(found.record["made_with"], record["made_with"])]
    if not run["training"]["reproducible"]:
        logger.warning("threads race: the vectors will not be those of a run that was never stopped")
    elif record["changes"]:
        logger.warning(
            "resumed with others: %s; the bytes may not be those of a run that was never stopped",
            ", ".join(record["changes"]),
        )
    return Keeping(Keeper(checkpoints, record, found), found, tuple(record["changes"]), standing.seconds)


def is_interrupted_part(folder: str | os.PathLike[str], checkpoints: Checkpoints) -> bool:
    """Tell whether a folder holds what an interrupted run had learnt that these checkpoints are of.

    Args:
        folder: with vectors, perhaps.
        checkpoints: of a run, perhaps.
    """
    try:
        config = Vectors.load(folder).config
        found = newest_checkpoint(checkpoints)
        if found is None or config["training"]["stopped"] != "interrupted":
            return False
        parts: dict[str, dict[str, Any]] = found.record["run"]
        return all(config[part].items() >= settings.items() for part, settings in parts.items())
    except (FirthError, KeyError, TypeError, AttributeError):
        return False


def _as_json(record: dict[str, Any]) -> dict[str, Any]:
    """Return what comes back when a record is stored: lists for tuples, Python's numbers for NumPy's."""
    stored: dict[str, Any] = json.loads(json.dumps(record, default=lambda number: number.item()))
    return stored


def _checksum(vocabulary: Vocabulary) -> str:
    """Return the BLAKE2b checksum (256 bits, hexadecimal) of words and counts."""
    counted = zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)
    digest = hashlib.blake2b(digest_size=32)
    for word, count in counted:
        digest.update(f"{word}\n{count}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _check_same_run(found: Checkpoint, record: Mapping[str, Any], checkpoints: Checkpoints) -> None:
    """Refuse a checkpoint of another run, with each difference by name."""
    then, now = (
        _leaves({name: one.get(name) for name in ("run", "positions", "vocabulary")}) for one in (found.record, record)
    )
    differing = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if differing:
        wanted, came = (" and ".join(f"{name}={one.get(name)!r}" for name in differing) for one in (then, now))
        expected = f"the run that the checkpoints in {str(checkpoints.folder)!r} are of, with {wanted}"
        advice = "resume with the same settings and text, or train from the start with other checkpoints"
        raise SettingsError(sentence(expected, came, advice))


def _leaves(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the single values in nested settings by the last part of their name."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        found |= _leaves(value) if isinstance(value, Mapping) else {name: value}
    return found


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say of each fact that is another now what it was and what it is."""
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return [f"{name.replace('_', ' ')} {then.get(name)} then, {now.get(name)} now" for name in names]
