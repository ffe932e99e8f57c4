"""Opens text files, compressed or not: what a file is, is told by its first bytes, not by its name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from firth.errors import CorpusError, MissingExtraError, sentence

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FIRST_BYTES = {
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # a text may begin with BZh, but hardly goes on like this


def compression_of(first: bytes) -> str | None:
    r"""Name the compression of a file by its first ten bytes; None if it has none.

    >>> compression_of(b"\x1f\x8b\x08..."), compression_of(b"BZh is a word"), compression_of(b"plain text")
    ('gzip', None, None)
    """
    for start, name in _FIRST_BYTES.items():
        if first.startswith(start) and (name != "bzip2" or first[4:10] in _BZIP2_BLOCKS):
            return name
    return None


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


class _ZstandardReader(io.RawIOBase):
    """Reads all frames of a zstandard file, and takes a file that ends inside one for damaged (the library doesn't)."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            import zstandard
        except ImportError as error:
            came = "no module zstandard"
            advice = "pip install 'firth[data]'"
            raise MissingExtraError(sentence("zstandard, to read a .zst file", came, advice)) from error
        self._file = file
        self._new_frame = zstandard.ZstdDecompressor().decompressobj
        self._frame = self._new_frame()
        self._input = b""
        self._is_inside = False
        self._output = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._output:
            data = self._input or self._file.read(1 << 16)
            if not data:
                if self._is_inside:
                    raise EOFError("the file ended inside a frame")
                return 0
            self._output = memoryview(self._frame.decompress(data))
            self._is_inside = not self._frame.eof
            self._input = b""
            if self._frame.eof:
                self._input = self._frame.unused_data
                self._frame = self._new_frame()
        count = min(len(buffer), len(self._output))
        buffer[:count] = self._output[:count]
        self._output = self._output[count:]
        return count


def _decompressed(file: io.BufferedReader, name: str | None) -> Readable:
    """Return the stream of a file's text."""
    if name == "gzip":
        return gzip.GzipFile(fileobj=file)
    if name == "bzip2":
        return bz2.BZ2File(file)
    if name == "xz":
        return lzma.LZMAFile(file)
    if name == "zstandard":
        return io.BufferedReader(_ZstandardReader(file), 1 << 17)
    return file


@contextmanager
def _damage_named(name: str, compression: str | None) -> Iterator[None]:
    """Turn what a decompressor raises on bad data into a CorpusError."""
    try:
        yield
    except (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError) as error:
        if compression is None or (isinstance(error, OSError) and error.errno is not None):
            raise
        came = f"damaged or cut-off data in {name} ({error})"
        advice = "get the file again, or decompress it by hand to see how much is left"
        raise CorpusError(sentence(f"a whole {compression} file", came, advice)) from error
    except Exception as error:  # zstandard's own error, whose module may be missing
        if type(error).__module__.partition(".")[0] != "zstandard":
            raise
        came = f"damaged data in {name} ({error})"
        raise CorpusError(sentence("a whole zstandard file", came, "get the file again")) from error


def read_text(file: io.BufferedReader, name: str, chunk_size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the text of an open binary file in chunks, decompressed, without a byte order mark at its start.

    Args:
        file: where its compression, if any, begins.
        name: what to call it in errors.
        chunk_size: bytes.

    Yields:
        How many bytes of text come before the chunk, and the chunk.

    Raises:
        CorpusError: if the compressed data is damaged.
        MissingExtraError: if it takes a package that isn't installed.
    """
    compression = compression_of(file.peek(10)[:10])
    with _damage_named(name, compression):
        stream = _decompressed(file, compression)
        first = stream.read(3)
        if first != BYTE_ORDER_MARK and first:
            yield 0, first
    start = len(first)
    while True:
        with _damage_named(name, compression):
            data = stream.read(chunk_size)
        if not data:
            return
        yield start, data
        start += len(data)
