"""The classical exercise on word vectors: its formulas checked, its run reproduced to 1e-9, and what that is worth.

    python examples/exercise                                  # the written part alone, in seconds
    python examples/exercise sst-sentences.tsv                # … and the run: half a minute
    python examples/exercise sst-sentences.tsv --picture words.png --checkpoints run

What one sees, in this order:

1. The written part: identities and gradients of softmax and of negative sampling, checked by numbers; a window; why the
   best model of a corpus is its table of counts, and when vectors can't be that table; a paraphrase head that is dead.
2. The run: skip-gram with negative sampling on the Stanford Sentiment Treebank, 40 000 iterations of 50 windows. Every
   5 000 iterations a line, with the norms that they must have, and with `--checkpoints` a folder; called again with the
   same folder it goes on from the newest one, to the same bits.
3. What the run is worth: its objective computed from counts, without sampling, for its vectors, for a model that knows
   nothing, and for the best that any vectors could do.
4. With `--picture` (needs matplotlib) the plane in which such exercises end.

Read in this order: `worked.py` (the written part), `recipe.py` (every number), `sentences.py` (text to ids), `draws.py`
(windows and negatives), `descent.py` (the steps), `checkpoints.py`, `counts.py` (the objective without sampling),
`picture.py`.

The corpus is the treebank's `datasetSentences.txt`, byte for byte as first distributed, here `sst-sentences.tsv`. Its
checksum is verified, because other copies circulate, and with them everything but the norms comes out: those differ.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import worked
from checkpoints import load_checkpoint, newest_checkpoint, save_checkpoint
from counts import objective_of
from descent import Run
from firth.errors import FirthError, check_integer, sentence
from picture import check_matplotlib, draw_picture, frequency_share
from recipe import NORM_TOLERANCE, STATED_NORMS, Recipe
from sentences import check_corpus, read_text


def main(arguments: list[str] | None = None) -> int:
    """Run the exercise; return the exit status."""
    parser = argparse.ArgumentParser(prog="python examples/exercise", description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", type=Path, help="sst-sentences.tsv; without it the written part alone")
    parser.add_argument("--iterations", type=int, default=40_000, help="of 50 windows (default 40000)")
    parser.add_argument("--checkpoints", type=Path, metavar="FOLDER", help="to write every 5000, and to go on from")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="to draw 24 words to: .png or .svg")
    parser.add_argument("--other-corpus", action="store_true", help="take any file of that form, and compare no norms")
    options = parser.parse_args(arguments)
    try:
        check_integer("iterations", options.iterations, 1)
        if options.picture:
            check_matplotlib()  # better now than after the run
        if options.corpus and not options.other_corpus:
            check_corpus(options.corpus)
        worked.show_all()
        if options.corpus:
            run = show_run(options)
            show_worth(run)
            if options.picture:
                show_picture(run, options.picture)
    except FirthError as problem:
        print(f"exercise: {problem}", file=sys.stderr)
        return 1
    return 0


def show_run(options: argparse.Namespace) -> Run:
    """Train, or go on training, and print a line at every checkpoint."""
    recipe = Recipe()
    text = read_text(options.corpus)
    found = newest_checkpoint(options.checkpoints, options.iterations) if options.checkpoints else None
    run = load_checkpoint(found, text, recipe) if found else Run(text, recipe)
    worked.title(f"The run: {len(text.words)} words, {len(text.sentences)} sentences, D = {recipe.dimensions}")
    print("  iterations   running loss        centre norm       context norm   off the stated ones by")
    if found:
        show_line(run, "(on disk)", compare=not options.other_corpus)
    while run.iteration < options.iterations:
        to_checkpoint = recipe.checkpoint_every - run.iteration % recipe.checkpoint_every
        loss = run.advance(min(to_checkpoint, options.iterations - run.iteration))
        show_line(run, f"{loss:.4f}", compare=not options.other_corpus)
        if options.checkpoints and run.iteration % recipe.checkpoint_every == 0:
            save_checkpoint(run, options.checkpoints)
    return run


def show_line(run: Run, loss: str, *, compare: bool) -> None:
    """Print where a run stands."""
    center_norm, context_norm = run.norms()
    line = f"  {run.iteration:10}   {loss:>12}   {center_norm:16.12f}   {context_norm:16.12f}"
    if compare and run.iteration in STATED_NORMS:
        line += f"   {check_norms(run):22.0e}"
    print(line, flush=True)


def check_norms(run: Run) -> float:
    """Return the largest relative difference between the norms of a run and those stated for its iteration.

    Raises:
        FirthError: if it is above the tolerance.
    """
    stated = STATED_NORMS[run.iteration]
    difference = max(abs(have - want) / want for have, want in zip(run.norms(), stated, strict=True))
    if not difference <= NORM_TOLERANCE:
        wanted = f"norms {stated} after {run.iteration} iterations"
        raise FirthError(sentence(wanted, f"{run.norms()}", "look for a call of random that is out of order"))
    return difference


def show_worth(run: Run) -> None:
    """Print the loss of the vectors beside what knows nothing and what is best, all from counts."""
    worked.title("What the run is worth: its own objective from counts, without sampling")
    objective = objective_of(run.sampler)
    pairs = objective.pairs()
    losses = {
        "one score for all pairs: knows nothing": objective.constant_loss(),
        "a score for each context word: knows what is frequent": objective.unigram_loss(),
        f"these vectors, {run.iteration} iterations": objective.loss(run.center, run.context),
        "bound: the best of all tables": objective.lowest_loss(),
    }
    print(f"  {pairs:.4f} pairs per centre word{'nats per pair':>44}   per centre word")
    for name, loss in losses.items():
        print(f"  {name:<54}{loss / pairs:15.4f}{loss:18.4f}")
    nothing, frequent, reached, bound = losses.values()
    gone = (nothing - reached) / (nothing - bound)
    print("  A running loss near 10 per centre word is taken for success. It is what a model has that knows nothing:")
    print(f"  {nothing:.2f}. From there to the bound these vectors have gone {gone:.1%} of the way. To know nothing")
    print(f"  but which words are frequent is {'better' if frequent < reached else 'worse'}: {frequent:.2f}.")


def show_picture(run: Run, path: Path) -> None:
    """Draw the words, and print what the first component is."""
    draw_picture(run.text.words, run.center, run.context, path, iterations=run.iteration)
    worked.title(f"The picture: {path}")
    correlation, share = frequency_share(run.text.words, run.text.counts, run.center, run.context)
    print(f"  The first component has {share:.0%} of the variance. Its correlation with the logarithm of how often")
    print(f"  the word occurs is {correlation:.2f}: what looks like meaning here is, so far, mostly frequency.")


if __name__ == "__main__":
    sys.exit(main())
