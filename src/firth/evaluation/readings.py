"""What scores mean: how to read P(o|c) out of vectors, by the objective that they were trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import SettingsError, check_choice, check_integer, sentence
from firth.objectives.sampling import COLLISIONS, Sampling
from firth.objectives.softmax import Softmax

if TYPE_CHECKING:
    from firth.evaluation.aligning import Shared
    from firth.training.all_cells import BoundedReading
    from firth.training.table import PairTable
    from firth.vectors import Vectors

READINGS = ("softmax", "sampling", "pmi")

_LEAST_SHARE = 1e-30


@dataclass(frozen=True, eq=False)
class Reading:
    """How scores x_co = u_o·v_c become probabilities.

        softmax     P(o|c) ∝ e^x
        sampling    with r = K q(o) e^x: allow P ∝ r, skip P ∝ r/(1 + r), resample P ∝ r/(1 + r/(1 − q(o)))
        pmi         P(o|c) ∝ N(o) e^x

    Attributes:
        name: "softmax", "sampling" or "pmi".
        noise: q, (V,), sum 1 over the words at hand.
        negatives: K; None but for "sampling".
        collisions: "allow", "skip" or "resample"; None but for "sampling".
    """

    name: str
    noise: np.ndarray
    negatives: int | None = None
    collisions: str | None = None

    @property
    def sampling(self) -> Sampling | None:
        """The objective of negative sampling with these settings; None for another reading."""
        if self.negatives is None or self.collisions is None:
            return None
        return Sampling(self.noise, negatives=self.negatives, collisions=self.collisions)

    def of_scores(self, table: PairTable) -> tuple[Softmax | BoundedReading, np.ndarray | None]:
        """Return what turns scores into P(o|c), and what is added to the scores of each context, (V,) or None."""
        from firth.training.gap import reading_of

        if self.name == "pmi":
            return Softmax(), np.log(np.maximum(table.context_marginals / table.total, _LEAST_SHARE))
        return reading_of(self.sampling)


def chosen_reading(
    vectors: Vectors, shared: Shared, *, reading: str | None, negatives: int | None, collisions: str | None
) -> Reading:
    """Return how to read vectors: as asked for, and what was not, as they were trained.

    Args:
        vectors: the vectors.
        shared: the words they share with the counts.
        reading: "softmax", "sampling" or "pmi"; None asks their config.
        negatives: K; None asks their config.
        collisions: the rule of the training; None asks their config, then what the counts were made for.

    Raises:
        SettingsError: if a setting is out of range, or neither given nor in the config.
    """
    training = _part(vectors.config, "training")
    known = {**_part(training, "observations"), **training} or told_by_peers(_part(vectors.config, "source"))
    if reading is None:
        reading = known.get("reading", "sampling" if "negatives" in known else None)
        if reading not in READINGS:
            came = "vectors that do not say how they were trained"
            if isinstance(objective := known.get("objective"), str):
                came = f"{objective}, whose scores are not of pairs of words"
            advice = (
                "pass reading='sampling' with negatives=… (word2vec, gensim, fastText; or as flags), "
                "or 'softmax', or 'pmi'"
            )
            raise SettingsError(sentence("a reading", came, advice))
    check_choice("reading", reading, READINGS)
    observations = shared.counts.observations
    exponent = known.get("noise_exponent", observations.noise_exponent)
    occurrences = shared.counts.vocabulary.counts
    if vectors.counts is not None and vectors.counts[shared.rows].all():
        occurrences = vectors.counts[shared.rows]
    noise = replace(observations, noise_exponent=exponent).noise_distribution(occurrences)
    if reading != "sampling":
        asked = {"negatives": negatives, "collisions": collisions}
        if given := [name for name, value in asked.items() if value is not None]:
            came = f"{' and '.join(given)} beside reading={reading!r}"
            raise SettingsError(sentence("settings of noise for reading='sampling' alone", came, "leave them out"))
        return Reading(reading, noise)
    negatives = known.get("negatives") if negatives is None else negatives
    if negatives is None:
        came = "vectors that do not say with how many they were trained"
        raise SettingsError(sentence("negatives", came, "pass negatives=5, or as many as there were"))
    negatives = check_integer("negatives", negatives, 1)
    rule = known.get("collisions", observations.collisions) if collisions is None else collisions
    return Reading(reading, noise, negatives, check_collisions(rule, noise))


def check_collisions(rule: object, noise: np.ndarray) -> str:
    """Return the rule for noise words that are the context word, if this noise (V,) can follow it.

    Raises:
        SettingsError: if there is no such rule, or "resample" would never end: all noise is one word.
    """
    rule = check_choice("collisions", rule, COLLISIONS)
    if rule == "resample" and noise.max() == 1:
        came = "noise that is always the same"
        raise SettingsError(sentence("noise with another word to resample", came, "choose 'allow' or 'skip'"))
    return rule


def told_by_peers(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file of gensim or fastText tells of skip-gram with negative sampling; nothing for other models.

    Convention: gensim leaves out noise words that are the context word, and takes the exponent as a setting; fastText
    draws again, from the square roots of the counts.

    Args:
        source: `config["source"]` of vectors that were read from it.

    >>> told_by_peers({"format": "fasttext", "settings": {"model": "skipgram", "loss": "sampling", "neg": 5}})
    {'reading': 'sampling', 'negatives': 5, 'noise_exponent': 0.5, 'collisions': 'resample'}
    """
    settings = _part(source, "settings")
    told: dict[str, Any] = {}
    if source.get("format") == "fasttext" and (settings.get("model"), settings.get("loss")) == ("skipgram", "sampling"):
        told = {"negatives": settings.get("neg"), "noise_exponent": 0.5, "collisions": "resample"}
    elif source.get("format") == "gensim" and settings.get("sg") == 1 and not settings.get("hs"):
        exponent = settings.get("ns_exponent", 0.75)
        told = {"negatives": settings.get("negative"), "noise_exponent": exponent, "collisions": "skip"}
    negatives, exponent = told.get("negatives"), told.get("noise_exponent")
    if isinstance(negatives, int) and negatives > 0 and isinstance(exponent, int | float):
        return {"reading": "sampling", **told}
    return {}


def _part(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of a config, empty if it isn't there."""
    part = config.get(name)
    return part if isinstance(part, Mapping) else {}
