"""How long a run will take, told from finished runs (where none tells it, see `bench.execution.rehearsal`).

A run is compared by what its time depends on, from the nearest to the farthest:

* ``cell``: runs of the same dataset, model and settings with other seeds. Their median time.
* ``dataset``: runs of the same model with the same sizes, batches, features and threads on the same dataset,
  but another learning rate, patience or number of epochs. Their time per epoch, times the epochs: at most,
  because training may stop early.
* ``model``: the same on other datasets, whose catalogue is at most twice as large or small (the softmax over
  it is most of the work). Their time per training target and epoch, times targets and epochs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from bench.results.records import RunRecord

CATALOGUES = 2.0  # by how much catalogues may differ in size

# Training settings on which the time of an epoch depends.
_COSTLY = ("batch_size", "scheme", "stride", "max_length", "precision", "threads")


@dataclass(frozen=True)
class Size:
    """Training targets, items and users of a dataset; ``published``: a paper's, not of prepared data."""

    targets: int
    items: int
    published: bool = False
    users: int = 0


@dataclass(frozen=True)
class Forecast:
    """How long a run will take.

    Attributes:
        seconds: of wall time; where ``kind`` is not ``cell``, if all ``epochs`` are trained.
        kind: what it is told from (see the module).
        runs: how many finished runs that is.
        epochs: that it counts with; 0 where ``kind`` is ``cell``.
        datasets: of those runs, by label.
        machines: processors or accelerators that they ran on.
        published: whether the dataset's size is a paper's.
    """

    seconds: float
    kind: Literal["cell", "dataset", "model", "rehearsal"]
    runs: int
    epochs: int
    datasets: tuple[str, ...]
    machines: tuple[str, ...]
    published: bool = False


class Forecaster:
    """Forecasts from finished runs.

    Args:
        records: of finished runs, of any suite.
    """

    def __init__(self, records: Iterable[RunRecord]) -> None:
        self._cells: dict[str, list[RunRecord]] = {}
        self._alike: dict[str, list[RunRecord]] = {}
        for record in records:
            self._cells.setdefault(_cell_key(record.identity), []).append(record)
            if record.training.epochs and record.training.targets:
                self._alike.setdefault(_cost_key(record.identity), []).append(record)

    def of(self, identity: Mapping[str, Any], epochs: int, size: Size | None) -> Forecast | None:
        """The forecast for a run; None where no finished run tells it.

        Args:
            identity: of the run (`bench.suite.fingerprint.identity`); hashes and versions are passed over.
            epochs: that it trains at most.
            size: of its dataset, if known.
        """
        same = self._cells.get(_cell_key(identity))
        if same:
            return _told([_wall_s(run) for run in same], "cell", same, 0)
        alike = self._alike.get(_cost_key(identity), [])
        here = [run for run in alike if _data_key(run.identity) == _data_key(identity)]
        if here:
            times = [_around_s(run) + epochs * _epoch_s(run) for run in here]
            return _told(times, "dataset", here, epochs)
        if size is None:
            return None
        near = [run for run in alike if 1 / CATALOGUES <= run.inputs.dataset.items / size.items <= CATALOGUES]
        if not near:
            return None
        times = [
            _around_s(run) + epochs * size.targets * _epoch_s(run) / run.training.targets for run in near
        ]
        return _told(times, "model", near, epochs, size.published)


def _told(
    times: Sequence[float],
    kind: Literal["cell", "dataset", "model"],
    runs: Sequence[RunRecord],
    epochs: int,
    published: bool = False,
) -> Forecast:
    return Forecast(
        seconds=median(times),
        kind=kind,
        runs=len(runs),
        epochs=epochs,
        datasets=tuple(dict.fromkeys(run.spec.dataset.label for run in runs)),
        machines=tuple(dict.fromkeys(run.provenance.gpu or run.provenance.cpu for run in runs)),
        published=published,
    )


def _wall_s(run: RunRecord) -> float:
    """Of the whole run: of one that was interrupted, wall time is that of the last session alone."""
    return max(run.timings.wall_s, run.timings.train_s + run.timings.test_s)


def _around_s(run: RunRecord) -> float:
    """Before and after training."""
    return _wall_s(run) - run.timings.train_s


def _epoch_s(run: RunRecord) -> float:
    """Of an epoch with its validation."""
    return run.timings.train_s / run.training.epochs


def _cell_key(identity: Mapping[str, Any]) -> str:
    keys = ("training", "evaluation", "device")
    return json.dumps(
        [_data_key(identity), _model_key(identity), *(identity.get(key) for key in keys)], sort_keys=True
    )


def _cost_key(identity: Mapping[str, Any]) -> str:
    training = identity.get("training", {})
    costly = {key: training[key] for key in _COSTLY if key in training}
    return json.dumps([_model_key(identity), costly, identity.get("device")], sort_keys=True)


def _data_key(identity: Mapping[str, Any]) -> str:
    dataset = identity.get("dataset", {})
    return json.dumps([dataset.get("name"), dataset.get("options")], sort_keys=True)


def _model_key(identity: Mapping[str, Any]) -> str:
    model = identity.get("model", {})
    features = {
        modality: [encoder.get("encoder"), encoder.get("options")]
        for modality, encoder in identity.get("features", {}).items()
    }
    return json.dumps([model.get("name"), model.get("settings"), features], sort_keys=True)
