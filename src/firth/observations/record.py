"""What is known of counts besides their words and cells: how much text, whose words, how exact, from which corpora."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from firth.errors import CountsError, FormatError, sentence


@dataclass(frozen=True, kw_only=True)
class Record:
    """How counts came about.

    Attributes:
        tokens: raw tokens that were read.
        reference_total: of what the shares of words are taken for their keep probabilities.
        is_exact: whether the cells are what counting the whole text at once gives, bit for bit.
        has_own_words: whether the words are all those of the text counted here, and their reference counts its own.
        pairs_left_out: pairs with a word that `restricted` left out.
        corpora: what was counted: checksum, tokens, sentences and settings of each text, in the order of checksums.
        removed: what was subtracted without being among `corpora`, likewise.
        seconds: that counting took.
        made_with: versions and processor.
    """

    tokens: int
    reference_total: int
    is_exact: bool
    has_own_words: bool
    pairs_left_out: float = 0.0
    corpora: tuple[Mapping[str, Any], ...] = ()
    removed: tuple[Mapping[str, Any], ...] = ()
    seconds: float = 0.0
    made_with: Mapping[str, Any] | None = None

    def plus(self, other: Record) -> Record:
        """Return the record of a sum."""
        return replace(
            self,
            tokens=self.tokens + other.tokens,
            is_exact=self.is_exact and other.is_exact,
            pairs_left_out=self.pairs_left_out + other.pairs_left_out,
            **_cancelled([*self.corpora, *other.corpora], [*self.removed, *other.removed]),
            seconds=self.seconds + other.seconds,
        )

    def minus(self, other: Record) -> Record:
        """Return the record of a difference.

        Raises:
            CountsError: if there are fewer tokens than are subtracted.
        """
        if self.tokens < other.tokens:
            came = f"{self.tokens} tokens from which {other.tokens} are subtracted"
            raise CountsError(sentence("counts that hold those subtracted", came, "subtract only what was added"))
        return replace(
            self,
            tokens=self.tokens - other.tokens,
            is_exact=self.is_exact and other.is_exact,
            pairs_left_out=max(0.0, self.pairs_left_out - other.pairs_left_out),
            **_cancelled([*self.corpora, *other.removed], [*self.removed, *other.corpora]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all of it in JSON's terms."""
        return asdict(self)


def _cancelled(added: list[Any], removed: list[Any]) -> dict[str, Any]:
    """Return the texts that were added and not removed, and the reverse, in a fixed order."""
    still = []
    for text in removed:
        same = (number for number, other in enumerate(added) if _is_same(text, other))
        if (number := next(same, None)) is not None:
            del added[number]
        else:
            still.append(text)
    return {"corpora": tuple(sorted(added, key=_order)), "removed": tuple(sorted(still, key=_order))}


def _is_same(text: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two texts are the same, wherever they were."""
    return all(text.get(name) == other.get(name) for name in {*text, *other} - {"source"})


def _order(text: Mapping[str, Any]) -> str:
    """Return what texts are sorted by."""
    return str(text.get("checksum")) + json.dumps(text, sort_keys=True, default=str)


_TYPES: dict[str, tuple[type, ...]] = {
    "tokens": (int,),
    "reference_total": (int,),
    "is_exact": (bool,),
    "has_own_words": (bool,),
    "pairs_left_out": (int, float),
    "corpora": (list,),
    "removed": (list,),
    "seconds": (int, float),
    "made_with": (dict, type(None)),
}


def read_record(stored: object, place: str) -> Record:
    """Read a record from a config.

    Args:
        stored: what stands there.
        place: to be named.

    Raises:
        FormatError: if something is missing or of another kind.
    """
    stored = stored if isinstance(stored, Mapping) else {}
    found: dict[str, Any] = {}
    for name, kinds in _TYPES.items():
        value = stored.get(name)
        is_bool = isinstance(value, bool)
        fits = isinstance(value, kinds) and is_bool == (kinds == (bool,))
        if fits and isinstance(value, int | float) and not value >= 0:
            fits = False
        if fits and isinstance(value, list):
            fits = all(isinstance(text, Mapping) for text in value)
        if not fits:
            wanted = f"{name!r} in the config of {place} to be of its kind"
            raise FormatError(sentence(wanted, repr(value), "restore the file from a copy"))
        found[name] = tuple(value) if isinstance(value, list) else value
    return Record(**found)
