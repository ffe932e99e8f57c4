"""Where does the time of counting go, and what would other ways cost?

    python benchmarks/counting_parts.py [--repeats 5] [--words N]

`enwiki-text8-style` in lines of 1000 words, window 5, min_count 5; processor seconds of one thread, so that other
threads don't show. The parts are those of `count_rows`; beside them

    one way              whole weights as rounded expectations are counted: to the right only, then the transpose added
    bisected anew        each block looked for in every row from its start, without cursors

With `--words` the results are shown and not kept.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import measuring
import numpy as np
from measuring import write_lines, write_result

import firth
from firth.compiling import compiled, prefetch_row
from firth.observations import Observations, counting, transposing
from firth.observations.accumulating import emit_row
from firth.observations.counting import Text, count_rows
from firth.observations.gathering import AHEAD
from firth.observations.rows import RowStore
from firth.observations.transposing import Transposer

MEMORY = 6 << 30
NAMES = {
    "count_words": "columns counted",
    "place_words": "index: positions by word",
    "gather_whole": "gather: rows of N (after), of F (before)",
    "gather_expected": "gather: rows of N (after), of F (before)",
    "append": "finished rows copied to their place",
    "put_columns": "transpose: columns of F as rows",
    "merge_rows": "merge: F + Fᵀ",
}


@compiled()
def gather_right(ids, found, row, stop, rule, room, out, sizes):
    """Count as `gather_whole` does, to the right only."""
    window = len(rule.weights)
    used = 0
    while row < stop and used + len(room.cells) <= len(out.cells):
        listed = 0
        for index in range(found.starts[row - found.first], found.starts[row - found.first + 1]):
            ahead = np.int64(found.positions[index + AHEAD])
            prefetch_row(ids, ahead)
            prefetch_row(ids, ahead + window)
            position = found.positions[index]
            for distance in range(1, window + 1):
                word = ids[position + distance]
                if word < 0:
                    break
                cell = room.cells[word]
                room.touched[listed] = word
                listed += cell == 0
                room.cells[word] = cell + rule.weights[distance - 1]
        before = used
        used = emit_row(room, listed, out, used)
        sizes[row] = used - before
        row += 1
    return row, used


def watch(home, name, spent):
    """Put a stopwatch around a function."""
    function = getattr(home, name)

    def timed(*arguments):
        began = time.thread_time()
        result = function(*arguments)
        spent[name] = spent.get(name, 0.0) + time.thread_time() - began
        return result

    setattr(home, name, timed)


class Forgetful(Transposer):
    """A transposer that looks for every block from the start of each row."""

    def __call__(self, first, stop):
        """Forget, and go on."""
        self._cursors.places[:] = self._forward.starts[:-1]
        self._cursors.words[:] = -1
        yield from super().__call__(first, stop)


def one_way(text, observations, spent):
    """Count whole weights to the right, and add the transpose; return the processor seconds of all parts."""
    usual = counting.gather_whole
    counting.gather_whole = gather_right
    watch(counting, "gather_whole", spent)
    forward, columns = counting._gather(text, observations, 1, MEMORY, None)
    counting.gather_whole = usual
    rows = counting.Rows(forward.starts, forward.contexts, forward.cells)
    counting._add_transposed(rows, columns, 1, MEMORY, None)
    return sum(spent.values())


def measure(corpus, repeats):
    """Return the processor seconds of each part, for each rule of dropping: {rule: {part: [seconds]}}."""
    ids, counts = np.asarray(corpus.ids), corpus.vocabulary.counts.astype(np.int64)
    spent = {}
    for name in ("count_words", "place_words", "gather_whole", "gather_expected"):
        watch(counting, name, spent)
    for name in ("put_columns", "merge_rows"):
        watch(transposing, name, spent)
    watch(RowStore, "append", spent)
    found = {"after": {}, "before": {}}
    for number in range(repeats + 1):
        for dropping, parts in found.items():
            observations = Observations(dropping=dropping)
            text = Text(ids, counts, observations.keep_probabilities(counts))
            spent.clear()
            count_rows(text, observations, threads=1, memory=MEMORY)
            seconds = {NAMES[name]: value for name, value in spent.items()} | {"all of it": sum(spent.values())}
            if dropping == "after":
                spent.clear()
                seconds["all of it, one way and transposed"] = one_way(text, observations, spent)
            else:
                spent.clear()
                counting.Transposer = Forgetful
                count_rows(text, observations, threads=1, memory=MEMORY)
                counting.Transposer = Transposer
                seconds["bisected anew, instead of transpose"] = spent["put_columns"]
            if number:  # the first is to warm up
                for part, value in seconds.items():
                    parts.setdefault(part, []).append(value)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--words", type=int, help="take the first N words only, show the results and keep none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.words:
            measuring.RESULTS = Path(folder)
        path, words = write_lines(folder, words=options.words)
        with firth.prepare_corpus(path, min_count=5) as corpus:
            found = measure(corpus, options.repeats)
        parts = list(dict.fromkeys(part for times in found.values() for part in times))
        cells = [
            [f"{statistics.median(times[part]):.2f}" if part in times else "" for times in found.values()]
            for part in parts
        ]
        write_result(
            "counting_parts",
            what=f"Processor seconds of counting {words / 1e6:.1f} M words on one thread, by part, median of "
            f"{options.repeats}",
            command="python benchmarks/counting_parts.py",
            columns=["part", *found],
            rows=[[part, *row] for part, row in zip(parts, cells, strict=True)],
            seconds=found,
        )


if __name__ == "__main__":
    main()
