"""The comparing program's end of `benchmarks.stock`: the same data for RecBole, its work piece by piece."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from bench.data.prepared import TrainingData
from bench.recbole.files import write_atomic_files
from benchmarks.cases import Case
from benchmarks.shapes import label_lists
from benchmarks.stock import StockJob


class Rival:
    """A RecBole process that is asked for one piece of work at a time.

    Args:
        case: the model.
        data: what to train on.
        threads: of torch.
        folder: an empty folder for RecBole's files.
        device: ``cpu`` or ``cuda``.

    Attributes:
        memory_mib: of the latest step, on an accelerator.
    """

    def __init__(
        self, case: Case, data: TrainingData, threads: int, folder: Path, device: str = "cpu"
    ) -> None:
        self.memory_mib: float | None = None
        labels = label_lists(data.n_items) if case.with_labels else [[]] * data.n_items
        write_atomic_files(folder, data, labels)
        job = StockJob(
            model=case.model,
            folder=str(folder),
            options=case.stock_options(),
            threads=threads,
            device=device,
            items=data.n_items,
            targets=data.n_targets,
        )
        self._log = folder / "stderr.txt"
        self._errors = self._log.open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            # -P: the folder of the script is no place to import from.
            [sys.executable, "-P", "-W", "ignore", str(Path(__file__).with_name("stock.py"))],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )
        try:
            self._ask(job.to_json())
        except BaseException:
            self.close()
            raise

    def train(self, steps: int = 1, *, stock: bool = True) -> tuple[int, float]:
        """Train on the next full batches: their number of targets, and the seconds they took.

        Args:
            steps: how many.
            stock: leave torch's anomaly detection on, as importing RecBole's models does.
        """
        request = "step" if stock else "step without anomaly detection"
        replies = [self._ask(request) for _ in range(steps)]
        self.memory_mib = replies[-1]["memory_mib"]
        return sum(int(r["targets"]) for r in replies), sum(float(r["seconds"]) for r in replies)

    def evaluate(self) -> float:
        """Evaluate on the validation items in the whole catalogue: the seconds it took."""
        return float(self._ask("evaluate")["seconds"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            tail = "\n".join(self._log.read_text(encoding="utf-8").splitlines()[-5:])
            raise RuntimeError(f"RecBole ended without an answer:\n{tail}")
        reply: dict[str, Any] = json.loads(answer)
        return reply
