"""σ and −log σ inside kernels: polynomials for float32, the library's functions for float64.

Both are built on e^(−|x|), which never overflows, so scores of any size give finite results:

    σ(|x|) = 1 / (1 + e^(−|x|))        −log σ(−|x|) = |x| + log(1 + e^(−|x|))
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from firth.compiling import FAST_MATH, compiled, float_from_bits

LOG_ONE_PLUS = (
    -0.00837115255,
    0.0434938998,
    -0.106850029,
    0.176874767,
    -0.244747742,
    0.332719284,
    -0.499971745,
    0.999999781,
)
"""Coefficients of log(1 + s)/s for 0 ≤ s ≤ 1, highest power first: a Chebyshev fit of degree 7."""


def decay(size: float) -> float:
    """Return e^(−size) for size ≥ 0, in the precision of its argument.

    Float32: 2^n · 2^r with |r| ≤ ½; 2^r is a Chebyshev fit of degree 5, relative error below 2e-7.
    """
    return np.exp(-size)


@overload(decay, jit_options={"fastmath": FAST_MATH}, inline="always")
def _decay(size: Any) -> Any:
    def exact(size: Any) -> Any:
        return np.exp(-size)

    def polynomial(size: Any) -> Any:
        power = max(np.float32(-126.0), size * np.float32(-1.4426950408889634))
        whole = np.int32(power - np.float32(0.5))  # towards zero, so to the nearest: power ≤ 0
        rest = power - np.float32(whole)
        value = np.float32(0.00133909)
        value = value * rest + np.float32(0.00967603)
        value = value * rest + np.float32(0.05550357)
        value = value * rest + np.float32(0.24022107)
        value = value * rest + np.float32(0.69314719)
        value = value * rest + np.float32(1.00000008)
        return value * float_from_bits((whole + np.int32(127)) << np.int32(23))

    return polynomial if size == types.float32 else exact


def log_one_plus(share: float) -> float:
    """Return log(1 + share) for 0 ≤ share ≤ 1, in the precision of its argument.

    Float32: share times a Chebyshev fit of log(1 + s)/s of degree 7, relative error below 5e-7.
    """
    return np.log1p(share)


@overload(log_one_plus, jit_options={"fastmath": FAST_MATH}, inline="always")
def _log_one_plus(share: Any) -> Any:
    def exact(share: Any) -> Any:
        return np.log1p(share)

    def polynomial(share: Any) -> Any:
        value = np.float32(LOG_ONE_PLUS[0])
        value = value * share + np.float32(LOG_ONE_PLUS[1])
        value = value * share + np.float32(LOG_ONE_PLUS[2])
        value = value * share + np.float32(LOG_ONE_PLUS[3])
        value = value * share + np.float32(LOG_ONE_PLUS[4])
        value = value * share + np.float32(LOG_ONE_PLUS[5])
        value = value * share + np.float32(LOG_ONE_PLUS[6])
        value = value * share + np.float32(LOG_ONE_PLUS[7])
        return value * share

    return polynomial if share == types.float32 else exact


# Below, the length is not known to the compiler, so that the loops become loops over vectors: one of known length is
# unrolled first, and stays scalar.


@compiled(fast_math=True, flatten=True)
def logistic_loss(scores: np.ndarray, weights: np.ndarray, times: np.ndarray, sign: float) -> float:
    """Return Σ weight · −log σ(sign · x), in nats; arguments as in `logistic_steps`."""
    zero = scores.dtype.type(0)
    turn = scores.dtype.type(-sign)
    loss = zero
    for j in range(len(scores)):
        x = turn * scores[j]
        loss += (weights[j] * times[j]) * (max(x, zero) + log_one_plus(decay(abs(x))))
    return loss


@compiled(fast_math=True, flatten=True)
def signed_loss(scores: np.ndarray, weights: np.ndarray) -> float:
    """Return Σ |weight| · −log σ(sign(weight) x), in nats; weights may be longer than the scores x."""
    zero = scores.dtype.type(0)
    loss = zero
    for j in range(len(scores)):
        x = scores[j] if weights[j] < zero else -scores[j]
        loss += abs(weights[j]) * (max(x, zero) + log_one_plus(decay(abs(x))))
    return loss


@compiled(fast_math=True, flatten=True)
def soften(scores: np.ndarray) -> float:
    """Turn scores x into their softmax e^x / Σ e^x; return log Σ e^x."""
    largest = scores[0]
    for j in range(len(scores)):
        largest = max(largest, scores[j])
    total = scores.dtype.type(0)
    for j in range(len(scores)):
        scores[j] = decay(largest - scores[j])
        total += scores[j]
    for j in range(len(scores)):
        scores[j] /= total
    return largest + math.log(total)
