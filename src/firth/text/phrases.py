"""Phrases: words that come together more often than by chance, found in a corpus and joined in any text."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from firth.errors import CorpusError, SettingsError, check_integer, sentence
from firth.machine import check_threads
from firth.storage import new_file
from firth.text import phrase_folder
from firth.text.corpus import Corpus
from firth.text.phrase_settings import check_settings

if TYPE_CHECKING:
    from firth.text.collocations import ShareCallback

logger = logging.getLogger("firth.text")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two words that belong together, and the connectors between them.

    Attributes:
        text: the phrase as one word.
        parts: its words; in a later pass they may be phrases.
        count: how often they came side by side in the text of their pass, overlaps included.
        score: how much they belong together.
        pass_number: of the pass that found it, from 1 on.
    """

    text: str
    parts: tuple[str, ...]
    count: int
    score: float
    pass_number: int


class Phrases:
    """The phrases of a corpus: a table to read, and what joins them in a text. `find_phrases` makes it.

    In order: by pass, then the highest score first. Two phrases may be the same text, such as `a_b` + `c` and `a` +
    `b_c` of a second pass. Each pass goes through a sentence from the left: two words that are a phrase become one
    word, which is in no other phrase of that pass. A connector is stepped over. Words that are not known stay as they
    are.

    A phrase is one word with the parts parted by `separator`. A word of the text that is spelled so already is the same
    word from then on, and neither is ever taken apart.

    Attributes:
        separator: what stands between the words of a phrase.
        connectors: words that may stand inside a phrase, and never begin or end one.
        config: how they were found: settings, and the facts of the corpus.

    >>> from firth.text import prepare_corpus
    >>> text = ["in new york it rains", "new york is wet", "is it wet in spring", "a new rain"]
    >>> with prepare_corpus(text, min_count=1) as corpus:
    ...     phrases = find_phrases(corpus, min_count=1, threshold=2)
    >>> [(phrase.text, phrase.count, round(phrase.score, 2)) for phrase in phrases]
    [('new_york', 2, 2.83)]
    >>> phrases.apply(["i", "love", "new", "york"])
    ['i', 'love', 'new_york']
    """

    def __init__(
        self,
        phrases: Iterable[Phrase],
        *,
        separator: str = "_",
        connectors: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """Take phrases; those of one pass stay in order.

        Raises:
            SettingsError: if one is not two words, with connectors between.
        """
        self._phrases = tuple(sorted(phrases, key=lambda phrase: phrase.pass_number))
        self.separator = separator
        self.connectors = tuple(connectors)
        known = frozenset(connectors)
        for phrase in self._phrases:
            first, *between, last = phrase.parts if len(phrase.parts) > 1 else (None, None, None)
            if first is None or not known.issuperset(between) or known & {first, last}:
                expected = "a phrase of two words, none of them a connector, and connectors between"
                raise SettingsError(sentence(expected, repr(phrase.parts), "name the connectors, or leave it out"))
        self.config = dict(config or {})

    def __len__(self) -> int:
        return len(self._phrases)

    def __iter__(self) -> Iterator[Phrase]:
        return iter(self._phrases)

    def __contains__(self, text: object) -> bool:
        return text in self._texts

    def __repr__(self) -> str:
        first = ", ".join(f"{phrase.text!r}: {phrase.count}" for phrase in self._phrases[:3])
        return f"Phrases({len(self)} phrases{': ' * bool(first)}{first}{', …' if len(self) > 3 else ''})"

    @cached_property
    def _texts(self) -> frozenset[str]:
        """All phrases as words."""
        return frozenset(phrase.text for phrase in self._phrases)

    @cached_property
    def _tables(self) -> list[dict[tuple[str, ...], str]]:
        """The name of each phrase, by its parts; one table for each pass."""
        passes = groupby(self._phrases, key=lambda phrase: phrase.pass_number)
        return [{phrase.parts: phrase.text for phrase in found} for _, found in passes]

    @cached_property
    def checksum(self) -> str:
        """BLAKE2b (256 bits, hexadecimal) of all that decides what is joined: parts, passes, connectors, separator."""
        digest = hashlib.blake2b(digest_size=32)
        digest.update(json.dumps([self.separator, self.connectors]).encode())
        for phrase in self._phrases:
            digest.update(json.dumps([phrase.pass_number, phrase.parts]).encode())
        return digest.hexdigest()

    @overload
    def apply(self, tokens: list[str] | tuple[str, ...]) -> list[str]: ...

    @overload
    def apply(self, tokens: Iterable[Any]) -> Any: ...  # noqa: ANN401 - an array may be one sentence or many

    def apply(self, tokens: Any) -> list[str] | Iterator[list[str]]:
        """Join the phrases in new text, cut into words as the corpus was.

        Args:
            tokens: the words of one sentence: a list, tuple or array of `str`; or an iterable of sentences.

        Returns:
            The words of the sentence; for many, an iterator that joins one at a time.

        Raises:
            CorpusError: if the text is not cut into words.

        >>> phrases = Phrases([Phrase("new_york", ("new", "york"), 9, 120.0, 1)])
        >>> phrases.apply(["new", "york", "new", "jersey"])
        ['new_york', 'new', 'jersey']
        >>> list(phrases.apply([["new", "york"], []]))
        [['new_york'], []]
        """
        if isinstance(tokens, str | bytes) or not isinstance(tokens, Iterable):
            came = f"{type(tokens).__name__} {tokens!r:.60}"
            advice = "cut it first, as with firth.text.tokenizers.words(line)"
            raise CorpusError(sentence("a sentence as a list of words, or many of them", came, advice))
        if isinstance(tokens, np.ndarray):
            tokens = tokens.tolist()
        if isinstance(tokens, list | tuple) and (not tokens or isinstance(tokens[0], str)):
            return self._joined_sentence(tokens)
        return (self._checked_sentence(one, number) for number, one in enumerate(tokens, start=1))

    def _checked_sentence(self, tokens: Any, number: int) -> list[str]:  # noqa: ANN401 - anything can come
        """Join the phrases in one of many sentences."""
        if isinstance(tokens, str) or not isinstance(tokens, list | tuple | np.ndarray):
            came = f"{type(tokens).__name__} {tokens!r:.60} as item {number}"
            raise CorpusError(sentence("every sentence to be a list of words", came, "cut lines into words first"))
        return self._joined_sentence(tokens.tolist() if isinstance(tokens, np.ndarray) else tokens)

    def _joined_sentence(self, tokens: Sequence[str]) -> list[str]:
        """Join the phrases in one sentence, pass by pass."""
        connectors = frozenset(self.connectors)
        for table in self._tables:
            out: list[str] = []
            begin = -1
            for token in tokens:
                out.append(token)
                if token in connectors:
                    continue
                if begin >= 0 and (name := table.get(tuple(out[begin:]))) is not None:
                    out[begin:] = [name]
                    begin = -1  # a word is in one phrase
                else:
                    begin = len(out) - 1
            tokens = out
        return list(tokens)

    def join(
        self, corpus: Corpus, *, min_count: int = 5, max_words: int | None = None, threads: int | None = None
    ) -> Corpus:
        """Join the phrases in a corpus: another one, with a vocabulary of its own, in a temporary folder.

        Args:
            corpus: from `prepare_corpus` with min_count=1, lest words stand side by side that did not.
            min_count: the lowest count of a word in the new vocabulary, phrases being words.
            max_words: keep only this many of the most frequent words; None for all.
            threads: how many; None for one on each core. The result is the same for every number.

        Returns:
            The corpus; close it, or use it in a `with` block. Its checksum is that of the text as it was read, its
            `settings["phrases"]` has the checksums of what was joined.

        Raises:
            CorpusError: if no word reaches `min_count`.
            OutputError: if the disk is full.
            SettingsError: if the corpus lacks words, or a setting is out of range.

        >>> from firth.text import prepare_corpus
        >>> phrases = Phrases([Phrase("new_york", ("new", "york"), 9, 120.0, 1)])
        >>> with prepare_corpus(["new york is not york"], min_count=1) as corpus:
        ...     with phrases.join(corpus, min_count=1) as joined:
        ...         joined.vocabulary.words, joined.ids.tolist()
        (('is', 'new_york', 'not', 'york'), [1, 0, 2, 3, -1])
        """
        from firth.text.joining import joined_corpus

        check_integer("min_count", min_count, 1)
        if max_words is not None:
            check_integer("max_words", max_words, 1)
        self._check_corpus(corpus)
        pairs = [(list(table), list(table.values())) for table in self._tables]
        known = [*corpus.settings.get("phrases", ()), self.checksum]
        settings = {**corpus.settings, "min_count": int(min_count), "max_words": max_words, "phrases": known}
        return joined_corpus(corpus, pairs, self.connectors, settings, check_threads(threads))

    def write(
        self,
        corpus: Corpus,
        file: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        threads: int | None = None,
        on_share: ShareCallback | None = None,
    ) -> None:
        """Write a corpus as text with its phrases joined: UTF-8, a sentence a line, words parted by a space.

        Args:
            corpus: from `prepare_corpus` with min_count=1. Empty lines were left out there, and words were folded and
                cut as its settings say.
            file: where to; it is there whole or not at all.
            overwrite: whether an existing file may be replaced.
            threads: how many; None for one on each core.
            on_share: called with the share of the text that is written, 0 … 1.

        Raises:
            CorpusError: if a word holds white space, which would part it.
            OutputExistsError: if the place is taken.
            OutputError: if the disk is full, or the place can't be written to.
            SettingsError: if the corpus lacks words.
        """
        from firth.text.joining import joined_lines

        self._check_corpus(corpus)
        if wrong := next((word for word in (*corpus.vocabulary.words, *self._texts) if word.split() != [word]), None):
            advice = "use join, which keeps words as they are, or another separator"
            raise CorpusError(sentence("words without white space, to be written as text", repr(wrong), advice))
        pairs = [(list(table), list(table.values())) for table in self._tables]
        with new_file(file, overwrite=overwrite) as out:
            for lines, share in joined_lines(corpus, pairs, self.connectors, check_threads(threads)):
                out.write(lines)
                if on_share is not None:
                    on_share(share)

    def _check_corpus(self, corpus: Corpus) -> None:
        """Refuse a corpus that lacks words, and say so if its words are others than those that phrases are made of."""
        check_every_word(corpus)
        found_in = self.config.get("corpus", {})
        other = [
            name for name in ("tokenizer", "fold_case") if found_in.get(name, "") not in ("", corpus.settings[name])
        ]
        if other and None not in (found_in.get("tokenizer"), corpus.settings["tokenizer"]):
            then, now = (
                " and ".join(f"{name}={settings[name]!r}" for name in other) for settings in (found_in, corpus.settings)
            )
            logger.warning("the phrases were found in text with %s, and this one has %s", then, now)

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Save the phrases in a folder: `phrases.jsonl`, to be read by people and programs, and `config.json`.

        Args:
            folder: where to; it is there whole or not at all.
            overwrite: whether an older output of the library may be replaced.

        Raises:
            OutputExistsError: if the place is taken.
            OutputError: if the disk is full, or the place can't be written to.
        """
        rows = ([phrase.pass_number, phrase.count, phrase.score, phrase.parts] for phrase in self._phrases)
        marks = {"separator": self.separator, "connectors": self.connectors}
        phrase_folder.write_folder(folder, rows, {**self.config, **marks}, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Phrases:
        """Load phrases that were saved, and check every one.

        Args:
            folder: where from.

        Raises:
            FormatError: if this is no such folder, or not a whole one.
        """
        rows, config = phrase_folder.read_folder(folder)
        separator, connectors = config.pop("separator"), config.pop("connectors")
        phrases = (Phrase(separator.join(parts), parts, count, score, number) for number, count, score, parts in rows)
        return cls(phrases, separator=separator, connectors=connectors, config=config)


def check_every_word(corpus: Corpus) -> None:
    """Refuse a corpus that words were left out of: their neighbours would stand side by side.

    Args:
        corpus: to look for phrases in, or to join them in.

    Raises:
        SettingsError: if it was prepared so.
    """
    came = [f"{name}={corpus.settings[name]}" for name, usual in (("min_count", 1), ("max_words", None))
            if corpus.settings[name] != usual]  # fmt: skip
    if came:
        expected = "a corpus with all of its words, so that neighbours in it are neighbours in the text"
        raise SettingsError(sentence(expected, " and ".join(came), "prepare it with min_count=1"))


def find_phrases(
    corpus: Corpus,
    *,
    min_count: int = 5,
    threshold: float | None = None,
    score: str = "original",
    passes: int = 1,
    connectors: str | Collection[str] = (),
    separator: str = "_",
    longest: int | None = None,
    threads: int | None = None,
    on_share: ShareCallback | None = None,
) -> Phrases:
    """Find the pairs of neighbours in a corpus that come together more often than by chance.

    Every pair that could be one is counted, exactly, never across the end of a sentence. Each further pass joins what
    was found and looks for pairs again: phrases of up to 2^passes words, connectors aside. The result is the same for
    every number of threads.

    A pass takes 8 bytes for each occurrence of the words that a thread looks at, of which it takes 2²⁴ at a time, or
    those of one word; 24 for each pair that comes `min_count` times; and on disk 4 for each token.

    Args:
        corpus: from `prepare_corpus` with min_count=1: without a word, those beside it would be neighbours.
        min_count: pairs that come less often are no phrases; δ of the original score, which takes it off each count.
        threshold: a phrase has a higher score; None for 100 ("original") or 0.5 ("npmi").
        score: "original" (Mikolov et al.) or "npmi" (normalised pointwise mutual information, −1 … 1).
        passes: over the corpus, ≥ 1; fewer are made if one finds nothing.
        connectors: words that may stand inside a phrase and never begin or end one, such as "of" in "bank of america";
            "english" for those of `firth.text.phrase_settings`. In counts of pairs they are a part of what is counted.
        separator: what stands between the words of a phrase.
        longest: words that a phrase may have at most, connectors included; None for any number.
        threads: that count at once; None takes every core this process may use.
        on_share: called with the share of the work that is done, 0 … 1.

    Returns:
        The phrases, with scores and counts.

    Raises:
        OutputError: if the disk is full.
        SettingsError: if the corpus lacks words, or a setting is out of range.

    >>> from firth.text import prepare_corpus
    >>> with prepare_corpus(["the bank of america", "bank of america", "the river bank"], min_count=1) as corpus:
    ...     list(find_phrases(corpus, min_count=1, threshold=0.5, score="npmi", connectors=["of"]))[0].parts
    ('bank', 'of', 'america')

    The scores: `firth.text.collocation_scores`. Mikolov et al. 2013, §4; Bouma 2009.
    """
    from firth.text.joining import find_in_passes

    check_every_word(corpus)
    settings = check_settings(
        min_count=min_count,
        threshold=threshold,
        score=score,
        passes=passes,
        connectors=connectors,
        separator=separator,
        longest=longest,
    )
    found = find_in_passes(corpus, settings, check_threads(threads), on_share)
    phrases = (
        Phrase(settings.separator.join(pair.parts), *pair, number)
        for number, pairs in enumerate(found, start=1)
        for pair in pairs
    )
    text = {"checksum": corpus.checksum, "tokens": corpus.tokens, "sentences": corpus.sentences, **corpus.settings}
    chosen = {name: value for name, value in settings._asdict().items() if name not in ("connectors", "separator")}
    config = {"settings": chosen, "corpus": text}
    return Phrases(phrases, separator=settings.separator, connectors=settings.connectors, config=config)
