"""A worker process of a search: trains what it is told to, and asks after every epoch whether to go on.

It knows nothing of Optuna and of storages: the parent alone talks to these. Orders and messages are JSON.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import signal
import tempfile
import traceback
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.errors import BenchError, DataError, TrainingError
from bench.processes import die_with_parent, report_crashes

OUTPUT = "output.txt"  # of RecBole, in its folder
ERRORS = "errors.log"  # of the search's folder: what failed trials said


# A library that cannot be loaded, a full disk, too little memory, data that are gone.
_OF_THE_MACHINE = (ImportError, OSError, MemoryError, DataError)


class _StopError(Exception):
    """The parent ends the trial."""


def main(connection: Connection) -> None:
    """Serve orders as a process of its own, for as long as the parent lives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    report_crashes()
    die_with_parent()
    logging.getLogger().addHandler(logging.NullHandler())
    _load()
    serve(connection)


def _load() -> None:
    """Import what every training needs: it takes seconds, and belongs to no trial."""
    import torch

    import bench.execution.starting  # noqa: F401

    torch.optim.Adam([torch.zeros(1)])  # the first optimizer imports a large part of torch


def serve(connection: Connection) -> None:
    """Serve orders until ``null`` arrives or the other end is gone.

    An order is an object with specs (one training each), dataset (folder and label), device, home and
    scratch. Messages are objects with ``kind``: begun, the first, without anything else; epoch, which is
    answered by true (go on) or false; done, with the mean of the trainings' best validation values; stopped;
    failed; crashed, where the machine and not the trial seems to be at fault. All others have the epochs so
    far.
    """
    while True:
        try:
            order = json.loads(connection.recv_bytes())
        except EOFError:
            return
        if order is None:
            return
        _send(connection, {"kind": "begun"})
        trial = _Trial(connection, order)
        _send(connection, trial.run() | trial.cost())


class _Trial:
    """One trial: trainings with the same settings, one per seed."""

    def __init__(self, connection: Connection, order: dict[str, Any]) -> None:
        self._connection = connection
        self._order = order
        self._epochs = 0
        self._begun = 0  # 1 within an epoch
        self._training = 0

    def cost(self) -> dict[str, Any]:
        """Epochs so far, one that was begun among them."""
        return {"epochs": self._epochs + self._begun}

    def run(self) -> dict[str, Any]:
        """The last message of the trial."""
        work = Path(tempfile.mkdtemp(dir=self._order["scratch"]))
        try:
            values = []
            for number, spec in enumerate(self._order["specs"]):
                self._training = number
                values.append(self._train(spec, work))
            return {"kind": "done", "value": math.fsum(values) / len(values)}
        except _StopError:
            return {"kind": "stopped"}
        except Exception as error:  # the other trials still run, whatever this one does
            return _failure(error, work / "recbole" / OUTPUT)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _train(self, written: dict[str, Any], work: Path) -> float:
        """The best validation value of one training."""
        # Imported here: torch takes seconds, and the parent imports this module for `main` alone.
        from bench.data.prepared import PreparedDataset, load_training
        from bench.execution.plan import Planner
        from bench.execution.starting import start
        from bench.suite.expansion import RunSpec

        spec = RunSpec.model_validate(written)
        given = self._order["dataset"]
        dataset = PreparedDataset.open(Path(given["folder"]), given["label"])
        home = Path(self._order["home"]) if self._order["home"] else None
        features = Planner(work, home).features(spec, dataset)
        run = start(
            spec,
            dataset,
            load_training(dataset),
            features,
            work,
            self._order["device"],
            self._report,
            checkpoints=False,
        )
        with closing(run):
            self._begun = 1
            run.fit(work / "weights.safetensors")
            self._begun = 0
        best = run.progress.best_value
        if not math.isfinite(best):
            raise TrainingError(
                f"no epoch has a validation {spec.training.monitor} that is a number ({best})"
            )
        return best

    def _report(self, epoch: Any, progress: Any) -> None:
        self._epochs += 1
        self._begun = 0
        if epoch.value is not None and not math.isfinite(epoch.value):
            raise TrainingError(
                f"the validation value of epoch {epoch.epoch} is not a number ({epoch.value})"
            )
        message = {
            "kind": "epoch",
            "training": self._training,
            "epoch": epoch.epoch,
            "value": epoch.value,
            "best": progress.best_value if progress.best_epoch else None,
        }
        _send(self._connection, message | self.cost())
        if not json.loads(self._connection.recv_bytes()):
            raise _StopError
        self._begun = 1


def _failure(error: Exception, output: Path) -> dict[str, Any]:
    """The message of a failure; ``output`` is what RecBole printed, if it did: it goes with the trial."""
    known = isinstance(error, BenchError)
    kind = "crashed" if isinstance(error, _OF_THE_MACHINE) else "failed"
    text = str(error) if known else f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    for place in (str(output), f"{OUTPUT} in {output.parent}"):
        text = text.replace(place, ERRORS)
    printed = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
    trace = "" if known and not printed else "".join(traceback.format_exception(error))
    return {"kind": kind, "error": text, "trace": printed + trace}


def _send(connection: Connection, message: dict[str, Any]) -> None:
    try:
        connection.send_bytes(json.dumps(message).encode())
    except (BrokenPipeError, ConnectionResetError):
        os._exit(1)  # nobody is left to report to
