"""What vectors say of how they were trained, and the text that they were trained on, found again."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firth.errors import CorpusError, FormatError, SettingsError, TrainingError, sentence
from firth.machine import check_threads
from firth.recipes.preparing import prepared_text
from firth.text import Corpus, Phrases
from firth.text.subwords import Subwords
from firth.text.tokenizers import TOKENIZERS
from firth.training.progress import ProgressCallback

TRAINING = ("model", "loss", "gradient", "subwords", "dimensions", "negatives", "passes", "learning_rate", "seed")
INTERVALS = {"held_out": 0.0, "interval_words": None}  # with what they are where nothing is said of them
OBSERVATIONS = ("window", "window_weights", "subsample", "dropping", "keep", "noise_exponent")
TEXT = ("tokenizer", "fold_case", "min_count", "max_words", "errors")


@dataclass(frozen=True)
class Record:
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


def read_record(config: Mapping[str, Any], model: str) -> Record:
    """Read how vectors were trained, and refuse what can't be repeated."""
    training, corpus = config.get("training"), config.get("corpus")
    if not isinstance(training, Mapping) or not isinstance(corpus, Mapping):
        advice = "name vectors that firth.train made"
        raise FormatError(sentence(f"how {model} was trained, in its config", "nothing of it", advice))
    _check_repeatable(training, model)
    observations = training.get("observations")
    observations = observations if isinstance(observations, Mapping) else {}
    settings = {
        **{name: _stored(training, name, model) for name in TRAINING},
        **{name: _stored(observations, name, model) for name in OBSERVATIONS},
        **{name: training.get(name, usual) for name, usual in INTERVALS.items()},
    }
    if isinstance(settings["subwords"], Mapping):
        settings["subwords"] = Subwords(**settings["subwords"])
    intervals = training.get("intervals")
    last_interval = len(intervals) if training.get("stopped") and isinstance(intervals, list) else None
    source, made, kernel = corpus.get("source"), training.get("made_with"), training.get("kernel")
    phrases, phrases_source = corpus.get("phrases") or [], corpus.get("phrases_source")
    is_named = isinstance(source, list) and source and all(isinstance(name, str) for name in source)
    return Record(
        model,
        {name: _stored(corpus, name, model) for name in TEXT},
        settings,
        str(_stored(corpus, "checksum", model)),
        source if is_named else None,
        list(map(str, phrases)) if isinstance(phrases, list) else [str(phrases)],
        phrases_source if isinstance(phrases_source, str) else None,
        {**(made if isinstance(made, Mapping) else {}), **named_kernel(kernel)},
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
    if training.get("start") is not None:
        expected = f"{model} to have been trained from the beginning"
        raise SettingsError(sentence(expected, "a training that went on from other vectors", "verify those"))
    if changes := training.get("resumed_with_changes"):
        expected = f"{model} to have been trained with the same versions, on one kind of processor, from start to end"
        raise SettingsError(sentence(expected, ", ".join(map(str, changes)), "train it anew"))


def named_kernel(kernel: object) -> dict[str, Any]:
    """Return what a kernel chose, named as belonging to it."""
    return {f"kernel_{name}": value for name, value in kernel.items()} if isinstance(kernel, Mapping) else {}


@contextmanager
def prepared_again(
    record: Record,
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


def _phrases_again(record: Record) -> Phrases:
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


def _check_prepared(record: Record, corpus: Corpus) -> None:
    """Refuse a corpus that was prepared otherwise."""
    if (joined := corpus.settings.get("phrases", [])) != record.phrases:
        expected, came = (
            f"phrases with checksum {' and '.join(phrases)}" if phrases else "no phrases"
            for phrases in (record.phrases, joined)
        )
        advice = "join those in it: phrases.join(corpus, min_count=…)" if record.phrases else "pass the text itself"
        raise SettingsError(sentence(f"a corpus prepared as that of {record.model}, with {expected}", came, advice))
    if wrong := [name for name in TEXT if corpus.settings[name] != record.text[name]]:
        wanted, came = (
            " and ".join(f"{name}={settings[name]!r}" for name in wrong) for settings in (record.text, corpus.settings)
        )
        expected = f"a corpus prepared as that of {record.model}, with {wanted}"
        raise SettingsError(sentence(expected, came, "prepare it again, or pass the text itself"))


def _found_again(record: Record) -> list[Path]:
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
