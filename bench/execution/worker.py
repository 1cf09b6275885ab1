"""A worker process: takes orders as JSON, computes runs, reports as JSON."""

from __future__ import annotations

import json
import logging
import os
import signal
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.processes import die_with_parent, report_crashes
from bench.results.folder import RunPaths, record_failure


def main(connection: Connection) -> None:
    """Serve orders until ``null`` arrives or the parent is gone.

    An order is an object with spec, identity, fingerprint, results, home, dataset (folder and label),
    device, command and fresh. Answers are objects with ``kind``: epoch, done or failed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    report_crashes()
    die_with_parent()
    while True:
        try:
            order = json.loads(connection.recv_bytes())
        except EOFError:
            return
        if order is None:
            return
        _send(connection, _serve(connection, order))


def _serve(connection: Connection, order: dict[str, Any]) -> dict[str, Any]:
    paths = RunPaths(Path(order["results"]), order["fingerprint"])
    with paths.lock():  # another process may be computing the same run: wait, then use its result
        if paths.is_done() and not order["fresh"]:
            return {"kind": "done", "reused": True}
        paths.work.mkdir(parents=True, exist_ok=True)
        if order["fresh"]:
            (paths.work / "checkpoint.safetensors").unlink(missing_ok=True)
        handler = logging.FileHandler(paths.work / "log.txt", encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        try:
            _execute(connection, order, paths)
        except Exception as error:  # the other cells still run, whatever this one does
            logging.getLogger(__name__).error("%s", traceback.format_exc())
            text = str(error) if isinstance(error, BenchError) else _describe(error, paths)
            record_failure(paths, text)
            return {"kind": "failed", "error": text}
        finally:
            root.removeHandler(handler)
            handler.close()
    return {"kind": "done", "reused": False}


def _execute(connection: Connection, order: dict[str, Any], paths: RunPaths) -> None:
    # Imported here: torch takes seconds, and the parent imports this module for `main` alone.
    from bench.data.prepared import PreparedDataset
    from bench.execution.plan import Planner
    from bench.execution.single import Order, execute
    from bench.suite.expansion import RunSpec
    from bench.training.checkpoint import Epoch, Progress

    spec = RunSpec.model_validate(order["spec"])
    dataset = PreparedDataset.open(Path(order["dataset"]["folder"]), order["dataset"]["label"])
    home = Path(order["home"]) if order["home"] else None
    features = Planner(paths.results, home).features(spec, dataset)
    log = logging.getLogger(__name__)

    def report(epoch: Epoch, progress: Progress) -> None:
        log.info(
            "epoch %d: loss %.6f, validation %s, %.2f s",
            epoch.epoch, epoch.loss, epoch.value, epoch.train_s + epoch.validate_s,
        )  # fmt: skip
        _send(
            connection,
            {
                "kind": "epoch",
                "epoch": epoch.epoch,
                "loss": epoch.loss,
                "value": epoch.value,
                "best_value": progress.best_value,
                "best_epoch": progress.best_epoch,
            },
        )

    execute(
        Order(spec, order["identity"], paths, order["device"], order["command"]),
        dataset,
        features,
        report,
    )


def _describe(error: Exception, paths: RunPaths) -> str:
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first} (traceback in {paths.work / 'log.txt'})"


def _send(connection: Connection, message: dict[str, Any]) -> None:
    try:
        connection.send_bytes(json.dumps(message).encode())
    except (BrokenPipeError, ConnectionResetError):
        os._exit(1)  # nobody is left to report to; the checkpoint stands
