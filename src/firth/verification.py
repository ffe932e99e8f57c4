"""Train again what was trained before, and compare the bytes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import CorpusError, sentence
from firth.provenance import made_with
from firth.recipes import train
from firth.records import named_kernel, prepared_again, read_record
from firth.text import Corpus
from firth.training.progress import ProgressCallback
from firth.vectors import Vectors

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
    record = read_record(vectors.config, name)
    began = time.perf_counter()
    with prepared_again(record, corpus, threads, cache, on_progress) as prepared:
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
        {**made_with(), **named_kernel(again.config["training"]["kernel"])},
    )


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
