"""How long does the whole job take, from a file of text to saved vectors, against gensim?

    python benchmarks/command.py [--repeats 2] [--passes 5] [--words N]

`enwiki-text8-style` in lines of 1000 words, D = 100, 5 passes, two threads or workers, the settings of
`benchmarks/training.py`. In turn, per round: `firth train` with the kernel that gives the same bytes on any number of
threads, with racing threads, and a program that does the same with gensim (`corpus_file`). Seconds are those of the
whole process: the interpreter's start, reading, training, saving both matrices. No prepared corpus is kept. A ratio is
that of two runs of one round. With `--words` the results are shown and not kept.

firth's kernels are there already: they are compiled once for each installation. How long that takes is the difference
of two runs of one pass over the first million words, the first of which finds no compiled code. Fewer words would not
need all kernels. Each way of training has a folder of compiled code to itself.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measuring
from gensim import __version__ as gensim_version
from measuring import spread, write_lines, write_result
from memory import KERNELS
from training import SETTINGS, THREADS, check_gensim

import firth

DIMENSIONS = 100
SHORT_LINES = 1000
GENSIM = f"""
import sys
from pathlib import Path
from gensim.models import Word2Vec
path, folder, passes = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
model = Word2Vec(vector_size={DIMENSIONS}, **{SETTINGS})
model.build_vocab(corpus_file=path)
_, raw = model.train(
    corpus_file=path, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=passes
)
folder.mkdir()
model.save(str(folder / "model"))
print(raw)
"""


def run(command, environment):
    """Run a command; return its seconds, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"expected {command[:4]} to end well, got status {done.returncode}: {done.stderr}")
    return seconds, done.stdout


class FirthJob:
    """`firth train` with one of the kernels, its compiled code in a folder of its own."""

    def __init__(self, folder, *, reproducible):
        self.kernel = "--reproducible" if reproducible else "--racing"
        self.code = folder / f"code{self.kernel}"
        self.environment = {key: value for key, value in os.environ.items() if key != "FIRTH_CACHE"}
        self.environment["NUMBA_CACHE_DIR"] = str(self.code)

    def train(self, path, output, passes):
        """Train and save; return seconds."""
        settings = {
            "--dimensions": DIMENSIONS,
            "--window": SETTINGS["window"],
            "--negatives": SETTINGS["negative"],
            "--min-count": SETTINGS["min_count"],
            "--subsample": SETTINGS["sample"],
            "--learning-rate": SETTINGS["alpha"],
            "--passes": passes,
            "--threads": THREADS,
        }
        flags = [str(part) for setting in settings.items() for part in setting]
        command = [sys.executable, "-m", "firth", "train", str(path), "-o", str(output), self.kernel, *flags]
        return run(command, self.environment)[0]

    def compile(self, path):
        """Train on a short text, which compiles, and again; return the seconds that compiling takes."""
        cold, warm = (self.train(path, path.with_name(f"short{self.kernel}-{turn}"), 1) for turn in range(2))
        return cold - warm

    def job(self, path, output, passes, words):
        """Do the job; return seconds."""
        files = set(self.code.rglob("*"))
        seconds = self.train(path, output, passes)
        if compiled := set(self.code.rglob("*")) - files:
            sys.exit(f"expected all kernels compiled before the run, got {len(compiled)} more files of compiled code")
        config = firth.Vectors.load(output).config
        done = config["corpus"]["tokens"], len(config["training"]["losses"]), config["training"]["interrupted"]
        if done != (words, passes, False):
            sys.exit(f"expected (words, passes, interrupted) = {(words, passes, False)} from firth, got {done}")
        return seconds


def gensim_job(path, output, passes, words):
    """Do the job with gensim; return seconds."""
    seconds, printed = run([sys.executable, "-c", GENSIM, str(path), str(output), str(passes)], dict(os.environ))
    check_gensim(int(printed), words, passes)
    return seconds


def measure(folder, options):
    """Return seconds of compiling, of each job a list, and how many words there were."""
    path, words = write_lines(folder, words=options.words)
    kernels = {name: FirthJob(folder, reproducible=reproducible) for name, reproducible in KERNELS.items()}
    short = folder / "short.txt"
    with path.open("rb") as source, short.open("wb") as target:
        target.writelines(itertools.islice(source, SHORT_LINES))
    compiling = {name: job.compile(short) for name, job in kernels.items()}
    jobs = {name: job.job for name, job in kernels.items()} | {"gensim": gensim_job}
    runs = {name: [] for name in jobs}
    for turn in range(options.repeats):
        for name, job in jobs.items():
            runs[name].append(job(path, folder / f"{name}-{turn}", options.passes, words))
            print(f"{name}: {runs[name][-1]:.2f} s", flush=True)
    return compiling, runs, words


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--words", type=int, help="take the first N words only, show the results and keep none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if options.words:
            measuring.RESULTS = Path(name)
        compiling, runs, words = measure(Path(name), options)
        rows = []
        for job, seconds in runs.items():
            ratios = [peer / own for peer, own in zip(runs["gensim"], seconds, strict=True)]
            rows.append([job, spread(seconds), spread(ratios) if job in KERNELS else ""])
        rows += [[f"{job}: compiling, once for each installation", f"{compiling[job]:.2f}", ""] for job in KERNELS]
        write_result(
            "command",
            what=f"Seconds from a file of {words / 1e6:.1f} M words to saved vectors, D = {DIMENSIONS}, "
            f"{options.passes} passes, two threads, the interpreter's start included, median (least … most) of "
            f"{options.repeats} rounds; compiled kernels are there already",
            command="python benchmarks/command.py",
            columns=["job", "seconds", "× gensim"],
            rows=rows,
            versions={"gensim": gensim_version},
            runs=runs,
            compiling=compiling,
        )


if __name__ == "__main__":
    main()
