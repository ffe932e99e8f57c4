"""How long until something happens: `import firth`, `firth --help`, kernels from the cache, kernels anew?

    python benchmarks/startup.py [--repeats 7]

On an installed wheel in an environment of its own, its bytecode compiled, in processes of their own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from measuring import REPOSITORY, spread, write_result

IMPORT = "import time; t = time.perf_counter(); import firth; print(time.perf_counter() - t)"
KERNELS = """
import time, logging, firth
import numpy as np
from firth.training.stream import Stream, StreamSettings
settings = StreamSettings(dimensions=100, negatives=5, passes=1, learning_rate=0.025, threads=1, seed=1)
stream = Stream(np.array([0, 1, -1], np.int32), np.array([1, 1]), observations=firth.Observations(), settings=settings)
t = time.perf_counter()
stream.compile_kernels()
print(time.perf_counter() - t)
"""


def run(command, environment):
    """Run a command; return what it printed, and its seconds."""
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout, time.perf_counter() - began


def install(folder):
    """Install a wheel of this repository in an environment of its own; return its folder of programs."""
    venv.create(folder / "environment", with_pip=True)
    programs = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, str(REPOSITORY)], check=True)
    subprocess.run([str(programs / "python"), "-m", "compileall", "-q", str(folder / "environment")], check=False)
    return programs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = install(folder)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["NUMBA_CACHE_DIR"] = str(folder / "kernels")
        python, firth = str(programs / "python"), str(programs / "firth")
        times = {
            "import firth": [float(run([python, "-c", IMPORT], environment)[0]) for _ in range(repeats)],
            "firth --help": [run([firth, "--help"], environment)[1] for _ in range(repeats)],
        }
        anew = [float(run([python, "-c", KERNELS], environment)[0])]
        times["kernels, from the cache"] = [float(run([python, "-c", KERNELS], environment)[0]) for _ in range(repeats)]
        times["kernels, compiled the first time"] = anew
    write_result(
        "startup",
        what=f"Seconds until something happens, median (least … most) of {repeats} processes",
        command="python benchmarks/startup.py",
        columns=["what", "seconds"],
        rows=[[what, spread(seconds, 3)] for what, seconds in times.items()],
    )


if __name__ == "__main__":
    sys.exit(main())
