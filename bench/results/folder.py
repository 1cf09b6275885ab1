"""Writing of run folders: a run exists whole or not at all.

A run is prepared in ``runs/.work/<fingerprint>/`` (checkpoint, log) and moved to ``runs/<fingerprint>/``
when its last file, run.json, is on disk. What a failed run leaves is ``.work/<fingerprint>/failed.json``.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from bench.errors import InputError
from bench.results.condition import Condition, run_condition
from bench.results.records import RECORD, RUNS


@dataclass(frozen=True)
class RunPaths:
    """Where one run lives below a results folder."""

    results: Path
    fingerprint: str

    @property
    def final(self) -> Path:
        """The finished, immutable run."""
        return self.results / RUNS / self.fingerprint

    @property
    def work(self) -> Path:
        """The unfinished run."""
        return self.results / RUNS / ".work" / self.fingerprint

    def condition(self) -> Condition:
        """Whether the finished run is there and can be used."""
        return run_condition(self.results, self.fingerprint)

    def is_done(self) -> bool:
        """Whether the finished run is there and can be used."""
        return self.condition().state == "done"

    def lock(self) -> FileLock:
        """Held by the process that computes the run; freed by the system when that process dies."""
        self.work.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self.work.parent / f"{self.fingerprint}.lock")

    def is_running(self) -> bool:
        """Whether some process holds the lock now."""
        if not (self.work.parent / f"{self.fingerprint}.lock").exists():
            return False
        try:
            with self.lock().acquire(timeout=0):
                return False
        except Timeout:
            return True

    def failure(self) -> str | None:
        """The error of the latest try, if it failed."""
        try:
            text = (self.work / "failed.json").read_text(encoding="utf-8")
            return str(json.loads(text)["error"])
        except (OSError, ValueError, KeyError):
            return None


def check_folder(results: Path) -> None:
    """See that ``results`` is a folder, or nothing yet.

    Raises:
        InputError: it is a file.
    """
    if results.is_file():
        raise InputError(f"{results} is a file, not a results folder", remedy="--results DIR")


def write_atomically(file: Path, text: str) -> None:
    """Write ``text`` to a temporary name, sync it and rename it to ``file``."""
    part = file.with_name(file.name + ".part")
    with part.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(file)


def write_ranks(file: Path, splits: Mapping[str, Mapping[str, Iterable[int]]]) -> None:
    """Write per-user places.

    Args:
        file: ranks.parquet.
        splits: ``validation`` and ``test``, each with the columns user, item, better and ties.
    """
    tables = []
    for split, columns in splits.items():
        items = list(columns["item"])
        tables.append(
            pa.table(
                {
                    "user": pa.array(list(columns["user"]), pa.int32()),
                    "item": pa.array(items, pa.int32()),
                    "split": pa.array([split] * len(items)).dictionary_encode(),
                    "better": pa.array(list(columns["better"]), pa.int32()),
                    "ties": pa.array(list(columns["ties"]), pa.int32()),
                }
            )
        )
    pq.write_table(pa.concat_tables(tables).unify_dictionaries(), file)


def publish(paths: RunPaths, record: Mapping[str, Any]) -> None:
    """Write run.json last and move the folder to its final name, in place of an older run if there is one."""
    for file in sorted(paths.work.rglob("*")):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    write_atomically(paths.work / RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")
    if paths.final.exists():
        older = paths.work.with_name(f"{paths.fingerprint}.old")
        shutil.rmtree(older, ignore_errors=True)
        paths.final.rename(older)
        paths.work.rename(paths.final)
        shutil.rmtree(older)
    else:
        paths.work.rename(paths.final)


def record_failure(paths: RunPaths, error: str) -> None:
    """Leave the reason why a run ended without a result."""
    paths.work.mkdir(parents=True, exist_ok=True)
    write_atomically(paths.work / "failed.json", json.dumps({"error": error}) + "\n")
