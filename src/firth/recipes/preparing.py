"""The corpus as recipes get it: a name, an iterable, or what was prepared before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from inspect import Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import SettingsError, sentence
from firth.text import Corpus, Phrases, prepare_corpus
from firth.training.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from firth.text.preparing import ReadingCallback


@contextmanager
def prepared_corpus(
    corpus: str | Path | Iterable[Any] | Corpus,
    text: dict[str, Any],
    recipe: Signature,
    threads: int,
    on_progress: ProgressCallback | None,
    *,
    keep_empty: bool = False,
) -> Iterator[Corpus]:
    """Give the corpus as it was prepared, or prepare it for the time of the block.

    Args:
        corpus: as the recipe got it.
        text: the settings of the text, as the recipe got them; `phrases`, if there are any, are joined.
        recipe: its signature, whose defaults are the only settings that can stand beside a prepared corpus.
        threads: that read at once.
        on_progress: called with a `Progress` while text is read.
        keep_empty: whether lines without a word have to be kept.

    Raises:
        SettingsError: if a corpus was prepared before and there are settings of the text, too, or lines were not kept.
    """
    if not isinstance(corpus, Corpus):
        with prepared_text(corpus, {**text, "keep_empty": keep_empty}, threads, on_progress) as prepared:
            yield prepared
        return
    if keep_empty and not corpus.settings["keep_empty"]:
        expected = "a corpus in which every line has its number"
        advice = "pass keep_empty=True to prepare_corpus"
        raise SettingsError(sentence(expected, "one without those that have no word", advice))
    usual = {name: parameter.default for name, parameter in recipe.parameters.items()}
    if changed := [name for name, value in text.items() if value != usual[name]]:
        came = " and ".join(f"{name}={text[name]!r}" for name in changed)
        advice = (
            "join the phrases in it, phrases.join(corpus)" if "phrases" in changed else "pass them to prepare_corpus"
        )
        raise SettingsError(sentence("no settings of the text beside a prepared corpus", came, advice))
    yield corpus


@contextmanager
def prepared_text(
    corpus: str | Path | Iterable[Any], text: Mapping[str, Any], threads: int, on_progress: ProgressCallback | None
) -> Iterator[Corpus]:
    """Prepare a corpus for the time of the block.

    Where there are phrases they are joined first, in all words, and rare ones are left out after that.

    Args:
        corpus: as `prepare_corpus` takes it.
        text: the settings of the text; `phrases`, if there are any, as `firth.train` takes them.
        threads: that read at once.
        on_progress: called with a `Progress` while text is read.
    """
    text = dict(text)
    phrases = text.pop("phrases", None)
    on_bytes = reading_progress(on_progress)
    if phrases is None:
        with prepare_corpus(corpus, **text, threads=threads, on_progress=on_bytes) as prepared:
            yield prepared
        return
    source = None if isinstance(phrases, Phrases) else os.fspath(phrases)
    phrases = phrases if isinstance(phrases, Phrases) else Phrases.load(phrases)
    chosen = {name: text.pop(name) for name in ("min_count", "max_words")}
    with prepare_corpus(corpus, **text, min_count=1, threads=threads, on_progress=on_bytes) as every_word:
        joined = phrases.join(every_word, **chosen, threads=threads)
    with joined:
        joined.settings["phrases_source"] = source
        yield joined


def reading_progress(on_progress: ProgressCallback | None) -> ReadingCallback | None:
    """Turn a callback that gets `Progress` into one that gets bytes, for `prepare_corpus`.

    Args:
        on_progress: the callback, or None.
    """
    if on_progress is None:
        return None
    began = time.perf_counter()

    def report(done: int, total: int | None) -> None:
        seconds = time.perf_counter() - began
        share = done / total if total else None
        left = seconds * (1 - share) / share if share else None
        on_progress(Progress(stage="reading", share_done=share, seconds=seconds, seconds_left=left))

    return report


def share_progress(on_progress: ProgressCallback | None, stage: str) -> Callable[[float], None] | None:
    """Turn a callback that gets `Progress` into one that gets the share that is done.

    Args:
        on_progress: the callback, or None.
        stage: what is done.
    """
    if on_progress is None:
        return None
    began = time.perf_counter()

    def report(share: float) -> None:
        seconds = time.perf_counter() - began
        left = seconds * (1 - share) / share if share else None
        on_progress(Progress(stage=stage, share_done=share, seconds=seconds, seconds_left=left))

    return report


def source_of(corpus: str | Path | Iterable[Any] | Corpus) -> list[str] | None:
    """Return the corpus as it was named, so that it can be found again; None if it has no name.

    Args:
        corpus: as the recipe got it.
    """
    if isinstance(corpus, str | Path):
        return None if str(corpus) == "-" else [str(corpus)]
    if isinstance(corpus, list | tuple) and all(isinstance(item, Path) for item in corpus):
        return [str(path) for path in corpus]
    return None
