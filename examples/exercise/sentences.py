"""From the file to ids: sentences, vocabulary, what is dropped, the noise table, the copies that are trained on."""

from __future__ import annotations

import hashlib
import os
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firth.errors import CorpusError, sentence
from recipe import CORPUS_SHA256

UNKNOWN = "UNK"


@dataclass(frozen=True)
class Sentences:
    """Sentences as ids, one after the other: sentence s is `ids[starts[s]:starts[s + 1]]`."""

    ids: np.ndarray  # (T,) int32
    starts: np.ndarray  # (n + 1,) int64

    def __len__(self) -> int:
        """Return n, how many sentences there are."""
        return len(self.starts) - 1

    def lengths(self) -> np.ndarray:
        """Return ℓ_s, the words of each sentence, (n,)."""
        return np.diff(self.starts)


@dataclass(frozen=True)
class Text:
    """A corpus: words in order of first appearance, how often each occurs, and the sentences."""

    words: list[str]  # V of them; the place of a word is its id
    counts: np.ndarray  # (V,) int64
    sentences: Sentences
    sha256: str


def check_corpus(path: str | os.PathLike[str]) -> None:
    """Refuse a file that is not the very one for which the norms are stated.

    Raises:
        CorpusError: if it is not there, or is another copy.
    """
    wanted = f"sst-sentences.tsv with sha256 {CORPUS_SHA256}"
    if not Path(path).is_file():
        raise CorpusError(sentence(wanted, f"no file {str(path)!r}", "name the file"))
    found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if found != CORPUS_SHA256:
        advice = "other copies circulate and give other norms: take this one, or pass --other-corpus to compare none"
        raise CorpusError(sentence(wanted, f"{found} in {str(path)!r}", advice))


def read_text(path: str | os.PathLike[str]) -> Text:
    """Read a file of sentences: a header, then on each line an index and the words, lower-cased here.

    `UNK` gets the last id and a count of 1; that 1 belongs to the total.
    """
    content = Path(path).read_bytes()
    # Lines end at line feeds alone. Words end at *Unicode* white space: this copy of the text has no-break spaces
    # (its accents are mis-encoded), and to split at ASCII spaces gives as many words, but other ones.
    lines = content.decode("utf-8").split("\n")[1:]
    sentences = [[word.lower() for word in line.split()[1:]] for line in lines if line]
    counts = Counter(word for words in sentences for word in words)  # keeps the order of first appearance
    counts[UNKNOWN] += 1
    place = {word: row for row, word in enumerate(counts)}
    ids = np.array([place[word] for words in sentences for word in words], dtype=np.int32)
    starts = np.cumsum([0, *map(len, sentences)])
    found = hashlib.sha256(content).hexdigest()
    return Text(list(counts), np.array(list(counts.values())), Sentences(ids, starts), found)


def drop_probabilities(counts: np.ndarray, threshold: float) -> np.ndarray:
    """Return max(0, 1 − √(t · total/count)) for each word, (V,): frequent words are mostly left out.

    >>> drop_probabilities(np.array([100, 400, 500]), 0.1).round(3)
    array([0.   , 0.5  , 0.553])
    """
    return np.maximum(0.0, 1.0 - np.sqrt(threshold * counts.sum() / counts))


def noise_table(counts: np.ndarray, slots: int) -> np.ndarray:
    """Return the word of each slot, (slots,) int32: a word has slots in proportion to count^0.75.

    Slot i holds the first word whose cumulative share times `slots` is ≥ i.

    >>> np.bincount(noise_table(np.array([1, 16]), 900)).tolist()      # 16^0.75 = 8
    [101, 799]
    """
    weights = counts**0.75
    cumulative = np.cumsum(weights / weights.sum()) * slots
    return np.searchsorted(cumulative, np.arange(slots), side="left").astype(np.int32)


def keep_copies(text: Sentences, drop: np.ndarray, copies: int, generator: random.Random) -> Sentences:
    """Copy all sentences `copies` times, in order, and leave words out at random.

    A word stays when `generator.random()` ≥ its drop probability; a word that is never dropped draws nothing.
    Sentences left with fewer than two words go. The numbers are those that one call per word would give.

    Raises:
        CorpusError: if no sentence with two different words is left.
    """
    chance = drop[text.ids]
    drawing = np.flatnonzero(chance > 0)
    owner = np.repeat(np.arange(len(text)), text.lengths())
    kept_ids, kept_lengths = [], []
    for _ in range(copies):
        stays = np.ones(len(text.ids), dtype=bool)
        stays[drawing] = random_floats(generator, len(drawing)) >= chance[drawing]
        lengths = np.bincount(owner[stays], minlength=len(text))
        stays &= lengths[owner] >= 2
        kept_ids.append(text.ids[stays])
        kept_lengths.append(lengths[lengths >= 2])
    ids = np.concatenate(kept_ids)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(kept_lengths))])
    if not has_a_window(Sentences(ids, starts)):
        advice = "take a longer text, or a larger threshold"
        raise CorpusError(sentence("a kept sentence with two different words", "none", advice))
    return Sentences(ids, starts)


def has_a_window(kept: Sentences) -> bool:
    """Tell whether two neighbours differ in any sentence: else drawing a window would never end."""
    differ = kept.ids[1:] != kept.ids[:-1]
    differ[kept.starts[1:-1] - 1] = False  # the last word of a sentence and the first of the next
    return bool(differ.any())


def random_words(generator: random.Random, count: int) -> np.ndarray:
    """Return the next `count` words of 32 bits of the generator, (count,) uint32: its raw material.

    One long integer is those words, the first one lowest; every other call of `random` shapes its numbers from them.

    >>> words = random_words(random.Random(1), 2)
    >>> generator = random.Random(1)
    >>> words.tolist() == [generator.getrandbits(32), generator.getrandbits(32)]
    True
    """
    bits = generator.getrandbits(32 * count) if count else 0
    return np.frombuffer(bits.to_bytes(4 * count, "little"), dtype="<u4")


def random_floats(generator: random.Random, count: int) -> np.ndarray:
    """Return what `count` calls of `generator.random()` return, (count,) float64: 53 bits from two words each.

    >>> generator = random.Random(1)
    >>> random_floats(random.Random(1), 2).tolist() == [generator.random(), generator.random()]
    True
    """
    words = random_words(generator, 2 * count)
    return ((words[0::2] >> np.uint32(5)) * 67108864.0 + (words[1::2] >> np.uint32(6))) / 9007199254740992.0
