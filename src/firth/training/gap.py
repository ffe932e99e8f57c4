"""The loss of any two matrices on counts: exact, or from rows drawn at random with its standard error.

The definition is in `objectives/`; this is the fast way to it. log Z of a row is always exact: what may be sampled are
rows, never the sum inside the logarithm, which would make every model look better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.objectives.sampling import Sampling
from firth.objectives.softmax import Softmax
from firth.randomness import random_uniform, stream_key
from firth.training.all_cells import BoundedReading, Sweep
from firth.training.table import PairTable


@dataclass(frozen=True)
class Losses:
    """Losses of centres.

    Attributes:
        rows: the centres, (R,).
        times: how often each was drawn, (R,); 1 where all were taken.
        nats: loss of each, N(c) times its mean over pairs, (R,) float64.
        value: over all centres, nats per pair: exact, or estimated from the rows drawn.
        standard_error: of the value; 0 where it is exact.
    """

    rows: np.ndarray
    times: np.ndarray
    nats: np.ndarray
    value: float
    standard_error: float


def reading_of(sampling: Sampling | None) -> tuple[Softmax | BoundedReading, np.ndarray | None]:
    """Return what turns scores into P(o|c), and the offsets that are added to the scores of each context, (V,).

    None: P ∝ e^x. Else, with r = K q(o) e^x: *allow* P ∝ r, *skip* P ∝ r/(1 + r), *resample* P ∝ r/(1 + r/(1 − q(o)));
    the definition is `objectives.sampling_reading`.
    """
    if sampling is None:
        return Softmax(), None
    noise = np.log(sampling.noise)
    if sampling.collisions == "allow":
        return Softmax(), noise
    most = 1.0 - sampling.noise if sampling.collisions == "resample" else np.ones(len(noise))
    return BoundedReading(most), noise + np.log(sampling.negatives) - np.log(most)


def model_losses(
    table: PairTable,
    center: np.ndarray,
    context: np.ndarray,
    *,
    reading: Softmax | Sampling | BoundedReading,
    offsets: np.ndarray | None = None,
    rows: int | None = None,
    seed: int = 1,
    threads: int = 1,
) -> Losses:
    """Return the loss of a model on counts, by centre.

    Args:
        table: the pairs.
        center: centre matrix (V, D).
        context: context matrix (V, D); its type is that of the scores.
        reading: what scores mean.
        offsets: added to the scores of each context, (V,).
        rows: how many centres to draw, each with probability N(c)/T; None takes all of them.
        seed: of the draw.
        threads: that share panels.
    """
    if offsets is not None:
        center = np.column_stack([center, np.ones(len(center))])
        context = np.column_stack([context, offsets]).astype(context.dtype)
    dtype = context.dtype.type
    center = np.ascontiguousarray(center, dtype)
    context = np.ascontiguousarray(context, dtype)
    with Sweep(table, reading, threads=threads, dtype=dtype) as sweep:
        if rows is None or rows >= len(sweep.centers):
            found = sweep.centers
            nats = np.concatenate([sweep.losses(part, center, context) for part in sweep.blocks(found)])
            return Losses(found, np.ones(len(found), np.int64), nats, float(nats.sum()) / table.total, 0.0)
        drawn = random_uniform(stream_key(seed, "rows"), np.arange(rows)) * table.total
        places = np.searchsorted(np.cumsum(table.marginals), drawn, side="right")
        found, times = np.unique(np.minimum(places, len(table) - 1), return_counts=True)
        nats = np.concatenate([sweep.losses(part, center, context) for part in sweep.blocks(found)])
        per_pair = nats / table.marginals[found]
        value = float((times * per_pair).sum()) / rows
        variance = float((times * (per_pair - value) ** 2).sum()) / max(1, rows - 1)
        return Losses(found, times, nats, value, float(np.sqrt(variance / rows)))
