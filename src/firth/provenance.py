"""What a result was made with: versions, system, processor, and the instructions that kernels are compiled for.

The same corpus, settings and seed give the same bytes where all of this is the same. Where it is not, they may differ.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from firth import __version__

_PROCESSORS = Path("/proc/cpuinfo")
"""What Linux says about the processors, a name and a value on each line."""


def made_with() -> dict[str, Any]:
    """Return what results are made with in this process, as it is stored beside them.

    `firth`, `python`, `numpy`, `numba`, `llvmlite` are versions; `system` has the library that gives exp and log;
    `machine` and `processor` are the system's names; `compiled_for` and `vector_features` are what LLVM is told.

    >>> list(made_with())[:6]
    ['firth', 'python', 'numpy', 'numba', 'llvmlite', 'system']
    """
    import llvmlite
    import numba
    import numpy as np

    from firth.compiling import compiled_for

    name, vector_features = compiled_for()
    return {
        "firth": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "system": _system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "compiled_for": name,
        "vector_features": vector_features,
    }


def _system() -> str:
    """Name the system and its library of mathematical functions."""
    library = " ".join(filter(None, platform.libc_ver()))
    return f"{platform.system()}, {library}" if library else f"{platform.system()} {platform.release()}"


def _processor() -> str:
    """Name the processor: its model where Linux tells it, else what Python knows."""
    try:
        lines = (line.partition(":") for line in _PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines())
        names = [value.strip() for name, _, value in lines if name.strip() == "model name"]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
