"""Ctrl-C, let through only where nothing is half done."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

INSIST = 3  # times that Ctrl-C is pressed until it is let through anywhere: a storage may hang


class Interrupts:
    """While it is entered, Ctrl-C waits until it is `allowed`, and raises KeyboardInterrupt there.

    In between a trial may be taken and not yet handed to a worker, or a storage hold its lock. For the main
    thread alone, which gets the signals.
    """

    def __init__(self) -> None:
        self._asked = 0
        self._open = False

    def __enter__(self) -> Interrupts:
        self._before = signal.signal(signal.SIGINT, self._caught)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)
        if kind is None and self._asked:
            raise KeyboardInterrupt

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let Ctrl-C through within the context, also one that came before."""
        self._open = True
        try:
            if self._asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._open = False

    def _caught(self, signum: int, frame: FrameType | None) -> Any:
        self._asked += 1
        if self._open or self._asked >= INSIST:
            raise KeyboardInterrupt
