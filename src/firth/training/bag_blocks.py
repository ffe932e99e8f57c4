"""Bags in LLVM's terms: the mean of some rows, its move handed back to them, and steps that have a sign each.

    gather:  h = Σ_i n_i v_i / Σ_i n_i              over the words of a window, each the mean of n_i rows
    spread:  v_i += share · (h_now − h_then)        over the same words
    steps:   s_j = rate · w_j · σ(−sign(w_j) x_j)   which lower Σ |w_j| · −log σ(sign(w_j) x_j)

A document, where there is one, is one more row of the bag, from a matrix of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from firth.training.lanes import (
    SIZE,
    VECTOR,
    Lines,
    everywhere,
    items_of,
    lines_of,
    load_line,
    logistic,
    multiply_add,
    panels,
    size,
    store_line,
)

_HELD = VECTOR // 8
"""Lines of a bag held in registers at once: a quarter of all registers, or half of them."""


class _Bag:
    """The arguments that both intrinsics share: (matrix, words, where, documents, document, bags, now, then, …).

    `where` is three int64, the first and the last index of the window in `words` and that of the word that is left out;
    `document` is a row of `documents`, or −1; `now` and `then` are rows of `bags`.
    """

    def __init__(self, target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> None:
        self.builder = builder
        matrix, words, where, documents, self.document, bags, now, then = arguments[:8]
        self.left, self.right, self.index = cgutils.unpack_tuple(builder, where)
        self.matrix = Lines(target, builder, signature.args[0], matrix)
        self.words = items_of(target, builder, signature.args[1], words)
        self.documents = Lines(target, builder, signature.args[3], documents)
        self.bags = Lines(target, builder, signature.args[5], bags)
        self.now, self.then = self.bags.row(now), self.bags.row(then)

    def each_row(self, use: Callable[[ir.Value, ir.Value], None]) -> None:
        """Build a loop over the window's other words: `use` gets the place of each and its row."""
        builder = self.builder
        with cgutils.for_range(builder, builder.sub(self.right, self.left)) as loop:
            place = builder.add(self.left, loop.index)
            place = builder.add(place, builder.zext(builder.icmp_signed(">=", place, self.index), SIZE))
            word = builder.load(builder.gep(self.words, [place]))
            use(place, self.matrix.row(builder.sext(word, SIZE)))

    def document_row(self, use: Callable[[ir.Value], None]) -> None:
        """Build what is done with the document's row, if there is one."""
        with self.builder.if_then(self.builder.icmp_signed(">=", self.document, size(0))):
            use(self.documents.row(self.document))


def _number(builder: ir.IRBuilder, vector: ir.VectorType, value: ir.Value) -> ir.Value:
    """Return a float64 everywhere in a vector of its kind."""
    return everywhere(
        builder, vector, value if isinstance(vector.element, ir.DoubleType) else builder.fptrunc(value, vector.element)
    )


@intrinsic
def gather_bag(
    typing_context: Any,
    matrix: Any,
    words: Any,
    where: Any,
    documents: Any,
    document: Any,
    bags: Any,
    now: Any,
    then: Any,
    sizes: Any,
    scale: Any,
) -> Any:
    """Fill bags[now] and bags[then] with scale · (Σ sizes[i] · matrix[words[i]] + documents[document]).

    `sizes` may be None: all are 1.
    """
    has_sizes = not isinstance(sizes, types.NoneType)

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        bag = _Bag(target, builder, signature, arguments)
        vector = bag.matrix.vector
        sizes = items_of(target, builder, signature.args[8], arguments[8]) if has_sizes else None
        scale = _number(builder, vector, arguments[9])
        for count, line, _ in panels(builder, bag.bags.count, _HELD):
            places = [builder.add(line, size(j)) for j in range(count)]
            sums = [cgutils.alloca_once(builder, vector) for _ in places]
            for total in sums:
                builder.store(ir.Constant(vector, [0.0] * vector.count), total)

            def add_word(place: ir.Value, row: ir.Value, sums: Any = sums, places: Any = places) -> None:
                weight = everywhere(builder, vector, builder.load(builder.gep(sizes, [place]))) if has_sizes else None
                for total, here in zip(sums, places, strict=True):
                    x, old = bag.matrix.load(row, here), builder.load(total)
                    new = builder.fadd(x, old) if weight is None else multiply_add(builder, weight, x, old)
                    builder.store(new, total)

            def add_document(row: ir.Value, sums: Any = sums, places: Any = places) -> None:
                for total, here in zip(sums, places, strict=True):
                    builder.store(builder.fadd(bag.documents.load(row, here), builder.load(total)), total)

            bag.each_row(add_word)
            bag.document_row(add_document)
            for total, here in zip(sums, places, strict=True):
                mean = builder.fmul(builder.load(total), scale)
                bag.bags.store(mean, bag.now, here)
                bag.bags.store(mean, bag.then, here)
        return target.get_dummy_value()

    whole, real = types.int64, types.float64
    return types.void(matrix, words, where, documents, whole, bags, whole, whole, sizes, real), generate


@intrinsic
def spread_bag(
    typing_context: Any,
    matrix: Any,
    words: Any,
    where: Any,
    documents: Any,
    document: Any,
    bags: Any,
    now: Any,
    then: Any,
    share: Any,
) -> Any:
    """Add share · (bags[now] − bags[then]) to the rows that `gather_bag` took the mean of."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        bag = _Bag(target, builder, signature, arguments)
        share = _number(builder, bag.matrix.vector, arguments[8])
        for count, line, _ in panels(builder, bag.bags.count, _HELD):
            places = [builder.add(line, size(j)) for j in range(count)]
            moves = [
                builder.fmul(builder.fsub(bag.bags.load(bag.now, here), bag.bags.load(bag.then, here)), share)
                for here in places
            ]

            def move(lines: Lines, row: ir.Value, moves: Any = moves, places: Any = places) -> None:
                for by, here in zip(moves, places, strict=True):
                    lines.store(builder.fadd(lines.load(row, here), by), row, here)

            bag.each_row(lambda _, row: move(bag.matrix, row))
            bag.document_row(lambda row: move(bag.documents, row))
        return target.get_dummy_value()

    whole = types.int64
    return types.void(matrix, words, where, documents, whole, bags, whole, whole, types.float64), generate


@intrinsic
def steps_by_weight(typing_context: Any, scores: Any, count: Any, rate: Any, weights: Any, sizes: Any) -> Any:
    """Replace the first `count` scores x by the steps that lower Σ |w| · −log σ(sign(w) x): rate · w · σ(−sign(w) x).

    What fills their last line becomes 0; weights are read as far as it goes. The sizes of the steps are added to
    `sizes`, one line.
    """

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        places = lines_of(target, builder, signature.args[0], arguments[0])
        weights = lines_of(target, builder, signature.args[3], arguments[3])
        sizes = lines_of(target, builder, signature.args[4], arguments[4])
        vector = places.type.pointee
        rates = _number(builder, vector, arguments[2])
        none = ir.Constant(vector, [0.0] * vector.count)
        numbers = ir.Constant(ir.VectorType(SIZE, vector.count), list(range(vector.count)))
        lines = builder.udiv(builder.add(arguments[1], size(vector.count - 1)), size(vector.count))
        with cgutils.for_range(builder, lines) as loop:
            left = builder.sub(arguments[1], builder.mul(loop.index, size(vector.count)))
            is_score = builder.icmp_signed("<", numbers, everywhere(builder, numbers.type, left))
            weight = builder.select(is_score, load_line(builder, weights, loop.index), none)
            x = load_line(builder, places, loop.index)
            is_down = builder.fcmp_ordered("<", weight, none)
            length = logistic(builder, builder.select(is_down, builder.fneg(x), x), -1.0)
            step = builder.select(is_score, builder.fmul(builder.fmul(rates, weight), length), none)
            size_of = builder.select(is_down, builder.fneg(step), step)
            store_line(builder, builder.fadd(load_line(builder, sizes, size(0)), size_of), sizes, size(0))
            store_line(builder, step, places, loop.index)
        return target.get_dummy_value()

    return types.void(scores, types.int64, types.float64, weights, sizes), generate
