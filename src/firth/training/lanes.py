"""Vectors in LLVM's terms: rows read and written a vector at a time, sums across lanes, σ of all lanes at once.

The kernels' inner loops are built from these, because a compiler can't know what they may assume: rows are whole cache
lines, so there is no remainder, and nothing has to be checked for overlap. A *line* here is one vector: `VECTOR` bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from firth.compiling import vector_bytes

VECTOR = vector_bytes()
"""Bytes of a vector: 64 where the processor has them, else 32."""

SIZE = ir.IntType(64)
_BYTE = ir.IntType(8).as_pointer()
_SUM = ("reassoc", "nsz", "contract")


class Lines:
    """A matrix as rows of vectors, of VECTOR bytes each."""

    def __init__(self, target: Any, builder: ir.IRBuilder, matrix_type: Any, matrix: ir.Value) -> None:
        array = target.make_array(matrix_type)(target, builder, matrix)
        self.builder = builder
        self.item_bytes = matrix_type.dtype.bitwidth // 8
        self.vector = line_of(target, matrix_type)
        self.count = builder.udiv(builder.extract_value(array.shape, 1), size(self.vector.count))
        self._stride = builder.extract_value(array.strides, 0)
        self._start = builder.bitcast(array.data, _BYTE)

    def row(self, index: ir.Value) -> ir.Value:
        """Return the address of a row."""
        start = self.builder.gep(self._start, [self.builder.mul(index, self._stride)])
        return self.builder.bitcast(start, self.vector.as_pointer())

    def load(self, row: ir.Value, line: ir.Value) -> ir.Value:
        """Read one line of a row."""
        return self.builder.load(self.builder.gep(row, [line]), align=self.item_bytes)

    def store(self, value: ir.Value, row: ir.Value, line: ir.Value) -> None:
        """Write one line of a row."""
        self.builder.store(value, self.builder.gep(row, [line]), align=self.item_bytes)


def size(number: int) -> ir.Constant:
    """Return a number as a constant of 64 bits."""
    return ir.Constant(SIZE, number)


def line_of(target: Any, array_type: Any) -> ir.VectorType:
    """Return the type of a line of this array's items."""
    return ir.VectorType(target.get_value_type(array_type.dtype), VECTOR // (array_type.dtype.bitwidth // 8))


def items_of(target: Any, builder: ir.IRBuilder, array_type: Any, array: ir.Value) -> ir.Value:
    """Return the address of an array's first item."""
    return target.make_array(array_type)(target, builder, array).data


def lines_of(target: Any, builder: ir.IRBuilder, array_type: Any, array: ir.Value) -> ir.Value:
    """Return the address of an array's first line."""
    return builder.bitcast(items_of(target, builder, array_type, array), line_of(target, array_type).as_pointer())


def load_line(builder: ir.IRBuilder, lines: ir.Value, index: ir.Value) -> ir.Value:
    """Read a line that may begin anywhere."""
    return builder.load(builder.gep(lines, [index]), align=4)


def store_line(builder: ir.IRBuilder, value: ir.Value, lines: ir.Value, index: ir.Value) -> None:
    """Write a line that may begin anywhere."""
    builder.store(value, builder.gep(lines, [index]), align=4)


def everywhere(builder: ir.IRBuilder, vector: ir.VectorType, value: ir.Value) -> ir.Value:
    """Return a vector with this value in all lanes."""
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(_lanes(vector.count), [0] * vector.count))


def zero_sums(builder: ir.IRBuilder, vector: ir.VectorType, count: int) -> list[ir.Value]:
    """Return places for `count` vectors, set to zero here; the compiler keeps them in registers."""
    places = [cgutils.alloca_once(builder, vector) for _ in range(count)]
    for place in places:
        builder.store(_constant(vector, 0.0), place)
    return places


def multiply_add(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, total: ir.Value) -> ir.Value:
    """Return a · b + total, fused."""
    return builder.fadd(builder.fmul(a, b, flags=_SUM), total, flags=_SUM)


def row_sums(builder: ir.IRBuilder, vectors: list[ir.Value]) -> list[ir.Value]:
    """Return the sum of each vector, in order, packed: a tree of neighbour sums, not one reduction after another."""
    lanes = vectors[0].type.count
    while vectors[0].type.count > 1 and lanes > 1:
        if len(vectors) > 1:
            vectors = [_pairwise_sums(builder, *vectors[j : j + 2]) for j in range(0, len(vectors), 2)]
        else:
            vectors = [_half(builder, _pairwise_sums(builder, vectors[0], vectors[0]))]
        lanes //= 2
    return vectors


def packed_sums(builder: ir.IRBuilder, vectors: list[ir.Value]) -> list[ir.Value]:
    """Return the sums of as many vectors as fill whole lines: a line for each `lanes` of them."""
    lanes = vectors[0].type.count
    return [line for j in range(0, len(vectors), lanes) for line in row_sums(builder, vectors[j : j + lanes])]


def logistic(builder: ir.IRBuilder, x: ir.Value, sign: float) -> ir.Value:
    """Return σ(sign · x) of every lane, 1 / (1 + 2^y) with y = −sign · x / log 2."""
    vector = x.type
    y = builder.fmul(x, _constant(vector, -sign * math.log2(math.e)))
    one = _constant(vector, 1.0)
    return builder.fdiv(one, builder.fadd(one, power_of_two(builder, y)))


def power_of_two(builder: ir.IRBuilder, y: ir.Value) -> ir.Value:
    """Return 2^y of every lane, with y held within what 2^y can tell apart: ±125, in float64 ±1000.

    y = n + r with |r| ≤ ½: adding 1.5 · 2^m to a number with m bits behind the point leaves n in its lowest bits, from
    where it goes to the exponent of the polynomial for 2^r. Float32: a Chebyshev fit of degree 5, relative error below
    2e-7. Float64: Taylor's series up to where it is exact.
    """
    vector = y.type
    is_double = isinstance(vector.element, ir.DoubleType)
    bits = ir.VectorType(ir.IntType(64 if is_double else 32), vector.count)
    behind, limit, coefficients = (52, 1000.0, _TAYLOR) if is_double else (23, 125.0, _CHEBYSHEV)
    for bound, relation in ((-limit, "<"), (limit, ">")):
        edge = _constant(vector, bound)
        y = builder.select(builder.fcmp_ordered(relation, y, edge), edge, y)
    magic = _constant(vector, 1.5 * 2.0**behind)
    shifted = builder.fadd(y, magic)
    rest = builder.fsub(y, builder.fsub(shifted, magic))
    value = _constant(vector, coefficients[0])
    for coefficient in coefficients[1:]:
        value = builder.fadd(
            builder.fmul(value, rest, flags=("contract",)), _constant(vector, coefficient), flags=("contract",)
        )
    exponent = builder.shl(builder.bitcast(shifted, bits), ir.Constant(bits, [behind] * vector.count))
    return builder.bitcast(builder.add(builder.bitcast(value, bits), exponent), vector)


_CHEBYSHEV = (0.00133909, 0.00967603, 0.05550357, 0.24022107, 0.69314719, 1.00000008)
_TAYLOR = tuple(math.log(2) ** k / math.factorial(k) for k in range(14, -1, -1))


def panels(builder: ir.IRBuilder, lines: ir.Value, most: int) -> Iterator[tuple[int, ir.Value, bool]]:
    """Go through `lines` lines of a row, as many at once as registers hold: at most `most`, a power of two.

    The first panel is what is left over, so a loop over full ones follows; code is generated for each size of the
    first. Yields how many lines, the first of them, and whether this is the first panel.
    """
    rest = builder.add(builder.and_(builder.sub(lines, size(1)), size(most - 1)), size(1))
    after, never = (builder.append_basic_block(name) for name in ("panels.after", "panels.never"))
    choice = builder.switch(rest, never)
    builder.position_at_end(never)
    builder.unreachable()
    for count in range(1, most + 1):
        block = builder.append_basic_block(f"panels.{count}")
        choice.add_case(size(count), block)
        builder.position_at_end(block)
        yield count, size(0), True
        builder.branch(after)
    builder.position_at_end(after)
    with cgutils.for_range_slice(builder, rest, lines, size(most)) as (line, _):
        yield most, line, False


def _constant(vector: ir.VectorType, value: float) -> ir.Constant:
    """Return a vector with this number in all lanes."""
    return ir.Constant(vector, [value] * vector.count)


def _lanes(count: int) -> ir.VectorType:
    """Return the type of a shuffle's mask."""
    return ir.VectorType(ir.IntType(32), count)


def _pairwise_sums(builder: ir.IRBuilder, low: ir.Value, high: ir.Value) -> ir.Value:
    """Return the sums of neighbours in `low`, then those in `high`, as one vector of the length of one of them."""
    count = low.type.count
    even = builder.shuffle_vector(low, high, ir.Constant(_lanes(count), list(range(0, 2 * count, 2))))
    odd = builder.shuffle_vector(low, high, ir.Constant(_lanes(count), list(range(1, 2 * count, 2))))
    return builder.fadd(even, odd, flags=_SUM)


def _half(builder: ir.IRBuilder, vector: ir.Value) -> ir.Value:
    """Return the first half of a vector."""
    count = vector.type.count // 2
    return builder.shuffle_vector(
        vector, ir.Constant(vector.type, ir.Undefined), ir.Constant(_lanes(count), list(range(count)))
    )
