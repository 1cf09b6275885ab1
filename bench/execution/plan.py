"""From specifications to fingerprints."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data.datasets import open_dataset, prepare_dataset
from bench.data.prepared import PreparedDataset
from bench.data.sources.base import Progress
from bench.errors import BenchError, DataError, InputError
from bench.features.store import extract, stored_hash
from bench.features.table import ItemFeatures
from bench.registry import Modality
from bench.results.folder import RunPaths
from bench.results.provenance import version
from bench.suite import own
from bench.suite.expansion import RunSpec
from bench.suite.fingerprint import fingerprint, identity
from bench.suite.reference import is_reference, recbole_folder
from bench.suite.settings import EncoderSettings


@dataclass(frozen=True)
class Planned:
    """A specification with everything it depends on; ``error`` says why that could not be had.

    ``pending`` where a planner that only looks met data or features that `bench run` makes first.
    """

    spec: RunSpec
    dataset: PreparedDataset | None
    identity: dict[str, Any]
    paths: RunPaths | None
    device: str = "cpu"
    error: str | None = None
    pending: bool = False


class _NotExtracted(DataError):
    """Features are not in the store."""


def resolve_device(device: str) -> str:
    """``auto`` becomes cuda where the system has an NVIDIA device, else cpu.

    Raises:
        InputError: cuda is asked for and there is none.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}
    present = Path("/dev/nvidiactl").exists() and not hidden
    if device == "auto":
        return "cuda" if present else "cpu"
    if device.startswith("cuda") and not present:
        raise InputError(
            f"training.device is {device!r}, but this machine has no NVIDIA device",
            remedy="--device cpu",
        )
    return device


class Planner:
    """Prepares datasets and features once each and computes fingerprints.

    Args:
        results: the results folder.
        home: where prepared data lie (None: the default place).
        prepare: False only looks at what is already prepared: no dataset is made, nothing is encoded.
        progress: told what is being prepared.
    """

    def __init__(
        self,
        results: Path,
        home: Path | None,
        prepare: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self._results = results
        self._home = home
        self._prepare = prepare
        self._progress = progress
        self._datasets: dict[str, PreparedDataset | BenchError | None] = {}
        self._features: dict[tuple[str, str], ItemFeatures | DataError] = {}
        self._stored: dict[tuple[str, str], str | None] = {}

    def plan(self, specs: Iterable[RunSpec]) -> list[Planned]:
        """Each specification with its fingerprint, in the same order."""
        return [self._plan(spec) for spec in specs]

    def features(self, spec: RunSpec, dataset: PreparedDataset) -> dict[Modality, ItemFeatures]:
        """The features that a run reads."""
        found: dict[Modality, ItemFeatures] = {}
        for modality, encoder in spec.features.items():
            found[modality] = self._extract(dataset, modality, encoder)
        return found

    def _extract(
        self, dataset: PreparedDataset, modality: Modality, encoder: EncoderSettings
    ) -> ItemFeatures:
        key = (dataset.content_hash, f"{modality} {encoder.model_dump_json()}")
        if key not in self._features:
            try:
                self._features[key] = extract(
                    dataset, modality, encoder.name, dict(encoder.options), self._home, self._progress
                )
            except DataError as error:
                self._features[key] = error  # weights that cannot be had are not asked for again by each run
        known = self._features[key]
        if isinstance(known, DataError):
            raise known
        return known

    def _hashes(self, spec: RunSpec, dataset: PreparedDataset) -> dict[Modality, str]:
        """The content hashes of the features that a run reads."""
        if self._prepare:
            return {m: f.content_hash for m, f in self.features(spec, dataset).items()}
        found: dict[Modality, str] = {}
        for modality, encoder in spec.features.items():
            key = (dataset.content_hash, f"{modality} {encoder.model_dump_json()}")
            if key not in self._stored:
                options = dict(encoder.options)
                self._stored[key] = stored_hash(dataset, modality, encoder.name, options, self._home)
            stored = self._stored[key]
            if stored is None:
                raise _NotExtracted(f"its {modality} features are not extracted here")
            found[modality] = stored
        return found

    def _plan(self, spec: RunSpec) -> Planned:
        dataset: PreparedDataset | None = None
        try:
            _require_recbole(spec)
            dataset = self._dataset(spec)
            if dataset is None:
                return Planned(spec, None, {}, None, error="its data are not prepared here", pending=True)
            spec = _with_what_is_there(spec, dataset)
            device = resolve_device(spec.training.device)
            parts = identity(
                spec,
                dataset.content_hash,
                self._hashes(spec, dataset),
                device.partition(":")[0],
                _versions(spec),
            )
        except InputError:
            raise  # the suite or the command line is wrong, not this cell alone
        except BenchError as error:
            pending = isinstance(error, _NotExtracted)
            return Planned(spec, dataset, {}, None, error=str(error), pending=pending)
        return Planned(spec, dataset, parts, RunPaths(self._results, fingerprint(parts)), device)

    def _dataset(self, spec: RunSpec) -> PreparedDataset | None:
        ref = spec.dataset
        if ref.label not in self._datasets:
            try:
                found = open_dataset(ref.name, ref.label, ref.options, self._home)
                if found is None and self._prepare:
                    found = prepare_dataset(ref.name, ref.label, ref.options, self._home, self._progress)
                self._datasets[ref.label] = found
            except BenchError as error:
                self._datasets[ref.label] = error
        known = self._datasets[ref.label]
        if isinstance(known, BenchError):
            raise known
        return known


def _with_what_is_there(spec: RunSpec, dataset: PreparedDataset) -> RunSpec:
    """The run without the modalities that none of the prepared items has, where it takes those available.

    A suite is checked by what datasets may have; pictures, for example, are in one once they are fetched.

    Raises:
        DataError: the model asks for one of them by name.
    """
    absent = [modality for modality in spec.features if modality not in dataset.modalities]
    if not absent:
        return spec
    controlled = spec.variant.settings.get("controls", ())
    if not spec.available or any(modality in controlled for modality in absent):
        pictures = f"bench data prepare '{dataset.label}' --pictures fetches what has an address"
        raise DataError(
            f"{spec.variant.label} reads {', '.join(absent)}, which no item of {dataset.label} has here"
            + (f" ({pictures})" if "image" in absent and dataset.audit["pictures_not_fetched"] else "")
        )
    return spec.without(absent)


def cell_digest(spec: RunSpec) -> str:
    """Identifies all that a cell's numbers depend on but its data and its seeds."""
    return fingerprint({key: value for key, value in bare_identity(spec).items() if key != "seed"})


def bare_identity(spec: RunSpec) -> dict[str, Any]:
    """All that a run depends on, without the hashes of its data and features."""
    kind = resolve_device(spec.training.device).partition(":")[0]
    return identity(spec, "", dict.fromkeys(spec.features, ""), kind, _versions(spec))


def _require_recbole(spec: RunSpec) -> None:
    if is_reference(spec.variant.name) and recbole_folder() is None:
        raise DataError(
            f"{spec.variant.name} needs RecBole, which is not installed: it can be had on Python 3.11 alone"
            f" (this is {sys.version_info.major}.{sys.version_info.minor})"
        )


def _versions(spec: RunSpec) -> dict[str, str]:
    versions = {"torch": version("torch") or "none"}
    if is_reference(spec.variant.name):
        versions["recbole"] = version("recbole") or "none"
    if own.is_own(spec.variant.name):
        versions[spec.variant.name] = own.source_hash(spec.variant.name)
    return versions
