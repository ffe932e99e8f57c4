"""Names of documents: given ones, or their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

from firth.errors import SettingsError, sentence
from firth.vectors.words import Words


class Numbers(Sequence[str]):
    """The names of N documents that have none: "0" to "N − 1", made when they are asked for.

    Args:
        count: N.

    >>> numbers = Numbers(1000)
    >>> numbers[7], numbers[-1], numbers.find("12"), "999" in numbers, "007" in numbers
    ('7', '999', 12, True, False)
    """

    def __init__(self, count: int) -> None:
        self._rows = range(count)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        found = self._rows[row]
        return str(found) if isinstance(found, int) else list(map(str, found))

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, tag: str) -> int | None:
        """Return the row of a document, or None if none has this number."""
        is_number = tag.isascii() and tag.isdecimal() and len(tag) <= len(str(len(self)))
        return int(tag) if is_number and str(int(tag)) == tag and int(tag) in self._rows else None

    def __contains__(self, tag: object) -> bool:
        return isinstance(tag, str) and self.find(tag) is not None

    def __repr__(self) -> str:
        return f"Numbers({len(self)})"


def checked_tags(tags: Iterable[str], documents: int) -> Words:
    r"""Return the names of N documents, each of them once.

    Args:
        tags: any texts without "\n".
        documents: N.

    Raises:
        SettingsError: if there are more or fewer, one comes twice, or one can't be stored.

    >>> checked_tags(["a", "b"], 2)
    Words(2: 'a', 'b')
    """
    listed = list(tags) if not isinstance(tags, str) else []
    if len(listed) != documents:
        came = "one text" if isinstance(tags, str) else f"{len(listed)} tags for {documents} documents"
        raise SettingsError(sentence("a tag for each document", came, "pass a list of as many"))
    try:
        return Words(listed)
    except SettingsError as problem:
        expected = "tags that differ, texts without line feed"
        raise SettingsError(sentence(expected, f"others ({problem})", "mend the tags")) from None
