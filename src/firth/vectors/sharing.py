"""Threads that share out parts of a search, BLAS held to one thread meanwhile."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")

_lock = threading.Lock()
_holders = 0
_limit: Any = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread for the length of this block.

    The setting is one for the whole process: of blocks that overlap, on several threads, the first to begin changes it
    and the last to end puts it back.

    >>> with one_blas_thread():
    ...     pass
    """
    global _holders, _limit
    with _lock:
        if _holders == 0:
            _limit = _controller().limit(limits=1, user_api="blas")
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0:
                _limit.restore_original_limits()


def shared(function: Callable[[Item], Result], items: Sequence[Item], threads: int) -> list[Result]:
    """Call a function for each item, on several threads, with BLAS held to one.

    Args:
        function: what to call; it may not depend on which thread it runs on.
        items: what with.
        threads: how many at once.

    Returns:
        The results in the order of the items.

    >>> shared(lambda number: number * number, [1, 2, 3], 2)
    [1, 4, 9]
    """
    with one_blas_thread():
        if threads == 1 or len(items) == 1:
            return [function(item) for item in items]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(threads, len(items)), "firth") as pool:
            return list(pool.map(function, items))


@functools.cache
def _controller() -> ThreadpoolController:
    """Find the libraries with threads of their own, once: looking for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
