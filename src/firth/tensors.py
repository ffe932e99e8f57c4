"""Arrays in safetensors files: written from where they lie, opened without reading them.

A header is believed only after it has been compared with the size of the file, so that no file, however
hostile, costs memory: the arrays of a file that is accepted are mapped.
"""

from __future__ import annotations

import errno
import json
import math
import mmap
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from firth.errors import FormatError, OutputError, ShapeError, check_shape, sentence

_LARGEST_HEADER = 1 << 20  # ours have a few hundred bytes; parsed JSON takes many times its length in memory
_BLOCK = 1 << 22  # bytes read at once
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1",
}  # fmt: skip


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Write arrays into one safetensors file; contiguous ones, mapped ones too, are not copied.

    Args:
        path: the file; call within `new_folder` to have it replaced at once.
        tensors: the arrays by name.

    Raises:
        OutputError: if the disk is full, or the place can't be written to.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    advice = "free some space, or choose another place"
    try:
        path.touch()
        mode = path.stat().st_mode & 0o777  # as this process makes files; the library's own would be its owner's alone
        # The library writes from the address of the first element on: strided arrays would come out wrong.
        save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path)
        path.chmod(mode)
    except SafetensorError as problem:
        said = re.search(r"\(os error (\d+)\)", str(problem))
        number = int(said[1]) if said else errno.EIO
        raise OutputError(number, sentence(f"to write {path}", repr(os.strerror(number)), advice)) from problem
    except OSError as problem:
        number = problem.errno or errno.EIO
        raise OutputError(number, sentence(f"to write {path}", repr(os.strerror(number)), advice)) from problem


def write_rows(path: Path, name: str, blocks: Iterable[np.ndarray], shape: tuple[int, int]) -> int:
    """Write one matrix of float32, of which not all rows are at hand at once, into a safetensors file.

    If as many rows come as were announced, these are the bytes that `write_tensors` writes.

    Args:
        path: the file; call within `new_folder` to have it replaced at once.
        name: of the matrix.
        blocks: its rows, (N, D) each.
        shape: how many rows come at most, and D.

    Returns:
        How many rows came.

    Raises:
        ShapeError: if more come, or one has not D numbers.
    """
    announced = _header_of(name, shape)
    done = 0
    with path.open("wb") as file:
        file.write(announced)
        for block in blocks:
            check_shape("a block of rows", block, (None, shape[1]))
            done += len(block)
            if done > shape[0]:
                raise ShapeError(sentence(f"{shape[0]} rows", f"{done} or more", "announce as many as come"))
            file.write(np.ascontiguousarray(block, "<f4").data)
        if done < shape[0]:
            file.seek(0)
            file.write(_header_of(name, (done, shape[1]), len(announced) - 8))
    return done


def read_rows(path: Path, name: str) -> Iterator[np.ndarray]:
    """Read a matrix of a safetensors file a few MiB at once: what is mapped counts as memory of the process.

    Args:
        path: the file.
        name: of a matrix in it, float32.

    Yields:
        Float32, (N, D), in the order of the rows.

    Raises:
        FormatError: if header, types, shapes, places and size do not fit each other.
    """
    header, start = _read_header(path, path.stat().st_size)
    dtype, (count, columns), begin = _places(path, header, path.stat().st_size - start)[name]
    step = max(1, _BLOCK // (dtype.itemsize * columns))
    with path.open("rb") as file:
        file.seek(start + begin)
        for done in range(0, count, step):
            yield np.fromfile(file, dtype, min(step, count - done) * columns).reshape(-1, columns)


def _header_of(name: str, shape: tuple[int, int], length: int = 0) -> bytes:
    """Return length and header of a file with one matrix of float32, filled up with spaces to whole eight bytes."""
    entry = {"dtype": "F32", "shape": shape, "data_offsets": (0, 4 * shape[0] * shape[1])}
    text = json.dumps({name: entry}, separators=(",", ":")).encode()
    text = text.ljust(max(length, -(-len(text) // 8) * 8))
    return len(text).to_bytes(8, "little") + text


def map_tensors(path: Path) -> dict[str, np.ndarray]:
    """Open a safetensors file: its header is checked against the size of the file, the arrays are mapped.

    Args:
        path: the file.

    Returns:
        The arrays by name, read-only; nothing of them is in memory yet.

    Raises:
        FormatError: if header, types, shapes, places and size do not fit each other.
    """
    size = path.stat().st_size
    header, start = _read_header(path, size)
    places = _places(path, header, size - start)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return {
        name: np.frombuffer(mapped, dtype, math.prod(shape), start + begin).reshape(shape)
        for name, (dtype, shape, begin) in places.items()
    }


def _broken(path: Path, came: str) -> FormatError:
    """Build the error of a safetensors file that can't be believed."""
    return FormatError(sentence(f"{path} to be a whole safetensors file", came, "copy or download it again"))


def _read_header(path: Path, size: int) -> tuple[dict[str, Any], int]:
    """Read the JSON header of a file of `size` bytes; return it with the place where the data begin."""
    with path.open("rb") as file:
        prefix = file.read(8)
        length = int.from_bytes(prefix, "little")
        if len(prefix) < 8 or length > size - 8:
            raise _broken(path, f"{size} bytes" if len(prefix) < 8 else f"{size} bytes and a header of {length}")
        if length > _LARGEST_HEADER:
            raise _broken(path, f"a header of {length} bytes (at most {_LARGEST_HEADER} are read)")
        text = file.read(length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise _broken(path, "a header that is not JSON") from None
    if not isinstance(header, dict):
        raise _broken(path, "a header that is not a JSON object")
    return header, 8 + length


def _places(path: Path, header: Mapping[str, Any], size: int) -> dict[str, tuple[np.dtype, tuple[int, ...], int]]:
    """Check the header against `size` bytes of data; return type, shape and first byte of every tensor."""
    places: dict[str, tuple[np.dtype, tuple[int, ...], int]] = {}
    ends: dict[str, int] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if not isinstance(entry, dict):
            raise _broken(path, f"tensor {name!r} without a description")
        kind, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
        if not isinstance(kind, str) or kind not in _DTYPES:
            raise _broken(path, f"tensor {name!r} of type {kind!r}")
        if not _are_sizes(shape, 8) or not _are_sizes(offsets, 2) or len(offsets) != 2:
            raise _broken(path, f"tensor {name!r} of shape {shape!r} in bytes {offsets!r}")
        dtype = np.dtype(_DTYPES[kind])
        if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
            raise _broken(path, f"tensor {name!r} of shape {shape} in bytes {offsets!r}")
        places[name], ends[name] = (dtype, tuple(shape), offsets[0]), offsets[1]
    here = 0
    for name in sorted(places, key=lambda name: (places[name][2], ends[name])):
        if places[name][2] != here:
            raise _broken(path, f"tensor {name!r} at byte {places[name][2]} where byte {here} is next")
        here = ends[name]
    if here != size:
        raise _broken(path, f"tensors of {here} bytes and {size} bytes of data")
    return places


def _are_sizes(value: object, most: int) -> TypeGuard[list[int]]:
    """Tell whether `value` is a list of at most `most` whole numbers that can be sizes or places."""
    return (
        isinstance(value, list)
        and len(value) <= most
        and all(isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 48 for number in value)
    )
