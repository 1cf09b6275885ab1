"""`run.json`, the record of one run, as the rest of bench reads it.

A reader ignores keys that it does not know, so that a later version can add some; it refuses another
``format_version``, and any number that is not finite.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.errors import DataError
from bench.registry import Modality

FORMAT_VERSION = 1
RUNS = "runs"
RECORD = "run.json"

FINGERPRINT = re.compile(r"[0-9a-f]{16}")

Split = Literal["validation", "test"]


class UnreadableError(DataError):
    """A file is there but the system does not give it: permissions, a failing disk, a folder in its place."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class RecordedDataset(_Part):
    """The dataset as the suite named it."""

    name: str
    label: str
    options: dict[str, Any] = Field(default_factory=dict)


class RecordedVariant(_Part):
    """The model as the suite named it, with all its settings."""

    name: str
    label: str
    settings: dict[str, Any] = Field(default_factory=dict)


class RecordedSpec(_Part):
    """What was asked for (`bench.suite.expansion.RunSpec` as JSON)."""

    suite: str
    dataset: RecordedDataset
    variant: RecordedVariant
    seed: int
    training: dict[str, Any]
    evaluation: dict[str, Any]
    metrics: tuple[str, ...]
    features: dict[Modality, Any] = Field(default_factory=dict)


class DatasetFacts(_Part):
    """The prepared dataset that the run read; dropped users had fewer than three interactions."""

    label: str
    hash: str
    users: int
    items: int
    interactions: int
    users_dropped: int = 0


class FeatureFacts(_Part):
    """One modality's features: the encoder with its options, and the hash of what it made."""

    encoder: str
    hash: str


class Inputs(_Part):
    """What the run read."""

    dataset: DatasetFacts
    features: dict[Modality, FeatureFacts] = Field(default_factory=dict)


class TrainingFacts(_Part):
    """How the training went; ``best_epoch`` counts from 1, ``targets`` are those of one epoch."""

    epochs: int
    best_epoch: int | None = None
    stopped: Literal["patience", "epochs", "counted"]
    targets: int
    parameters: int


class Timings(_Part):
    """Seconds."""

    wall_s: float
    cpu_s: float
    train_s: float
    seconds_per_epoch: float | None = None
    test_s: float


class Provenance(_Part):
    """Where, when and with what the run was made."""

    commit: str | None = None
    dirty: bool | None = None
    code_hash: str
    packages: dict[str, str | None] = Field(default_factory=dict)
    python: str
    platform: str
    cpu: str
    gpu: str | None = None
    threads: int
    command: str
    started: str
    finished: str


class RunRecord(_Part):
    """One finished run."""

    format_version: Literal[1]
    fingerprint: str
    spec: RecordedSpec
    identity: dict[str, Any]
    inputs: Inputs
    metrics: dict[Split, dict[str, float]]
    training: TrainingFacts
    timings: Timings
    peak_memory_mib: float | None = None
    provenance: Provenance


def run_folder(results: Path, fingerprint: str) -> Path:
    """Where the run with this fingerprint lies.

    Raises:
        DataError: this is no fingerprint; it must not become a path.
    """
    if not FINGERPRINT.fullmatch(fingerprint):
        raise DataError(f"{fingerprint!r} is no fingerprint (16 hexadecimal digits)")
    return results / RUNS / fingerprint


def read_record(results: Path, fingerprint: str) -> RunRecord:
    """Read one run's `run.json`.

    Raises:
        FileNotFoundError: there is no such run, or none that finished.
        UnreadableError: the system does not give the file.
        DataError: the file is damaged, of another format, or another run's.
    """
    file = run_folder(results, fingerprint) / RECORD
    try:
        record = RunRecord.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{file} is damaged: {place + ': ' if place else ''}{first['msg']}") from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}") from error
    if record.fingerprint != fingerprint:
        raise DataError(f"{file} is the record of run {record.fingerprint}")
    return record
