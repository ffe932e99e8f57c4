"""Ctrl-C as a request: the first asks the run to stop, the second raises `KeyboardInterrupt`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupt_as_request() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C within this block into an event, so that no line of it can be cut short.

    Only where Ctrl-C would raise `KeyboardInterrupt`: in the main thread, with Python's own handler in place. A handler
    that the host program installed stays, and the event is then never set.

    Yields:
        The event, set by the first Ctrl-C.
    """
    asked = threading.Event()

    def ask(signal_number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            signal.default_int_handler(signal_number, frame)
        asked.set()

    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield asked
        return
    signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
