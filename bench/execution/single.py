"""One run, from its specification to its folder."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from bench.data.prepared import PreparedDataset, load_training
from bench.errors import TrainingError
from bench.evaluation.metrics import summarise
from bench.evaluation.ranking import Ranks
from bench.execution.testing import rank_test_targets
from bench.features.table import ItemFeatures
from bench.models.base import CountingModel, ModelContext, Recommender, SequentialModel
from bench.models.building import build, count_parameters
from bench.registry import Modality
from bench.results.folder import RunPaths, publish, write_ranks
from bench.results.provenance import Meter, code_hash, provenance
from bench.results.records import FORMAT_VERSION
from bench.suite.expansion import RunSpec
from bench.training.checkpoint import Epoch, Progress
from bench.training.loop import Job, train, validation_ranks

log = logging.getLogger(__name__)

Report = Callable[[Epoch, Progress], None]


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
    torch.set_num_threads(spec.training.threads)
    torch.set_default_dtype(getattr(torch, spec.training.precision))
    try:
        model, job = _set_up(order, dataset, features, report)
        progress = _fit(model, job)
        trained_s = meter.wall_s()
        validation = validation_ranks(model, job)
        test = rank_test_targets(model, dataset, job)
        test_s = meter.wall_s() - trained_s
    finally:
        torch.set_default_dtype(torch.float32)
    _write(work, model, progress, {"validation": validation, "test": test}, spec.training.monitor)
    record = _record(order, dataset, features, model, job, progress)
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
    record["peak_memory_mib"] = meter.peak_memory_mib()
    record["provenance"] = provenance(order.command, spec.training.threads, gpu, meter)
    (work / "checkpoint.safetensors").unlink(missing_ok=True)
    publish(order.paths, record)


def _set_up(
    order: Order, dataset: PreparedDataset, features: Mapping[Modality, ItemFeatures], report: Report
) -> tuple[Recommender, Job]:
    spec = order.spec
    data = load_training(dataset)
    torch.manual_seed(spec.seed)
    context = ModelContext(data.n_items, data.n_users, spec.training.max_length, features)
    model = build(spec.variant.name, spec.variant.settings, context).to(order.device)
    job = Job(
        data=data,
        training=spec.training,
        evaluation=spec.evaluation,
        seed=spec.seed,
        device=order.device,
        checkpoint=order.paths.work / "checkpoint.safetensors",
        code=code_hash(),
        report=report,
    )
    log.info(
        "%s on %s, seed %d: %d users, %d items, %d targets, %d parameters",
        spec.variant.label, dataset.label, spec.seed, data.n_users, data.n_items, data.n_targets,
        count_parameters(model),
    )  # fmt: skip
    return model, job


def _fit(model: Recommender, job: Job) -> Progress:
    if isinstance(model, SequentialModel):
        progress = train(model, job)
        log.info("best epoch %d, stopped by %s", progress.best_epoch, progress.stopped)
        return progress
    if isinstance(model, CountingModel):
        model.fit(job.data)
        return Progress(stopped="counted")
    raise TrainingError(
        f"{type(model).__name__} is neither a SequentialModel nor a CountingModel; derive it from one"
    )


def _write(
    work: Path, model: Recommender, progress: Progress, ranks: Mapping[str, Ranks], monitor: str
) -> None:
    save_file({k: v.contiguous().cpu() for k, v in model.state_dict().items()}, work / "model.safetensors")
    write_ranks(
        work / "ranks.parquet",
        {s: {"item": r.targets, "better": r.better, "ties": r.ties} for s, r in ranks.items()},
    )
    with (work / "history.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "loss", f"validation {monitor}", "train_s", "validate_s"])
        writer.writerows(asdict(epoch).values() for epoch in progress.epochs)


def _record(
    order: Order,
    dataset: PreparedDataset,
    features: Mapping[Modality, ItemFeatures],
    model: Recommender,
    job: Job,
    progress: Progress,
) -> dict[str, Any]:
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
            "targets": job.data.n_targets,
            "parameters": count_parameters(model),
        },
    }
