"""The only door to `numba.njit`: fast-math chosen by name, compiled code kept where it can't go stale.

Numba's own cache looks at the file of one function only, so after an edit in another module it would go on
running the old code. Here the folder is named after all sources of the package: another source, another folder, and
those that no process has used for a month are removed when one is made. Where no folder can be written, kernels are
compiled anew in each process, and one line says so.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from firth.leftovers import remove_unused

logger = logging.getLogger(__name__)

# Sums may be reordered, products fused and divisions turned into reciprocals. Never `nnan` or `ninf`: with them
# the compiler may remove every check that a number is finite.
FAST_MATH = {"contract", "reassoc", "nsz", "arcp", "afn"}

_DAYS_KEPT = 30

_VECTOR_FEATURES = ("sse", "avx", "fma", "xop", "neon", "sve", "sme", "altivec", "vsx")
"""How the names of those features begin that decide how wide vectors are, and which operations are one."""


def _sources_digest() -> str:
    """Return a checksum of all sources of the package: what ends up in machine code can come from any of them."""
    home = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(home.rglob("*.py")):
        digest.update(source.relative_to(home).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def _user_cache() -> Path:
    """Return the folder where this system keeps what can be made again."""
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(named) / "firth"
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named) / "firth"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "firth"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "firth"


@cache
def kernel_folder() -> Path | None:
    """Return the folder of the compiled kernels of these very sources, or None if it can't be written."""
    try:
        folder = _user_cache() / f"kernels-{_sources_digest()}"
        is_new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)  # reading kernels leaves no trace, and a folder in use must not look forgotten
        if is_new:
            remove_unused(folder.parent, "kernels-*", days=_DAYS_KEPT)
        return folder
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        logger.warning("compiled kernels can't be kept (%s); they are compiled anew in each process", error)
        return None


def compiled(
    *, fast_math: bool = False, inline: bool = False, flatten: bool = False, allocates: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function when it is first called, and keep the machine code on disk.

    Compiled functions release the interpreter's lock and don't check array bounds; they are serial, and threads
    are Python's.

    Args:
        fast_math: allow `FAST_MATH`.
        inline: copy the source into each caller, before types are known.
        flatten: copy the machine code into each caller: no call, no arguments pushed.
        allocates: whether it makes arrays. Where none does, nothing counts references to arrays: that takes two atomic
            additions for each array of each tuple that is handed on, and threads take turns at them.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": FAST_MATH if fast_math else False}
        options["forceinline"] = flatten
        options["_nrt"] = allocates
        if inline:
            return numba.njit(inline="always", **options)(function)
        folder = kernel_folder()
        if folder is None:
            return numba.njit(**options)(function)
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(folder)
        try:
            return numba.njit(cache=True, **options)(function)
        finally:
            numba.config.CACHE_DIR = before

    return decorate


def is_compiled(name: str) -> bool:
    """Tell whether machine code of the function called `name` is on disk already."""
    folder = kernel_folder()
    return folder is not None and any(folder.rglob(f"*.{name}-*.nbi"))


def compiled_for() -> tuple[str, list[str]]:
    """Return what kernels are compiled for here: the processor as LLVM names it, and its vector features.

    As Numba tells it to LLVM, which is not always what the processor has: see NUMBA_CPU_NAME, NUMBA_CPU_FEATURES and
    NUMBA_ENABLE_AVX.

    >>> name, features = compiled_for()
    >>> bool(name), features == sorted(features)
    (True, True)
    """
    from numba.core.registry import cpu_target

    _, name, features = cpu_target.target_context.codegen().magic_tuple()
    in_use = [feature[1:] for feature in features.split(",") if feature.startswith("+")]
    return name, sorted(feature for feature in in_use if feature.startswith(_VECTOR_FEATURES))


def vector_bytes() -> int:
    """Return how wide the vectors are that kernels are written with: 64 bytes where the processor has them, else 32.

    Wider ones than it has would be cut in two, and sums that fill its registers would not fit them any more.
    """
    return 64 if "avx512f" in compiled_for()[1] else 32


@intrinsic
def float_from_bits(typing_context: Any, bits: Any) -> Any:
    """Read the 32 bits of an int32 as a float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@intrinsic
def lowest_bit(typing_context: Any, bits: Any) -> Any:
    """Return the place of the lowest bit that is set in a uint64, which must not be 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@intrinsic
def prefetch_row(typing_context: Any, matrix: Any, row: Any) -> Any:
    """Ask for the cache lines of `matrix[row]` before they are needed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        count = ir.IntType(64)
        small, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        prefetch = numba.core.cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, small, small, small]), "llvm.prefetch.p0i8"
        )
        stride = builder.extract_value(array.strides, 0)
        start = builder.gep(builder.bitcast(array.data, byte), [builder.mul(arguments[1], stride)])
        lines = builder.lshr(builder.add(stride, ir.Constant(count, 63)), ir.Constant(count, 6))
        with numba.core.cgutils.for_range(builder, lines) as loop:
            line = builder.mul(loop.index, ir.Constant(count, 64))
            address = builder.gep(start, [line])
            builder.call(prefetch, [address, ir.Constant(small, 1), ir.Constant(small, 3), ir.Constant(small, 1)])
        return context.get_dummy_value()

    return types.void(matrix, row), generate
