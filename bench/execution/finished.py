"""The model of a finished run, from its saved weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from bench.data.prepared import PreparedDataset, TrainingData, load_training
from bench.errors import DataError, InputError
from bench.execution.run_data import run_dataset
from bench.execution.single import WEIGHTS
from bench.features.controls import under_controls
from bench.features.store import extract
from bench.features.table import ItemFeatures
from bench.models.base import ModelContext, Recommender
from bench.models.building import build
from bench.registry import MODALITIES, Modality
from bench.results.records import RunRecord, run_folder
from bench.suite.reference import is_reference


@dataclass(frozen=True)
class Finished:
    """A trained model in evaluation mode, with the data that it was trained on."""

    record: RunRecord
    model: Recommender
    dataset: PreparedDataset
    data: TrainingData


def weights_file(results: Path, fingerprint: str) -> Path:
    """Where the weights of a run lie; they may be gone (results are shared without them)."""
    return run_folder(results, fingerprint) / WEIGHTS


@contextmanager
def finished_model(results: Path, record: RunRecord, home: Path | None = None) -> Iterator[Finished]:
    """The model of a run as it was after training, for as long as the context lasts.

    Args:
        results: the results folder.
        record: of the run.
        home: where the prepared data lie (None: the default place).

    Raises:
        InputError: it is RecBole's model, its weights are not here, or its data are not prepared here.
        DataError: the weights are damaged, or data or features are other ones than the run read.
    """
    spec = record.spec
    if is_reference(spec.variant.name):
        raise InputError(f"{spec.variant.name} is RecBole's, whose weights bench does not read")
    dataset = run_dataset(record, home)
    data = load_training(dataset)
    standard = torch.get_default_dtype()
    if spec.training.get("precision") == "float64":
        torch.set_default_dtype(torch.float64)
    try:
        features = under_controls(
            _features(record, dataset, home), spec.variant.settings.get("controls", {}), spec.seed
        )
        context = ModelContext(data.n_items, data.n_users, int(spec.training["max_length"]), features)
        model = build(spec.variant.name, spec.variant.settings, context)
        _load(model, weights_file(results, record.fingerprint))
        yield Finished(record, model.eval(), dataset, data)
    finally:
        torch.set_default_dtype(standard)


def _features(record: RunRecord, dataset: PreparedDataset, home: Path | None) -> dict[Modality, ItemFeatures]:
    found = {}
    for modality in MODALITIES:  # their order decides which weights are whose
        encoder = record.spec.features.get(modality)
        if encoder is None:
            continue
        table = extract(dataset, modality, encoder["name"], encoder["options"], home)
        wanted = record.inputs.features[modality].hash
        if table.content_hash != wanted:
            raise DataError(
                f"the {modality} features of {dataset.label} are not what run {record.fingerprint} read"
                f" (content {table.content_hash[:12]}, not {wanted[:12]}): `bench run` its suite again"
            )
        found[modality] = table
    return found


def _load(model: Recommender, file: Path) -> None:
    try:
        model.load_state_dict(load_file(file))
    except FileNotFoundError as error:
        raise InputError(
            f"{file} is not here: results are shared without weights",
            remedy="`bench run SUITE --fresh` computes the run again and keeps them",
        ) from error
    except SafetensorError as error:
        raise DataError(f"{file} is damaged: {error}") from error
    except RuntimeError as error:  # torch's word for names or shapes that do not fit
        raise DataError(
            f"the weights in {file} are of another version of {type(model).__name__}: compute the run again"
            " with `bench run --fresh`"
        ) from error
