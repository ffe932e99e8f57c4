"""Six ways from counts to vectors: time, gap, share closed, quality, at D = 50, 100, 300.

python benchmarks/models.py            about 40 minutes on two cores

All on the counts of the 30 000 most frequent words of enwiki-text8-style, dropping after the window. Each model's
P(o|c) is read as it was meant: softmax P ∝ e^x, sampling P ∝ q(o) e^x, PPMI P ∝ N(o) e^x, GloVe P ∝ e^(x + b_o).
"""

import argparse
import tempfile
import time

import numpy as np
from exact import THREADS, WORDS, count
from measuring import data_file, read_result, write_lines, write_result
from quality import scores

import firth
from firth.objectives import Sampling, Softmax
from firth.training.exact import ExactSettings, fit_exact
from firth.training.gap import model_losses
from firth.training.glove import GloveSettings, fit_glove
from firth.training.levels import levels
from firth.training.ppmi import fit_ppmi
from firth.training.table import PairTable

NEGATIVES = 5


class Case:
    """The counts, and how a model of them is judged."""

    def __init__(self, path):
        self.path = path
        self.counts = count(path)
        self.table = PairTable.of(self.counts)
        self.ends = levels(self.table, Softmax())
        self.noise = self.counts.observations.noise_distribution(self.counts.vocabulary.counts)
        self.marginal = np.log(self.table.context_marginals / self.table.total)

    def row(self, name, dimensions, seconds, center, context, offsets=None):
        """Return a row of the table."""
        losses = model_losses(self.table, center, context, reading=Softmax(), offsets=offsets, threads=THREADS)
        vectors = firth.Vectors(self.counts.vocabulary.words, center)
        found = scores(vectors)
        row = [
            name,
            dimensions,
            round(seconds, 1),
            round(losses.value - self.ends.bound, 3),
            round(100 * self.ends.share_closed(losses.value), 1),
            *(round(value, 1) for value in (*found, sum(found) / 4)),
        ]
        print(row, flush=True)
        return row


def streamed(case, dimensions, dropping):
    """Train negative sampling on the stream of the same words, five passes."""
    began = time.perf_counter()
    vectors = firth.train(
        case.path, dimensions=dimensions, max_words=WORDS, negatives=NEGATIVES, dropping=dropping, threads=THREADS
    )
    seconds = time.perf_counter() - began
    assert list(vectors.words) == list(case.counts.vocabulary.words)
    name = "streamed sampling" + ("" if dropping == "after" else ", as by default")
    return case.row(name, dimensions, seconds, vectors.matrix, vectors.context_matrix, np.log(case.noise))


def exact(case, dimensions, objective, name, offsets=None, **settings):
    """Train on all cells."""
    began = time.perf_counter()
    result = fit_exact(case.table, objective, ExactSettings(dimensions=dimensions, threads=THREADS, **settings))
    seconds = time.perf_counter() - began
    return case.row(f"{name}, {len(result.sweeps)} sweeps", dimensions, seconds, result.center, result.context, offsets)


def models(case, dimensions):
    """Yield a row for each model."""
    began = time.perf_counter()
    ppmi = fit_ppmi(case.table, dimensions, threads=THREADS)
    yield case.row(
        "PPMI, truncated SVD", dimensions, time.perf_counter() - began, ppmi.center, ppmi.context, case.marginal
    )
    began = time.perf_counter()
    glove = fit_glove(case.table, GloveSettings(dimensions=dimensions, threads=THREADS))
    yield case.row("GloVe", dimensions, time.perf_counter() - began, glove.center, glove.context, glove.context_biases)
    yield streamed(case, dimensions, "before")
    yield streamed(case, dimensions, "after")
    sampling = Sampling(case.noise, negatives=NEGATIVES)
    yield exact(case, dimensions, sampling, "exact sampling", np.log(case.noise))
    yield exact(case, dimensions, Softmax(), "exact softmax")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[50, 100, 300])
    parser.add_argument("--keep", action="store_true", help="take the other rows from the results that are there")
    options = parser.parse_args()
    data_file("analogy/questions-words.txt")
    with tempfile.TemporaryDirectory() as folder:
        case = Case(write_lines(folder)[0])
        unigram = round(case.ends.unigram - case.ends.bound, 3)
        rows = [["unigram", "", 0.0, unigram, 0.0, "", "", "", "", ""]]
        if options.keep:
            rows += [row for row in read_result("models")["rows"] if row[1] and row[1] not in options.dimensions]
        for dimensions in options.dimensions:
            rows.extend(models(case, dimensions))
    rows.sort(key=lambda row: row[1] or 0)
    write_result(
        "models",
        what=f"Vectors of the {WORDS} most frequent words from the same {case.counts.nonzero / 1e6:.1f} M cells "
        f"(subsample 1e-3 dropping after the window; bound {case.ends.bound:.3f} nats per pair): seconds on {THREADS} "
        "threads (streamed: reading the text included), gap in nats per pair of P(o|c) as each model means it, share "
        "closed of the reducible part (unigram model 0, bound 1), quality × 100",
        command="python benchmarks/models.py",
        columns=[
            "model", "D", "seconds", "gap", "share closed %",
            "WordSim-353", "SimLex-999", "MEN dev", "analogies", "average",
        ],
        rows=rows,
    )  # fmt: skip


if __name__ == "__main__":
    main()
