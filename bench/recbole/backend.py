"""RecBole behind a process boundary: train one of its models on our data and rank with its scores."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.prepared import Targets, TrainingData
from bench.errors import TrainingError
from bench.evaluation.metrics import Metric
from bench.evaluation.ranking import Ranks
from bench.recbole.files import write_atomic_files
from bench.recbole.job import DATASET, METRICS, RecBoleJob, recbole_config, recbole_name
from bench.suite.expansion import RunSpec
from bench.suite.reference import default_settings
from bench.training.checkpoint import Epoch, Progress

log = logging.getLogger(__name__)

OUTPUT = "output.txt"
TOLERANCE = 1e-9  # between RecBole's metrics, of float64 means, and those from our ranks


class RecBoleRun:
    """A run of one of RecBole's models, in a child process with a folder of its own.

    Args:
        spec: the run; its model is ``recbole/NAME``.
        data: training parts and validation targets. Test targets reach the child with `test` alone.
        categories: labels of item k + 1.
        folder: for the data that RecBole reads, its logs and its checkpoints; made anew.
        device: ``cpu`` or ``cuda:N``.
        report: called after every epoch.

    Raises:
        TrainingError: RecBole cannot do what the run asks for.
    """

    def __init__(
        self,
        spec: RunSpec,
        data: TrainingData,
        categories: Sequence[Sequence[str]],
        folder: Path,
        device: str,
        report: Callable[[Epoch, Progress], None],
    ) -> None:
        self._spec = spec
        self._data = data
        self._folder = folder
        self._report = report
        self.progress = Progress()
        self.parameters = 0
        self._peak_memory_mib = 0.0
        config = recbole_config(spec, device, any(categories), default_settings(spec.variant.name))
        write_atomic_files(folder, data, categories)
        job = RecBoleJob(
            model=recbole_name(spec),
            config=config,
            folder=str(folder.resolve()),
            users=data.n_users,
            items=data.n_items,
            targets=data.n_targets,
            threads=spec.training.threads,
        )
        self._output = (folder / OUTPUT).open("w", encoding="utf-8")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "bench.recbole.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            cwd=folder,
            env=_environment(),
            text=True,
            encoding="utf-8",
        )
        self._send(job.to_json())

    def fit(self, weights: Path) -> None:
        """Train, and write the best weights under RecBole's names.

        Raises:
            TrainingError: RecBole failed.
        """
        self._send(json.dumps({"do": "fit", "weights": str(weights.resolve())}))
        try:
            while (event := self._receive())["kind"] == "epoch":
                self._note(Epoch(**{key: value for key, value in event.items() if key != "kind"}))
        except BaseException:
            self._child.kill()  # it hears of nothing before its training has ended
            raise
        self.parameters = event["parameters"]
        asked = self._spec.training.epochs
        self.progress.stopped = "epochs" if len(self.progress.epochs) == asked else "patience"

    def validation(self) -> Ranks:
        """Places of the validation targets; errors as `test`."""
        return self._ranks("validation", self._data.validation_targets())

    def test(self, targets: Targets) -> Ranks:
        """Places of the test targets.

        Raises:
            TrainingError: RecBole failed, or its own metrics are not those of the places.
        """
        return self._ranks("test", targets)

    def peak_memory_mib(self) -> float:
        """Largest resident memory of the child."""
        return self._peak_memory_mib

    def close(self) -> None:
        """End the child, and leave of its folder what the data cannot give again: logs and checkpoints."""
        if self._child.stdin is not None:
            with suppress(BrokenPipeError):  # of a child that has ended: what was not sent is sent here
                self._child.stdin.close()
        try:
            self._child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._output.close()
        shutil.rmtree(self._folder / DATASET, ignore_errors=True)

    def _note(self, epoch: Epoch) -> None:
        progress = self.progress
        progress.epochs.append(epoch)
        # RecBole keeps the later of two equal epochs.
        if epoch.value is not None and epoch.value >= progress.best_value:
            progress.best_epoch, progress.best_value = epoch.epoch, epoch.value
        self._report(epoch, progress)

    def _ranks(self, split: str, targets: Targets) -> Ranks:
        self._send(json.dumps({"do": "rank", "split": split, "targets": targets.items.tolist()}))
        event = self._receive()
        self._peak_memory_mib = event["peak_memory_mib"]
        ranks = Ranks(targets, np.array(event["better"]), np.array(event["ties"]))
        require_agreement(event["metrics"], ranks)
        return ranks

    def _send(self, line: str) -> None:
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):  # the child is gone; `_receive` says why
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            code = self._child.wait()
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise TrainingError(f"RecBole's process died ({how}); see {OUTPUT} in {self._folder}")
        event: dict[str, Any] = json.loads(line)
        if event["kind"] == "failed":
            raise TrainingError(f"RecBole: {event['error']} (traceback in {self._folder / OUTPUT})")
        return event


def require_agreement(theirs: Mapping[str, float], ranks: Ranks) -> None:
    """Hold RecBole's metrics against those of the places.

    RecBole orders equal scores as its top-k search happens to find them, so that its value may lie anywhere
    between the pessimistic and the optimistic one; without ties these are the same.

    Raises:
        TrainingError: a metric lies outside.
    """
    ours = {recbole.lower(): name for name, recbole in METRICS.items()}
    for key, value in theirs.items():
        name, _, k = key.partition("@")
        metric = Metric(ours[name], int(k))
        low, high = (
            float(metric.per_user(ranks.better, ranks.ties, mode).mean())
            for mode in ("pessimistic", "optimistic")
        )
        if not low - TOLERANCE <= value <= high + TOLERANCE:
            raise TrainingError(
                f"RecBole's own {key} is {value:.9f}, its scores' places give {low:.9f} to {high:.9f}"
            )


def _environment() -> dict[str, str]:
    """The child's environment: ours, with this package importable from the child's folder."""
    paths = [str(Path(__file__).parents[2]), *(path for path in sys.path if path)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
