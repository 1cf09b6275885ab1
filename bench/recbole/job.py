"""What a RecBole child process is to do, as the JSON that its parent sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.errors import TrainingError
from bench.evaluation.metrics import Metric
from bench.suite.expansion import RunSpec
from bench.suite.reference import PREFIX

DATASET = "data"  # RecBole's name of the dataset; it treats one named ml-100k differently
CATEGORIES = "class"  # the field that RecBole's own models read by default

# RecBole's names of our metrics.
METRICS = {"Recall": "Recall", "NDCG": "NDCG", "MRR": "MRR", "HitRate": "Hit"}


@dataclass(frozen=True)
class RecBoleJob:
    """One training of a model of RecBole.

    Attributes:
        model: RecBole's name.
        config: RecBole's settings, beside its defaults.
        folder: holds the atomic files, and takes whatever RecBole writes.
        users: U; the tokens are 0 .. U-1.
        items: n; the tokens are 1 .. n.
        targets: training targets of an epoch, which RecBole must find too.
        threads: of torch.
    """

    model: str
    config: dict[str, Any]
    folder: str
    users: int
    items: int
    targets: int
    threads: int

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> RecBoleJob:
        """The inverse of `to_json`."""
        return cls(**json.loads(line))


def recbole_config(
    spec: RunSpec, device: str, with_categories: bool, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """RecBole's settings of a run: its own defaults, what the suite says, and what makes the two agree.

    Args:
        spec: the run.
        device: ``cpu`` or ``cuda:N``.
        with_categories: the items have categories.
        defaults: what RecBole's own file of the model lists.

    Raises:
        TrainingError: the run asks for what RecBole cannot do.
    """
    training, settings = spec.training, spec.variant.settings
    _require_possible(spec, with_categories, defaults)
    monitor = Metric.parse(training.monitor)
    cuts = {m.k for m in map(Metric.parse, (*spec.metrics, training.monitor)) if m.k is not None}
    config = {
        "epochs": training.epochs,
        "learning_rate": training.learning_rate,
        "train_batch_size": training.batch_size,
        # RecBole stops once it has waited longer than this; bench, once it has waited so long.
        "stopping_step": training.patience - 1,
        "eval_step": training.validate_every,
        "valid_metric": f"{METRICS[monitor.name]}@{monitor.k}",
        "weight_decay": training.weight_decay,
        "MAX_ITEM_LIST_LENGTH": training.max_length,
        "eval_batch_size": spec.evaluation.batch_size,
        "metrics": list(METRICS.values()),
        "topk": sorted(cuts | {10, 20}),
        "metric_decimal_place": 12,  # by default four, rounded before early stopping compares
        "seed": spec.seed,
        "reproducibility": True,
        "use_gpu": device.startswith("cuda"),
        "gpu_id": device.partition(":")[2] or "0",
        "show_progress": False,
        "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "mode": "full", "group_by": "user"},
        "load_col": {"inter": ["user_id", "item_id", "timestamp"], "item": ["item_id"]},
    }
    if "selected_features" in defaults:
        config["selected_features"] = [CATEGORIES]
        config["load_col"]["item"].append(CATEGORIES)  # type: ignore[index]
    if {**defaults, **settings}.get("loss_type") == "CE":
        config["train_neg_sample_args"] = None  # RecBole asks for this with a loss over all items
    return config | settings


def recbole_name(spec: RunSpec) -> str:
    """``SASRec`` of ``recbole/SASRec``."""
    return spec.variant.name.removeprefix(PREFIX)


def _require_possible(spec: RunSpec, with_categories: bool, defaults: Mapping[str, Any]) -> None:
    monitor = Metric.parse(spec.training.monitor)
    wrong = {
        f"cannot train in {spec.training.precision}": spec.training.precision != "float32",
        "cannot leave the history out while it validates (evaluation.mask_history)": (
            spec.evaluation.mask_history
        ),
        f"cannot monitor {spec.training.monitor}: it needs a cut-off, as in MRR@10": monitor.k is None,
        "cannot be given a split in time (the dataset's `split`)": spec.dataset.options.get("split")
        is not None,
        "reads item categories, which this dataset does not have": (
            "selected_features" in defaults and not with_categories
        ),
    }
    for complaint, holds in wrong.items():
        if holds:
            raise TrainingError(f"{spec.variant.name} {complaint}")
