"""gensim's settings of training in our words, and what of them is not offered."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import GeneratorType
from typing import Any

from firth.compat.gensim.sentences import LineSentence, is_packed
from firth.errors import SettingsError, sentence
from firth.observations import Observations

logger = logging.getLogger(__name__)

LOWEST_END = 0.05
"""Share of the first rate that the last may have: ours falls to nothing along the same line."""

SAVED = (
    "vector_size", "alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "workers", "min_alpha", "sg",
    "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "sorted_vocab", "compute_loss", "comment",
    "max_final_vocab", "shrink_windows", "corpus_count", "corpus_total_words", "train_count", "running_training_loss",
    "min_n", "max_n", "bucket",
)  # fmt: skip
"""Attributes of a model that are saved with it."""


@dataclass(frozen=True)
class Refusal:
    """An argument that can't be what it is, and why.

    Args:
        wanted: what it must be.
        advice: what to do instead.
    """

    wanted: str
    advice: str


_REFUSED = {
    "cbow_mean": (
        lambda value: value == 1,
        Refusal("cbow_mean=1: the mean of a window is what there is a kernel for", "leave it out"),
    ),
    "null_word": (lambda value: not value, Refusal("null_word=0: nothing here pads windows", "leave it out")),
}
_WITHOUT_EFFECT = {
    "hashfxn": "vectors start from numbers that depend on the seed and their place alone",
    "batch_words": "threads take parts of the text that are found by themselves",
}


def check_arguments(**arguments: object) -> None:
    """Refuse arguments that can't be offered, and log those that have no effect here.

    Raises:
        SettingsError: with the reason, and what to do.
    """
    for name, value in arguments.items():
        if name in _REFUSED and not _REFUSED[name][0](value):
            refusal = _REFUSED[name][1]
            raise SettingsError(sentence(refusal.wanted, f"{name}={value!r}", refusal.advice))
        if name in _WITHOUT_EFFECT and value is not None:
            logger.info("%s has no effect: %s", name, _WITHOUT_EFFECT[name])


def check_rates(alpha: float, min_alpha: float) -> None:
    """Refuse rates that don't fall to about nothing.

    Raises:
        SettingsError: with what to do instead.
    """
    if min_alpha > LOWEST_END * alpha:
        expected = f"a rate that falls to at most {LOWEST_END:.0%} of its start: ours falls to 0 along a line"
        advice = "call train once, with all epochs and the default min_alpha, instead of once an epoch"
        raise SettingsError(sentence(expected, f"{alpha:g} to {min_alpha:g}", advice))


def check_loss(hs: int, negative: int) -> None:
    """Refuse a model without a loss, or with two.

    Raises:
        SettingsError: if so.
    """
    if not hs and not negative:
        advice = "set negative=5, or hs=1 with negative=0"
        raise SettingsError(sentence("hs or negative above 0, as nothing is trained else", "hs=0, negative=0", advice))
    if hs and negative:
        advice = "set negative=0 for hierarchical softmax, or hs=0"
        raise SettingsError(sentence("one loss", f"hs={hs} and negative={negative}", advice))


def corpus_of(
    corpus_iterable: object, corpus_file: str | os.PathLike[str] | None, passes: int
) -> Iterable[Iterable[str]]:
    """Return the sentences of a corpus, given in one way or the other.

    Raises:
        TypeError: if it was given in both ways, in none, or can't be gone through as often as needed.
    """
    if (corpus_iterable is None) == (corpus_file is None):
        came = "none" if corpus_file is None else "both"
        raise TypeError(sentence("a corpus_iterable or a corpus_file", came, "pass one of them"))
    if corpus_file is not None:
        if not isinstance(corpus_file, str | os.PathLike) or not Path(corpus_file).is_file():
            raise TypeError(sentence("corpus_file to be the path of a file", repr(corpus_file), "check it"))
        if is_packed(corpus_file):
            advice = "pass LineSentence(path) as the sentences, which reads it"
            raise TypeError(sentence("a plain file as corpus_file", f"{corpus_file}, which is packed", advice))
        return LineSentence(corpus_file)
    if isinstance(corpus_iterable, GeneratorType) and passes > 1:
        advice = "pass a list, or an object whose __iter__ begins anew"
        raise TypeError(sentence(f"sentences that can be gone through {passes} times", "a generator", advice))
    if isinstance(corpus_iterable, str | bytes) or not isinstance(corpus_iterable, Iterable):
        advice = "pass lists of words; a path goes to corpus_file"
        raise TypeError(sentence("sentences: lists of words", repr(corpus_iterable)[:80], advice))
    return corpus_iterable


def observations_of(settings: Any, retained: int) -> Observations:  # noqa: ANN401 - a model; its class comes later
    """Return how pairs are taken from the corpus.

    Args:
        settings: a model, with gensim's names.
        retained: how many words of the corpus are kept: `sample` ≥ 1 is a count, from which a share is made.
    """
    share = settings.sample or 0
    if share >= 1:
        share = min(1.0, int(share * (3 + 5**0.5) / 2) / max(1, retained))
    return Observations(
        window=settings.window,
        window_weights="dynamic" if settings.shrink_windows else "fixed",
        subsample=share,
        noise_exponent=settings.ns_exponent,
    )


def training_arguments(settings: Any, observations: Observations, epochs: int) -> dict[str, Any]:  # noqa: ANN401
    """Return what `firth.train` is called with.

    CBOW takes the historical gradient, as in word2vec.c: each word of a window gets the whole move of their mean. So
    gensim's rates are right for it. `firth.train` itself takes the true one, which is better at a rate of its own.
    """
    arguments = {
        "model": "skip-gram" if settings.sg else "cbow",
        "loss": "hierarchical" if settings.hs else "sampling",
        "gradient": None if settings.sg else "historical",
        "dimensions": settings.vector_size,
        "window": observations.window,
        "window_weights": observations.window_weights,
        "subsample": observations.subsample,
        "noise_exponent": observations.noise_exponent,
        "passes": epochs,
        "learning_rate": settings.alpha,
        "seed": settings.seed + settings.train_count,
        "threads": max(1, min(settings.workers, os.cpu_count() or 1)),
    }
    return arguments if settings.hs else {**arguments, "negatives": settings.negative}
