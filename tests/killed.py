"""Trains in children that are killed, again and again, and compares what comes out with a run that was left alone.

    python killed.py FOLDER THREADS KILLS

Half of the children are killed at a random instant; the others kill themselves right before their nth call of the
system for a checkpoint, n = 1, 3, 5 … with one thread and 2, 4, 6 … with two, so that each place of writing one is met.
Children are forked when all is imported and compiled, so that they die at work rather than on their way to it. Writes
one JSON object.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from functools import partial
from pathlib import Path

import firth
from contract import random_ids

SETTINGS = {"dimensions": 48, "passes": 3, "held_out": 0.02, "interval_words": 40_000}

CALLS = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "shutil.rmtree"}
UNNAMED = {"fsync", "os.remove"}  # they get a handle, or a name in a folder that is open


def result_of(corpus, **settings):
    """Train; return the bytes of the matrices and all losses."""
    vectors = firth.train(corpus, **SETTINGS, **settings)
    intervals = vectors.config["training"]["intervals"]
    losses = [(interval["loss_per_pair"], interval["held_out_loss_per_pair"]) for interval in intervals]
    return vectors.matrix.tobytes() + vectors.context_matrix.tobytes() + repr(losses).encode()


def die_before(number, place):
    """Kill this process right before its nth call of the system that has to do with a place."""
    calls = 0

    def count(event, arguments):
        nonlocal calls
        if event in UNNAMED or (event in CALLS and place in f"{arguments}"):
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sync = os.fsync
    os.fsync = lambda handle: (count("fsync", ()), sync(handle))
    sys.addaudithook(count)


def sync_slowly():
    """Let most of the time go into writing."""
    sync = os.fsync
    os.fsync = lambda handle: (time.sleep(0.01), sync(handle))


def work(corpus, folder, threads, out, prepare):
    """Train in a child, from the last checkpoint; return its process id."""
    if child := os.fork():
        return child
    status = 1
    try:
        if prepare is not None:
            prepare()
        kept = firth.Checkpoints(folder, minutes=None, words=25_000)
        out.write_bytes(result_of(corpus, threads=threads, checkpoints=kept, resume=True))
        status = 0
    finally:
        os._exit(status)


def main(place, threads, kills):
    """Kill so many children, then let the last run come to its end."""
    folder, out = place / "run.checkpoints", place / "out"
    drawn = random.Random(threads)
    found = {"killed": 0, "while_writing": 0, "runs": 0, "same": 0}
    sentences = [[f"w{word}" for word in random_ids(300, 1000, seed) if word >= 0] for seed in range(120)]
    with firth.prepare_corpus(sentences, min_count=1) as corpus:
        expected = result_of(corpus, threads=3 - threads)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        number = 0
        while True:
            number += 1
            is_last, by_call = found["killed"] >= kills, number % 2 == 0
            before = partial(die_before, number - threads % 2, folder.name) if by_call else sync_slowly
            child = work(corpus, folder, threads, out, None if is_last else before)
            if not is_last and not by_call and signal.sigtimedwait({signal.SIGCHLD}, drawn.uniform(0, 0.35)) is None:
                os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            signal.sigtimedwait({signal.SIGCHLD}, 0)
            found["killed"] += status == signal.SIGKILL
            found["while_writing"] += any(folder.glob(".checkpoint-*"))
            if status != signal.SIGKILL:
                found["runs"] += 1
                found["same"] += status == 0 and out.read_bytes() == expected
                out.unlink(missing_ok=True)
                shutil.rmtree(folder, ignore_errors=True)
                if is_last:
                    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
