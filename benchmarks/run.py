"""Run every benchmark that README.md quotes, then write its tables.

python benchmarks/run.py          about 100 minutes on two cores
"""

import runpy
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHMARKS = [
    "roofline",
    "indexing",
    "formats",
    "phrases",
    "training",
    "quality",
    "family",
    "family_quality",
    "inflections",
    "command",
    "scaling",
    "memory",
    "startup",
    "kernel",
    "counting",
    "counting_memory",
    "counting_parts",
    "exact",
    "models",
    "exercise",
    "graphs",
    "documents",
    "search",
    "compression",
]


def main():
    for name in BENCHMARKS:
        print(f"── {name}", flush=True)
        subprocess.run([sys.executable, str(HERE / f"{name}.py")], check=True)
    sys.argv = ["write_tables.py"]
    runpy.run_path(str(HERE.parent / "tools" / "write_tables.py"), run_name="__main__")


if __name__ == "__main__":
    main()
