"""Run every benchmark that README.md quotes, then write its tables.

python benchmarks/run.py          about half an hour on two cores
"""

import runpy
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHMARKS = ["indexing.py", "training.py", "quality.py", "memory.py", "startup.py", "determinism.py"]


def main():
    for name in BENCHMARKS:
        print(f"── {name}", flush=True)
        subprocess.run([sys.executable, str(HERE / name)], check=True)
    sys.argv = ["write_tables.py"]
    runpy.run_path(str(HERE.parent / "tools" / "write_tables.py"), run_name="__main__")


if __name__ == "__main__":
    main()
