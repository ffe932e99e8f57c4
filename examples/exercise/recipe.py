"""Every number that the run is made of, and the norms that it must end with."""

from __future__ import annotations

from dataclasses import dataclass

CORPUS_SHA256 = "f7ae959a5ff0565eb860c3f2e600dde118bcb49aee63df8fa9b9a806da235553"
"""Of `sst-sentences.tsv`, the Stanford Sentiment Treebank byte for byte as it was first distributed."""

STATED_NORMS = {
    5_000: (49.873312445005, 44.268232564825),
    10_000: (99.352540027258, 93.788290546389),
    15_000: (128.356539538654, 123.234991099184),
    20_000: (146.963940703845, 142.210212675105),
    25_000: (153.725757510064, 149.156669230448),
    30_000: (159.352652611695, 154.935985433873),
    35_000: (164.092545894776, 159.805023015480),
    40_000: (168.096200298773, 163.918905033535),
}
"""Frobenius norms of the centre half and of the context half after so many iterations, on that corpus."""

NORM_TOLERANCE = 1e-9
"""Relative. Not 0: the order in which numbers are summed is the library's and the processor's."""


@dataclass(frozen=True)
class Recipe:
    """The settings of the run; those of the exercise unless said otherwise.

    Attributes:
        dimensions: D, of each vector.
        half_width: the largest; each window draws its own from 1 up to it.
        negatives: K, noise words per pair.
        windows: summed in one iteration.
        rate: step size at the start.
        halved_every: iterations after which the step size is halved, again and again.
        checkpoint_every: iterations between two checkpoints.
        threshold: t of the drop probability 1 − √(t · total/count).
        copies: of the text, each with other words dropped.
        slots: of the noise table.
        seed: of `random`, which draws words, windows and negatives.
        start_seed: of `numpy.random`, which draws the start values.
    """

    dimensions: int = 10
    half_width: int = 5
    negatives: int = 10
    windows: int = 50
    rate: float = 0.3
    halved_every: int = 20_000
    checkpoint_every: int = 5_000
    threshold: float = 1e-5
    copies: int = 30
    slots: int = 1_000_000
    seed: int = 1407
    start_seed: int = 1411

    def rate_at(self, iteration: int) -> float:
        """Return the step size of an iteration, counted from 0.

        >>> [Recipe().rate_at(iteration) for iteration in (0, 19_999, 20_000, 40_000)]
        [0.3, 0.3, 0.15, 0.075]
        """
        return self.rate * 0.5 ** (iteration // self.halved_every)
