"""The vocabulary of a model: counted, pruned, extended, before anything is trained."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping

import numpy as np

from firth.compat.gensim.keyed_vectors import KeyedVectors
from firth.compat.gensim.settings import corpus_of, observations_of
from firth.compat.gensim.vocabulary import TrimRule, count_words, is_kept, least_count
from firth.errors import SettingsError, TrainingError, sentence

logger = logging.getLogger(__name__)


class ModelWords:
    """What of gensim's models has to do with words and their counts; base of `Word2Vec`."""

    _wv: KeyedVectors
    syn1neg: np.ndarray
    vector_size: int
    min_count: int
    sample: float
    negative: int
    seed: int
    sorted_vocab: int
    max_vocab_size: int | None
    max_final_vocab: int | None
    window: int
    shrink_windows: bool
    ns_exponent: float
    train_count: int
    corpus_count: int
    corpus_total_words: int
    raw_vocab: dict[str, int]
    effective_min_count: int

    def build_vocab(
        self,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        update: bool = False,
        progress_per: int = 10000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
    ) -> None:
        """Count the words of a corpus, and give those that are kept vectors to begin with.

        Args:
            corpus_iterable: lists of words.
            corpus_file: or a text with a sentence a line.
            update: whether words are added to those that there are; rows and order of these stay.
            progress_per: nothing.
            keep_raw_vocab: whether `raw_vocab` keeps the counts of all words.
            trim_rule: decides word by word, `trim_rule(word, count, min_count)`.
            min_count: instead of the model's.
            sample: instead of the model's.

        Raises:
            TypeError: if the corpus was given in no way, or in both.
            TrainingError: if words are to be added to none.
        """
        words, sentences = self.scan_vocab(corpus_iterable, corpus_file, trim_rule=trim_rule)
        self.corpus_count, self.corpus_total_words = sentences, words
        self._prepare(update, keep_raw_vocab, trim_rule, min_count, sample)

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[str, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Give words vectors by counts that are known.

        Args:
            word_freq: counts by word.
            keep_raw_vocab: whether `raw_vocab` keeps them.
            corpus_count: sentences of the text that they are of.
            trim_rule: decides word by word.
            update: whether words are added to those that there are.
        """
        self.raw_vocab = dict(word_freq)
        self.corpus_count, self.corpus_total_words = corpus_count or 0, sum(word_freq.values())
        self._prepare(update, keep_raw_vocab, trim_rule, None, None)

    def scan_vocab(
        self,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        progress_per: int = 10000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count the words of a corpus into `raw_vocab`; return how many words and sentences it has."""
        corpus = corpus_of(corpus_iterable, corpus_file, passes=1)
        self.raw_vocab, words, sentences = count_words(corpus, most=self.max_vocab_size, rule=trim_rule)
        logger.info("%d different words among %d, in %d sentences", len(self.raw_vocab), words, sentences)
        return words, sentences

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, int]:
        """Choose the words of `raw_vocab` that are kept.

        Args:
            update: whether they are added to those that there are.
            keep_raw_vocab: whether `raw_vocab` stays.
            trim_rule: decides word by word.
            min_count: instead of the model's.
            sample: instead of the model's.
            dry_run: whether nothing but the report is made.

        Returns:
            `drop_unique`, `retain_total`, `downsample_unique`, `downsample_total`, `num_retained_words`.
        """
        least = min_count or self.min_count
        self.effective_min_count = least_count(self.raw_vocab, least, self.max_final_vocab)
        kept = {w: n for w, n in self.raw_vocab.items() if is_kept(w, n, self.effective_min_count, trim_rule)}
        if not dry_run:
            self.min_count, self.sample = least, sample or self.sample
            (self._add_words if update else self._set_words)(kept)
        total = sum(kept.values())
        counts = np.array(list(kept.values()), np.float64)
        report = {"drop_unique": len(self.raw_vocab) - len(kept), "retain_total": total}
        shares = observations_of(self, total).keep_probabilities(counts) if kept else counts
        report["downsample_unique"] = int((shares < 1).sum())
        report["downsample_total"] = int(shares @ counts)
        report["num_retained_words"] = len(kept)
        if not dry_run and not keep_raw_vocab:
            self.raw_vocab = {}
        return report

    def estimate_memory(self, vocab_size: int | None = None, report: dict[str, int] | None = None) -> dict[str, int]:
        """Return bytes that vectors take: `vectors`, `syn1neg` (or `syn1`), `total`.

        Args:
            vocab_size: words; None: those of the model.
            report: to which these are added.
        """
        size = 4 * self.vector_size * (vocab_size or len(self._wv))
        found = {**(report or {}), "vectors": size, ("syn1neg" if self.negative else "syn1"): size}
        return {**found, "total": sum(found.values())}

    def init_weights(self) -> None:
        """Let all vectors begin anew: small random numbers, zeros as outputs."""
        self._wv.vectors = np.zeros((0, self.vector_size), np.float32)
        self._wv.resize_vectors(seed=self.seed)
        self._pad_outputs(np.zeros((0, self.vector_size), np.float32))

    def update_weights(self) -> None:
        """Give words without a vector one to begin with.

        Raises:
            TrainingError: if no word has one.
        """
        if not len(self._wv.vectors):
            raise TrainingError(sentence("a vocabulary to add to", "none", "call build_vocab without update first"))
        self._wv.resize_vectors(seed=self.seed + self.train_count)
        self._pad_outputs(self.syn1neg if self.negative else np.zeros((0, self.vector_size), np.float32))

    def reset_from(self, other_model: ModelWords) -> None:
        """Take the vocabulary of another model, and let all vectors begin anew."""
        other = other_model._wv
        self._wv.index_to_key, self._wv.key_to_index = list(other.index_to_key), dict(other.key_to_index)
        self._wv.expandos = {name: values.copy() for name, values in other.expandos.items()}
        self.corpus_count, self.corpus_total_words = other_model.corpus_count, other_model.corpus_total_words
        self.init_weights()

    def _prepare(
        self, update: bool, keep_raw: bool, rule: TrimRule | None, min_count: int | None, sample: float | None
    ) -> None:
        """Choose words, and give them vectors."""
        if update and not len(self._wv.vectors):
            self.update_weights()  # says why not
        self.prepare_vocab(update, keep_raw, rule, min_count, sample)
        (self.update_weights if update else self.init_weights)()

    def _pad_outputs(self, held: np.ndarray) -> None:
        """Give every word an output, zeros where it has none, if there are outputs of words."""
        if self.negative:
            missing = len(self._wv) - len(held)
            self.syn1neg = np.concatenate([held, np.zeros((missing, self.vector_size), np.float32)])

    def _set_words(self, kept: Mapping[str, int]) -> None:
        """Make these the words of the model, the most frequent first."""
        keys = self._wv
        keys.index_to_key, keys.key_to_index = list(kept), {word: row for row, word in enumerate(kept)}
        keys.vectors, keys.norms = np.zeros((0, self.vector_size), np.float32), None
        keys.expandos = {"count": np.array(list(kept.values()), np.int64)}
        if self.sorted_vocab:
            keys.sort_by_descending_frequency()

    def _add_words(self, kept: Mapping[str, int]) -> None:
        """Add words behind those that there are, and the counts of all."""
        keys = self._wv
        if "count" not in keys.expandos:
            came = "vectors without counts"
            raise SettingsError(sentence("counts to add to", came, "call build_vocab without update"))
        for word in kept:
            if word not in keys.key_to_index:
                keys.key_to_index[word] = len(keys.index_to_key)
                keys.index_to_key.append(word)
        keys.allocate_vecattrs()
        for word in kept:
            keys.expandos["count"][keys.key_to_index[word]] += kept[word]
