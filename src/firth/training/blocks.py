"""The two loops in which training spends its time, written as vectors: scores of a block of rows, and their update.

A block is m centre rows against n context rows. Rows are whole cache lines (64 bytes, 16 float32 or 8 float64), so
there is no remainder, and the rows of one side are distinct (or spare with weight 0), so nothing has to be checked for
overlap; that a compiler can't know, which is why these loops are not left to it.

    scores:  x_ij = v_i · u_j                                          2 m n D flops
    update:  v_i += Σ_j s_ij u_j    and    u_j += Σ_i s_ij v_i         4 m n D flops, both from the old values
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from firth.training.matrices import LINE

_SUM = ("reassoc", "nsz", "contract")


class _Rows:
    """Pointers to the rows `matrix[ids[0]], matrix[ids[1]], …`, read and written a vector at a time."""

    def __init__(self, context: Any, builder: ir.IRBuilder, matrix: tuple, ids: tuple, count: int) -> None:
        self.builder = builder
        matrix_type, matrix_value = matrix
        ids_type, ids_value = ids
        array = context.make_array(matrix_type)(context, builder, matrix_value)
        id_array = context.make_array(ids_type)(context, builder, ids_value)
        scalar = context.get_value_type(matrix_type.dtype)
        self.item_bytes = matrix_type.dtype.bitwidth // 8
        self.vector = ir.VectorType(scalar, LINE // self.item_bytes)
        stride = builder.extract_value(array.strides, 0)
        columns = builder.extract_value(array.shape, 1)
        self.vectors = builder.udiv(columns, ir.Constant(columns.type, self.vector.count))
        start = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        self.pointers = []
        for j in range(count):
            row = builder.load(builder.gep(id_array.data, [ir.Constant(ir.IntType(64), j)]))
            row_start = builder.gep(start, [builder.mul(row, stride)])
            self.pointers.append(builder.bitcast(row_start, self.vector.as_pointer()))

    def load(self, j: int, index: ir.Value) -> ir.Value:
        """Read vector `index` of row j."""
        return self.builder.load(self.builder.gep(self.pointers[j], [index]), align=self.item_bytes)

    def store(self, value: ir.Value, j: int, index: ir.Value) -> None:
        """Write vector `index` of row j."""
        self.builder.store(value, self.builder.gep(self.pointers[j], [index]), align=self.item_bytes)


def _multiply_add(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, total: ir.Value) -> ir.Value:
    """Return a · b + total, fused."""
    return builder.fadd(builder.fmul(a, b, flags=_SUM), total, flags=_SUM)


def _pairwise_sums(builder: ir.IRBuilder, low: ir.Value, high: ir.Value) -> ir.Value:
    """Return the sums of neighbours in `low`, then those in `high`, as one vector of the length of one of them."""
    count = low.type.count
    mask = ir.VectorType(ir.IntType(32), count)
    even = builder.shuffle_vector(low, high, ir.Constant(mask, list(range(0, 2 * count, 2))))
    odd = builder.shuffle_vector(low, high, ir.Constant(mask, list(range(1, 2 * count, 2))))
    return builder.fadd(even, odd, flags=_SUM)


def _half(builder: ir.IRBuilder, vector: ir.Value) -> ir.Value:
    """Return the first half of a vector."""
    count = vector.type.count // 2
    mask = ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(count)))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)


def _row_sums(builder: ir.IRBuilder, vectors: list[ir.Value]) -> list[ir.Value]:
    """Return the sum of each vector, in order, packed: a tree of neighbour sums, not one reduction after another."""
    lanes = vectors[0].type.count
    while vectors[0].type.count > 1 and lanes > 1:
        if len(vectors) > 1:
            vectors = [_pairwise_sums(builder, *vectors[j : j + 2]) for j in range(0, len(vectors), 2)]
        else:
            vectors = [_half(builder, _pairwise_sums(builder, vectors[0], vectors[0]))]
        lanes //= 2
    return vectors


def _zero_sums(builder: ir.IRBuilder, vector: ir.VectorType, count: int) -> list[ir.Value]:
    """Return places for `count` vectors, set to zero here; the compiler keeps them in registers."""
    zero = ir.Constant(vector, [0.0] * vector.count)
    places = [cgutils.alloca_once(builder, vector) for _ in range(count)]
    for place in places:
        builder.store(zero, place)
    return places


def _store_sums(builder: ir.IRBuilder, sums: list[ir.Value], pointer: ir.Value, item_bytes: int) -> None:
    """Write the sum of each of the vectors kept at `sums`, one item after the other."""
    for vector in _row_sums(builder, [builder.load(place) for place in sums]):
        here = builder.bitcast(pointer, vector.type.as_pointer())
        builder.store(vector, here, align=item_bytes)
        pointer = builder.gep(pointer, [ir.Constant(ir.IntType(64), vector.type.count)])


def _array_pointer(context: Any, builder: ir.IRBuilder, array_type: Any, value: ir.Value) -> ir.Value:
    """Return the address of an array's first item."""
    return context.make_array(array_type)(context, builder, value).data


def _scores_of(centers: int, contexts: int) -> Callable[..., Any]:
    """Build the intrinsic that fills scores (centers · contexts,) of a block of that size."""

    def scores(typing_context: Any, center: Any, center_ids: Any, context: Any, context_ids: Any, out: Any) -> Any:
        def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            pairs = list(zip(signature.args, arguments, strict=True))
            left = _Rows(target, builder, pairs[0], pairs[1], centers)
            right = _Rows(target, builder, pairs[2], pairs[3], contexts)
            sums = _zero_sums(builder, left.vector, centers * contexts)
            with cgutils.for_range(builder, left.vectors) as loop:
                us = [right.load(j, loop.index) for j in range(contexts)]
                for i in range(centers):
                    v = left.load(i, loop.index)
                    for j in range(contexts):
                        place = sums[i * contexts + j]
                        builder.store(_multiply_add(builder, v, us[j], builder.load(place)), place)
            _store_sums(builder, sums, _array_pointer(target, builder, *pairs[4]), left.item_bytes)
            return target.get_dummy_value()

        return types.void(center, center_ids, context, context_ids, out), generate

    return scores


def _update_of(centers: int, contexts: int) -> Callable[..., Any]:
    """Build the intrinsic that moves the rows of a block of that size by its steps (centers · contexts,)."""

    def update(typing_context: Any, center: Any, center_ids: Any, context: Any, context_ids: Any, steps: Any) -> Any:
        def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            pairs = list(zip(signature.args, arguments, strict=True))
            left = _Rows(target, builder, pairs[0], pairs[1], centers)
            right = _Rows(target, builder, pairs[2], pairs[3], contexts)
            pointer = _array_pointer(target, builder, *pairs[4])
            lanes = left.vector.count
            everywhere = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
            undefined = ir.Constant(left.vector, ir.Undefined)
            step = []
            for k in range(centers * contexts):
                value = builder.load(builder.gep(pointer, [ir.Constant(ir.IntType(64), k)]))
                first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
                step.append(builder.shuffle_vector(first, undefined, everywhere))
            with cgutils.for_range(builder, left.vectors) as loop:
                vs = [left.load(i, loop.index) for i in range(centers)]
                us = [right.load(j, loop.index) for j in range(contexts)]
                for i in range(centers):
                    moved = vs[i]
                    for j in range(contexts):
                        moved = _multiply_add(builder, step[i * contexts + j], us[j], moved)
                    left.store(moved, i, loop.index)
                for j in range(contexts):
                    moved = us[j]
                    for i in range(centers):
                        moved = _multiply_add(builder, step[i * contexts + j], vs[i], moved)
                    right.store(moved, j, loop.index)
            return target.get_dummy_value()

        return types.void(center, center_ids, context, context_ids, steps), generate

    return update


@intrinsic
def squares_4(typing_context: Any, matrix: Any, ids: Any, out: Any) -> Any:
    """Fill out (4,) with the squared norms of four rows."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        pairs = list(zip(signature.args, arguments, strict=True))
        rows = _Rows(target, builder, pairs[0], pairs[1], 4)
        sums = _zero_sums(builder, rows.vector, 4)
        with cgutils.for_range(builder, rows.vectors) as loop:
            for j in range(4):
                v = rows.load(j, loop.index)
                builder.store(_multiply_add(builder, v, v, builder.load(sums[j])), sums[j])
        _store_sums(builder, sums, _array_pointer(target, builder, *pairs[2]), rows.item_bytes)
        return target.get_dummy_value()

    return types.void(matrix, ids, out), generate


scores_4x4 = intrinsic(_scores_of(4, 4))
scores_4x1 = intrinsic(_scores_of(4, 1))
update_4x4 = intrinsic(_update_of(4, 4))
update_4x1 = intrinsic(_update_of(4, 1))
