"""The observation settings: one frozen object, one set of defaults, used by training and by counting.

They fix which pair counts `N+` a corpus has and against which noise `N−` they are judged, so two results can be
compared only if they share these settings; every saved file holds them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from firth.errors import SettingsError, check_choice, check_integer, check_number, sentence

LEAST_SUBSAMPLE = 1e-9
"""Below it hardly a word is kept, and a window would have to be sought through millions of positions."""


@dataclass(frozen=True, kw_only=True)
class Observations:
    """How pairs (centre, context) and noise words are taken from a corpus.

    Conventions: word2vec.c, gensim and fastText drop frequent words before they lay the window, keep a word with
    probability min(1, √(t/f) + t/f), and draw the half-width uniformly; these are the defaults. The paper
    (Mikolov et al. 2013) keeps with min(1, √(t/f)).

    Args:
        window: largest distance W of a pair, in words.
        window_weights: expected weight g(δ) of a pair at distance δ = 1 … W: "dynamic" (W − δ + 1)/W, "fixed" 1,
            "harmonic" 1/δ (GloVe). A stream draws half-widths with P(half-width ≥ δ) = g(δ).
        subsample: threshold t of the share f that a word has in the corpus, ≥ 10⁻⁹; 0 keeps every word.
        dropping: "before" closes the gaps of dropped words before the window is laid, "after" leaves them open.
        keep: "word2vec" min(1, √(t/f) + t/f) or "paper" min(1, √(t/f)).
        noise_exponent: noise distribution q(w) ∝ count(w) ** noise_exponent.
        collisions: what happens when a noise word equals the context word: "allow" it, "skip" it, "resample" it.

    Raises:
        SettingsError: if a setting is out of range or no such choice.

    >>> Observations(window=2).pair_weights()
    array([1. , 0.5])
    """

    window: int = 5
    window_weights: str = "dynamic"
    subsample: float = 1e-3
    dropping: str = "before"
    keep: str = "word2vec"
    noise_exponent: float = 0.75
    collisions: str = "allow"

    def __post_init__(self) -> None:
        check_integer("window", self.window, 1, 1000)
        check_choice("window_weights", self.window_weights, ("dynamic", "fixed", "harmonic"))
        if self.subsample != 0:
            check_number("subsample", self.subsample, LEAST_SUBSAMPLE, 1)
        check_choice("dropping", self.dropping, ("before", "after"))
        check_choice("keep", self.keep, ("word2vec", "paper"))
        check_number("noise_exponent", self.noise_exponent, -10, 10)
        check_choice("collisions", self.collisions, ("allow", "skip", "resample"))

    def pair_weights(self) -> np.ndarray:
        """Return the expected weight g(δ) of a pair at distance δ = 1 … W, (W,) float64."""
        distance = np.arange(1, self.window + 1, dtype=np.float64)
        if self.window_weights == "dynamic":
            return (self.window - distance + 1) / self.window
        return 1 / distance if self.window_weights == "harmonic" else np.ones(self.window)

    def keep_probabilities(self, counts: np.ndarray, *, total: int | None = None) -> np.ndarray:
        """Return the probability that an occurrence of each word is kept, (V,) float64.

        Args:
            counts: occurrences of each word, (V,), all > 0.
            total: of what their shares are taken; None for the sum of the counts.

        >>> Observations(subsample=0.01).keep_probabilities(np.array([96, 4])).round(3)
        array([0.112, 0.75 ])
        """
        if self.subsample == 0:
            return np.ones(len(counts))
        whole = np.sum(counts, dtype=np.float64) if total is None else np.float64(total)
        ratio = self.subsample * whole / counts
        return np.minimum(1.0, np.sqrt(ratio) + (ratio if self.keep == "word2vec" else 0.0))

    def noise_distribution(self, counts: np.ndarray) -> np.ndarray:
        """Return the noise distribution q(w) ∝ count(w) ** noise_exponent, (V,) float64, sums to 1.

        Raises:
            SettingsError: if a count is not positive.

        >>> Observations().noise_distribution(np.array([16, 1]))
        array([0.88888889, 0.11111111])
        """
        if np.min(counts) <= 0:
            raise SettingsError(sentence("counts above 0", str(np.min(counts)), "leave out words that never occur"))
        # Relative to the largest, so that no power overflows.
        logarithms = self.noise_exponent * np.log(np.asarray(counts, dtype=np.float64))
        weights = np.exp(logarithms - logarithms.max())
        return weights / weights.sum()

    def as_dict(self) -> dict[str, int | float | str]:
        """Return the settings as they are written to files."""
        return asdict(self)
