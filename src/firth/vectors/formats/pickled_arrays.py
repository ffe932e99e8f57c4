"""Arrays of NumPy as they stand in pickles and in `.npy` files beside them, made by code that checks every size."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import FormatError, sentence
from firth.storage import inner_file
from firth.vectors.formats.unpickling import Made, Name

_KINDS = frozenset(f"{kind}{size}" for kind, sizes in {"f": "248", "i": "1248", "u": "1248"}.items() for size in sizes)
_ORDERS = {"<": "<", ">": ">", "|": "|", "=": "<"}
_MOST_AXES = 2
_NPY = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 12
_HEADER = re.compile(
    rb"\{'descr': '(?P<order>[<>|=])(?P<code>\w{1,9})', 'fortran_order': (?P<columns>True|False), "
    rb"'shape': (?P<shape>\((?:\d{1,15}L?,? ?){0,9}\)), \}\s*"
)
"""How NumPy writes the header of a file of numbers, which it reads with Python's own parser."""

NAMES = frozenset(
    {(f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")}
    | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
)  # fmt: skip
"""What a pickle names that holds arrays."""


def pickled_array(value: object, what: str) -> np.ndarray:
    """Make an array of what a pickle holds of it; it is a copy, aligned and of the order of this machine's bytes.

    Args:
        value: from `unpickle`.
        what: it is, for errors.

    Raises:
        FormatError: if it is no array of numbers, or type, shape and bytes do not fit each other.
    """
    advice = "save it again where it was made"
    wanted = f"{what} to be an array of numbers"
    if not isinstance(value, Made) or value.kind.name != "_reconstruct":
        came = str(value.kind) if isinstance(value, Made) else f"a {type(value).__name__}"
        raise FormatError(sentence(wanted, came, advice))
    state = value.state
    if not isinstance(state, tuple) or len(state) != 5:
        raise FormatError(sentence(wanted, "one without contents", advice))
    _, shape, kind, is_by_column, content = state
    dtype, data = _dtype(kind), _bytes(content)
    if dtype is None or data is None or not _is_shape(shape):
        raise FormatError(sentence(wanted, "another type, or a shape that is none", advice))
    if math.prod(shape) * dtype.itemsize != len(data):
        came = f"shape {shape} of {dtype} in {len(data)} bytes"
        raise FormatError(sentence(wanted, came, advice))
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if is_by_column else "C")
    return np.array(array, dtype.newbyteorder("="), order="C")


def _dtype(value: object) -> np.dtype | None:
    """Return the type that a pickle means, if it is one of plain numbers."""
    if not isinstance(value, Made) or value.kind != Name("numpy", "dtype") or not value.arguments:
        return None
    code, state = value.arguments[0], value.state
    order = state[1] if isinstance(state, tuple) and len(state) > 1 else "<"
    if not isinstance(code, str) or code not in _KINDS or not isinstance(order, str) or order not in _ORDERS:
        return None
    return np.dtype(_ORDERS[order] + code)


def _bytes(value: Any) -> bytes | memoryview | None:  # noqa: ANN401
    """Return bytes as a pickle of any protocol has them: as they are, or as text of a character each."""
    if isinstance(value, Made) and value.kind == Name("_codecs", "encode") and len(value.arguments) == 2:
        value = value.arguments[0]
    elif isinstance(value, Made) and value.kind.name == "bytes" and not value.arguments:  # none at all
        return b""
    if isinstance(value, str):
        try:
            return value.encode("latin-1")
        except UnicodeEncodeError:
            return None
    return value if isinstance(value, bytes | memoryview) else None


def _is_shape(value: object) -> bool:
    """Tell whether this is a tuple of one or two sizes."""
    return (
        isinstance(value, tuple)
        and 1 <= len(value) <= _MOST_AXES
        and all(type(size) is int and 0 <= size < 1 << 48 for size in value)
    )


def side_array(folder: Path, name: str, what: str) -> np.ndarray:
    """Map an array of numbers from a `.npy` file.

    Args:
        folder: where it is.
        name: of the file.
        what: it is, for errors.

    Raises:
        FormatError: if it is missing, a link out of the folder, no such array, or of another size than it says.
    """
    path = inner_file(folder, name)
    advice = "copy the files beside the model again"
    wanted = f"{path} to be {what}, an array of numbers"
    with path.open("rb") as file:
        start = file.read(len(_NPY) + 4)
        version, length = start[len(_NPY) : len(_NPY) + 1], int.from_bytes(start[len(_NPY) + 2 :], "little")
        header = _HEADER.fullmatch(file.read(min(length, _LONGEST_HEADER)))
        place = file.tell()
    if not start.startswith(_NPY) or version != b"\1" or header is None:
        raise FormatError(sentence(wanted, "another kind of file", advice))
    order, code, is_by_column = header["order"].decode(), header["code"].decode(), header["columns"] == b"True"
    shape = tuple(int(size) for size in re.findall(rb"\d+", header["shape"]))
    if code not in _KINDS or not _is_shape(shape):
        raise FormatError(sentence(wanted, f"{code} of shape {shape}", advice))
    dtype = np.dtype(_ORDERS[order] + code)
    size = path.stat().st_size - place
    if math.prod(shape) * dtype.itemsize != size:
        raise FormatError(sentence(wanted, f"shape {shape} of {dtype} in {size} bytes", advice))
    if size == 0:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, "r", place, shape, "F" if is_by_column else "C").view(np.ndarray)
