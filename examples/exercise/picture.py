"""Twenty-four words on a plane: the first two principal components of their vectors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from firth.errors import CorpusError, MissingExtraError, sentence
from firth.storage import new_file

GROUPS = {
    "praise": ["great", "cool", "brilliant", "wonderful", "well", "amazing", "worth", "sweet", "enjoyable"],
    "blame": ["boring", "bad", "dumb", "annoying"],
    "people": ["female", "male", "queen", "king", "man", "woman"],
    "weather": ["rain", "snow", "hail"],
    "drinks": ["coffee", "tea"],
}
COLORS = {"praise": "#1b7f4b", "blame": "#c0392b", "people": "#2c5fa8", "weather": "#7d5ba6", "drinks": "#9a6412"}
CORNERS = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
"""Where a label may stand beside its point, the best first: right, left, above, below, corners."""


def principal_plane(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates on the first two principal components, (N, 2), and their shares of the variance, (2,).

    The sign of a component is nobody's: here its largest coordinate is positive.
    """
    centred = vectors - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    places = left[:, :2] * sizes[:2]
    places *= np.sign(places[np.abs(places).argmax(axis=0), [0, 1]])
    return places, (sizes**2 / (sizes**2).sum())[:2]


def chosen_words(words: list[str]) -> dict[str, int]:
    """Return the row of each word of the groups that the corpus has.

    Raises:
        CorpusError: if there are fewer than three.
    """
    place = {word: row for row, word in enumerate(words)}
    rows = {word: place[word] for group in GROUPS.values() for word in group if word in place}
    if len(rows) < 3:
        advice = "take the corpus of the exercise"
        raise CorpusError(sentence("a corpus with the words of the picture", f"{len(rows)} of them", advice))
    return rows


def both_halves(rows: list[int], center: np.ndarray, context: np.ndarray) -> np.ndarray:
    """Return the vectors of the picture: the centre half of a word, and its context half behind it, (N, 2 D)."""
    return np.concatenate([center[rows], context[rows]], axis=1)


def frequency_share(
    words: list[str], counts: np.ndarray, center: np.ndarray, context: np.ndarray
) -> tuple[float, float]:
    """Return how the first component correlates with log count, and its share of the variance."""
    rows = list(chosen_words(words).values())
    places, shares = principal_plane(both_halves(rows, center, context))
    return float(np.corrcoef(places[:, 0], np.log(counts[rows]))[0, 1]), float(shares[0])


def check_matplotlib() -> None:
    """Say what to install if matplotlib is missing.

    Raises:
        MissingExtraError: if it is.
    """
    try:
        import matplotlib  # noqa: F401 - only whether it is there
    except ImportError as error:
        advice = "pip install matplotlib, or leave out --picture"
        raise MissingExtraError(sentence("matplotlib, to draw", "no module matplotlib", advice)) from error


def draw_picture(
    words: list[str], center: np.ndarray, context: np.ndarray, path: str | os.PathLike[str], *, iterations: int
) -> None:
    """Draw the words that the corpus has of the 24.

    Args:
        words: of each row.
        center: centre vectors, (V, D).
        context: context vectors, (V, D).
        path: the picture; its end, `.png` or `.svg`, says which form.
        iterations: for the title.

    Raises:
        MissingExtraError: if matplotlib is not installed.
        CorpusError: if the corpus has hardly any of the words.
    """
    check_matplotlib()
    import matplotlib
    from matplotlib.figure import Figure

    rows = chosen_words(words)
    places, shares = principal_plane(both_halves(list(rows.values()), center, context))
    colors = [COLORS[group] for group, members in GROUPS.items() for word in members if word in rows]
    figure = Figure(figsize=(8, 6), dpi=150, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(*places.T, s=16, c=colors, linewidths=0, zorder=2)
    axes.set_xlabel(f"component 1 · {shares[0]:.0%} of the variance", color="#555")
    axes.set_ylabel(f"component 2 · {shares[1]:.0%}", color="#555")
    axes.set_title(f"{len(rows)} words after {iterations:,} iterations".replace(",", " "), loc="left", fontsize=12)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#bbb")
    axes.tick_params(colors="#777", labelsize=8, length=3)
    axes.grid(color="#eee", zorder=0)
    axes.margins(0.09)
    for group, color in COLORS.items():
        axes.scatter([], [], s=16, c=color, linewidths=0, label=group)
    axes.legend(frameon=False, fontsize=9, ncols=5, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0,
                handletextpad=0.1, columnspacing=1)  # fmt: skip
    _place_labels(axes, list(rows), places, colors)
    form = Path(path).suffix[1:].lower() or "png"
    # Without a date and with fixed names inside, the same vectors give the same bytes.
    metadata = {"Date": None} if form == "svg" else {}
    with new_file(path, overwrite=True) as file, matplotlib.rc_context({"svg.hashsalt": "firth"}):
        figure.savefig(file, format=form, metadata=metadata)


def _place_labels(axes: Any, words: list[str], places: np.ndarray, colors: list[str]) -> None:  # noqa: ANN401
    """Write each word beside its point, where it covers least of the points and of the labels written before."""
    axes.figure.draw_without_rendering()  # only now are places on the paper known
    taken = [np.array([*point - 4, *point + 4]) for point in axes.transData.transform(places)]
    limits = axes.get_window_extent().extents
    for word, place, color in zip(words, places, colors, strict=True):
        label = axes.annotate(word, place, xytext=(0, 0), textcoords="offset points", fontsize=10, color=color)

        def cost(corner: tuple[int, int], label: Any = label) -> float:  # noqa: ANN401
            """Move the label to a corner; return the area that it would cover there."""
            right, up = corner
            label.set_position((6 * right, 6 * up))
            label.set(ha=("center", "left", "right")[right], va=("center", "bottom", "top")[up])
            box = label.get_window_extent().extents
            return sum(_overlap(box, other) for other in taken) + 100 * _outside(box, limits)

        cost(min(CORNERS, key=cost))
        taken.append(label.get_window_extent().extents)


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the area that two boxes (left, bottom, right, top) share."""
    width, height = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return float(max(width, 0) * max(height, 0))


def _outside(box: np.ndarray, limits: np.ndarray) -> float:
    """Return by how much a box leaves the limits, summed over its sides."""
    return float(np.maximum(limits[:2] - box[:2], 0).sum() + np.maximum(box[2:] - limits[2:], 0).sum())
