"""The members of the family by name: what a bag is, what it is judged by; which go together, and why others don't.

| model | bag | predicts |
|---|---|---|
| skip-gram | one word | each word of its window |
| cbow | the mean of the words of a window | the word in its middle |
| dbow | a document | each of its words |
| dm | the mean of a document and the words of a window | the word in its middle |

Losses: "sampling" (K noise words), "hierarchical" (softmax over a Huffman tree), "softmax" (over all words, if few).
Words may be means of pieces, themselves and their n-grams (subwords).
"""

from __future__ import annotations

from typing import NamedTuple

from firth.errors import SettingsError, check_choice, sentence

MODELS = ("skip-gram", "cbow", "dbow", "dm")
LOSSES = ("sampling", "hierarchical", "softmax")
GRADIENTS = ("true", "historical")

LEARNING_RATES = {"skip-gram": 0.025, "cbow": 0.2, "dbow": 0.05, "dm": 0.2}
HISTORICAL_RATES = {"skip-gram": 0.025, "cbow": 0.05, "dbow": 0.05, "dm": 0.05}
"""Rates that are taken where none is given, by the gradient; found by trial (docs/decisions/0006-the-family.md)."""


class Kind(NamedTuple):
    """Which member of the family.

    Attributes:
        model: one of MODELS.
        loss: one of LOSSES.
        gradient: of a mean: "true", or "historical" as in word2vec.c, where each row gets the whole move of its bag.
        has_words: whether DBOW trains words, too, by skip-gram.
        has_pieces: whether words are means of pieces.
    """

    model: str = "skip-gram"
    loss: str = "sampling"
    gradient: str = "true"
    has_words: bool = False
    has_pieces: bool = False

    @property
    def learning_rate(self) -> float:
        """The rate that is taken where none is given."""
        return (LEARNING_RATES if self.gradient == "true" else HISTORICAL_RATES)[self.model]

    @property
    def is_plain(self) -> bool:
        """Whether this is skip-gram with negative sampling, which has a kernel of its own."""
        return self.model == "skip-gram" and self.loss == "sampling"

    @property
    def has_documents(self) -> bool:
        """Whether documents have vectors."""
        return self.model in ("dbow", "dm")

    def __str__(self) -> str:
        """Return what it is called: "cbow with negative sampling"."""
        losses = {"sampling": "negative sampling", "hierarchical": "hierarchical softmax", "softmax": "softmax"}
        name = {"cbow": "CBOW", "dbow": "PV-DBOW", "dm": "PV-DM"}.get(self.model, self.model)
        name += " and skip-gram" if self.has_words else ""
        name += " of subwords" if self.has_pieces else ""
        name += ", the historical gradient," if self.gradient == "historical" else ""
        return f"{name} with {losses[self.loss]}"


SKIP_GRAM = Kind()
"""Skip-gram with negative sampling."""


def check_kind(kind: Kind, *, reproducible: bool) -> None:
    """Refuse names that are none, and what does not go together.

    Raises:
        SettingsError: with the reason.
    """
    check_choice("model", kind.model, MODELS)
    check_choice("loss", kind.loss, LOSSES)
    check_choice("gradient", kind.gradient, GRADIENTS)
    if not reproducible and (not kind.is_plain or kind.has_pieces):
        expected = "reproducible=True: threads race with skip-gram and negative sampling alone"
        raise SettingsError(sentence(expected, str(kind), "leave reproducible at True"))
    if kind.has_pieces and kind.model == "dbow" and not kind.has_words:
        expected = "a model that trains words, where words have subwords"
        raise SettingsError(sentence(expected, "dbow, which trains documents alone", "add words, or choose dm"))
