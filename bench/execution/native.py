"""A run of a model of bench, or of anybody's own: train, rank, keep the weights."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from bench.data.prepared import Targets, TrainingData
from bench.errors import InputError, TrainingError
from bench.evaluation.ranking import Ranks, histories, rank
from bench.features.controls import under_controls
from bench.features.table import ItemFeatures
from bench.models.base import CountingModel, ModelContext, Recommender, SequentialModel
from bench.models.building import build, count_parameters
from bench.models.tables import noisy_tables
from bench.processes import peak_memory_mib
from bench.registry import Modality
from bench.results.provenance import code_hash
from bench.suite.expansion import RunSpec
from bench.training.checkpoint import Epoch, Progress
from bench.training.loop import Job, train, validation_ranks

log = logging.getLogger(__name__)


class NativeRun:
    """A model with its training job.

    Args:
        spec: the run.
        data: training parts and validation targets.
        features: of the modalities that the spec names.
        work: the folder of the unfinished run, for its checkpoint.
        device: where the model computes.
        report: called after every epoch.
        checkpoints: whether the training can be resumed.
    """

    def __init__(
        self,
        spec: RunSpec,
        data: TrainingData,
        features: Mapping[Modality, ItemFeatures],
        work: Path,
        device: str,
        report: Callable[[Epoch, Progress], None],
        checkpoints: bool = True,
    ) -> None:
        torch.set_num_threads(spec.training.threads)
        torch.set_default_dtype(torch.float64 if spec.training.precision == "float64" else torch.float32)
        torch.manual_seed(spec.seed)
        self.progress = Progress()
        controls = spec.variant.settings.get("controls", {})
        used = under_controls(features, controls, spec.seed)
        context = ModelContext(data.n_items, data.n_users, spec.training.max_length, used)
        try:
            self._model = build(spec.variant.name, spec.variant.settings, context).to(device)
            _require_noise(self._model, used)
        except BaseException:
            self.close()
            raise
        if isinstance(self._model, SequentialModel):
            self._model.bf16 = spec.training.precision == "bf16"
        self.parameters = count_parameters(self._model)
        self._job = Job(
            data=data,
            training=spec.training,
            evaluation=spec.evaluation,
            seed=spec.seed,
            device=device,
            checkpoint=work / "checkpoint.safetensors" if checkpoints else None,
            code=code_hash(),
            report=report,
        )

    def fit(self, weights: Path) -> None:
        """Train or count, and write the weights.

        Raises:
            TrainingError: the training cannot be done, or diverged.
        """
        model = self._model
        if isinstance(model, SequentialModel):
            self.progress = train(model, self._job)
            log.info("best epoch %d, stopped by %s", self.progress.best_epoch, self.progress.stopped)
        elif isinstance(model, CountingModel):
            model.fit(self._job.data)
            self.progress = Progress(stopped="counted")
        else:
            raise TrainingError(
                f"{type(model).__name__} is neither a SequentialModel nor a CountingModel; derive it from one"
            )
        save_file({k: v.contiguous().cpu() for k, v in model.state_dict().items()}, weights)

    def validation(self) -> Ranks:
        """Places of the validation targets after the training parts."""
        return validation_ranks(self._model, self._job)

    def test(self, targets: Targets) -> Ranks:
        """Places of the test targets after histories that include the validation items."""
        job = self._job
        return rank(
            self._model,
            histories(job.data, targets.users, with_validation=True),
            targets,
            n_items=job.data.n_items,
            max_length=job.training.max_length,
            mask_history=job.evaluation.mask_history,
            chunk=job.evaluation.batch_size,
            device=job.device,
        )

    def peak_memory_mib(self) -> float:
        """Largest resident memory of this process."""
        return peak_memory_mib()

    def close(self) -> None:
        """Leave the process as it was found."""
        torch.set_default_dtype(torch.float32)


def _require_noise(model: Recommender, features: Mapping[Modality, ItemFeatures]) -> None:
    """Require that features under the control ``noise`` are drawn anew where there are training steps.

    Raises:
        InputError: a model of one's own copies them, so that they would be fixed.
    """
    noisy = [modality for modality, table in features.items() if table.noise is not None]
    if noisy and isinstance(model, SequentialModel) and not noisy_tables(model):
        raise InputError(
            f"{type(model).__name__} keeps its own copy of {', '.join(noisy)}, which the control `noise` is"
            " to draw anew in every step",
            remedy="hold the features in bench.models.tables.FeatureTable, or use `random-id`",
        )
