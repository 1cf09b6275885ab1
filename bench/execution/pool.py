"""Local workers: several processes that each compute one run at a time."""

from __future__ import annotations

import json
import multiprocessing
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Protocol

from bench.execution import worker
from bench.execution.plan import Planned
from bench.results.folder import record_failure


class Observer(Protocol):
    """Told what happens to each run; ``number`` is the run's place in the list given to `run_all`."""

    def started(self, number: int) -> None:
        """A worker took the run."""

    def epoch(self, number: int, event: dict[str, Any]) -> None:
        """An epoch ended: epoch, loss, value, best_value, best_epoch."""

    def finished(self, number: int, reused: bool) -> None:
        """The run exists now; ``reused`` if another process made it meanwhile."""

    def failed(self, number: int, error: str) -> None:
        """The run ended without a result."""


@dataclass
class _Worker:
    process: SpawnProcess
    connection: Connection
    current: int | None = None


def run_all(
    runs: Iterable[Planned],
    jobs: int,
    observer: Observer,
    *,
    home: str | None,
    command: str,
    fresh: bool = False,
) -> None:
    """Compute the runs, at most ``jobs`` at a time, each in a worker process of its own.

    A worker that dies (out of memory, a crash in native code) fails its run and is replaced. On
    KeyboardInterrupt the workers are stopped; finished runs and checkpoints stay.
    """
    planned = list(runs)
    waiting = deque(range(len(planned)))
    workers = [_start() for _ in range(min(jobs, len(planned)))]
    try:
        for w in workers:
            _assign(w, waiting, planned, observer, home, command, fresh)
        while any(w.current is not None for w in workers):
            busy = {w.connection: w for w in workers if w.current is not None}
            for connection in wait(list(busy)):
                w = busy[connection]  # type: ignore[index]
                if _listen(w, planned, observer):
                    if not w.process.is_alive():
                        workers[workers.index(w)] = w = _start()
                    _assign(w, waiting, planned, observer, home, command, fresh)
    finally:
        for w in workers:
            w.process.kill() if w.current is not None else _dismiss(w)
            w.process.join(timeout=10)


def _start() -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=worker.main, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _assign(
    w: _Worker,
    waiting: deque[int],
    planned: list[Planned],
    observer: Observer,
    home: str | None,
    command: str,
    fresh: bool,
) -> None:
    w.current = waiting.popleft() if waiting else None
    if w.current is None:
        return
    run = planned[w.current]
    assert run.paths is not None and run.dataset is not None
    order = {
        "spec": run.spec.model_dump(mode="json"),
        "identity": run.identity,
        "fingerprint": run.paths.fingerprint,
        "results": str(run.paths.results),
        "home": home,
        "dataset": {"folder": str(run.dataset.folder), "label": run.dataset.label},
        "device": run.device,
        "command": command,
        "fresh": fresh,
    }
    w.connection.send_bytes(json.dumps(order).encode())
    observer.started(w.current)


def _listen(w: _Worker, planned: list[Planned], observer: Observer) -> bool:
    """Handle one message; True when the worker has no run any more."""
    number = w.current
    assert number is not None
    try:
        message = json.loads(w.connection.recv_bytes())
    except (EOFError, ConnectionResetError):
        w.process.join()
        code = w.process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        message = {
            "kind": "failed",
            "error": f"the worker process died ({how}); signal 9 usually means too little memory",
        }
        paths = planned[number].paths
        assert paths is not None
        record_failure(paths, message["error"])
    if message["kind"] == "epoch":
        observer.epoch(number, message)
        return False
    if message["kind"] == "done":
        observer.finished(number, bool(message["reused"]))
    else:
        observer.failed(number, message["error"])
    w.current = None
    return True


def _dismiss(w: _Worker) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        w.connection.send_bytes(b"null")
