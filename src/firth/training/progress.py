"""What a run tells about itself while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands.

    Attributes:
        stage: "reading", "compiling", "training", "counting" or "writing".
        share_done: of this stage, 0 … 1, or None where the end is not known.
        seconds: since the stage began.
        seconds_left: of this stage at the present speed, or None where the end is not known.
        pass_number: the pass under way, 1 … passes; 0 outside training.
        passes: how many there will be.
        words_per_second: raw words (before frequent ones are dropped) a second since training began, or None.
        loss_per_pair: nats a pair in the latest interval, or None.
        held_out_loss_per_pair: nats a pair of what is held out, when that was last scored, or None.
        learning_rate: at this moment, or None.
        gap: of the loss above the lowest that the counts allow, nats a pair, where that is known.
    """

    stage: str
    share_done: float | None
    seconds: float
    seconds_left: float | None = None
    pass_number: int = 0
    passes: int = 0
    words_per_second: float | None = None
    loss_per_pair: float | None = None
    held_out_loss_per_pair: float | None = None
    learning_rate: float | None = None
    gap: float | None = None


ProgressCallback = Callable[[Progress], None]
