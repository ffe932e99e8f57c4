"""How far vectors are from what any vectors could have on the same counts: `firth.gap`.

    NLL = −1/T Σ N⁺ log P(o|c) = H(O|C) + 1/T Σ_c N(c) KL(N⁺(c,·)/N(c) ‖ P(·|c))

The first term is the bound, from the counts alone; the second is the gap, ≥ 0, and 0 only for a model that says of each
centre what was seen. A loss says nothing by itself; the gap says how much of what there is to know is not known, and
the baselines, which know nothing of the centre, how much there was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import check_integer, check_number
from firth.evaluation.aligning import shared_words
from firth.evaluation.measuring import Measuring
from firth.evaluation.readings import chosen_reading
from firth.machine import check_threads

if TYPE_CHECKING:
    from firth.observations.counts import Counts
    from firth.vectors import Vectors

LEAST_PAIRS = 1000
"""Words with fewer pairs are not among those that are modelled worst per pair: their counts are noise."""


@dataclass(frozen=True)
class WordGap:
    """How well one centre is modelled.

    Attributes:
        word: the centre c.
        pairs: N(c).
        gap: KL of what was seen from what the model says, nats per pair of this centre.
        contribution: to the gap of all: N(c)/T · KL.
    """

    word: str
    pairs: float
    gap: float
    contribution: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Gap:
    """What `firth.gap` found. All losses are in nats per pair.

    Attributes:
        reading: "softmax", "sampling" or "pmi"; `negatives` and `collisions` are those of "sampling", else None.
        words: V, those that vectors and counts share; `coverage` is the share of the pairs that is theirs.
        pairs: T, of these words.
        rows: how many centres were drawn; None: all were taken.
        value: the loss, −1/T Σ N⁺ log P(o|c). None where there are centre vectors alone.
        bound: H(O|C), the lowest loss of any model.
        gap: value − bound. None where there are centre vectors alone.
        standard_error: of value and gap, for the rows drawn; 0 if exact.
        value_with_best_contexts, gap_with_best_contexts: for centre vectors alone, with the context vectors that go
            best with them: no vectors with these centres have less.
        unigram_gap: of P(o) = N(o)/T, the best model that does not look at the centre.
        noise_gap: of P = q, the noise distribution.
        word_frequency_gap: of P in proportion to how often each word is in the text.
        constant_gap: of P = 1/V.
        share_closed: 1 − gap/unigram_gap: 0 is the unigram model, 1 all that there is to know.
        sampling_value, sampling_bound, sampling_gap: the loss L/T of negative sampling itself, L*/T and their
            difference, for reading "sampling" and both matrices; sampling_unigram_gap of the best score that depends on
            the context word alone.
        held_out_value, held_out_bound, held_out_gap: of these vectors on other counts; held_out_unigram_gap of N(o)/T
            from the first counts on them, ∞ if a word is new; held_out_standard_error and held_out_coverage as above.
        certificate: with l2, how far the vectors are from the best of any dimension, see `training.certificate`.
        vocabulary: the V words.
        center_pairs: N(c), (V,) float64.
        center_gaps: KL of each centre, nats per pair of it, (V,) float64; NaN for those without pairs or not drawn.
    """

    reading: str
    negatives: int | None
    collisions: str | None
    words: int
    coverage: float
    pairs: float
    rows: int | None
    value: float | None
    bound: float
    gap: float | None
    standard_error: float
    value_with_best_contexts: float | None
    gap_with_best_contexts: float | None
    unigram_gap: float
    noise_gap: float
    word_frequency_gap: float
    constant_gap: float
    sampling_value: float | None = None
    sampling_bound: float | None = None
    sampling_gap: float | None = None
    sampling_unigram_gap: float | None = None
    held_out_value: float | None = None
    held_out_bound: float | None = None
    held_out_gap: float | None = None
    held_out_unigram_gap: float | None = None
    held_out_standard_error: float | None = None
    held_out_coverage: float | None = None
    certificate: dict[str, float] | None = None
    vocabulary: Sequence[str]
    center_pairs: np.ndarray
    center_gaps: np.ndarray

    @property
    def share_closed(self) -> float:
        """1 − gap/unigram_gap; of text in which no centre says anything, 1."""
        gap = self.gap if self.gap is not None else self.gap_with_best_contexts
        assert gap is not None
        return 1 - gap / self.unigram_gap if self.unigram_gap > 0 else 1.0

    def contributions(self, count: int | None = 10, *, per_pair: bool = False) -> list[WordGap]:
        """Return the centres that are modelled worst.

        Args:
            count: how many at most; None: all that have pairs (and were drawn).
            per_pair: by the gap per pair of the centre, of those with at least `LEAST_PAIRS` pairs; else by what each
                contributes to the gap of all.
        """
        parts = self.center_gaps * self.center_pairs / self.pairs
        key = np.where(self.center_pairs >= LEAST_PAIRS, self.center_gaps, np.nan) if per_pair else parts
        found = np.flatnonzero(~np.isnan(key))
        order = found[np.argsort(-key[found], kind="stable")][:count]
        return [
            WordGap(self.vocabulary[c], float(self.center_pairs[c]), float(self.center_gaps[c]), float(parts[c]))
            for c in order
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain numbers and texts, for JSON; what was not asked for is None."""
        hidden = {"vocabulary", "center_pairs", "center_gaps"}
        plain = {name: value for name, value in vars(self).items() if name not in hidden}
        worst = {
            "largest": [asdict(word) for word in self.contributions()],
            "largest_per_pair": [asdict(word) for word in self.contributions(per_pair=True)],
        }
        return {**plain, "share_closed": self.share_closed, "contributions": worst}


def gap(
    vectors: Vectors,
    counts: Counts,
    *,
    reading: str | None = None,
    negatives: int | None = None,
    collisions: str | None = None,
    held_out: Counts | None = None,
    rows: int | None = None,
    l2: float | None = None,
    seed: int = 1,
    threads: int | None = None,
) -> Gap:
    """Measure how far vectors are from the lowest loss that any vectors could have on counts.

        gap = NLL − H(O|C) = 1/T Σ_c N(c) KL(N⁺(c,·)/N(c) ‖ P(·|c)) ≥ 0          nats per pair

    What P is depends on how the vectors were trained. Vectors of negative sampling score x ≈ log P(o|c)/q(o) − log K,
    so they are read as P ∝ q(o) e^x (collisions "allow"): a plain softmax of their scores is another, far worse model.

    Of vectors without a context matrix the best there is is found (the problem is convex) and the result is called
    `gap_with_best_contexts`: a lower limit for all contexts, and not what the vectors were trained to.

    Args:
        vectors: with both matrices, or centres alone. Words that only one side has are left out, see `coverage`.
        counts: of the text that the vectors were trained on, with the same settings: from `firth.count`.
        reading: how scores become probabilities: "softmax" P ∝ e^x, "sampling" as above, "pmi" P ∝ N(o) e^x; None: as
            the vectors were trained, if their config says so.
        negatives: K of the training, for "sampling"; None asks the config.
        collisions: what the training did with noise words that are the context word, for "sampling": "allow" (firth),
            "skip" (word2vec.c, gensim), "resample" (fastText); None asks the config, then the counts.
        held_out: counts of other text, best in the same words: on the counts trained on, gap → 0 is memorisation.
        rows: how many centres to draw, each with probability N(c)/T: an estimate, with its standard error, for V so
            large that V² scores take too long. The sum over all contexts stays exact. None takes all.
        l2: λ of ½ λ (‖V‖² + ‖U‖²) in the training: adds a certificate of how far from optimal the vectors can be.
        seed: of the rows drawn.
        threads: that work at once; None takes every core this process may use. The bytes don't depend on it.

    Returns:
        The gap, its baselines, and the words that are modelled worst.

    Raises:
        CountsError: if there is no pair of words that have vectors.
        SettingsError: if a setting is out of range, or a reading is not given and not known.

    >>> import firth
    >>> text = ["a rose is a rose", "a nose is a nose"] * 5
    >>> counts = firth.count(text, min_count=1, subsample=0)
    >>> found = firth.gap(firth.fit(counts, dimensions=2), counts)
    >>> found.reading, found.coverage, 0 < found.gap < found.unigram_gap
    ('softmax', 1.0, True)

    What the numbers mean: `docs/gap.md`. The same from dense matrices: `firth.objectives.mean_divergence`.
    """
    threads = check_threads(threads)
    check_integer("seed", seed, 0, 2**63 - 1)
    if rows is not None:
        check_integer("rows", rows, 2)
    if l2 is not None:
        check_number("l2", l2, 0, 1e6, open_below=True)
    shared = shared_words(vectors, counts)
    how = chosen_reading(vectors, shared, reading=reading, negatives=negatives, collisions=collisions)
    work = Measuring(vectors, shared, how, rows, seed, threads)
    result = work.on_counts()
    result |= work.baselines(result["bound"])
    if held_out is not None:
        result |= work.on_held_out(held_out)
    if l2 is not None:
        result["certificate"] = work.certificate(l2)
    return Gap(**result)
