"""Train again what was trained before, and compare the bytes."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import CorpusError, FormatError, SettingsError, TrainingError, sentence
from firth.machine import check_threads
from firth.provenance import made_with
from firth.recipes import train
from firth.recipes.preparing import prepared_text
from firth.text import Corpus, Phrases
from firth.text.tokenizers import TOKENIZERS
from firth.training.progress import ProgressCallback
from firth.training.settings import kernel_choices
from firth.vectors import Vectors

_TRAINING = ("dimensions", "negatives", "passes", "learning_rate", "seed")
_INTERVALS = {"held_out": 0.0, "interval_words": None}  # with what they are where nothing is said of them
_OBSERVATIONS = ("window", "window_weights", "subsample", "dropping", "keep", "noise_exponent")
_TEXT = ("tokenizer", "fold_case", "min_count", "max_words", "errors")
_NUMBERS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Difference:
    """How one part of two vectors differs.

    Attributes:
        part: "words", "counts", "matrix" or "context_matrix".
        shape_then: of the part as it was stored.
        shape_now: of the part as it came out now.
        differing: words or numbers that are not the same; None if the shapes are not.
        largest: difference of two numbers; None for words, or if the shapes are not the same.
    """

    part: str
    shape_then: tuple[int, ...]
    shape_now: tuple[int, ...]
    differing: int | None = None
    largest: float | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        if self.differing is None:
            return f"{self.part}: {_sizes(self.shape_then)} then, {_sizes(self.shape_now)} now"
        noun = "words" if self.part == "words" else "numbers"
        text = f"{self.part}: {self.differing:,} of {int(np.prod(self.shape_then)):,} {noun} are not the same"
        return text if self.largest is None else f"{text}; the largest difference is {self.largest:.3g}"


@dataclass(frozen=True)
class Verification:
    """What came of training vectors again. It is true where the bytes are the same.

    Attributes:
        model: what the vectors are called.
        words: V, as stored.
        dimensions: D, as stored.
        seconds: that reading and training took this time.
        differences: of the parts that differ; none if the bytes are the same.
        made_with_then: versions, processor and kernel that the vectors were made with.
        made_with_now: those of this process.
    """

    model: str
    words: int
    dimensions: int
    seconds: float
    differences: tuple[Difference, ...]
    made_with_then: Mapping[str, Any]
    made_with_now: Mapping[str, Any]

    @property
    def same(self) -> bool:
        """Whether all bytes are the same."""
        return not self.differences

    def __bool__(self) -> bool:
        return self.same

    def __str__(self) -> str:
        """Say it for a person: one line, and where bytes differ one for each difference."""
        size = f"{self.words:,} words × {self.dimensions} dimensions"
        bytes_are = "same bytes" if self.same else "other bytes"
        lines = [f"{bytes_are}: {self.model} was trained again, {size}, {self.seconds:.1f} seconds"]
        if not self.same:
            lines += [*map(str, self.differences), *self._changes()]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it in JSON's terms."""
        return {
            "same": self.same,
            **asdict(self),
            "differences": [asdict(difference) for difference in self.differences],
        }

    def _changes(self) -> list[str]:
        """Say in a line each what was another when the vectors were made."""
        then, now = self.made_with_then, self.made_with_now
        lines = [_change(name, then.get(name), now.get(name)) for name in dict.fromkeys((*now, *then))]
        changes = [line for line in lines if line]
        same = "versions, processor and kernel are the same now as then: the vectors were changed, or firth has a bug"
        return changes or [same]


@dataclass(frozen=True)
class _Record:
    """What vectors say of how they were trained: everything that is needed to do it again.

    `last_interval` is the one after which a callback stopped it, or None.
    """

    model: str
    text: dict[str, Any]
    settings: dict[str, Any]
    checksum: str
    source: list[str] | None
    phrases: list[str]
    phrases_source: str | None
    made_with: dict[str, Any]
    last_interval: int | None


def verify(
    model: str | os.PathLike[str] | Vectors,
    corpus: str | Path | Iterable[Any] | Corpus | None = None,
    *,
    threads: int | None = None,
    cache: str | Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> Verification:
    """Train vectors again with the settings that they were saved with, and compare the bytes.

    Compared are the words, their counts, the matrix, and the context matrix if it was kept.

    Args:
        model: a folder that `Vectors.save` wrote, or vectors.
        corpus: what they were trained on, as `firth.train` takes it; None looks where it was then. Or what
            `prepare_corpus` made, with the same settings.
        threads: that train at once; None takes every core this process may use. They leave no trace in the bytes.
        cache: folder that keeps the prepared corpus; None uses a temporary one (or $FIRTH_CACHE).
        on_progress: called with a `firth.training.Progress` about four times a second.

    Returns:
        True if the bytes are the same, and otherwise what differs.

    Raises:
        CorpusError: if the text can't be found or read, or is another.
        FormatError: if the vectors can't be opened, or `firth.train` did not make them.
        SettingsError: if the training can't be repeated: threads raced, or the tokenizer was a function.
        TrainingError: if the training was interrupted, or can't be done here.
        KeyboardInterrupt: if training is stopped by Ctrl-C.

    >>> sentences = [["a", "rose", "is", "a", "rose"]] * 20
    >>> vectors = train(sentences, dimensions=8, min_count=1, threads=1)
    >>> bool(verify(vectors, sentences, threads=2))
    True
    """
    name = f"the {model!r}" if isinstance(model, Vectors) else os.fspath(model)
    vectors = model if isinstance(model, Vectors) else Vectors.load(model, check=True)
    record = _read_record(vectors.config, name)
    began = time.perf_counter()
    with _prepared_again(record, corpus, threads, cache, on_progress) as prepared:
        if prepared.checksum != record.checksum:
            expected = f"the text that {name} was trained on, checksum {record.checksum}"
            advice = "pass the text as it was then (`b2sum -l 256` prints the checksum of a plain file)"
            raise CorpusError(sentence(expected, f"checksum {prepared.checksum}", advice))
        again = train(
            prepared,
            **record.settings,
            threads=threads,
            on_interval=lambda interval: interval.number == record.last_interval,
            on_progress=on_progress,
        )
    if again.config["training"]["interrupted"]:
        raise KeyboardInterrupt  # half a training says nothing
    return Verification(
        name,
        len(vectors),
        vectors.dimensions,
        time.perf_counter() - began,
        tuple(_differences(vectors, again)),
        record.made_with,
        {**made_with(), **_named_kernel(kernel_choices(True))},
    )


def _read_record(config: Mapping[str, Any], model: str) -> _Record:
    """Read how vectors were trained, and refuse what can't be repeated."""
    training, corpus = config.get("training"), config.get("corpus")
    if not isinstance(training, Mapping) or not isinstance(corpus, Mapping):
        advice = "name vectors that firth.train made"
        raise FormatError(sentence(f"how {model} was trained, in its config", "nothing of it", advice))
    _check_repeatable(training, model)
    observations = training.get("observations")
    observations = observations if isinstance(observations, Mapping) else {}
    settings = {
        **{name: _stored(training, name, model) for name in _TRAINING},
        **{name: _stored(observations, name, model) for name in _OBSERVATIONS},
        **{name: training.get(name, usual) for name, usual in _INTERVALS.items()},
    }
    intervals = training.get("intervals")
    last_interval = len(intervals) if training.get("stopped") and isinstance(intervals, list) else None
    source, made, kernel = corpus.get("source"), training.get("made_with"), training.get("kernel")
    phrases, phrases_source = corpus.get("phrases") or [], corpus.get("phrases_source")
    is_named = isinstance(source, list) and source and all(isinstance(name, str) for name in source)
    return _Record(
        model,
        {name: _stored(corpus, name, model) for name in _TEXT},
        settings,
        str(_stored(corpus, "checksum", model)),
        source if is_named else None,
        list(map(str, phrases)) if isinstance(phrases, list) else [str(phrases)],
        phrases_source if isinstance(phrases_source, str) else None,
        {**(made if isinstance(made, Mapping) else {}), **_named_kernel(kernel)},
        last_interval,
    )


def _stored(part: Mapping[str, Any], name: str, model: str) -> Any:  # noqa: ANN401 - of every kind
    """Return a setting that must be there."""
    if name not in part:
        advice = "restore config.json from a copy, or train anew"
        raise FormatError(sentence(f"the setting {name!r} in the config of {model}", "none", advice))
    return part[name]


def _check_repeatable(training: Mapping[str, Any], model: str) -> None:
    """Refuse a training that another one does not repeat."""
    if training.get("reproducible") is not True:
        expected = f"{model} to have been trained with reproducible=True"
        came = f"reproducible={training['reproducible']!r}: threads raced" if "reproducible" in training else "no word"
        advice = "train it anew, without racing (by the firth of today)"
        raise SettingsError(sentence(expected, came, advice))
    if training.get("interrupted"):
        expected = f"{model} to have been trained to its end"
        came = f"an interruption in pass {len(training.get('losses') or [])} of {training.get('passes')}"
        advice = (
            "go on from its checkpoints, if there are any, or train it anew: where it was stopped can't be repeated"
        )
        raise TrainingError(sentence(expected, came, advice))
    if changes := training.get("resumed_with_changes"):
        expected = f"{model} to have been trained with the same versions, on one kind of processor, from start to end"
        raise SettingsError(sentence(expected, ", ".join(map(str, changes)), "train it anew"))


def _named_kernel(kernel: object) -> dict[str, Any]:
    """Return what a kernel chose, named as belonging to it."""
    return {f"kernel_{name}": value for name, value in kernel.items()} if isinstance(kernel, Mapping) else {}


@contextmanager
def _prepared_again(
    record: _Record,
    corpus: str | Path | Iterable[Any] | Corpus | None,
    threads: int | None,
    cache: str | Path | None,
    on_progress: ProgressCallback | None,
) -> Iterator[Corpus]:
    """Give a corpus prepared as it was then, for the time of the block."""
    if isinstance(corpus, Corpus):
        _check_prepared(record, corpus)
        yield corpus
        return
    tokenizer = record.text["tokenizer"]
    if isinstance(tokenizer, str) and tokenizer not in TOKENIZERS:
        expected = f"{record.model} to have been trained with a tokenizer that has a name"
        advice = "pass the text prepared with it: firth.verify(model, firth.prepare_corpus(text, tokenizer=…))"
        raise SettingsError(sentence(expected, f"the function {tokenizer}, which is not stored", advice))
    text = {**record.text, "tokenizer": "whitespace" if tokenizer is None else tokenizer}  # None: lists of tokens
    named = _found_again(record) if corpus is None else corpus
    text |= {"cache": cache, "phrases": _phrases_again(record) if record.phrases else None}
    with prepared_text(named, text, check_threads(threads), on_progress) as prepared:
        yield prepared


def _phrases_again(record: _Record) -> Phrases:
    """Return the phrases that were joined, from where they were then."""
    advice = "pass the text with its phrases joined: firth.verify(model, phrases.join(corpus, min_count=…))"
    expected = f"the phrases that were joined for {record.model}, checksum {' and '.join(record.phrases)}"
    if record.phrases_source is None or len(record.phrases) > 1:
        raise SettingsError(sentence(expected, "no word where they are", advice))
    if not Path(record.phrases_source).exists():
        came = f"nothing at {record.phrases_source!r}, seen from the folder '{Path.cwd()}'"
        raise SettingsError(sentence(expected, came, f"go to the folder where it was trained, or {advice}"))
    phrases = Phrases.load(record.phrases_source)
    if phrases.checksum != record.phrases[0]:
        came = f"checksum {phrases.checksum} at {record.phrases_source!r}"
        raise SettingsError(sentence(expected, came, advice))
    return phrases


def _check_prepared(record: _Record, corpus: Corpus) -> None:
    """Refuse a corpus that was prepared otherwise."""
    if (joined := corpus.settings.get("phrases", [])) != record.phrases:
        expected, came = (
            f"phrases with checksum {' and '.join(phrases)}" if phrases else "no phrases"
            for phrases in (record.phrases, joined)
        )
        advice = "join those in it: phrases.join(corpus, min_count=…)" if record.phrases else "pass the text itself"
        raise SettingsError(sentence(f"a corpus prepared as that of {record.model}, with {expected}", came, advice))
    if wrong := [name for name in _TEXT if corpus.settings[name] != record.text[name]]:
        wanted, came = (
            " and ".join(f"{name}={settings[name]!r}" for name in wrong) for settings in (record.text, corpus.settings)
        )
        expected = f"a corpus prepared as that of {record.model}, with {wanted}"
        raise SettingsError(sentence(expected, came, "prepare it again, or pass the text itself"))


def _found_again(record: _Record) -> list[Path]:
    """Return the corpus where it was when the vectors were made."""
    model, advice = record.model, "pass it after the model"
    if record.source is None:
        came = "a training on an iterable, a prepared corpus or standard input, which have no name"
        raise CorpusError(sentence(f"{model} to say where its corpus is", came, advice))
    missing = [name for name in record.source if not _exists(name)]
    if missing:
        expected = f"the corpus of {model} where it was when it was trained"
        came = f"nothing at {' and '.join(map(repr, missing))}, seen from the folder '{Path.cwd()}'"
        raise CorpusError(sentence(expected, came, f"{advice}, or go to the folder where it was trained"))
    return [Path(name) for name in record.source]


def _exists(name: str) -> bool:
    """Tell whether a path is there, or something that a pattern matches."""
    return os.path.exists(name) or any(glob.iglob(name, recursive=True))  # noqa: PTH110, PTH207 - never an error


def _differences(then: Vectors, now: Vectors) -> Iterator[Difference]:
    """Yield what differs in two vectors; of the parts that the first has."""
    if then.words != now.words:
        shapes = (len(then.words),), (len(now.words),)
        same_size = shapes[0] == shapes[1]
        differing = sum(one != other for one, other in zip(then.words, now.words, strict=same_size))
        yield Difference("words", *shapes, differing if same_size else None)
    for part in ("counts", "matrix", "context_matrix"):
        old, new = getattr(then, part), getattr(now, part)
        if old is not None and (difference := compare_numbers(part, old, new)):
            yield difference
    if then.subwords is None:
        return
    for part in ("word_matrix", "ngram_matrix"):
        old, new = getattr(then.subwords, part), getattr(now.subwords, part, np.empty((0, 0), np.float32))
        if difference := compare_numbers(part, old, new):
            yield difference


def compare_numbers(part: str, then: np.ndarray, now: np.ndarray) -> Difference | None:
    """Compare the bytes of two arrays of one type.

    Args:
        part: what to call them.
        then: the first, of any shape.
        now: the second.

    Returns:
        What differs, or None if all bytes are the same.

    >>> compare_numbers("matrix", np.array([[1.0, 0.0]]), np.array([[1.5, -0.0]]))
    Difference(part='matrix', shape_then=(1, 2), shape_now=(1, 2), differing=2, largest=0.5)
    """
    if then.shape != now.shape:
        return Difference(part, then.shape, now.shape)
    old, new = then.reshape(-1), now.reshape(-1)
    bits = np.dtype(f"u{then.dtype.itemsize}")
    differing, largest = 0, 0.0
    for first in range(0, old.size, _NUMBERS_AT_ONCE):
        here = slice(first, first + _NUMBERS_AT_ONCE)
        places = np.flatnonzero(old[here].view(bits) != new[here].view(bits))
        if places.size:
            moves = old[here][places].astype(np.float64) - new[here][places].astype(np.float64)
            differing, largest = differing + places.size, max(largest, float(np.abs(moves).max()))
    return Difference(part, then.shape, now.shape, differing, largest) if differing else None


def _change(name: str, then: object, now: object) -> str | None:
    """Say how one of the facts differs; None if it doesn't. Of lists, what the other lacks."""
    if then == now:
        return None
    if isinstance(then, list) and isinstance(now, list):
        then, now = ([item for item in one if item not in other] for one, other in ((then, now), (now, then)))
    return f"{name.replace('_', ' ')} {_fact(then)} then, {_fact(now)} now"


def _fact(value: object) -> str:
    """Write one fact."""
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none of these"
    return "not known" if value is None else str(value)


def _sizes(shape: tuple[int, ...]) -> str:
    """Write a shape."""
    return " × ".join(f"{size:,}" for size in shape)
