"""The worker processes of a search, as their parent sees them."""

from __future__ import annotations

import json
import multiprocessing
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from bench.tuning import worker

T = TypeVar("T")


class Worker(Generic[T]):
    """One process; ``task`` is what it does now, if anything."""

    def __init__(self) -> None:
        self.task: T | None = None
        self._start()

    def begin(self, task: T, order: dict[str, Any]) -> None:
        """Let it do an order of `bench.tuning.worker.serve`."""
        self.task = task
        self._send(order)

    def answer(self, go_on: bool) -> None:
        """Answer a message about an epoch."""
        self._send(go_on)

    def receive(self) -> dict[str, Any]:
        """Its next message; one that says how it died, where it did (another one is started then)."""
        try:
            message: dict[str, Any] = json.loads(self.connection.recv_bytes())
            return message
        except (EOFError, ConnectionResetError):
            self._process.join()
            code = self._process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            self.connection.close()
            self._start()
            error = f"the worker process died ({how}); signal 9 usually means too little memory"
            return {"kind": "crashed", "error": error, "trace": ""}

    def restart(self) -> None:
        """Leave what it does, and start anew."""
        self._process.kill()
        self._process.join()
        self.connection.close()
        self._start()
        self.task = None

    def end(self) -> None:
        """End the process, whatever it does."""
        if self.task is None:
            self._send(None)
        else:
            self._process.kill()
        self._process.join(timeout=10)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=worker.main, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def _send(self, message: Any) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # `receive` says that it died
            self.connection.send_bytes(json.dumps(message).encode())


def ready(workers: list[Worker[T]], seconds: float) -> list[Worker[T]]:
    """The workers with a message, waited for at most so long."""
    busy: dict[Connection, Worker[T]] = {each.connection: each for each in workers if each.task is not None}
    return [busy[connection] for connection in wait(list(busy), seconds)]  # type: ignore[index]
