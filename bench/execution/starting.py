"""A run ready to be trained: bench's own or RecBole's. Nothing here knows of test targets."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from bench.data.prepared import PreparedDataset, Targets, TrainingData, load_catalogue
from bench.evaluation.ranking import Ranks
from bench.execution.native import NativeRun
from bench.features.table import ItemFeatures
from bench.recbole.backend import RecBoleRun
from bench.registry import Modality
from bench.suite.expansion import RunSpec
from bench.suite.reference import is_reference
from bench.training.checkpoint import Epoch, Progress

Report = Callable[[Epoch, Progress], None]


class Run(Protocol):
    """Something that can be trained and then rank; ``progress`` and ``parameters`` stand after `fit`."""

    progress: Progress
    parameters: int

    def fit(self, weights: Path) -> None:
        """Train, and write the best weights to the file."""
        ...

    def validation(self) -> Ranks:
        """Places of the validation targets after the training parts."""
        ...

    def test(self, targets: Targets) -> Ranks:
        """Places of the test targets after histories that include the validation items."""
        ...

    def peak_memory_mib(self) -> float:
        """Largest resident memory of the process that computed."""
        ...

    def close(self) -> None:
        """Free what the run holds."""
        ...


def start(
    spec: RunSpec,
    dataset: PreparedDataset,
    data: TrainingData,
    features: Mapping[Modality, ItemFeatures],
    work: Path,
    device: str,
    report: Report,
    checkpoints: bool = True,
) -> Run:
    """The run of a specification, not yet trained.

    Args:
        spec: of the run.
        dataset: prepared.
        data: its training parts and validation targets.
        features: of the modalities that the spec names.
        work: folder of the unfinished run.
        device: where the model computes.
        report: called after every epoch; an exception that it raises ends the training.
        checkpoints: whether the run can be resumed (RecBole's never can).
    """
    if not is_reference(spec.variant.name):
        return NativeRun(spec, data, features, work, device, report, checkpoints)
    folder = work / "recbole"
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed: RecBole begins anew
    folder.mkdir()
    return RecBoleRun(spec, data, load_catalogue(dataset).categories, folder, device, report)
