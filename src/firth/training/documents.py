"""Which kind of document vectors is trained, as a setting: what predicts what, and what it is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from firth.errors import SettingsError, check_choice, sentence
from firth.training.kinds import GRADIENTS, LOSSES, Kind

if TYPE_CHECKING:
    from firth.training.bags import Member

WAYS = ("dbow", "dm")


@dataclass(frozen=True, kw_only=True)
class DocumentModel:
    """Which kind of document vectors is trained (Le & Mikolov 2014).

    Args:
        way: "dbow", where a document's vector predicts each of its words by itself; "dm", where the mean of it and the
            words of a window predicts the word in the middle.
        train_words: whether words have vectors, too. With "dbow" they are then trained beside, as in skip-gram, against
            the same outputs; with "dm" they always are.
        loss: what predictions are judged by, "sampling", "hierarchical" or "softmax": see `firth.objectives.bags`.
        gradient: with "dm", whether each row of a mean gets its share of the gradient ("true"), or all of it
            ("historical", as in gensim); the first wants larger steps.

    Raises:
        SettingsError: if there is no such choice.

    >>> DocumentModel(way="dm").objective
    'PV-DM with negative sampling'
    """

    way: str = "dbow"
    train_words: bool = True
    loss: str = "sampling"
    gradient: str = "true"

    def __post_init__(self) -> None:
        check_choice("way", self.way, WAYS)
        check_choice("loss", self.loss, LOSSES)
        check_choice("gradient", self.gradient, GRADIENTS)
        if not isinstance(self.train_words, bool | np.bool_):
            raise SettingsError(sentence("train_words to be True or False", repr(self.train_words), "choose one"))
        if self.way == "dm" and not self.train_words:
            advice = 'keep train_words=True, or choose way="dbow"'
            raise SettingsError(sentence('words to be trained with way="dm"', "train_words=False", advice))

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> DocumentModel:
        """Return the model that `as_dict` stored, perhaps among other settings.

        Raises:
            SettingsError: if something is missing, or no such choice.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in stored]:
            came = f"none for {', '.join(missing)}"
            raise SettingsError(sentence("a setting for each part of a model of documents", came, "train it again"))
        return cls(**{name: stored[name] for name in names})

    @property
    def kind(self) -> Kind:
        """Which member of the family it is."""
        return Kind(self.way, self.loss, self.gradient, has_words=self.way == "dbow" and self.train_words)

    @property
    def objective(self) -> str:
        """What it is called."""
        return str(self.kind)

    @property
    def member(self) -> Member:
        """The same as kernels know it."""
        from firth.training.members import member_of

        return member_of(self.kind)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as they are written to files."""
        return asdict(self)
