"""Where a streamed run stands: all that a run which goes on from here needs beside the arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from firth.errors import FormatError, sentence
from firth.training.intervals import Interval


@dataclass(frozen=True)
class PassTally:
    """What one pass did.

    Attributes:
        pairs: (centre, context) trained.
        scored: those among them that were scored before they were trained on.
        loss: nats of the scored pairs in all, each pair's own and that of its K noise words.
        restrained: how often a row was scaled back to the longest allowed.
        seconds: it took.
        share: of the corpus that was trained: less than 1 where some is held out, or the pass was cut short.
    """

    pairs: int
    scored: int
    loss: float
    restrained: int
    seconds: float
    share: float


class Mark(NamedTuple):
    """What was done in a pass before the interval under way.

    Attributes:
        pairs: trained.
        scored: among them.
        loss: of the scored ones, nats.
        positions: of the corpus.
        seconds: of training since the run began.
    """

    pairs: float = 0.0
    scored: float = 0.0
    loss: float = 0.0
    positions: int = 0
    seconds: float = 0.0


@dataclass
class Standing:
    """Where a run stands, between two steps.

    Attributes:
        pass_index: the pass under way, 0 … passes; at the end there is none.
        step: of it that comes next.
        seconds: of training since the run began.
        pass_seconds: of training in this pass.
        mark: where the interval under way began.
        passes: a tally for each pass that is over.
        intervals: a report for each interval that is over.
    """

    pass_index: int = 0
    step: int = 0
    seconds: float = 0.0
    pass_seconds: float = 0.0
    mark: Mark = Mark()  # noqa: RUF009 - it can't be changed
    passes: list[PassTally] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it in JSON's terms."""
        return {**asdict(self), "mark": self.mark._asdict()}

    @classmethod
    def read(cls, stored: Mapping[str, Any], place: str) -> Standing:
        """Read what `as_dict` returned.

        Args:
            stored: by JSON.
            place: to be named.

        Raises:
            FormatError: if it is anything else.

        >>> Standing.read(Standing(pass_index=1, step=7).as_dict(), "here").step
        7
        """
        try:
            standing = cls(
                **{
                    **stored,
                    "mark": Mark(**stored["mark"]),
                    "passes": [PassTally(**tally) for tally in stored["passes"]],
                    "intervals": [Interval(**interval) for interval in stored["intervals"]],
                }
            )
            place_of_run = standing.pass_index, standing.step
            if all(isinstance(number, int) and number >= 0 for number in place_of_run):
                return standing
            came = "pass {!r} and step {!r}".format(*place_of_run)
        except (KeyError, TypeError) as problem:
            came = f"another thing ({problem})"
        raise FormatError(sentence(f"{place} to say where its run stood", came, "use another checkpoint"))


INTERRUPTED = "interrupted"
"""Why a run ended that Ctrl-C stopped."""


@dataclass(frozen=True)
class StreamResult:
    """What a streamed run leaves.

    Attributes:
        center: (V, D) float32, the word vectors; of words that are made of pieces, the means of those.
        context: (V, D) float32; with hierarchical softmax the nodes of the tree, V − 1 of them and a row of zeros.
        documents: (documents, D) float32, or None.
        pieces: (pieces, D) float32, what words are made of, or None.
        passes: a tally for each pass begun.
        intervals: a report for each interval that was ended.
        stopped: why it ended before its end: "interrupted", "callback" or what the callback said; None if it did not.
        seconds: of training, those before it was resumed included.
    """

    center: np.ndarray
    context: np.ndarray
    documents: np.ndarray | None
    pieces: np.ndarray | None
    passes: list[PassTally]
    intervals: list[Interval]
    stopped: str | None
    seconds: float

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped by Ctrl-C."""
        return self.stopped == INTERRUPTED
