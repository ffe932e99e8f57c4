"""`firth.fit`: from pair counts to vectors in one call, on the whole objective."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import (
    CountsError,
    SettingsError,
    check_choice,
    check_integer,
    check_number,
    sentence,
)
from firth.machine import available_memory, check_threads
from firth.provenance import made_with
from firth.training.progress import Progress, ProgressCallback
from firth.vectors import Vectors

if TYPE_CHECKING:
    from firth.objectives.sampling import Sampling
    from firth.objectives.softmax import Softmax
    from firth.observations.counts import Counts
    from firth.training.exact import ExactResult, ExactSettings, SweepReport
    from firth.training.levels import Levels
    from firth.training.table import PairTable

logger = logging.getLogger(__name__)

OBJECTIVES = {
    "softmax": "full softmax, exact",
    "sampling": "negative sampling in expectation, exact",
    "ppmi": "factorisation of shifted positive PMI",
    "glove": "GloVe, by alternating least squares",
}


def fit(
    counts: Counts,
    *,
    objective: str = "softmax",
    dimensions: int = 100,
    negatives: int = 5,
    collisions: str = "allow",
    shift: float = 0.0,
    l2: float = 0.0,
    passes: int = 25,
    tolerance: float = 0.004,
    held_out: Counts | None = None,
    threads: int | None = None,
    seed: int = 1,
    on_progress: ProgressCallback | None = None,
) -> Vectors:
    """Train word vectors on pair counts: the full objective over all V × V pairs of words, nothing sampled.

        softmax     −1/T Σ N⁺ log P(o|c)          P(o|c) = e^{u_o·v_c} / Σ_w e^{u_w·v_c}
        sampling    1/T Σ N⁺ softplus(−x) + N⁻ softplus(x)          x = u_o·v_c, N⁻ is the noise in expectation
        ppmi        Σ (u_o·v_c − max(PMI − shift, 0))²
        glove       Σ f(N⁺) (u_o·v_c + b_c + b_o − log N⁺)²          over the pairs seen, with a ridge

    plus ½ λ (‖V‖² + ‖U‖²) where l2 is given. A sweep costs 6 V² D multiplications and additions, whatever the length of
    the text. With at most 500 words the optimum itself is sought, in float64. The same counts, settings and seed give
    the same bytes, however many threads there are. The scores of "softmax" and "sampling" are what was trained; the
    coordinates are free, and chosen so that cosines are good.

    Ctrl-C stops cleanly after the sweep under way: what was learnt until then is returned, and
    `config["training"]["interrupted"]` is true.

    Args:
        counts: from `firth.count`. They are in memory as numbers of 4 bytes, and so are two or four matrices.
        objective: "softmax", "sampling", "ppmi" or "glove". GloVe's b_o is the last coordinate of the contexts, times
            a constant that is the last of the centres; b_c is left out, as P(o|c) does not depend on it.
        dimensions: D, length of a vector.
        negatives: K, noise words a pair; for "sampling".
        collisions: what happens when a noise word is the context word: "allow", "skip" or "resample"; for "sampling".
        shift: taken off PMI, in nats, log K for K negatives; for "ppmi".
        l2: λ of the penalty; 0 for none. For "softmax" and "sampling".
        passes: sweeps over all pairs of words at most ("glove": over the pairs seen).
        tolerance: a sweep that gains less than this share of the unigram model's gap is the last; 0 makes all passes.
        held_out: counts of other text, best in the same words: training ends when their loss rises.
        threads: that work at once; None takes every core this process may use.
        seed: of the start and of the order in which words are visited.
        on_progress: called with a `firth.training.Progress` after each sweep.

    Returns:
        The vectors, with context matrix. `config["training"]` has, in nats per pair, `loss_per_pair`, `bound` (what no
        vectors can undercut), `gap` and `unigram` (the loss of the best model that does not look at the centre); and
        `share_closed`, 1 − gap/(unigram − bound); `sweeps`, an entry for each; `reading`, by which `firth.gap` reads
        scores. "ppmi" has the squared error as `value`, and `lowest`; "glove" its loss as `value`.

    Raises:
        CountsError: if there is no pair, or none that is held out is of these words.
        SettingsError: if a setting is out of range or has no meaning for the objective.
        TrainingError: if there is no room in memory.

    >>> import firth
    >>> counts = firth.count(["a rose is a rose", "a nose is a nose"] * 5, min_count=1, subsample=0)
    >>> vectors = fit(counts, dimensions=3)
    >>> vectors.matrix.shape, vectors.config["training"]["gap"] < 0.05
    ((4, 3), True)

    The objectives: `firth.objectives`. How it is done: `firth.training.exact`.
    """
    began = time.perf_counter()
    check_choice("objective", objective, tuple(OBJECTIVES))
    check_integer("dimensions", dimensions, 1, 100_000)
    check_integer("negatives", negatives, 1, 1000)
    check_number("shift", shift, -100, 100)
    check_integer("seed", seed, 0, 2**63 - 1)
    threads = check_threads(threads)
    _check_meaning(
        objective,
        {
            "negatives": (negatives, 5, ("sampling",)),
            "collisions": (collisions, "allow", ("sampling",)),
            "shift": (shift, 0.0, ("ppmi",)),
            "l2": (l2, 0.0, ("softmax", "sampling")),
            "held_out": (held_out, None, ("softmax", "sampling")),
        },
    )
    if counts.total == 0:
        raise CountsError(sentence("counts with a pair", "none", "count more text, or with more words"))
    _check_memory(counts, dimensions, is_exact=objective in ("softmax", "sampling"))
    run = _Run(counts, held_out, on_progress)
    if objective == "ppmi":
        center, context, found = run.ppmi(dimensions, shift, seed, threads)
    elif objective == "glove":
        steps = {"passes": passes, "tolerance": tolerance}
        center, context, found = run.glove(dimensions, seed=seed, threads=threads, **steps)
    else:
        from firth.training.exact import ExactSettings

        settings = ExactSettings(
            dimensions=dimensions, passes=passes, tolerance=tolerance, l2=l2, seed=seed, threads=threads
        )
        center, context, found = run.exact(_objective(counts, objective, negatives, collisions), settings)
    training = {
        "objective": OBJECTIVES[objective],
        "observations": counts.observations.as_dict(),
        "dimensions": dimensions,
        **found,
        "threads": threads,
        "seed": seed,
        "seconds": time.perf_counter() - began,
        "made_with": made_with(),
    }
    config = {"training": training, "counts": _described(counts)}
    vocabulary = counts.vocabulary
    return Vectors(vocabulary.words, center, counts=vocabulary.counts, context_matrix=context, config=config)


@dataclass(frozen=True, eq=False)
class _Run:
    """One training on counts, and whom it tells how far it is."""

    counts: Counts
    held_out: Counts | None
    on_progress: ProgressCallback | None

    def exact(
        self, objective: Softmax | Sampling, settings: ExactSettings
    ) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Train on all cells; return centre and context matrix (V, D), and what the config says of it."""
        from firth.evaluation.aligning import table_in_words
        from firth.training.exact import FEW_WORDS, fit_exact
        from firth.training.levels import levels
        from firth.training.table import PairTable

        self._compiling("weigh_softmax")
        dtype = np.float64 if len(self.counts) <= FEW_WORDS else np.float32
        table, held = PairTable.of(self.counts, dtype), None
        if self.held_out is not None:
            held, _ = table_in_words(self.held_out, self.counts.vocabulary.words, dtype)
        ends = levels(table, objective)
        logger.info("bound %.4f; unigram model %.4f, gap %.4f", ends.bound, ends.unigram, ends.unigram - ends.bound)
        passes = settings.passes
        if self.on_progress is not None:
            self.on_progress(Progress(stage="training", share_done=0.0, seconds=0.0, pass_number=1, passes=passes))
        tell = _Telling(ends, passes, self.on_progress)
        result = fit_exact(table, objective, settings, held_out=held, on_sweep=tell)
        self._empty_rows(table, result.center)
        if dtype == np.float64:  # the optimum was found in float64, the matrices are float32
            result.loss_per_pair = _loss_on(table, objective, result, settings.threads)
        loss = None if held is None else _loss_on(held, objective, result, settings.threads)
        return result.center, result.context, _exact_config(objective, settings, result, ends, loss)

    def ppmi(
        self, dimensions: int, shift: float, seed: int, threads: int
    ) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        """Factorise PMI; return centre and context matrix (V, D), and what the config says of it."""
        from firth.training.ppmi import fit_ppmi
        from firth.training.table import PairTable

        self._compiling("associate_cells")
        table = PairTable.of(self.counts)
        found = fit_ppmi(table, dimensions, shift=shift, seed=seed, threads=threads)
        self._empty_rows(table, found.center)
        config = {
            "shift": shift,
            "value": found.value,
            "lowest": found.lowest,
            "singular_values": [float(value) for value in found.singular_values],
            "reading": "pmi",
            "stopped": "optimum",
            "interrupted": False,
        }
        return found.center, found.context, config

    def glove(self, dimensions: int, **settings: Any) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:  # noqa: ANN401
        """Fit GloVe; return centre and context matrix (V, D), the bias of contexts in D, and what the config says."""
        from firth.training.gauge import with_bias
        from firth.training.glove import GloveSettings, fit_glove
        from firth.training.table import PairTable

        check_integer("dimensions", dimensions, 2)
        table = PairTable.of(self.counts)
        chosen = GloveSettings(dimensions=dimensions - 1, **settings)
        found = fit_glove(table, chosen, on_progress=self.on_progress)
        shares = table.marginals / table.total
        both = with_bias(found.center, found.context, found.context_biases, shares)
        center, context = (matrix.astype(np.float32) for matrix in both)
        self._empty_rows(table, center)
        ended = len(found.values) <= chosen.passes
        config = {
            **{name: getattr(chosen, name) for name in ("passes", "tolerance", "cutoff", "power", "ridge")},
            "values": [float(value) for value in found.values],
            "value": float(found.values[-1]),
            "reading": "softmax",
            "stopped": "interrupted" if found.interrupted else "tolerance" if ended else "passes",
            "interrupted": found.interrupted,
        }
        return center, context, config

    def _compiling(self, kernel: str) -> None:
        """Say that kernels will be compiled, if they will."""
        from firth.compiling import is_compiled

        if not is_compiled(kernel):
            logger.info("compiling the kernels: this happens once and takes some ten seconds")
            if self.on_progress is not None:
                self.on_progress(Progress(stage="compiling", share_done=None, seconds=0.0))

    def _empty_rows(self, table: PairTable, center: np.ndarray) -> None:
        """Make the centres of words without a pair zero, in place: nothing is known of them; say how many there are."""
        alone = np.flatnonzero(table.marginals == 0)
        if len(alone):
            center[alone] = 0
            first = self.counts.vocabulary.words[alone[0]]
            logger.warning("%d words are in no pair (such as %r): their vectors are zero", len(alone), first)


class _Telling:
    """Tells after each sweep how far it is: a line of the log, and a `Progress`."""

    def __init__(self, ends: Levels, passes: int, on_progress: ProgressCallback | None) -> None:
        self._ends, self._passes, self._on_progress = ends, passes, on_progress

    def __call__(self, report: SweepReport) -> None:
        loss, ends = report.loss_per_pair, self._ends
        held = report.held_out_loss_per_pair
        logger.info(
            "sweep %d: loss %.4f, gap %.4f, %.1f %% closed%s, %.1f s",
            report.number,
            loss,
            loss - ends.bound,
            100 * ends.share_closed(loss),
            "" if held is None else f", held-out loss {held:.4f}",
            report.seconds,
        )
        if self._on_progress is not None:
            left = report.seconds * (self._passes - report.number) / report.number
            progress = Progress(
                stage="training",
                share_done=report.number / self._passes,
                seconds=report.seconds,
                seconds_left=left,
                pass_number=report.number,
                passes=self._passes,
                loss_per_pair=loss,
                gap=loss - ends.bound,
            )
            self._on_progress(progress)


def _check_meaning(objective: str, settings: dict[str, tuple[Any, Any, tuple[str, ...]]]) -> None:
    """Refuse settings, each with its default and the objectives it is for, that have no meaning for this objective."""
    for name, (value, usual, where) in settings.items():
        if objective not in where and value is not usual and value != usual:
            expected = f"{name} only with objective={' or '.join(map(repr, where))}"
            raise SettingsError(sentence(expected, f"objective={objective!r}", f"leave out {name}"))


def _check_memory(counts: Counts, dimensions: int, *, is_exact: bool) -> None:
    """Say what training will take, and refuse it if the machine has less."""
    from firth.training.estimate import check_memory, estimate_exact_memory

    estimate = estimate_exact_memory(len(counts), dimensions, cells=counts.nonzero, is_exact=is_exact)
    check_memory(estimate)
    available = available_memory()
    share = f", {estimate.total / available:.1%} of what is available" if available else ""
    logger.info("memory: about %s%s", estimate, share)


def _objective(counts: Counts, name: str, negatives: int, collisions: str) -> Softmax | Sampling:
    """Return the objective of a name."""
    from firth.evaluation.readings import check_collisions
    from firth.objectives.sampling import Sampling
    from firth.objectives.softmax import Softmax

    if name == "softmax":
        return Softmax()
    noise = counts.observations.noise_distribution(counts.vocabulary.counts)
    return Sampling(noise, negatives=negatives, collisions=check_collisions(collisions, noise))


def _loss_on(table: PairTable, objective: Softmax | Sampling, result: ExactResult, threads: int) -> float:
    """Return the loss of the result on a table of its words, in nats per pair."""
    from firth.training.gap import model_losses

    center, context = (matrix.astype(table.expectations.dtype) for matrix in (result.center, result.context))
    return model_losses(table, center, context, reading=objective, threads=threads).value


def _exact_config(
    objective: Softmax | Sampling, settings: ExactSettings, result: ExactResult, ends: Levels, held_out: float | None
) -> dict[str, Any]:
    """Return what the config says of an exact training."""
    from firth.objectives.sampling import Sampling

    noise = {}
    if isinstance(objective, Sampling):
        noise = {"negatives": objective.negatives, "collisions": objective.collisions}
    sweeps = [
        {
            "sweep": report.number,
            "loss_per_pair": report.loss_per_pair,
            "share_closed": ends.share_closed(report.loss_per_pair),
            "held_out_loss_per_pair": report.held_out_loss_per_pair,
            "seconds": report.seconds,
        }
        for report in result.sweeps
    ]
    return {
        **noise,
        "reading": "sampling" if noise else "softmax",
        "l2": settings.l2,
        "passes": settings.passes,
        "tolerance": settings.tolerance,
        "sweeps": sweeps,
        "stopped": result.stopped,
        "interrupted": result.stopped == "interrupted",
        "loss_per_pair": result.loss_per_pair,
        "bound": ends.bound,
        "gap": result.loss_per_pair - ends.bound,
        "unigram": ends.unigram,
        "share_closed": ends.share_closed(result.loss_per_pair),
        "held_out_loss_per_pair": held_out,
    }


def _described(counts: Counts) -> dict[str, Any]:
    """Return what the config says of the counts, as JSON has it."""
    config = counts.config
    lists = {name: [dict(text) for text in config[name]] for name in ("corpora", "removed")}
    return {"pairs": counts.total, "cells": counts.nonzero, "coverage": counts.coverage, **config, **lists}
