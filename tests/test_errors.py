"""Every error says what was expected, what came and what to do, and nothing else."""

import copy
import errno
import inspect
import math
import pickle

import numpy as np
import pytest

import firth
from firth import errors
from firth.errors import (
    FirthError,
    OutputError,
    SettingsError,
    ShapeError,
    check_choice,
    check_integer,
    check_number,
    check_shape,
    sentence,
)

TEXT = sentence("this", "that", "do so")
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, FirthError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_is_its_sentence_public_and_can_be_sent_to_another_process(kind):
    for error in [kind(TEXT)] + [kind(errno.ENOSPC, TEXT)] * (kind is OutputError):
        assert str(error) == TEXT
        assert getattr(firth, kind.__name__) is kind
        for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
            assert type(twin) is kind
            assert str(twin) == TEXT


def test_what_cannot_be_written_is_an_error_of_the_system_with_its_number():
    error = OutputError(errno.ENOSPC, TEXT)
    assert isinstance(error, OSError)
    assert error.errno == errno.ENOSPC


@pytest.mark.parametrize(
    ("array", "shape", "said"),
    [
        (np.zeros(3), (2,), "expected counts of shape (2,), got shape (3,); reshape it or pass another"),
        (np.zeros(3), (None, 2), "expected counts of shape (any, 2), got shape (3,); reshape it or pass another"),
        (np.zeros((1, 1)), (), "expected counts of shape (), got shape (1, 1); reshape it or pass another"),
    ],
)
def test_shapes_are_written_as_numpy_writes_them(array, shape, said):
    with pytest.raises(ShapeError) as caught:
        check_shape("counts", array, shape)
    assert str(caught.value) == said


def test_an_array_of_the_right_shape_is_returned():
    array = np.zeros((2, 3))
    assert check_shape("matrix", array, (2, None)) is array


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda: check_integer("n", 2.0, 1), "expected n to be a whole number ≥ 1, got 2.0; pass n=1 or more"),
        (lambda: check_integer("n", True, 1), "expected n to be a whole number ≥ 1, got True; pass n=1 or more"),
        (
            lambda: check_integer("n", 9, 1, 8),
            "expected n to be a whole number from 1 to 8, got 9; choose n within this range",
        ),
        (
            lambda: check_number("x", "1", 0, 1),
            "expected x to be a number from 0 to 1, got '1'; pass x as such a number",
        ),
        (
            lambda: check_number("x", 0, 0, 1, open_below=True),
            "expected x to be a number above 0 and up to 1, got 0; choose x within this range",
        ),
        (
            lambda: check_number("x", math.nan, 0, math.inf),
            "expected x to be a finite number ≥ 0, got nan; pass x as such a number",
        ),
        (lambda: check_choice("c", "z", ("a", "b")), "expected c to be 'a' or 'b', got 'z'; choose one of them"),
    ],
)
def test_a_setting_out_of_range_is_said(check, said):
    with pytest.raises(SettingsError) as caught:
        check()
    assert str(caught.value) == said
