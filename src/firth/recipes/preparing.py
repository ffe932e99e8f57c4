"""The corpus as recipes get it: a name, an iterable, or what was prepared before."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from inspect import Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import SettingsError, sentence
from firth.text import Corpus, prepare_corpus
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
        text: the settings of the text, as the recipe got them.
        recipe: its signature, whose defaults are the only settings that can stand beside a prepared corpus.
        threads: that read at once.
        on_progress: called with a `Progress` while text is read.
        keep_empty: whether lines without a word have to be kept.

    Raises:
        SettingsError: if a corpus was prepared before and there are settings of the text, too, or lines were not kept.
    """
    if not isinstance(corpus, Corpus):
        reading = reading_progress(on_progress)
        with prepare_corpus(corpus, **text, keep_empty=keep_empty, threads=threads, on_progress=reading) as prepared:
            yield prepared
        return
    if keep_empty and not corpus.settings["keep_empty"]:
        expected = "a corpus in which every line has its number"
        advice = "pass keep_empty=True to prepare_corpus"
        raise SettingsError(sentence(expected, "one without those that have no word", advice))
    usual = {name: parameter.default for name, parameter in recipe.parameters.items()}
    if changed := [name for name, value in text.items() if value != usual[name]]:
        came = " and ".join(f"{name}={text[name]!r}" for name in changed)
        advice = "pass them to prepare_corpus"
        raise SettingsError(sentence("no settings of the text beside a prepared corpus", came, advice))
    yield corpus


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
