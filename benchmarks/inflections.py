"""Do Hebrew words too rare for a row of their own land beside their lemma, and how far does spelling alone go?

    python benchmarks/inflections.py [--seeds 1 2 3] [--words 2000]

`examples/inflections.py` on `hebrew-premodern.txt.xz`: skip-gram with subwords on the words seen at least five times;
inflections are drawn from the rarer ones. Writes two tables: the shares, and twenty words drawn of the first seed.
"""

import argparse
import statistics
import sys

from measuring import REPOSITORY, data_file, write_result

sys.path.insert(0, str(REPOSITORY / "examples"))

from inflections import (
    MIN_COUNT,
    NEAREST,
    PASSES,
    SUBWORDS,
    WAYS,
    drawn,
    find_inflections,
    hebrew,
    nearest_by_vectors,
    rare_words,
    shares,
    table_of,
    train,
)

CORPUS = "corpora/hebrew-premodern.txt.xz"
COMMAND = "python benchmarks/inflections.py"
SHOWN = 20


def write_shares(found, chance, words):
    """Write how often each way has the lemma among the nearest, means of the seeds."""
    rows = []
    for name, each in found.items():
        rows.append([name, *(round(100 * statistics.mean(values), 1) for values in zip(*each, strict=True))])
    rows.append(["chance", round(100 * chance, 3), round(100 * NEAREST * chance, 3), ""])
    write_result(
        "inflections_shares",
        what=f"Percent of {words} Hebrew words, drawn from those seen less than {MIN_COUNT} times that are inflections "
        f"of a word with a row, mean of {len(next(iter(found.values())))} seeds. By vectors: composed of n-grams of "
        f"{SUBWORDS.smallest} to {SUBWORDS.longest} characters, after {PASSES} passes over 0.8 M words; by n-grams: "
        "the cosine of those that two words have in common, which no text has taught; by letters: how many to change",
        command=COMMAND,
        columns=["nearest by", "lemma nearest", f"lemma among {NEAREST}", "a form of it nearest"],
        rows=rows,
    )


def write_twenty(vectors, inflections):
    """Write words drawn, with what is nearest to them."""
    few = drawn(inflections, SHOWN, seed=1)
    rows = table_of(nearest_by_vectors(few.words, vectors), few, vectors)
    write_result(
        "inflections",
        what=f"{SHOWN} words without a row, drawn and not chosen, and what is nearest to what their n-grams are "
        "composed to; * is the lemma, + another form of it. Lemmas are guessed by spelling",
        command=COMMAND,
        columns=["word", "lemma", *map(str, range(1, len(rows[0]) - 1))],
        rows=rows,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--words", type=int, default=2000)
    options = parser.parse_args()
    path = data_file(CORPUS)
    rare = rare_words(path)
    found = {name: [] for name in WAYS}
    for seed in options.seeds:
        vectors = train(path, seed=seed)
        inflections = find_inflections(rare, vectors, hebrew())
        sample = drawn(inflections, options.words, seed=1)
        for name, way in WAYS.items():
            if name == "vectors" or not found[name]:  # spelling knows no seed
                found[name].append(shares(way(sample.words, vectors), sample))
                print(name, seed, found[name][-1], flush=True)
        if seed == options.seeds[0]:
            write_twenty(vectors, inflections)
            chance = 1 / len(vectors)
    write_shares(found, chance, min(options.words, len(inflections.words)))


if __name__ == "__main__":
    main()
