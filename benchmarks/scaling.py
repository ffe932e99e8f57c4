"""How do time and memory grow with the words of the corpus, the vocabulary, the dimensions, the threads?

    python benchmarks/scaling.py [--quick] [--repeats 3] [--threads 1 2] [--into FOLDER] [--redraw]

One pass with each kernel: that which gives the same bytes on any number of threads, and racing threads. Window 5,
negatives 5, subsample 1e-3, D = 100 and two threads where nothing else is said.

-   Words: the first 1 M and 4 M of `enwiki-text8-style`, all 16.9 M, and 65 M generated ones with V = 200 000.
-   Vocabulary: 16 M generated words, V from 10 000 to 1 M, every word kept.
-   Dimensions: 25 to 600, on the 4 M words.
-   Threads, on the 16.9 M words.

Generated text is Zipf's with exponent 1 in passages of a topic each: `write_generated`. Each run is a process of its
own, from the file of text to vectors. The peak is its resident memory at most, mapped files included, and is compared
with 8·V·D + 400 MB. Runs go round all points, so that others who use the machine for a while touch all alike; points of
more than `BIG` words × dimensions run once. The picture is docs/pictures/scaling.svg; `--redraw` draws it from the
results that are there. `--quick` takes a twentieth of all words and vocabularies, and keeps results and picture only
with `--into`.
"""

import argparse
import itertools
import json
import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

import measuring
import numpy as np
from measuring import REPOSITORY, RESULTS, spread, write_lines, write_result
from memory import KERNELS, compile_kernels, run_alone

PICTURES = REPOSITORY / "docs" / "pictures"
SMALLER = 20
BIG = 3e9
BOUND = 400e6
"""Bytes that a run may take at its peak besides two float32 matrices."""
LINE_WORDS = 1000
PASSAGE_WORDS = 100
TOPICS = 100
LOOKS = {
    "firth": {"color": "#0b5cad", "linestyle": "-", "marker": "o"},
    "firth, racing": {"color": "#d95f02", "linestyle": "--", "marker": "s"},
}
BLOCK = 1_000_000
"""Words generated at a time, whole lines and passages."""


class Text(NamedTuple):
    """A corpus: words of Wikipedia, or generated ones where a vocabulary is given."""

    words: int | None
    vocabulary: int | None = None

    def smaller(self):
        """Return a twentieth of it."""
        return Text(*(size and size // SMALLER for size in self))


class Point(NamedTuple):
    """What is measured with each kernel."""

    text: Text
    dimensions: int = 100
    threads: int = 2
    min_count: int = 5


WIKIPEDIA = Text(17_000_000)  # all of it, 16.9 M
LARGE = Text(65_000_000, 200_000)
FEW = Text(4_000_000)


def plan(threads, *, is_quick):
    """Return a list of points for each panel; the same point may stand in several."""
    size = Text.smaller if is_quick else lambda text: text
    most = max(threads)
    generated = [Text(16_000_000, vocabulary) for vocabulary in (10_000, 30_000, 100_000, 300_000, 1_000_000)]
    return {
        "words": [Point(size(text), threads=most) for text in (Text(1_000_000), FEW, WIKIPEDIA, LARGE)],
        "vocabulary": [Point(size(text), threads=most, min_count=1) for text in generated],
        "dimensions": [Point(size(FEW), each, most) for each in (25, 50, 100, 200, 300, 600)],
        "threads": [Point(size(WIKIPEDIA), threads=each) for each in threads],
    }


def draw_words(generator, count, vocabulary):
    """Draw ids of words, most frequent first: Zipf's law with exponent 1, in passages that prefer their topic's words.

        P(id < k) = log(k + 1) / log(V + 1)                     so P(id = k) is close to 1 / ((k + 1) · log V)

    V = vocabulary. Half of the words become that of the passage's topic among the `TOPICS` words of nearly the same
    rank, (count,); the most frequent belong to no topic, as function words.
    """
    ids = np.minimum((vocabulary + 1.0) ** generator.random(count) - 1, vocabulary - 1).astype(np.int32)
    topics = np.repeat(generator.integers(TOPICS, size=-(-count // PASSAGE_WORDS)), PASSAGE_WORDS)[:count]
    local = ids - ids % TOPICS + topics
    is_local = (generator.random(count) < 0.5) & (ids >= TOPICS) & (local < vocabulary)
    return np.where(is_local, local, ids)


def write_generated(path, words, vocabulary, seed=1):
    """Write generated words in lines of 1000; every word of the vocabulary comes at least once, at even distances."""
    generator = np.random.default_rng(seed)
    spellings = np.frombuffer("".join(f"w{number:06} " for number in range(vocabulary)).encode(), "S1").reshape(-1, 8)
    distance, order = words // vocabulary, generator.permutation(vocabulary)
    with path.open("wb") as file:
        for start in range(0, words, BLOCK):
            count = min(BLOCK, words - start)
            ids = draw_words(generator, count, vocabulary)
            turns = np.arange(-(-start // distance), -(-(start + count) // distance))
            turns = turns[turns < vocabulary]
            ids[turns * distance - start] = order[turns]
            letters = spellings[ids]
            letters[LINE_WORDS - 1 :: LINE_WORDS, -1] = b"\n"
            file.write(letters.tobytes())


def write_texts(folder, texts):
    """Write all corpora; return the path of each."""
    paths = {text: folder / f"{text.vocabulary or 'wikipedia'}-{text.words}.txt" for text in texts}
    most = max(text.words for text in texts if text.vocabulary is None)
    whole, _ = write_lines(folder, words=most)
    for text, path in paths.items():
        if text.vocabulary is not None:
            write_generated(path, *text)
            continue
        with whole.open("rb") as source, path.open("wb") as target:
            target.writelines(itertools.islice(source, text.words // LINE_WORDS))
    return paths


def measure(points, repeats, paths):
    """Return a list of what `run_alone` found for each point and kernel."""
    runs = {(point, name): [] for point in points for name in KERNELS}
    for turn in range(repeats):
        for (point, name), found in runs.items():
            text, dimensions, threads, min_count = point
            if turn and text.words * dimensions > BIG:
                continue
            settings = {"dimensions": dimensions, "threads": threads, "min_count": min_count}
            found.append(run_alone(paths[text], **settings, passes=1, reproducible=KERNELS[name]))
            print(turn + 1, point, name, found[-1], flush=True)
    return runs


def summary(panel, point, name, found):
    """Return what the table and the picture show of a point."""
    first = found[0]
    return {
        "panel": panel,
        "trainer": name,
        "is_generated": point.text.vocabulary is not None,
        "words": first["words"],
        "vocabulary": first["vocabulary"],
        "dimensions": point.dimensions,
        "threads": point.threads,
        "seconds": [run["seconds"] for run in found],
        "pairs": first["pairs"],
        "resident": max(run["resident"] for run in found),
        "anonymous": max(run["anonymous"] for run in found),
        "bound": 8 * first["vocabulary"] * point.dimensions + BOUND,
    }


def row_of(entry):
    """Return a row of the table: speeds at the median of seconds, memory in MB."""
    seconds = statistics.median(entry["seconds"])
    sizes = [round(entry[key] / 1e6) for key in ("resident", "anonymous", "bound")]
    return [
        entry["panel"],
        entry["words"],
        entry["vocabulary"],
        entry["dimensions"],
        entry["threads"],
        entry["trainer"],
        spread(entry["seconds"]),
        round(entry["words"] / seconds / 1e6, 2),
        round(entry["pairs"] / seconds / 1e6, 1),
        *sizes,
        "yes" if entry["resident"] < entry["bound"] else "no",
    ]


def measure_all(options, folder):
    """Measure, and write the results; return the points as the picture takes them."""
    panels = plan(options.threads, is_quick=options.quick)
    points = list(dict.fromkeys(itertools.chain(*panels.values())))
    paths = write_texts(folder, {point.text for point in points})
    compile_kernels(paths[panels["threads"][0].text])
    runs = measure(points, options.repeats, paths)
    entries = [
        summary(panel, point, name, runs[point, name])
        for panel, members in panels.items()
        for point in members
        for name in KERNELS
    ]
    columns = ["panel", "words", "V", "D", "threads", "trainer", "seconds", "M words/s", "M pairs/s"]
    write_result(
        "scaling",
        what=f"One pass: seconds of training, median (least … most) of {options.repeats} runs, or one of a big one; "
        "resident memory of the process at its peak, MB, with mapped files and without, and whether the former is "
        "below 8·V·D bytes + 400 MB; the text is Wikipedia's in `dimensions`, in `threads` and at 1, 4 and 16.9 M "
        "words, else it is generated",
        command="python benchmarks/scaling.py",
        columns=[*columns, "peak", "without files", "8·V·D + 400", "below"],
        rows=[row_of(entry) for entry in entries],
        points=entries,
    )
    return entries


def draw_runs(axes, entries, panel, *, shows_seconds):
    """Draw what each kernel took by what varies in the panel: points at the median, bars from least to most."""
    for name, look in LOOKS.items():
        members = [entry for entry in entries if (entry["panel"], entry["trainer"]) == (panel, name)]
        values = [
            [seconds if shows_seconds else entry["words"] / seconds / 1e6 for seconds in entry["seconds"]]
            for entry in members
        ]
        places, middles = [entry[panel] for entry in members], [statistics.median(each) for each in values]
        around = [[middle - min(each), max(each) - middle] for middle, each in zip(middles, values, strict=True)]
        axes.errorbar(places, middles, np.transpose(around), **look, linewidth=1.5, elinewidth=1, ms=4.5, label=name)
        hollow = [index for index, entry in enumerate(members) if entry["is_generated"]]
        at = [places[index] for index in hollow], [middles[index] for index in hollow]
        axes.plot(*at, **look | {"linestyle": "none"}, ms=4.5, markerfacecolor="white", zorder=4)
    axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    places = sorted({entry[panel] for entry in entries if entry["panel"] == panel})
    if panel != "threads":
        axes.set_xscale("log")
    axes.set_xticks([], minor=True)
    axes.set_xticks(places, [short(place) for place in places])


def draw_proportion(axes, entries):
    """Draw how fast more threads would be if each were as fast as one alone."""
    members = [entry for entry in entries if (entry["panel"], entry["trainer"]) == ("threads", "firth")]
    places = [entry["threads"] for entry in members]
    single = members[0]["words"] / statistics.median(members[0]["seconds"]) / 1e6 / places[0]
    line = axes.plot(places, [single * place for place in places], ":", color="#777777", linewidth=1)
    axes.legend(line, ["each as fast as one alone"], loc="lower right", frameon=False)
    axes.margins(x=0.3)


def short(number):
    """Write a number of words in three digits at most, an amount of anything below 1000 as it is.

    >>> short(300_000), short(16_900_000), short(600)
    ('300 k', '16.9 M', '600')
    """
    units = (unit for unit in ((1e6, " M"), (1e3, " k"), (1, "")) if number >= unit[0])
    size, name = next(units)
    return f"{number / size:.3g}{name}"


def titles(entries):
    """Return the title of each panel: what grows, and what stays as it is."""
    words = {panel: short(entry["words"]) for entry in entries if (panel := entry["panel"]) != "words"}
    return {
        "words": "Longer text (D = 100)",
        "vocabulary": f"Larger vocabulary ({words['vocabulary']} words, D = 100)",
        "dimensions": f"Longer vectors ({words['dimensions']} words)",
        "threads": f"More threads ({words['threads']} words, D = 100)",
    }


def draw(entries, path):
    """Draw the picture: a panel for each thing that varies. The same entries give the same bytes."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams |= {"svg.hashsalt": "firth", "svg.fonttype": "none", "font.size": 9, "axes.titlesize": 9.5}
    from matplotlib import pyplot

    figure, grid = pyplot.subplots(2, 2, figsize=(7.6, 5.8))
    panels = dict(zip(titles(entries), grid.flat, strict=True))
    for panel, title in titles(entries).items():
        draw_runs(panels[panel], entries, panel, shows_seconds=panel == "words")
        panels[panel].set_title(title)
    draw_proportion(panels["threads"], entries)
    panels["words"].set(yscale="log", ylabel="seconds a pass", xlabel="words of the corpus")
    panels["words"].yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for panel, label in {"vocabulary": "words in it, V", "dimensions": "dimensions, D", "threads": "threads"}.items():
        panels[panel].set(xlabel=label, ylabel="million words a second")
        panels[panel].set_ylim(bottom=0)
    handles, names = panels["words"].get_legend_handles_labels()
    figure.legend(handles, names, loc="upper center", ncols=2, frameon=False)
    figure.text(0.5, 0.005, "filled: Wikipedia · hollow: generated text · bars: least to most", ha="center", fontsize=8)
    figure.tight_layout(rect=(0, 0.025, 1, 0.95))
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of all words and vocabularies")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--into", type=Path, help="folder of results and picture instead of those of the repository")
    parser.add_argument("--redraw", action="store_true", help="draw the picture from the results, measure nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        into = options.into or (folder if options.quick else None)
        measuring.RESULTS, pictures = into or RESULTS, into or PICTURES
        if options.redraw:
            entries = json.loads((measuring.RESULTS / "scaling.json").read_text())["points"]
        else:
            entries = measure_all(options, folder)
        pictures.mkdir(parents=True, exist_ok=True)
        draw(entries, pictures / "scaling.svg")


if __name__ == "__main__":
    main()
