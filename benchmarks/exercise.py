"""The run of the classical exercise, all 40 000 iterations: are its norms those stated, and what is it worth?

    python benchmarks/exercise.py

Steps and draws are those of examples/exercise; nats per pair are its objective from counts, without sampling.
"""

import sys
import time

from measuring import REPOSITORY, data_file, write_result

sys.path.insert(0, str(REPOSITORY / "examples" / "exercise"))

import numpy as np

from counts import objective_of
from descent import Run
from recipe import NORM_TOLERANCE, STATED_NORMS, Recipe
from sentences import check_corpus, read_text


def main():
    path = data_file("corpora/sst-sentences.tsv")
    check_corpus(path)
    run = Run(read_text(path), Recipe())
    rows, worst, objective = [], 0.0, None
    for iterations, stated in STATED_NORMS.items():
        began = time.perf_counter()
        loss = run.advance(iterations - run.iteration)
        seconds = time.perf_counter() - began
        objective = objective or objective_of(run.sampler)
        difference = max(abs(have - want) / want for have, want in zip(run.norms(), stated, strict=True))
        worst = max(worst, difference)
        rows.append([
            iterations,
            *(f"{have:.12f} ({want:.12f})" for have, want in zip(run.norms(), stated, strict=True)),
            f"{difference:.0e}",
            f"{loss:.4f}",
            f"{objective.loss(run.center, run.context) / objective.pairs():.4f}",
            f"{seconds:.2f}",
        ])  # fmt: skip
    pairs = objective.pairs()
    constant, unigram, bound = objective.constant_loss(), objective.unigram_loss(), objective.lowest_loss()
    write_result(
        "exercise",
        what=f"Skip-gram with negative sampling on the Stanford Sentiment Treebank, D = 10: Frobenius norms and (those "
        f"stated), their largest relative difference; the running loss, nats per centre word over the last 5 000 "
        f"iterations; the objective from counts, nats per pair, where one score for all pairs has "
        f"{constant / pairs:.4f}, one for each context word {unigram / pairs:.4f}, and the bound is "
        f"{bound / pairs:.4f}, at {pairs:.4f} pairs per centre word; seconds for the 5 000 iterations, in the first "
        f"row with the copies and the compiling",
        command="python benchmarks/exercise.py",
        columns=["iterations", "centre norm", "context norm", "difference", "running loss", "nats per pair", "seconds"],
        rows=rows,
        versions={"numpy": np.__version__},
    )
    if worst > NORM_TOLERANCE:
        sys.exit(f"expected the norms stated, to {NORM_TOLERANCE:g}, got a difference of {worst:.1e}")


if __name__ == "__main__":
    main()
