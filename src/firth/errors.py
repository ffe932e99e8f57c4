"""What can go wrong, in words: every exception of the library and the checks that raise them.

A message says three things in this order: what was expected, what came, what to do.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence

import numpy as np


class FirthError(Exception):
    """Base of every error that the library raises on purpose."""


class SettingsError(FirthError, ValueError):
    """A parameter lies outside what is possible."""


class ShapeError(FirthError, ValueError):
    """An array has a shape that does not fit the others."""


class CorpusError(FirthError, ValueError):
    """The text can't be read, or holds nothing to train on."""


class CountsError(FirthError, ValueError):
    """Pair counts do not fit each other, or have nothing to tell."""


class FormatError(FirthError, ValueError):
    """A file is not what its name, header or size says."""


class OutputError(FirthError, OSError):
    """Nothing can be written there: the disk is full, or the place can't be written to.

    Made from the system's number and a sentence: `OutputError(errno.ENOSPC, sentence(…))`.
    """

    def __str__(self) -> str:
        """Return the sentence as it is (an `OSError` would put its number before it)."""
        return str(self.args[-1])


class OutputExistsError(FirthError, FileExistsError):
    """The place to write to is taken, and overwriting was not asked for."""


class TrainingError(FirthError, RuntimeError):
    """Training could not go on."""


class MissingExtraError(FirthError, ImportError):
    """An optional dependency is not installed."""


class NotOfferedError(FirthError, NotImplementedError):
    """Another tool has it and this library has not."""


class UnknownWordError(FirthError, KeyError):
    """A word has no vector."""

    def __str__(self) -> str:
        """Return the message as it is (a `KeyError` would quote it)."""
        return str(self.args[0])


def sentence(expected: str, came: str, advice: str) -> str:
    """Build the text of an error from its three parts.

    >>> sentence("a file", "a folder", "name the files in it")
    'expected a file, got a folder; name the files in it'
    """
    return f"expected {expected}, got {came}; {advice}"


def check_integer(name: str, value: object, minimum: int, maximum: int | None = None) -> int:
    """Return `value` as an `int` if it is a whole number within [minimum, maximum].

    Raises:
        SettingsError: if it is not.

    >>> check_integer("window", 5, 1)
    5
    """
    limits = f"a whole number ≥ {minimum}" if maximum is None else f"a whole number from {minimum} to {maximum}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise SettingsError(sentence(f"{name} to be {limits}", repr(value), f"pass {name}={minimum} or more"))
    number = int(value)
    if number < minimum or (maximum is not None and number > maximum):
        raise SettingsError(sentence(f"{name} to be {limits}", repr(value), f"choose {name} within this range"))
    return number


def check_number(name: str, value: object, minimum: float, maximum: float, *, open_below: bool = False) -> float:
    """Return `value` as a finite `float` within [minimum, maximum], or (minimum, maximum] if `open_below`.

    Raises:
        SettingsError: if it is not.

    >>> check_number("learning_rate", 0.025, 0, 1, open_below=True)
    0.025
    """
    limits = (
        f"a number {'above' if open_below else 'from'} {minimum:g} {'and up to' if open_below else 'to'} {maximum:g}"
    )
    if maximum == math.inf:
        limits = "a finite number" + ("" if minimum == -math.inf else f" {'>' if open_below else '≥'} {minimum:g}")
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise SettingsError(sentence(f"{name} to be {limits}", repr(value), f"pass {name} as such a number"))
    number = float(value)
    if number < minimum or number > maximum or (open_below and number == minimum):
        raise SettingsError(sentence(f"{name} to be {limits}", repr(value), f"choose {name} within this range"))
    return number


def check_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`.

    Raises:
        SettingsError: if it is not.

    >>> check_choice("keep", "paper", ("word2vec", "paper"))
    'paper'
    """
    if not isinstance(value, str) or value not in choices:
        names = " or ".join(repr(choice) for choice in choices)
        raise SettingsError(sentence(f"{name} to be {names}", repr(value), "choose one of them"))
    return value


def check_shape(name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return `array` if it has this shape, where None stands for any length.

    Raises:
        ShapeError: if it has not.

    >>> check_shape("matrix", np.zeros((2, 3)), (2, None)).shape
    (2, 3)
    """
    fits = array.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    if not fits:
        lengths = ["any" if length is None else str(length) for length in shape]
        wanted = f"({lengths[0]},)" if len(lengths) == 1 else f"({', '.join(lengths)})"  # as NumPy writes shapes
        raise ShapeError(sentence(f"{name} of shape {wanted}", f"shape {array.shape}", "reshape it or pass another"))
    return array
