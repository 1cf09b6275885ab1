"""The comparing program's end of `benchmarks.stock`: the same data for RecBole, and its steps one by one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from bench.data.prepared import TrainingData
from benchmarks.stock import StockJob


def write_interactions(data: TrainingData, file: Path) -> None:
    """Write ``data`` as a RecBole atomic file whose leave-one-out training part is that of ``data``.

    Every user's test item, of which `TrainingData` knows nothing, is an item that occurs nowhere else as long
    as there are any, so that RecBole's catalogue has as many items as ours.

    Raises:
        ValueError: more items occur nowhere than there are users.
    """
    unseen = np.setdiff1d(np.arange(1, data.n_items + 1), np.union1d(data.items, data.validation))
    if len(unseen) > data.n_users:
        raise ValueError(
            f"{len(unseen)} items occur nowhere, and there are {data.n_users} users to name them"
        )
    last = data.validation.copy()
    last[: len(unseen)] = unseen
    with file.open("w", encoding="utf-8") as out:
        out.write("user_id:token\titem_id:token\ttimestamp:float\n")
        for user in range(data.n_users):
            for time, item in enumerate([*data.history(user), data.validation[user], last[user]]):
                out.write(f"u{user}\ti{item}\t{time}\n")


class Rival:
    """A RecBole process that is asked for one training step at a time.

    Args:
        model: RecBole's name.
        options: RecBole's options.
        data: what to train on.
        threads: of torch.
        folder: an empty folder for RecBole's files.
    """

    def __init__(
        self, model: str, options: Mapping[str, Any], data: TrainingData, threads: int, folder: Path
    ) -> None:
        (folder / "data").mkdir()
        write_interactions(data, folder / "data" / "data.inter")
        job = StockJob(model, str(folder), dict(options), threads, data.n_items, data.n_targets)
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

    def step(self) -> tuple[int, float]:
        """Train on the next full batch: its number of targets, and the seconds it took."""
        reply = self._ask("step")
        return int(reply["targets"]), float(reply["seconds"])

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
