"""The suite, found, read and checked as a whole: everything that is wrong with it is reported at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from bench.errors import InputError
from bench.registry import Modality
from bench.suite.claims import check_baseline, check_claims
from bench.suite.datasets import check_datasets, parse_dataset
from bench.suite.encoders import check_encoders
from bench.suite.models import ModelChecker
from bench.suite.overrides import apply_overrides
from bench.suite.parts import (
    Claim,
    DatasetRef,
    EqualityClaim,
    GainClaim,
    PaperRef,
    Part,
    Variant,
    lacking_message,
)
from bench.suite.problems import Problems, nearest
from bench.suite.reader import Document, read_document
from bench.suite.rules import check_metrics, check_name, check_repeats
from bench.suite.search import Search, check_search
from bench.suite.settings import EncoderSettings, EvaluationSettings, Settings, TrainingSettings
from bench.suite.shape import SuiteFile

__all__ = [
    "Claim",
    "DatasetRef",
    "EqualityClaim",
    "GainClaim",
    "Suite",
    "Variant",
    "find_suite",
    "load_suite",
    "parse_dataset",
]

S = TypeVar("S", bound=Settings)


class Suite(Part):
    """A checked suite: names exist, settings are complete, claims speak of its own variants.

    Attributes:
        suite: its name, fit for a folder.
        paper: which table to print published values of beside ours.
        datasets: in the order of the file.
        seeds: distinct.
        metrics: as in ``Recall@10``.
        training: the same for every run.
        evaluation: the same for every run.
        features: the encoder of each modality.
        defaults: as written, for models that the command line adds.
        models: the variants in the order of the file.
        claims: that one variant is better than another, with datasets by label.
        gains: claims that a gain is larger on some datasets than on others, likewise.
        equalities: claims that variants are equal to a reference, likewise.
        baseline: label of the variant that `bench compare` sets the others beside.
        margin: half-width of the range, relative to the baseline, within which two variants are tied.
        unpublished: what the paper leaves open.
        notes: what a reader of its tables has to know besides.
        search: how its models are tuned, if they are.
    """

    suite: str
    paper: PaperRef | None
    datasets: tuple[DatasetRef, ...]
    seeds: tuple[int, ...]
    metrics: tuple[str, ...]
    training: TrainingSettings
    evaluation: EvaluationSettings
    features: dict[Modality, EncoderSettings]
    defaults: dict[str, dict[str, Any]]
    models: tuple[Variant, ...]
    claims: tuple[Claim, ...]
    gains: tuple[GainClaim, ...]
    equalities: tuple[EqualityClaim, ...]
    margin: float
    baseline: str | None
    unpublished: tuple[str, ...]
    notes: tuple[str, ...] = ()
    search: Search | None = None


def find_suite(name: str | Path, folder: Path = Path("suites")) -> Path:
    """The file of a suite: a path as it is, or ``NAME`` for ``suites/NAME.yaml``.

    Raises:
        InputError: there is no such file.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        known = [str(other) for other in path.parent.glob("*.yaml")]
    else:
        path = folder / f"{name}.yaml"
        known = [other.stem for other in folder.glob("*.yaml")]
    if path.is_file():
        return path
    near = nearest(str(name), sorted(known))
    raise InputError(
        f"no suite {str(name)!r}: there is no file {path}",
        remedy=f"did you mean {near!r}?" if near else "give the path of a suite's .yaml file",
    )


def load_suite(path: Path | str, overrides: Sequence[str] = ()) -> Suite:
    """Read and check a suite file.

    Args:
        path: the YAML file.
        overrides: ``key=value`` as given to ``--set``, applied before anything is checked.

    Raises:
        InputError: everything that is wrong, one problem per line, each with file (or option) and line.
    """
    return check_suite(apply_overrides(read_document(Path(path)), overrides))


def check_suite(document: Document) -> Suite:
    """Check a document as a suite.

    Raises:
        InputError: as `load_suite`.
    """
    problems = Problems(document)
    shape = problems.validate(SuiteFile, document.data, ())
    training = _section("training", TrainingSettings, problems)
    evaluation = _section("evaluation", EvaluationSettings, problems)
    features = check_encoders(document, problems)
    datasets = check_datasets(document, problems)
    models = _check_models(document, datasets, problems)
    check_name(problems)
    check_metrics(problems)
    check_repeats(problems)
    claims = check_claims(problems)
    baseline = check_baseline(problems)
    search = check_search(problems, models)
    problems.raise_any()
    assert shape is not None and training is not None and evaluation is not None  # else a problem was raised
    return Suite(
        suite=shape.suite,
        paper=PaperRef(name=shape.paper) if isinstance(shape.paper, str) else shape.paper,
        datasets=tuple(datasets),
        seeds=tuple(shape.seeds),
        metrics=tuple(shape.metrics),
        training=training,
        evaluation=evaluation,
        features=features,
        defaults=shape.defaults,
        models=tuple(models),
        claims=tuple(claims.order),
        gains=tuple(claims.gains),
        equalities=tuple(claims.equal),
        margin=shape.margin,
        baseline=baseline,
        unpublished=tuple(shape.unpublished),
        notes=tuple(shape.notes),
        search=search,
    )


def _section(key: str, kind: type[S], problems: Problems) -> S | None:
    values = problems.document.data.get(key, {})
    return problems.validate(kind, values, (key,)) if isinstance(values, dict) else None


def _check_models(document: Document, datasets: Sequence[DatasetRef], problems: Problems) -> list[Variant]:
    checker = ModelChecker(document, problems)
    models = checker.check()
    for variant in models:
        for dataset in datasets:
            lack = lacking_message(variant, dataset)
            if lack is not None:
                problems.add(checker.modalities[variant.label], *lack)
    return models
