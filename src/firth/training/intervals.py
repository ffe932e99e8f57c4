"""What a streamed run tells after each interval, and callbacks that stop it.

An interval ends at a place in the text, never at a time, so what a callback decides from losses is the same on every
run, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firth.errors import SettingsError, check_integer, check_number, sentence

MOST = 20_000
"""Intervals of a run at the most, so that their reports fit into a config."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """What an interval of a run came to, and where the run stands at its end.

    Attributes:
        number: 1 … n over the whole run.
        pass_number: the pass that it belongs to, 1 … passes.
        share_of_pass: that is done at its end, 0 … 1.
        share_done: of the run.
        pairs: (centre, context) trained in it.
        loss_per_pair: nats a pair of those scored in it, before they were trained on; None if none was.
        held_out_loss_per_pair: nats a pair of what is held out, at its end; None if nothing is.
        learning_rate: at its end.
        words_per_second: raw words trained in it.
        seconds: of training since the run began, those before it was resumed included.
    """

    number: int
    pass_number: int
    share_of_pass: float
    share_done: float
    pairs: int
    loss_per_pair: float | None
    held_out_loss_per_pair: float | None
    learning_rate: float
    words_per_second: float
    seconds: float

    def __str__(self) -> str:
        """Say it in one line."""
        losses = {"loss": self.loss_per_pair, "held out": self.held_out_loss_per_pair}
        known = "".join(f", {name} {loss:.4f}" for name, loss in losses.items() if loss is not None)
        return f"pass {self.pass_number}, {self.share_of_pass:.0%} of it{known}"


IntervalCallback = Callable[[Interval], bool | str | None]
"""Gets a report after each interval. What is true stops training; a text is stored as the reason."""


class EarlyStopping:
    """Stops training when the loss of what is held out has not improved for some intervals. Pass it as `on_interval`.

    It begins anew with the first interval of a run, so that one can be used for several.

    Args:
        patience: intervals without improvement that end a run.
        least_improvement: nats a pair below the lowest loss so far that count as one.

    Raises:
        SettingsError: if one is out of range; when called, if nothing is held out.

    >>> stopping = EarlyStopping(patience=1)
    >>> where = {"pass_number": 1, "share_of_pass": 1, "share_done": 1, "pairs": 9, "loss_per_pair": None}
    >>> report = lambda number, loss: Interval(number=number, held_out_loss_per_pair=loss, learning_rate=0.1,
    ...     words_per_second=1, seconds=1, **where)
    >>> stopping(report(1, 2.5)), stopping(report(2, 2.4)), stopping(report(3, 2.4))
    (None, None, 'no improvement')
    """

    def __init__(self, *, patience: int = 3, least_improvement: float = 0.0) -> None:
        self.patience = check_integer("patience", patience, 1)
        self.least_improvement = check_number("least_improvement", least_improvement, 0, float("inf"))
        self._lowest = float("inf")
        self._waited = 0

    def __call__(self, interval: Interval) -> str | None:
        """Return a reason to stop, or None."""
        loss = interval.held_out_loss_per_pair
        if loss is None:
            advice = "pass held_out=0.01 (--held-out)"
            raise SettingsError(sentence("a share of the text held out for early stopping", "held_out=0", advice))
        if interval.number == 1:
            self._lowest, self._waited = float("inf"), 0
        self._waited += 1
        if loss < self._lowest - self.least_improvement:
            self._lowest, self._waited = loss, 0
        return "no improvement" if self._waited >= self.patience else None


def interval_ends(steps: int, words: int, interval_words: int | None) -> list[int]:
    """Return the steps of a pass after which an interval ends: equal parts of it, the last at its end.

    Args:
        steps: of a pass.
        words: raw words of a pass.
        interval_words: about so many are an interval; None makes the pass one.

    >>> interval_ends(10, 1_000, 300), interval_ends(10, 1_000, None), interval_ends(2, 1_000, 1)
    ([4, 7, 10], [10], [1, 2])
    """
    count = 1 if interval_words is None else min(steps, max(1, round(words / interval_words)))
    return [-(-steps * number // count) for number in range(1, count + 1)]


def check_intervals(passes: int, words: int, interval_words: int | None) -> None:
    """Refuse intervals so short that nobody could read what they report.

    Raises:
        SettingsError: if there would be more than `MOST`.
    """
    if interval_words is not None and passes * words / interval_words > MOST:
        least = -(-passes * words // MOST)
        expected = f"at most {MOST:,} intervals in a run"
        came = f"interval_words={interval_words} for {passes} passes over {words:,} words"
        raise SettingsError(sentence(expected, came, f"choose interval_words={least} or more"))


def check_callback(on_interval: IntervalCallback | None, held_out: float) -> None:
    """Refuse early stopping where nothing is held out that it could look at.

    Raises:
        SettingsError: if so.
    """
    if isinstance(on_interval, EarlyStopping) and not held_out:
        advice = "pass held_out=0.01 (--held-out)"
        raise SettingsError(sentence("a share of the text held out for early stopping", "held_out=0", advice))
