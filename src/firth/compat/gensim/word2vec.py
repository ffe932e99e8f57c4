"""gensim's `Word2Vec`, trained by `firth.train`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, Protocol

import numpy as np

from firth.compat.gensim.files import own_copy
from firth.compat.gensim.keyed_vectors import KeyedVectors
from firth.compat.gensim.keys import Key
from firth.compat.gensim.model_files import ModelFiles
from firth.compat.gensim.settings import (
    check_arguments,
    check_loss,
    check_rates,
    corpus_of,
    observations_of,
    training_arguments,
)
from firth.compat.gensim.similar import Neighbours
from firth.compat.gensim.vocabulary import KnownWords, TrimRule
from firth.errors import CorpusError, SettingsError, TrainingError, check_integer, sentence
from firth.recipes import train
from firth.text import Corpus, prepare_corpus
from firth.training.intervals import Interval
from firth.vectors import Vectors

logger = logging.getLogger(__name__)


class Callback(Protocol):
    """What is told of training, as gensim's `CallbackAny2Vec`."""

    def on_train_begin(self, model: Any) -> None: ...  # noqa: ANN401, D102
    def on_epoch_begin(self, model: Any) -> None: ...  # noqa: ANN401, D102
    def on_epoch_end(self, model: Any) -> None: ...  # noqa: ANN401, D102
    def on_train_end(self, model: Any) -> None: ...  # noqa: ANN401, D102


class Word2Vec(ModelFiles):
    """Word vectors from sentences, with gensim 4's names, arguments, defaults and results.

    What differs from gensim: the same corpus, settings and seed give the same bytes on any number of threads, so
    `workers` changes the speed alone; the loss is that of all pairs, in nats; pairs beyond ±6 are trained on; no
    sentence is cut after 10 000 words; the rate falls to 0, not to `min_alpha`, which must be near it. Words are drawn
    as noise, and dropped, by their counts in the text that is trained on. While it goes on, `wv` can't be asked. CBOW
    has the historical gradient, for which gensim's rates are right.

    Args:
        sentences: lists of words; with them, the model is trained at once.
        corpus_file: or a text with a sentence a line.
        vector_size: D.
        alpha: learning rate at the start.
        window: largest distance of a pair, in words.
        min_count: words seen less often are left out.
        max_vocab_size: different words held at once while they are counted; the rarest go.
        sample: share of the corpus above which a word's occurrences are dropped at random; 0 drops none.
        seed: of every random number.
        workers: threads.
        min_alpha: where the rate is to end; at most 5 % of `alpha`.
        sg: 1 for skip-gram, 0 for CBOW.
        hs: 1 for hierarchical softmax, with negative=0.
        negative: noise words a pair.
        ns_exponent: noise words are drawn in proportion to count ** ns_exponent.
        cbow_mean: 1; sums are not offered.
        hashfxn: nothing: vectors start from the seed and their place.
        epochs: passes over the corpus.
        null_word: 0.
        trim_rule: decides which words are kept, `trim_rule(word, count, min_count)`.
        sorted_vocab: whether the most frequent words come first.
        batch_words: nothing.
        compute_loss: nothing: the loss is always there, see `get_latest_training_loss`.
        callbacks: told of epochs, as gensim's.
        comment: kept with the model.
        max_final_vocab: words kept at most, by raising `min_count`.
        shrink_windows: whether the width of each window is drawn, 1 to `window`.

    Raises:
        SettingsError: if an argument is out of range, or can't be offered; with the reason.
        TypeError: if the corpus is none.
        TrainingError: if no word is left.

    >>> model = Word2Vec([["a", "rose", "is", "a", "rose"]] * 20, vector_size=8, min_count=1)
    >>> model.wv.index_to_key, model.wv["rose"].shape
    (['rose', 'a', 'is'], (8,))
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[str], int] | None = None,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int | None = None,
        compute_loss: bool = False,
        callbacks: Sequence[Callback] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
    ) -> None:
        check_arguments(cbow_mean=cbow_mean, null_word=null_word, hashfxn=hashfxn, batch_words=batch_words)
        self.vector_size = self.layer1_size = check_integer("vector_size", vector_size, 1)
        self.alpha, self.min_alpha = float(alpha), float(min_alpha)
        self.window, self.shrink_windows = check_integer("window", window, 1), bool(shrink_windows)
        self.min_count, self.max_vocab_size, self.max_final_vocab = min_count, max_vocab_size, max_final_vocab
        self.sample, self.seed, self.workers = sample, check_integer("seed", seed, 0), workers
        self.sg, self.hs, self.negative, self.cbow_mean = int(sg), int(hs), int(negative), 1
        self.ns_exponent, self.epochs, self.sorted_vocab = ns_exponent, epochs, sorted_vocab
        self.compute_loss, self.comment = bool(compute_loss), comment
        self.corpus_count = self.corpus_total_words = self.train_count = 0
        self.running_training_loss = self.total_train_time = 0.0
        self.raw_vocab = {}
        self._wv = self._no_keys()
        self._is_training = False
        if sentences is None and corpus_file is None:
            if trim_rule is not None or callbacks:
                logger.warning("trim_rule and callbacks are not kept: pass them to build_vocab and train")
            return
        corpus = corpus_of(sentences, corpus_file, passes=self.epochs + 1)
        check_loss(self.hs, self.negative)
        check_rates(self.alpha, self.min_alpha)
        self.build_vocab(corpus, trim_rule=trim_rule)
        examples, words = self.corpus_count, self.corpus_total_words
        self.train(corpus, None, examples, words, epochs, compute_loss=compute_loss, callbacks=callbacks)

    def __getattr__(self, name: str) -> NoReturn:
        """Say where a name of gensim 3 has gone.

        Raises:
            AttributeError: always; this is asked only for names that are not there.
        """
        if not name.startswith("_") and hasattr(KeyedVectors, name):
            raise AttributeError(sentence("a name of the model", repr(name), f"use model.wv.{name}"))
        if name == "syn1":
            came = "'syn1'"
            raise AttributeError(sentence("a name of the model", came, "rows of the tree's nodes are not kept"))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __str__(self) -> str:
        size = f"vocab={len(self._wv)}, vector_size={self.vector_size}, alpha={self.alpha}"
        return f"{type(self).__name__}<{size}>"

    __repr__ = __str__

    @property
    def wv(self) -> KeyedVectors:
        """The words and their vectors.

        Raises:
            TrainingError: while training goes on, as the vectors are elsewhere then.
        """
        if self._is_training:
            advice = "ask when training has ended; firth.train(checkpoints=…) keeps what there is until then"
            raise TrainingError(sentence("a model that is not being trained", "model.wv in a callback", advice))
        return self._wv

    @wv.setter
    def wv(self, keys: KeyedVectors) -> None:
        self._wv = keys

    def train(
        self,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Sequence[Callback] = (),
    ) -> tuple[int, int]:
        """Train the vectors, from where they are.

        Args:
            corpus_iterable: lists of words; those that have no vector are left out.
            corpus_file: or a text with a sentence a line.
            total_examples: sentences of the corpus, or …
            total_words: … its words. One must be given, as in gensim; here the corpus is counted.
            epochs: passes over it.
            start_alpha: learning rate at the start; None: the model's.
            end_alpha: where it is to end, at most 5 % of that.
            word_count: nothing, like what follows.
            queue_factor: nothing.
            report_delay: nothing.
            compute_loss: nothing.
            callbacks: told of epochs.

        Returns:
            Words trained on (frequent ones as often as they are kept in expectation), and words of the corpus, both
            times `epochs`.

        Raises:
            SettingsError: if an argument is out of range or missing, or the model can't go on: one with hierarchical
                softmax is trained once, as the tree of another text has other nodes.
            TrainingError: if there is no vocabulary.
        """
        self.alpha, self.min_alpha = start_alpha or self.alpha, end_alpha or self.min_alpha
        self._check_training(epochs, total_examples, total_words)
        passes = check_integer("epochs", epochs, 1)
        self.epochs, self.compute_loss, self.running_training_loss = passes, compute_loss, 0.0
        text = KnownWords(corpus_of(corpus_iterable, corpus_file, passes), set(self._wv._texts()))
        for callback in callbacks:
            callback.on_train_begin(self)
        effective = 0
        try:
            with prepare_corpus(text, min_count=1) as prepared:
                effective = self._train_prepared(prepared, passes, callbacks)
        except CorpusError:
            if text.longest > 1:
                raise
            logger.warning("nothing was trained: no sentence has two words with vectors")
        for name, told, found in (("examples", total_examples, text.examples), ("words", total_words, text.words)):
            if told is not None and told != found:
                logger.warning("total_%s=%d, but there were %d", name, told, found)
        self.train_count += 1
        for callback in callbacks:
            callback.on_train_end(self)
        return effective, text.words * passes

    def get_latest_training_loss(self) -> float:
        """Return the loss of the last training, in nats: the sum over all pairs of all passes.

        Before anything was trained, 0. gensim sums in float32, which stops growing at 2²⁷, and leaves words out.
        """
        return self.running_training_loss

    def predict_output_word(self, context_words_list: Sequence[Key], topn: int = 10) -> Neighbours | None:
        """Return the words that are most probable in the middle of others, as gensim has it.

            p(w) ∝ exp(u_w · mean of the vectors of the others)

        With negative sampling this is no probability that was trained; it orders words.

        Args:
            context_words_list: words; those without a vector are left out.
            topn: how many.

        Returns:
            Pairs of word and probability, highest first; None if no word has a vector.

        Raises:
            TrainingError: if the model has no outputs of words.
        """
        from firth.objectives import softmax

        if not self.negative or "syn1neg" not in self.__dict__:
            came = f"hs={self.hs}, negative={self.negative}"
            raise TrainingError(sentence("a model trained with negative sampling", came, "train with negative=5"))
        rows = [self.wv.get_index(word) for word in context_words_list if self.wv.has_index_for(word)]
        if not rows:
            logger.warning("none of the words has a vector")
            return None
        scores = self.syn1neg.astype(np.float64) @ self.wv.vectors[rows].mean(axis=0, dtype=np.float64)
        shares = softmax(scores[np.newaxis])[0]
        best = np.argsort(-shares, kind="stable")[:topn]
        return [(self.wv.index_to_key[row], float(shares[row])) for row in best.tolist()]

    def score(self, sentences: object, total_sentences: int = 1000000, **_: object) -> NoReturn:
        """Refuse to score sentences.

        Raises:
            TrainingError: always; with hierarchical softmax the rows of the tree's nodes are not kept.
        """
        advice = "predict_output_word(words), or firth.gap(vectors, counts) for the loss over a whole text"
        raise TrainingError(sentence("a method that is offered", "score", advice))

    def init_sims(self, replace: bool = False) -> None:
        """Return `wv.init_sims(replace)`."""
        self.wv.init_sims(replace)

    def _no_keys(self) -> KeyedVectors:
        """Return vectors without a key."""
        return KeyedVectors(self.vector_size)

    def _check_training(self, epochs: object, total_examples: int | None, total_words: int | None) -> None:
        """Refuse what can't be trained."""
        check_loss(self.hs, self.negative)
        check_rates(self.alpha, self.min_alpha)
        if not self._wv.key_to_index:
            raise TrainingError(sentence("a vocabulary", "none", "call build_vocab first, or lower min_count"))
        if not len(self._wv.vectors):
            raise TrainingError(sentence("vectors to begin with", "none", "call build_vocab, which makes them"))
        if total_examples is None and total_words is None:
            advice = "pass total_examples=model.corpus_count"
            raise SettingsError(sentence("total_examples or total_words", "neither", advice))
        if epochs is None:
            raise SettingsError(sentence("epochs", "None", "pass epochs=model.epochs"))
        if self.hs and self.train_count:
            advice = "train a new model on all of the text, or choose negative=5, hs=0"
            expected = "a model that was not trained before: the tree of another text has other nodes"
            raise SettingsError(sentence(expected, "hs=1 again", advice))

    def _train_prepared(self, corpus: Corpus, passes: int, callbacks: Sequence[Callback]) -> int:
        """Train on a corpus that has known words alone; return how many of them are trained on."""
        counts = corpus.vocabulary.counts.astype(np.float64)
        observations = observations_of(self, int(counts.sum()))
        arguments = training_arguments(self, observations, passes)
        start = (
            None
            if self.hs
            else Vectors(
                self._wv._texts(),
                self._wv.float32_vectors().copy(),
                context_matrix=self.syn1neg.copy(),
                **self._wv._vector_parts(),  # type: ignore[arg-type]
            )
        )

        reports: list[Interval] = []

        def told(interval: Interval) -> None:
            reports.append(interval)
            self.running_training_loss += (interval.loss_per_pair or 0.0) * interval.pairs
            for callback in callbacks:
                callback.on_epoch_end(self)
                if interval.pass_number < passes:
                    callback.on_epoch_begin(self)

        for callback in callbacks:
            callback.on_epoch_begin(self)
        self._is_training = True
        try:
            found = train(corpus, **arguments, **self._more_arguments(), start=start, on_interval=told)
        except TrainingError:
            if len(reports) < passes or any(report.pairs for report in reports):
                raise
            logger.warning("nothing was trained: sample=%s left no two words of a sentence", self.sample)
            return 0
        finally:
            self._is_training = False
        self._take(found)
        return round(float(observations.keep_probabilities(counts) @ counts)) * passes

    def _more_arguments(self) -> dict[str, Any]:
        """Return what `firth.train` is called with, too."""
        return {}

    def _take(self, found: Vectors) -> None:
        """Take trained vectors over, into the rows that words have here."""
        keys = self._wv
        rows = found.words.rows(keys._texts())
        there = np.flatnonzero(rows >= 0)
        keys.vectors = own_copy(keys.vectors)
        keys.vectors[there] = found.matrix[rows[there]]
        keys.norms = None
        if self.negative and found.context_matrix is not None:
            self.syn1neg[there] = found.context_matrix[rows[there]]
