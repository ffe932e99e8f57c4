"""Decimal numbers in lines of text, parsed at the speed of memory: the same float32 that `float` gives, or none."""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled

POWERS = np.array([float(f"1e{exponent}") for exponent in range(-300, 301)])
"""The powers of ten that numbers are multiplied with, each the nearest float64; 10⁰ stands in the middle."""


@compiled()
def parse_lines(data, starts, stops, powers, rows, word_stops):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Parse lines of a word and D numbers; a line that is not plain gets −1 for the end of its word.

    A number m · 10ᵉ is computed in float64 with three roundings, so what `float` gives is within 2⁻⁵⁰ of it; where both
    ends of that interval round to the same float32, this is the one. All else is left to `float`.

    Args:
        data: the text, uint8.
        starts: where the lines begin, int64, (N,).
        stops: where they end, int64, (N,).
        powers: `POWERS`.
        rows: gets the numbers, float32, (N, D).
        word_stops: gets where the words end, int64, (N,); −1: the line is to be parsed in another way.
    """
    for row in range(len(starts)):
        start, stop = starts[row], stops[row]
        while stop > start and (data[stop - 1] == 32 or data[stop - 1] == 9 or data[stop - 1] == 13):
            stop -= 1
        word_stop = start
        while word_stop < stop and data[word_stop] != 32 and data[word_stop] != 9:
            word_stop += 1
        if _parse_numbers(data, word_stop + 1, stop, powers, rows[row]):
            word_stops[row] = word_stop
            continue
        word_stop = _start_of_last(data, start, stop, rows.shape[1]) - 1
        is_plain = word_stop >= start and _parse_numbers(data, word_stop + 1, stop, powers, rows[row])
        word_stops[row] = word_stop if is_plain else -1


@compiled(inline=True)
def _start_of_last(data, start, stop, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return where the last `count` fields of a line begin, or its start if it has not more."""
    place = stop
    for field in range(count):
        if field:
            while place > start and (data[place - 1] == 32 or data[place - 1] == 9):
                place -= 1
        while place > start and data[place - 1] != 32 and data[place - 1] != 9:
            place -= 1
    return place


@compiled()
def _parse_numbers(data, place, stop, powers, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Parse the numbers from `place` to `stop` into a row; tell whether these were as many, all of them plain."""
    for column in range(len(row)):
        if column:
            if place >= stop or (data[place] != 32 and data[place] != 9):
                return False
            while place < stop and (data[place] == 32 or data[place] == 9):
                place += 1
        place, row[column] = _parse_number(data, place, stop, powers)
        if place < 0:
            return False
    return place == stop


@compiled(flatten=True)
def _parse_number(data, place, stop, powers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Parse the number at `place`; return the place behind it, or −1 if it is not plain, and the float32."""
    nothing = np.float32(0.0)
    is_negative = place < stop and data[place] == 45
    if place < stop and (data[place] == 45 or data[place] == 43):
        place += 1
    mantissa, digits, exponent, seen, is_fraction = np.uint64(0), 0, 0, 0, 0
    while place < stop:
        letter = data[place]
        if 48 <= letter <= 57:
            if digits < 19:
                mantissa = mantissa * np.uint64(10) + np.uint64(letter - 48)
                digits += mantissa != 0
                exponent -= is_fraction
            else:  # beyond what float64 can tell apart
                exponent += 1 - is_fraction
            seen += 1
        elif letter == 46 and is_fraction == 0:
            is_fraction = 1
        else:
            break
        place += 1
    if seen == 0:
        return -1, nothing
    if place < stop and (data[place] == 101 or data[place] == 69):
        place += 1
        sign = -1 if place < stop and data[place] == 45 else 1
        if place < stop and (data[place] == 45 or data[place] == 43):
            place += 1
        first, written = place, 0
        while place < stop and 48 <= data[place] <= 57 and place - first < 6:
            written = written * 10 + (data[place] - 48)
            place += 1
        if place == first:
            return -1, nothing
        exponent += sign * written
    if mantissa == 0:
        return place, -nothing if is_negative else nothing
    return _nearest(float(mantissa), exponent, is_negative, place, powers)


@compiled(flatten=True)
def _nearest(mantissa, exponent, is_negative, place, powers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the place and the float32 of mantissa · 10ᵉ, or −1 if more digits would be needed to tell which it is."""
    if not -300 <= exponent <= 280:
        return -1, np.float32(0.0)
    value = mantissa * powers[300 + exponent]
    low, high = np.float32(value * (1 - 2.0**-50)), np.float32(value * (1 + 2.0**-50))
    return place if low == high else -1, -low if is_negative else low
