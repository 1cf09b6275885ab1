"""One run, from its specification to its folder."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from bench.data.prepared import PreparedDataset, load_training
from bench.evaluation.metrics import summarise
from bench.evaluation.ranking import Ranks
from bench.execution.starting import Report, Run, start
from bench.execution.testing import rank_test_targets
from bench.features.table import ItemFeatures
from bench.registry import Modality
from bench.results.folder import RunPaths, publish, write_ranks
from bench.results.provenance import Meter, provenance
from bench.results.records import FORMAT_VERSION
from bench.suite.expansion import RunSpec
from bench.training.checkpoint import Progress

log = logging.getLogger(__name__)

WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Order:
    """A run to be made: its specification, what it depends on, and where it goes."""

    spec: RunSpec
    identity: Mapping[str, Any]
    paths: RunPaths
    device: str
    command: str


def execute(
    order: Order,
    dataset: PreparedDataset,
    features: Mapping[Modality, ItemFeatures],
    report: Report = lambda epoch, progress: None,
) -> None:
    """Train, rank and write one run; on return the run exists.

    Args:
        order: what to do.
        dataset: prepared.
        features: of the modalities that the spec names.
        report: called after every epoch.

    Raises:
        TrainingError: no result can be computed; nothing is published.
    """
    meter = Meter()
    spec, work = order.spec, order.paths.work
    work.mkdir(parents=True, exist_ok=True)
    (work / "failed.json").unlink(missing_ok=True)
    data = load_training(dataset)
    log.info(
        "%s on %s, seed %d: %d users, %d items, %d targets",
        spec.variant.label, dataset.label, spec.seed, data.n_users, data.n_items, data.n_targets,
    )  # fmt: skip
    with closing(start(spec, dataset, data, features, work, order.device, report)) as run:
        run.fit(work / WEIGHTS)
        trained_s = meter.wall_s()
        validation = run.validation()
        test = rank_test_targets(run, dataset)
        test_s = meter.wall_s() - trained_s
        peak = run.peak_memory_mib()
    progress = run.progress
    _write(work, progress, {"validation": validation, "test": test}, spec.training.monitor)
    record = _record(order, dataset, features, run, data.n_targets)
    record["metrics"] = {
        split: summarise(spec.metrics, ranks.better, ranks.ties, spec.evaluation.ties)
        for split, ranks in (("validation", validation), ("test", test))
    }
    seconds = [e.train_s for e in progress.epochs]
    record["timings"] = {
        "wall_s": meter.wall_s(),
        "cpu_s": meter.cpu_s(),
        "train_s": sum(e.train_s + e.validate_s for e in progress.epochs),
        "seconds_per_epoch": sum(seconds) / len(seconds) if seconds else None,
        "test_s": test_s,
    }
    gpu = torch.cuda.get_device_name(order.device) if order.device.startswith("cuda") else None
    record["peak_memory_mib"] = peak
    record["provenance"] = provenance(order.command, spec.training.threads, gpu, meter)
    (work / "checkpoint.safetensors").unlink(missing_ok=True)
    publish(order.paths, record)


def _write(work: Path, progress: Progress, ranks: Mapping[str, Ranks], monitor: str) -> None:
    write_ranks(
        work / "ranks.parquet",
        {
            s: {"user": r.targets.users, "item": r.targets.items, "better": r.better, "ties": r.ties}
            for s, r in ranks.items()
        },
    )
    with (work / "history.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "loss", f"validation {monitor}", "train_s", "validate_s"])
        writer.writerows(asdict(epoch).values() for epoch in progress.epochs)


def _record(
    order: Order,
    dataset: PreparedDataset,
    features: Mapping[Modality, ItemFeatures],
    run: Run,
    targets: int,
) -> dict[str, Any]:
    progress = run.progress
    return {
        "format_version": FORMAT_VERSION,
        "fingerprint": order.paths.fingerprint,
        "spec": order.spec.model_dump(mode="json"),
        "identity": dict(order.identity),
        "inputs": {
            "dataset": {
                "label": dataset.label,
                "hash": dataset.content_hash,
                "users": dataset.n_users,
                "items": dataset.n_items,
                "interactions": dataset.n_interactions,
                "users_dropped": int(dataset.audit["users_dropped"]),
            },
            "features": {
                modality: {"encoder": f.encoder, "hash": f.content_hash} for modality, f in features.items()
            },
        },
        "training": {
            "epochs": len(progress.epochs),
            "best_epoch": progress.best_epoch or None,
            "stopped": progress.stopped,
            "sessions": progress.sessions,
            "targets": targets,
            "parameters": run.parameters,
        },
    }
