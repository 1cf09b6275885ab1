"""How long a run will take where no finished run tells it: a few training steps on made-up data of its size.

Timed are steps of fewer targets than the suite's (what dominates, the softmax over the catalogue, is the same
for each target) and the ranking of some users; both are extrapolated to all of them. That is rough both ways:
smaller steps cost more per target, the fastest of a few is faster than the usual one, and a training may stop
early. What was timed is kept in bench's home, for this processor and code.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data.made_up import Shape, generate
from bench.data.prepared import Targets, TrainingData
from bench.data.sources.base import Progress
from bench.execution.forecast import Forecast
from bench.execution.outlook import Outlook, size_of
from bench.execution.plan import resolve_device
from bench.features.noise import AnyRow, Gaussian, Law
from bench.features.table import ItemFeatures
from bench.home import home_folder
from bench.registry import Modality
from bench.results.folder import write_atomically
from bench.results.provenance import code_hash, cpu_model
from bench.suite.expansion import RunSpec
from bench.suite.own import is_own
from bench.suite.reference import is_reference
from bench.suite.settings import EncoderSettings

TARGETS = 256  # of a timed step, at most
STEPS = 3  # timed, after one that is not; the fastest counts
USERS = 512  # ranked

# What made-up features are like where an encoder with weights is not here: columns as published.
_WIDTHS = {"vgg16": 4096, "vgg19": 4096, "bert-base-uncased": 768}
_USUAL_WIDTHS: Mapping[Modality, int] = {"image": 512, "text": 768, "category": 200}


def with_rehearsals(
    runs: Sequence[Outlook], home: Path | None, progress: Progress | None = None
) -> list[Outlook]:
    """The runs, those to compute that nothing else tells with a forecast by rehearsal, in the same order.

    A run is not rehearsed if its model is RecBole's or anybody's own, if it runs on another device than the
    processor, or if the size of its data is not known.

    Args:
        runs: of a suite.
        home: bench's home (None: the default place).
        progress: told of cells.
    """
    waiting: dict[tuple[str, str], Outlook] = {}
    for run in filter(_needs_one, runs):
        waiting.setdefault(run.spec.cell, run)
    found: dict[tuple[str, str], Forecast] = {}
    for number, (cell, run) in enumerate(waiting.items()):
        if progress is not None:
            progress("time training steps on made-up data", number, len(waiting))
        forecast = _forecast(run, home)
        if forecast is not None:
            found[cell] = forecast
    return [
        replace(run, forecast=found[run.spec.cell]) if _needs_one(run) and run.spec.cell in found else run
        for run in runs
    ]


def _needs_one(run: Outlook) -> bool:
    return run.state in ("to compute", "blocked") and run.forecast is None


def _forecast(run: Outlook, home: Path | None) -> Forecast | None:
    spec, size = run.spec, size_of(run.spec.dataset, run.dataset)
    if is_reference(spec.variant.name) or is_own(spec.variant.name):
        return None
    if size is None or size.targets < 2 * size.users or resolve_device(spec.training.device) != "cpu":
        return None
    shape = Shape(spec.dataset.label, size.users, size.items, size.targets + 3 * size.users)
    times = _kept(spec, shape, home)
    epochs = spec.training.epochs if times["step_s"] else 0
    rankings = -(-epochs // spec.training.validate_every) + 2
    seconds = epochs * times["step_s"] * size.targets + rankings * times["rank_s"] * size.users
    return Forecast(seconds + times["fit_s"], "rehearsal", 0, epochs, (), (), size.published)


def _kept(spec: RunSpec, shape: Shape, home: Path | None) -> dict[str, float]:
    """What `rehearse` gives, timed once for this code and processor."""
    what = {
        "model": [spec.variant.name, spec.variant.settings],
        "training": spec.training.model_dump(mode="json"),
        "features": {name: each.model_dump(mode="json") for name, each in spec.features.items()},
        "shape": [shape.users, shape.items, shape.interactions],
        "processor": cpu_model(),
        "code": code_hash(),
    }
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
    file = home_folder(home) / "rehearsals" / f"{key}.json"
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        return {name: float(known[name]) for name in ("step_s", "rank_s", "fit_s")}
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not timed yet, or damaged: then again
    found = rehearse(spec, shape)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(found) + "\n")
    return found


def rehearse(spec: RunSpec, shape: Shape) -> dict[str, float]:
    """Time a model of bench on made-up data, with the run's number of threads.

    Returns:
        ``step_s``: seconds per training target; ``rank_s``: per user ranked; ``fit_s``: of counting.
    """
    import torch

    from bench.evaluation.ranking import histories, rank
    from bench.models.base import CountingModel, ModelContext, SequentialModel
    from bench.models.building import build

    data = generate(shape)
    threads = torch.get_num_threads()
    torch.set_num_threads(spec.training.threads)
    try:
        context = ModelContext(
            data.n_items, data.n_users, spec.training.max_length, _features(spec, data.n_items)
        )
        model = build(spec.variant.name, spec.variant.settings, context)
        found = {"step_s": 0.0, "rank_s": 0.0, "fit_s": 0.0}
        start = time.perf_counter()
        if isinstance(model, CountingModel):
            model.fit(data)
            found["fit_s"] = time.perf_counter() - start
        elif isinstance(model, SequentialModel):
            found["step_s"] = _step_s(model, spec, data)
        some = Targets(*(part[:USERS] for part in vars(data.validation_targets()).values()))
        model.eval()
        start = time.perf_counter()
        rank(
            model, histories(data, some.users, with_validation=False), some,
            n_items=data.n_items, max_length=spec.training.max_length,
        )  # fmt: skip
        found["rank_s"] = (time.perf_counter() - start) / len(some.users)
        return found
    finally:
        torch.set_num_threads(threads)


def _step_s(model: Any, spec: RunSpec, data: TrainingData) -> float:
    """Seconds per target: those of the fastest step, and noise that is drawn once per step of the suite's."""
    from bench.models.tables import noisy_tables
    from bench.training.loop import Job, adam, epoch_batches

    training = spec.training.model_copy(update={"batch_size": min(spec.training.batch_size, TARGETS)})
    job = Job(data, training, spec.evaluation, seed=0)
    optimiser = adam(model, training)
    model.train()
    steps: list[float] = []
    for batch in islice(epoch_batches(model, job)(np.random.default_rng(0)), STEPS + 1):
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        model.loss(batch).backward()
        optimiser.step()
        steps.append((time.perf_counter() - start) / len(batch.targets))
    start = time.perf_counter()
    for table in noisy_tables(model):
        table.redraw()
    redraw_s = time.perf_counter() - start
    # The first one pays for memory and tables.
    return min(steps[1:] or steps) + redraw_s / min(spec.training.batch_size, data.n_targets)


def _features(spec: RunSpec, n_items: int) -> dict[Modality, Any]:
    """Zeros as wide as an encoder's: the time of products does not depend on what is multiplied."""
    present = np.ones(n_items + 1, dtype=bool)
    present[0] = False
    controls = spec.variant.settings.get("controls", {})
    tables: dict[Modality, Any] = {}
    for modality, encoder in spec.features.items():
        values = np.zeros((n_items + 1, feature_width(modality, encoder)), dtype=np.float32)
        if modality == "category":
            values[1:, 0] = 1.0  # an item without any label would not be present
        labels = modality == "category"
        law = _law(values[1:], labels) if controls.get(modality) == "noise" else None
        tables[modality] = ItemFeatures(modality, encoder.name, values, present, "", labels, law)
    return tables


def _law(rows: npt.NDArray[np.float32], labels: bool) -> Law:
    """Noise in place of ``rows`` [n, d], of the size that `bench.features.noise.law_of` would find."""
    if labels:
        return AnyRow(rows, 0)
    n, width = rows.shape
    return Gaussian(rows[0], np.zeros((min(n, width), width), dtype=np.float32), 0)


def feature_width(modality: Modality, encoder: EncoderSettings) -> int:
    """Columns of an encoder's features: as its options say, as published, or as is usual."""
    asked = encoder.options.get("dimensions") or encoder.options.get("size")
    if isinstance(asked, int):
        return asked
    last = str(encoder.options.get("model", encoder.name)).rpartition("/")[2]
    return _WIDTHS.get(last, _USUAL_WIDTHS[modality])
