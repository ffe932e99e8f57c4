"""One question put to vectors: their loss on counts, its bound, what knows nothing, other counts, a certificate."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import SettingsError, sentence
from firth.evaluation.aligning import Shared, table_in_words
from firth.evaluation.readings import Reading
from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax

if TYPE_CHECKING:
    from firth.observations.counts import Counts
    from firth.training.all_cells import BoundedReading
    from firth.training.table import PairTable
    from firth.vectors import Vectors

logger = logging.getLogger(__name__)

_MANY_WORDS = 50_000
_FLOPS = 4e10  # a second and thread, of matrix products in float32: to say how long it will take


@dataclass(frozen=True, eq=False)
class Measured:
    """A loss on counts, with its bound, in nats per pair, and the KL of each centre (V,), NaN where not known."""

    value: float
    bound: float
    standard_error: float
    center_gaps: np.ndarray

    @property
    def gap(self) -> float:
        """Value − bound."""
        return self.value - self.bound


class Measuring:
    """One question put to vectors: their matrices over the shared words, and the pairs of these.

    Args:
        vectors: the vectors.
        shared: the words, and counts of them alone.
        how: what scores mean.
        rows: how many centres to draw; None takes all.
        seed: of the draw.
        threads: that work at once.
    """

    def __init__(
        self, vectors: Vectors, shared: Shared, how: Reading, rows: int | None, seed: int, threads: int
    ) -> None:
        from firth.training.exact import FEW_WORDS
        from firth.training.table import PairTable

        self._shared, self._how, self._rows, self._seed, self._threads = shared, how, rows, seed, threads
        self._few = len(shared.rows) <= FEW_WORDS
        self._dtype = np.float64 if self._few else np.float32
        self._center = vectors.matrix[shared.rows].astype(self._dtype)
        has_contexts = vectors.context_matrix is not None
        self._context = vectors.context_matrix[shared.rows].astype(self._dtype) if has_contexts else None  # type: ignore[index]
        if not has_contexts:
            _check_can_be_fitted(how, rows)
        self._table = PairTable.of(shared.counts, self._dtype)
        self._announce(vectors.dimensions)
        self._model, self._offsets = how.of_scores(self._table)

    def on_counts(self) -> dict[str, Any]:
        """Return what there is to say of the vectors on the counts that were given."""
        shared, how, table = self._shared, self._how, self._table
        best = self._context is None
        measured = self._measured(table, self._model, self._offsets, self._best_contexts() if best else self._context)
        found = {
            "reading": how.name,
            "negatives": how.negatives,
            "collisions": how.collisions,
            "words": len(table),
            "coverage": shared.coverage,
            "pairs": table.total,
            "rows": self._rows,
            "value": None if best else measured.value,
            "bound": measured.bound,
            "gap": None if best else measured.gap,
            "standard_error": measured.standard_error,
            "value_with_best_contexts": measured.value if best else None,
            "gap_with_best_contexts": measured.gap if best else None,
            "vocabulary": shared.counts.vocabulary.words,
            "center_pairs": table.marginals,
            "center_gaps": measured.center_gaps,
        }
        return {**found, **self._on_sampling()}

    def baselines(self, bound: float) -> dict[str, float]:
        """Return the gaps, above H(O|C), of four models that say the same of every centre."""
        table, counts = self._table, self._shared.counts
        occurrences = counts.vocabulary.counts / counts.vocabulary.counts.sum()
        models = {
            "unigram_gap": table.context_marginals / table.total,
            "noise_gap": self._how.noise,
            "word_frequency_gap": occurrences,
            "constant_gap": np.full(len(table), 1 / len(table)),
        }
        return {name: _loss_of(shares, table) - bound for name, shares in models.items()}

    def on_held_out(self, held_out: Counts) -> dict[str, Any]:
        """Return what there is to say of the vectors on other counts."""
        if self._context is None:
            came = "centre vectors alone, whose best contexts depend on the counts"
            raise SettingsError(sentence("both matrices for held-out counts", came, "keep the context matrix"))
        table, coverage = table_in_words(held_out, self._shared.counts.vocabulary.words, self._dtype)
        measured = self._measured(table, self._model, self._offsets, self._context)
        unigram = self._table.context_marginals / self._table.total
        return {
            "held_out_value": measured.value,
            "held_out_bound": measured.bound,
            "held_out_gap": measured.gap,
            "held_out_unigram_gap": _loss_of(unigram, table) - measured.bound,
            "held_out_standard_error": measured.standard_error,
            "held_out_coverage": coverage,
        }

    def certificate(self, l2: float) -> dict[str, float]:
        """Return how far the vectors are from the best of any dimension, with this L2 weight."""
        from firth.training.certificate import certificate

        if self._context is None or self._how.name == "pmi":
            came = "centre vectors alone" if self._context is None else "reading='pmi'"
            advice = "leave out l2, or pass vectors of firth.fit"
            raise SettingsError(sentence("both matrices of a softmax or of sampling for a certificate", came, advice))
        objective = self._how.sampling or Softmax()
        found = certificate(self._table, objective, self._center, self._context, l2=l2, threads=self._threads)
        return {"l2": l2, **asdict(found)}

    def _on_sampling(self) -> dict[str, float]:
        """Return what the vectors have on the objective of negative sampling itself, if it was theirs."""
        from firth.training.levels import levels

        sampling = self._how.sampling
        if sampling is None or self._context is None:
            return {}
        measured = self._measured(self._table, sampling, None, self._context)
        return {
            "sampling_value": measured.value,
            "sampling_bound": measured.bound,
            "sampling_gap": measured.gap,
            "sampling_unigram_gap": levels(self._table, sampling).unigram - measured.bound,
        }

    def _best_contexts(self) -> np.ndarray:
        """Return the context vectors that go best with the centres."""
        from firth.training.optimum import best_contexts

        logger.info("no context matrix: fitting the one that goes best with these centres")
        precision = {"tolerance": 1e-13, "most": 20_000} if self._few else {}
        return best_contexts(
            self._table,
            Softmax(),
            self._center,
            offsets=self._offsets,
            threads=self._threads,
            dtype=self._dtype,
            **precision,  # type: ignore[arg-type]
        )[0]

    def _measured(
        self,
        table: PairTable,
        model: Softmax | Sampling | BoundedReading,
        offsets: np.ndarray | None,
        context: np.ndarray | None,
    ) -> Measured:
        """Return loss and bound of a model on a table.

        Where rows are drawn, what is estimated from them is the gap: the bound is known exactly, so its part of the
        value need not be, and the standard error is that of the KL of a centre instead of that of its loss.
        """
        from firth.training.gap import model_losses
        from firth.training.levels import lowest_losses

        assert context is not None
        asked = {"rows": self._rows, "seed": self._seed, "threads": self._threads}
        losses = model_losses(table, self._center, context, reading=model, offsets=offsets, **asked)  # type: ignore[arg-type]
        lowest = lowest_losses(table, model if isinstance(model, Sampling) else Softmax())
        bound = float(lowest.sum()) / table.total
        per_pair = (losses.nats - lowest[losses.rows]) / table.marginals[losses.rows]
        center_gaps = np.full(len(table), np.nan)
        center_gaps[losses.rows] = per_pair
        if losses.standard_error == 0:
            return Measured(losses.value, bound, 0.0, center_gaps)
        drawn = losses.times.sum()
        mean = float((losses.times * per_pair).sum()) / drawn
        variance = float((losses.times * (per_pair - mean) ** 2).sum()) / (drawn - 1)
        return Measured(bound + mean, bound, float(np.sqrt(variance / drawn)), center_gaps)

    def _announce(self, dimensions: int) -> None:
        """Log how long it will take, if that is long."""
        words = len(self._table)
        centers = words if self._rows is None else min(self._rows, words)
        if centers * words >= _MANY_WORDS**2:
            seconds = 2.0 * centers * words * (dimensions + 30) / (_FLOPS * self._threads)
            logger.info("%d × %d scores: about %.0f s a sweep; rows=… draws some of them", centers, words, seconds)


def _check_can_be_fitted(how: Reading, rows: int | None) -> None:
    """Refuse what can't be asked of centre vectors alone."""
    if rows is not None:
        came = "centre vectors alone, whose best contexts need all rows"
        raise SettingsError(sentence("both matrices for rows", came, "leave out rows"))
    if how.collisions in ("skip", "resample"):
        came = f"centre vectors alone with collisions={how.collisions!r}"
        raise SettingsError(sentence("both matrices for this rule", came, "pass collisions='allow'"))


def _loss_of(shares: np.ndarray, table: PairTable) -> float:
    """Return the loss of the model P(o|c) = shares(o), (V,), in nats per pair; ∞ if one that is seen has none."""
    seen = table.context_marginals > 0
    with np.errstate(divide="ignore"):
        return float(-(table.context_marginals[seen] * np.log(shares[seen])).sum()) / table.total
