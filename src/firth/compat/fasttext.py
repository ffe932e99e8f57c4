"""fastText's Python module, as of 0.9.2: `import firth.compat.fasttext as fasttext`.

What is different, on purpose:

- any number of threads gives the same bytes; `seed` alone changes them;
- `</s>` is no word, as lines end without one here, and words that begin with `label` are words;
- only n-grams that occur have rows; the other buckets are zeros, where fastText keeps random numbers;
- text may also be an iterable of lines or of lists of words, compressed files, folders;
- `verbose` and `lrUpdateRate` have no effect: progress is logged (logger "firth"), the rate falls with every step;
- text classification (`train_supervised`, `predict`, `quantize` …) raises `NotOfferedError` with what to do instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from firth.compat.fasttext_lines import BOW, EOS, EOW, LABEL_PREFIX, tokenize
from firth.compat.fasttext_model import CLASSIFICATION, FastText, refuse
from firth.errors import check_choice, check_integer, sentence
from firth.recipes import train
from firth.text.subwords import Subwords
from firth.vectors import Vectors

__all__ = [
    "BOW",
    "EOS",
    "EOW",
    "FastText",
    "cbow",
    "load_model",
    "skipgram",
    "supervised",
    "tokenize",
    "train_supervised",
    "train_unsupervised",
]

_MODELS = {"skipgram": "skip-gram", "cbow": "cbow"}
_LOSSES = {"ns": "sampling", "hs": "hierarchical", "softmax": "softmax"}
_NEW_NAMES = {
    "min_count": "minCount",
    "word_ngrams": "wordNgrams",
    "lr_update_rate": "lrUpdateRate",
    "label_prefix": "label",
    "pretrained_vectors": "pretrainedVectors",
}


def load_model(path: str | os.PathLike[str], *, errors: str = "replace") -> FastText:
    """Open a model of fastText, `.bin` or `.ftz`, or a folder of ours.

    Args:
        path: where it is.
        errors: what to do with words that are no UTF-8: "replace" and "ignore" repair them as `bytes.decode`
            does and log it; "strict" refuses the file.

    Returns:
        The model; it reads from the file as long as it lives.

    Raises:
        FormatError: if it is no such file, not whole, or holds NaN or infinity.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     Vectors(["up"], [[0.0, 2.0]]).save(place + "/tiny")
    ...     load_model(place + "/tiny").get_word_vector("up")
    array([0., 2.], dtype=float32)
    """
    return FastText(_opened(path, errors))


def train_unsupervised(
    input: str | Path | Iterable[Any],
    model: str = "skipgram",
    lr: float = 0.05,
    dim: int = 100,
    ws: int = 5,
    epoch: int = 5,
    minCount: int = 5,
    minCountLabel: int = 0,
    minn: int = 3,
    maxn: int = 6,
    neg: int = 5,
    wordNgrams: int = 1,
    loss: str = "ns",
    bucket: int = 2_000_000,
    thread: int | None = None,
    lrUpdateRate: int = 100,
    t: float = 1e-4,
    label: str = LABEL_PREFIX,
    verbose: int = 2,
    pretrainedVectors: str | os.PathLike[str] = "",
    seed: int = 0,
    **old_names: Any,  # noqa: ANN401 - settings by their older names
) -> FastText:
    """Train vectors of words with fastText's settings: its defaults, noise in proportion to √count, whole gradients.

    Args:
        input: a file of text, or whatever `firth.train` takes.
        model: "skipgram" or "cbow".
        lr: rate at the start; it falls to 0 along a straight line.
        dim: length of a vector.
        ws: largest distance of a pair, in words.
        epoch: passes over the text.
        minCount: words seen less often are left out.
        minCountLabel: of no effect: there are no labels.
        minn: characters of the shortest n-grams.
        maxn: of the longest; 0 trains words as they are.
        neg: noise words a pair.
        wordNgrams: of no effect, as in fastText: it is for classifiers.
        loss: "ns" (noise words), "hs" (a Huffman tree), or "softmax" (at most 20 000 words).
        bucket: n-grams whose hash is the same modulo this number share a row.
        thread: that train at once, on which nothing depends; None takes every core.
        lrUpdateRate: of no effect.
        t: share of the text above which a word's occurrences are dropped at random.
        label: of no effect.
        verbose: of no effect.
        pretrainedVectors: vectors that words start from; only with `maxn=0`.
        seed: of every random number.
        **old_names: `min_count`, `word_ngrams`, `lr_update_rate`, `label_prefix`, `pretrained_vectors`.

    Returns:
        The model; `model.vectors.config["training"]["losses"]` tells the loss of each pass.

    Raises:
        TypeError: if a setting is unknown, or given twice.
        NotOfferedError: for classification, and for pretrained vectors of words that have n-grams.
        CorpusError: if the text can't be read, or nothing is left of it.
        SettingsError: if a setting is out of range.
        TrainingError: if there is no pair to train on, or no room in memory.

    >>> model = train_unsupervised([["a", "rose", "is", "a", "rose"]] * 20, dim=8, minCount=1, bucket=100, t=1)
    >>> model.words[0], model.get_word_vector("roses").shape
    ('a', (8,))
    """
    settings = _settled(dict(locals()))
    choices = _choices(settings)
    start = settings["pretrainedVectors"]
    vectors = train(
        settings["input"],
        **choices,
        dimensions=settings["dim"],
        window=settings["ws"],
        negatives=settings["neg"],
        min_count=settings["minCount"],
        subsample=settings["t"],
        passes=settings["epoch"],
        learning_rate=settings["lr"],
        noise_exponent=0.5,
        errors="replace",
        start=_opened(start, "replace") if start else None,
        threads=settings["thread"],
        seed=settings["seed"],
    )
    return FastText(vectors, {name: value for name, value in settings.items() if name not in ("input", "seed")})


def train_supervised(*_: object, **__: object) -> NoReturn:
    """Raise: labels are not learnt."""
    refuse("train_supervised", CLASSIFICATION, "take firth.compat.sklearn.WordVectorizer and a classifier")


def cbow(*_: object, **__: object) -> NoReturn:
    """Raise: a name of before 2019, as fastText raises, too."""
    refuse("cbow", "a name of before 2019", "call train_unsupervised(…, model='cbow')")


def skipgram(*_: object, **__: object) -> NoReturn:
    """Raise: a name of before 2019, as fastText raises, too."""
    refuse("skipgram", "a name of before 2019", "call train_unsupervised(…, model='skipgram')")


def supervised(*_: object, **__: object) -> NoReturn:
    """Raise: labels are not learnt."""
    refuse("supervised", CLASSIFICATION, "take firth.compat.sklearn.WordVectorizer and a classifier")


def _opened(path: str | os.PathLike[str], errors: str) -> Vectors:
    """Open vectors, a model of fastText or others."""
    return Vectors.load(path, errors=errors)


def _settled(given: dict[str, Any]) -> dict[str, Any]:
    """Return settings by fastText's newer names, those that have no effect checked."""
    settings = {name: value for name, value in given.items() if name != "old_names"}
    for name, value in given["old_names"].items():
        if name.startswith("autotune"):
            refuse(name, CLASSIFICATION, "leave it out: in fastText, too, it is for train_supervised alone")
        if name not in _NEW_NAMES:
            wanted = f"settings of fastText: {', '.join(settings)}"
            raise TypeError(sentence(wanted, f"unexpected keyword argument {name!r}", "check its spelling"))
        settings[_NEW_NAMES[name]] = value
    for name in ("minCountLabel", "wordNgrams", "lrUpdateRate", "verbose"):
        check_integer(name, settings[name], 0)
    return settings


def _choices(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return model, loss, gradient and subwords as `firth.train` takes them."""
    if settings["model"] == "supervised" or settings["loss"] == "ova":
        refuse("model='supervised' and loss='ova'", CLASSIFICATION, "choose 'skipgram' or 'cbow', and 'ns'")
    model = _MODELS[check_choice("model", settings["model"], tuple(_MODELS))]
    loss = _LOSSES[check_choice("loss", settings["loss"], tuple(_LOSSES))]
    smallest = max(1, check_integer("minn", settings["minn"], 0))
    longest = check_integer("maxn", settings["maxn"], 0)
    subwords = None
    if smallest <= longest:
        subwords = Subwords(smallest=smallest, longest=longest, buckets=settings["bucket"])
        if settings["pretrainedVectors"]:
            advice = "pass maxn=0, or go on from a model with n-grams: firth.train(…, start=model.vectors)"
            refuse("pretrainedVectors", "n-grams for words that have none yet", advice)
    gradient = "historical" if model == "cbow" or subwords is not None else None
    return {"model": model, "loss": loss, "gradient": gradient, "subwords": subwords}
