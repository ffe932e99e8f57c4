"""The sweeps over a row of scores, in LLVM's vectors: eˣ, K q σ(x) and softplus, in place, with sums in float64.

A loop that the compiler would have to turn into vectors by itself stays scalar as soon as Numba widens an integer in
it, and is three times slower than the matrix product before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from firth.training.lanes import VECTOR, everywhere, multiply_add, power_of_two
from firth.training.logistic import LOG_ONE_PLUS

Change = Callable[[ir.IRBuilder, ir.Value, ir.Value], tuple[ir.Value, ir.Value]]
"""From a vector of scores and one beside it (the shift, or weights) to what replaces them, and what is added up."""


def _sweep(change: Change, *, has_weights: bool) -> Callable[..., Any]:
    """Build the intrinsic that changes the first `lines` lines of a row and returns a sum over them, in float64."""

    def sweep(typing_context: Any, row: Any, beside: Any, lines: Any) -> Any:
        def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            item = target.get_value_type(signature.args[0].dtype)
            vector = ir.VectorType(item, VECTOR // (signature.args[0].dtype.bitwidth // 8))
            double = ir.VectorType(ir.DoubleType(), vector.count)
            pointers = [
                builder.bitcast(target.make_array(kind)(target, builder, array).data, vector.as_pointer())
                for kind, array in list(zip(signature.args, arguments, strict=True))[: 1 + has_weights]
            ]
            constant = None if has_weights else everywhere(builder, vector, arguments[1])
            total = cgutils.alloca_once(builder, double)
            builder.store(ir.Constant(double, [0.0] * vector.count), total)
            with cgutils.for_range(builder, arguments[2]) as loop:
                here, *others = (builder.gep(pointer, [loop.index]) for pointer in pointers)
                weights = constant if constant is not None else builder.load(others[0], align=4)
                new, added = change(builder, builder.load(here, align=4), weights)
                builder.store(new, here, align=4)
                wide = added if isinstance(item, ir.DoubleType) else builder.fpext(added, double)
                builder.store(builder.fadd(builder.load(total), wide), total)
            sums = builder.load(total)
            result = ir.Constant(ir.DoubleType(), 0.0)
            for lane in range(vector.count):
                result = builder.fadd(result, builder.extract_element(sums, ir.Constant(ir.IntType(32), lane)))
            return result

        return types.float64(row, beside, types.int64), generate

    return sweep


def _constant(vector: ir.VectorType, value: float) -> ir.Constant:
    """Return a vector with this number in all lanes."""
    return ir.Constant(vector, [value] * vector.count)


def _exponential(builder: ir.IRBuilder, x: ir.Value, shift: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return e^(x − shift), twice."""
    power = power_of_two(builder, builder.fmul(builder.fsub(x, shift), _constant(x.type, math.log2(math.e))))
    return power, power


def _parts(builder: ir.IRBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """Return max(x, 0), e^−|x| and σ(x)."""
    zero, one = _constant(x.type, 0.0), _constant(x.type, 1.0)
    is_positive = builder.fcmp_ordered(">", x, zero)
    negated = builder.fsub(zero, x)
    size = builder.select(is_positive, x, negated)
    small = power_of_two(builder, builder.fmul(size, _constant(x.type, -math.log2(math.e))))
    larger = builder.fdiv(one, builder.fadd(one, small))
    logistic = builder.select(is_positive, larger, builder.fmul(small, larger))
    return builder.select(is_positive, x, zero), small, logistic


def _logarithm_of_one_plus(builder: ir.IRBuilder, small: ir.Value) -> ir.Value:
    """Return log(1 + s) for 0 ≤ s ≤ 1: in float32 the polynomial of `logistic`, in float64 the library's logarithm."""
    vector = small.type
    if isinstance(vector.element, ir.DoubleType):
        kind = ir.FunctionType(vector, [vector])
        name = f"llvm.log.v{vector.count}f64"
        logarithm = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(logarithm, [builder.fadd(small, _constant(vector, 1.0))])
    value = _constant(vector, LOG_ONE_PLUS[0])
    for coefficient in LOG_ONE_PLUS[1:]:
        value = multiply_add(builder, value, small, _constant(vector, coefficient))
    return builder.fmul(value, small)


def _softplus(builder: ir.IRBuilder, x: ir.Value, weights: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return weight · σ(x) and weight · softplus(x)."""
    positive, small, logistic = _parts(builder, x)
    softplus = builder.fadd(positive, _logarithm_of_one_plus(builder, small))
    return builder.fmul(weights, logistic), builder.fmul(weights, softplus)


def _logistic(builder: ir.IRBuilder, x: ir.Value, weights: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return weight · σ(x), twice."""
    weighted = builder.fmul(weights, _parts(builder, x)[2])
    return weighted, weighted


exponentials = intrinsic(_sweep(_exponential, has_weights=False))
weighted_softplus = intrinsic(_sweep(_softplus, has_weights=True))
weighted_logistic = intrinsic(_sweep(_logistic, has_weights=True))
