"""Pickles, read as data: nothing of Python's is called, made or imported by what they say.

A pickle is a program for a small machine with a stack; Python's own machine imports what it names and calls it. Here
the machine makes lists, dicts, texts and numbers; a name is a `Name`, and what would be a call is a `Made`, which
remembers the name and what it would have been called with. Names must be on a list of the caller's, so that a file
that wants something else is refused by name. Only instructions of protocols 2 to 5 are known; `EXT` (numbers for
names), persistent ids and buffers from elsewhere are refused.

Memory and time grow with the size of the file alone: nothing is copied by reference to it, sizes are compared with what
is left, lists and the like are counted, and keys of dicts are texts, bytes and 64-bit numbers, whose hashes can't be
chosen to collide or nest.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from firth.vectors.formats.mapped_file import MappedFile

_LONGEST_INTEGER = 255  # bytes
_LARGE = 4096  # bytes that are left in the file, mapped
_MOST_MARKS = 10_000  # nested lists, dicts and tuples
_FREE_CONTAINERS = 10_000  # lists and the like, of some hundred bytes each, that a file may have
_BYTES_OF_CONTAINER = 8  # of the file, for each further one
_MEMOIZE, _SHORT_TEXT, _RECALL, _INTEGER = 0x94, 0x8C, ord("j"), ord("J")
_PAIR = struct.Struct("<IBiB")  # behind a recall: of which, an integer, its number, what comes next


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a module, which nobody has looked up.

    Attributes:
        module: such as "gensim.models.keyedvectors".
        name: such as "KeyedVectors".
    """

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Made:
    """What Python would have made by a call.

    Attributes:
        kind: what it would have called.
        arguments: with which.
        state: what `__setstate__` or `__dict__` would have taken.
    """

    kind: Name
    arguments: tuple[Any, ...]
    state: Any = None


def unpickle(path: str | os.PathLike[str], title: str, names: Collection[tuple[str, str]]) -> Any:  # noqa: ANN401
    """Read what a pickle holds, as plain data.

    Args:
        path: the file.
        title: what it must be, such as "a model of gensim", for errors.
        names: module and name of all that it may name.

    Returns:
        Texts, numbers, None, bytes (large ones as mapped `memoryview`), lists (sets, too), tuples, dicts, `Name` and
        `Made`. An object may hold itself: never walk all of it.

    Raises:
        FormatError: if it is no whole pickle, or names anything else.
    """
    return _Machine(MappedFile(path, title), frozenset(names)).run()


class _Machine:
    """The machine: what is left of the file, a stack, the stacks below each mark, and what was memorised."""

    def __init__(self, file: MappedFile, names: frozenset[tuple[str, str]]) -> None:
        self.file, self.data, self.place, self.names = file, file.bytes, 0, names
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: list[Any] = []
        self.containers = _FREE_CONTAINERS + len(self.data) // _BYTES_OF_CONTAINER  # that may still come

    def run(self) -> Any:  # noqa: ANN401
        """Run to the end; return what is then on the stack."""
        data, handlers = self.data, _HANDLERS
        try:
            while True:
                code = data[self.place]
                self.place += 1
                handler = handlers[code]
                if handler is not None:
                    handler(self)
                elif code == _STOP:
                    break
                else:
                    self.refuse(f"instruction {code:#04x}" + (f", {_REFUSED[code]}" if code in _REFUSED else ""))
        except (IndexError, KeyError, TypeError, UnicodeDecodeError):
            self.refuse("an instruction that does not fit what came before it")
        if self.marked or len(self.stack) != 1 or self.place != len(data):
            self.refuse("an end that is not the end of the file" if self.place != len(data) else "loose ends")
        return self.stack[0]

    def refuse(self, came: str) -> NoReturn:
        """Raise the error of a pickle that won't be read."""
        raise self.file.broken(f"{came} at byte {self.place - 1}; nothing of it was run")

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        chunk = self.data[self.place : self.place + size]
        if len(chunk) < size:
            self.refuse(f"{len(chunk)} bytes where there should be {size}")
        self.place += size
        return chunk

    def size(self, count: int) -> int:
        """Read a length of `count` bytes, and see that so much is left."""
        size = int.from_bytes(self.take(count), "little")
        if size > len(self.data) - self.place:
            self.refuse(f"a length of {size} bytes where {len(self.data) - self.place} are left")
        return size

    def pop_mark(self) -> list[Any]:
        """Return what was put on the stack since the last mark."""
        items = self.stack
        self.stack = self.marked.pop()
        return items

    def put(self, container: object) -> None:
        """Put a list or the like on the stack, if there are not too many of them."""
        self.containers -= 1
        if self.containers < 0:
            self.refuse("more lists, tuples and dicts than a file of its size needs")
        self.stack.append(container)

    def mark(self) -> None:
        if len(self.marked) == _MOST_MARKS:
            self.refuse(f"more than {_MOST_MARKS} lists, tuples and dicts within each other")
        self.marked.append(self.stack)
        self.stack = []

    def pop(self) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.pop_mark()

    def binary_text(self, width: int) -> None:
        self.stack.append(str(self.take(self.size(width)), "utf-8", "surrogatepass"))

    def short_texts(self) -> None:
        """Read a short text, and as many as follow: a list of words is little else."""
        data, memo, place = self.data, self.memo, self.place
        while True:
            end = place + 1 + data[place]
            text = data[place + 1 : end]
            following = data[end]  # an IndexError tells that the text is cut
            self.stack.append(value := str(text, "utf-8", "surrogatepass"))
            if following == _MEMOIZE:
                memo.append(value)
                end += 1
                following = data[end]
            if following != _SHORT_TEXT:
                self.place = end
                return
            place = end + 1

    def old_text(self, width: int) -> None:
        """Read a `str` of Python 2, which is bytes: a character each."""
        self.stack.append(self.take(self.size(width)).decode("latin-1"))

    def binary_bytes(self, width: int) -> None:
        size = self.size(width)
        if size < _LARGE:
            self.stack.append(self.take(size))
        else:
            self.stack.append(memoryview(self.data)[self.place : self.place + size])
            self.place += size

    def integer(self, width: int, signed: bool) -> None:
        self.stack.append(int.from_bytes(self.take(width), "little", signed=signed))

    def long_integer(self, width: int) -> None:
        size = self.size(width)
        if size > _LONGEST_INTEGER:
            self.refuse(f"a number of {size} bytes")
        self.stack.append(int.from_bytes(self.take(size), "little", signed=True))

    def number(self) -> None:
        self.stack.append(struct.unpack(">d", self.take(8))[0])

    def constant(self, value: object) -> None:
        self.stack.append(value)

    def tuple(self, count: int) -> None:
        if len(self.stack) < count:
            raise IndexError
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.put(items)

    def marked_tuple(self) -> None:
        items = self.pop_mark()
        self.put(tuple(items))

    def marked_list(self) -> None:
        items = self.pop_mark()
        self.put(items)

    def append(self) -> None:
        item = self.stack.pop()
        self.extend([item])

    def appends(self) -> None:
        self.extend(self.pop_mark())

    def extend(self, items: list[Any]) -> None:
        """Append to what is on top of the stack: a list, which stands for a set, too."""
        target = self.stack[-1]
        if type(target) is list:
            target.extend(items)
        elif type(target) is not Made:  # what would be appended to something made, nobody needs
            raise TypeError

    def set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.set_pairs([key, value])

    def set_items(self) -> None:
        self.set_pairs(self.pop_mark())

    def set_pairs(self, flat: list[Any]) -> None:
        """Set keys and values, in turn, in what is on top of the stack: a dict."""
        target = self.stack[-1]
        if type(target) is Made:  # what would be set in something made, nobody needs
            return
        if type(target) is not dict or len(flat) % 2:
            raise TypeError
        keys = flat[::2]
        for kind in set(map(type, keys)):
            if kind not in (str, bytes, int, bool, type(None)):
                self.refuse("a key that is neither text nor number")
            if kind is int and not all(-(1 << 63) <= key < 1 << 63 for key in keys if type(key) is int):
                self.refuse("a key beyond 64 bits")
        target.update(zip(keys, flat[1::2], strict=True))

    def remember(self, width: int) -> None:
        place = int.from_bytes(self.take(width), "little")
        if place < len(self.memo):
            self.memo[place] = self.stack[-1]
        elif place == len(self.memo):
            self.memo.append(self.stack[-1])
        else:
            self.refuse(f"place {place} of its memory, where {len(self.memo)} is next")

    def memoize(self) -> None:
        self.memo.append(self.stack[-1])

    def recall(self, width: int) -> None:
        self.stack.append(self.memo[int.from_bytes(self.take(width), "little")])

    def recall_numbered(self) -> None:
        """Recall an object; and as long as a number comes behind, and another object: a dict of rows is little else."""
        memo, stack, place, last = self.memo, self.stack, self.place, len(self.data) - _PAIR.size
        while place <= last:
            known, kind, number, following = _PAIR.unpack_from(self.data, place)
            if kind != _INTEGER:
                break
            stack.append(memo[known])
            stack.append(number)
            place += _PAIR.size - 1
            if following != _RECALL:
                self.place = place
                return
            place += 1
        self.place = place
        self.recall(4)

    def frame(self) -> None:
        self.size(8)

    def protocol(self) -> None:
        version = self.take(1)[0]
        if not 2 <= version <= 5:
            self.refuse(f"protocol {version}")

    def line(self) -> str:
        """Read a name up to the end of its line."""
        end = self.data.find(b"\n", self.place)
        if end < 0:
            self.refuse("a name without end")
        text = str(self.data[self.place : end], "utf-8")
        self.place = end + 1
        return text

    def name(self) -> None:
        self.named(self.line(), self.line())

    def name_of_stack(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.named(module, name)

    def named(self, module: object, name: object) -> None:
        """Put a name on the stack if it may be there."""
        if type(module) is not str or type(name) is not str:
            raise TypeError
        if (module, name) not in self.names:
            what = f"{module}.{name}"
            shown = repr(what if len(what) <= 100 else what[:100] + "…")
            advice = "load it where it was made, if you trust it, and save the vectors alone (save_word2vec_format)"
            raise self.file.broken(f"one that names {shown}, of which nothing was run", advice)
        self.stack.append(Name(module, name))

    def call(self) -> None:
        """Make what would be the result of a call, `REDUCE` or `NEWOBJ`."""
        arguments, kind = self.stack.pop(), self.stack.pop()
        if type(kind) is not Name or type(arguments) is not tuple:
            raise TypeError
        self.put(Made(kind, arguments))

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) is not Made or target.state is not None:
            raise TypeError
        target.state = state


def _with(handler: Callable[..., None], *values: object) -> Callable[[_Machine], None]:
    """Return a handler with its constants."""
    return lambda machine: handler(machine, *values)


_STOP = ord(".")
_REFUSED = {
    **dict.fromkeys(b"FILSVgpio", "of a protocol before 2: save it with a newer version"),
    **dict.fromkeys(b"PQ", "a persistent id"),
    **dict.fromkeys((0x82, 0x83, 0x84), "a name by number (EXT)"),
    **dict.fromkeys((0x92,), "a call with keywords"),
    **dict.fromkeys((0x97, 0x98), "a buffer from elsewhere"),
}
_BY_CODE: dict[int, Callable[[_Machine], None]] = {
    ord("("): _Machine.mark, ord("0"): _Machine.pop, ord("1"): lambda machine: (machine.pop_mark(), None)[1],
    ord("2"): lambda machine: machine.stack.append(machine.stack[-1]),
    ord("N"): _with(_Machine.constant, None), 0x88: _with(_Machine.constant, True),
    0x89: _with(_Machine.constant, False),
    _INTEGER: _with(_Machine.integer, 4, True), ord("K"): _with(_Machine.integer, 1, False),
    ord("M"): _with(_Machine.integer, 2, False),
    0x8A: _with(_Machine.long_integer, 1), 0x8B: _with(_Machine.long_integer, 4), ord("G"): _Machine.number,
    ord("T"): _with(_Machine.old_text, 4), ord("U"): _with(_Machine.old_text, 1),
    ord("X"): _with(_Machine.binary_text, 4), _SHORT_TEXT: _Machine.short_texts,
    0x8D: _with(_Machine.binary_text, 8),
    ord("C"): _with(_Machine.binary_bytes, 1), ord("B"): _with(_Machine.binary_bytes, 4),
    0x8E: _with(_Machine.binary_bytes, 8), 0x96: _with(_Machine.binary_bytes, 8),
    ord(")"): _with(_Machine.constant, ()), 0x85: _with(_Machine.tuple, 1), 0x86: _with(_Machine.tuple, 2),
    0x87: _with(_Machine.tuple, 3), ord("t"): _Machine.marked_tuple,
    ord("]"): lambda machine: machine.put([]), 0x8F: lambda machine: machine.put([]),
    ord("l"): _Machine.marked_list, 0x91: _Machine.marked_list,
    ord("a"): _Machine.append, ord("e"): _Machine.appends, 0x90: _Machine.appends,
    ord("}"): lambda machine: machine.put({}), ord("s"): _Machine.set_item, ord("u"): _Machine.set_items,
    ord("q"): _with(_Machine.remember, 1), ord("r"): _with(_Machine.remember, 4), _MEMOIZE: _Machine.memoize,
    ord("h"): _with(_Machine.recall, 1), _RECALL: _Machine.recall_numbered,
    ord("c"): _Machine.name, 0x93: _Machine.name_of_stack, ord("R"): _Machine.call, 0x81: _Machine.call,
    ord("b"): _Machine.build, 0x95: _Machine.frame, 0x80: _Machine.protocol,
}  # fmt: skip
_HANDLERS = [_BY_CODE.get(code) for code in range(256)]
