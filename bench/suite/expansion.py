"""From a suite to its runs: datasets x models x seeds, whole or as the command line narrows it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bench.errors import InputError
from bench.registry import MODELS, Modality
from bench.suite import own, reference
from bench.suite.datasets import parse_dataset
from bench.suite.models import parse_model
from bench.suite.parts import DatasetRef, Part, Variant, lacking_message, match, wanted_modalities
from bench.suite.problems import suggest
from bench.suite.recipes import dataset_names
from bench.suite.schema import Suite
from bench.suite.settings import EncoderSettings, EvaluationSettings, TrainingSettings

__all__ = ["DatasetRef", "RunSpec", "Variant", "expand", "select"]


class RunSpec(Part):
    """One run: all that it depends on but the data, the machine and the code.

    ``features`` holds the encoders of the modalities that the variant reads on this dataset, in the order
    image, text, category; where the variant has a setting ``modalities`` it lists the same. With
    ``available`` they are those that the dataset may have, so that `without` may take some away.
    """

    suite: str
    dataset: DatasetRef
    variant: Variant
    seed: int
    training: TrainingSettings
    evaluation: EvaluationSettings
    metrics: tuple[str, ...]
    features: dict[Modality, EncoderSettings]
    available: bool = False

    def without(self, absent: Collection[Modality]) -> RunSpec:
        """The run without the modalities ``absent``."""
        kept = {modality: encoder for modality, encoder in self.features.items() if modality not in absent}
        settings = self.variant.settings | {"modalities": list(kept)}
        variant = self.variant.model_copy(update={"settings": settings})
        return self.model_copy(update={"features": kept, "variant": variant})

    @property
    def cell(self) -> tuple[str, str]:
        """The labels of dataset and variant."""
        return self.dataset.label, self.variant.label


def expand(suite: Suite) -> list[RunSpec]:
    """Every run of the suite, in the order datasets, models, seeds."""
    return _runs(suite, suite.datasets, suite.models, suite.seeds)


def select(
    specs: Sequence[RunSpec],
    suite: Suite,
    datasets: Sequence[str] = (),
    models: Sequence[str] = (),
    seeds: Sequence[int] = (),
) -> list[RunSpec]:
    """The runs that the command line's filters leave, and those of datasets and models that it adds.

    A filter matches a label, else a name (all variants of a model). ``--dataset`` and ``--model`` may also
    name what the suite does not list, with options in brackets: it runs with the rest of the suite. A model
    that the suite lists once under this name gives it the settings that the brackets leave out.

    Args:
        specs: the runs of `expand`.
        suite: the suite they come from.
        datasets: values of ``--dataset``; none: all of the suite.
        models: values of ``--model``; none: all of the suite.
        seeds: values of ``--seed``; none: all of the suite.

    Raises:
        InputError: a filter matches nothing; a model asks for a modality that a dataset does not have.
    """
    chosen_datasets = [each for word in datasets for each in _find_datasets(word, suite)] or suite.datasets
    chosen_models = [each for word in models for each in _find_models(word, suite)] or suite.models
    every = ",".join(map(str, dict.fromkeys([*suite.seeds, *seeds])))
    for seed in seeds:
        if seed not in suite.seeds:
            raise InputError(
                f"no seed {seed} in suite {suite.suite!r} (it has {', '.join(map(str, suite.seeds))})",
                file="--seed",
                remedy=f"add --set 'seeds=[{every}]'",
            )
    wanted = _runs(suite, chosen_datasets, chosen_models, seeds or suite.seeds)
    left = {(*spec.cell, spec.seed): spec for spec in wanted}
    listed = [spec for spec in specs if left.pop((*spec.cell, spec.seed), None) is not None]
    return listed + list(left.values())


def _runs(
    suite: Suite, datasets: Sequence[DatasetRef], models: Sequence[Variant], seeds: Sequence[int]
) -> list[RunSpec]:
    return [
        spec_of(suite, dataset, variant, seed) for dataset in datasets for variant in models for seed in seeds
    ]


def spec_of(suite: Suite, dataset: DatasetRef, variant: Variant, seed: int) -> RunSpec:
    """One run of a variant on a dataset, both of which need not be the suite's own.

    Raises:
        InputError: the model asks for a modality that the dataset does not have.
    """
    lack = lacking_message(variant, dataset)
    if lack is not None:
        raise InputError(lack[0], remedy=lack[1])
    modalities = wanted_modalities(variant, dataset)
    settings = variant.settings
    if "modalities" in settings:
        settings = settings | {"modalities": list(modalities)}
    return RunSpec(
        suite=suite.suite,
        dataset=dataset,
        variant=variant.model_copy(update={"settings": settings}),
        seed=seed,
        training=_training(suite, variant),
        evaluation=suite.evaluation,
        metrics=suite.metrics,
        features={modality: suite.features[modality] for modality in modalities},
        available=variant.settings.get("modalities") == "available",
    )


def _training(suite: Suite, variant: Variant) -> TrainingSettings:
    settings = TrainingSettings.model_validate(suite.training.model_dump() | variant.training)
    if settings.scheme != "windows" or reference.is_meant(variant.name):
        return settings
    # Runs record a window that advances by its whole length as null.
    stride = settings.stride or max(1, settings.max_length // 2)
    return settings.model_copy(update={"stride": None if stride == settings.max_length else stride})


def _find_datasets(word: str, suite: Suite) -> list[DatasetRef]:
    found = match(word, suite.datasets)
    if found:
        return found
    if word.partition("[")[0].strip() not in dataset_names():
        known = [dataset.label for dataset in suite.datasets]
        raise InputError(
            f"no dataset {word!r}",
            file="--dataset",
            remedy=suggest(word, [*dict.fromkeys([*known, *dataset_names()])]),
        )
    asked = parse_dataset(word)
    same = [each for each in suite.datasets if (each.name, each.options) == (asked.name, asked.options)]
    return same or [asked]


def _find_models(word: str, suite: Suite) -> list[Variant]:
    found = match(word, suite.models)
    if found:
        return found
    name = word.partition("[")[0].strip()
    if name not in MODELS and not own.is_own(name) and not reference.is_meant(name):
        known = [variant.label for variant in suite.models]
        raise InputError(
            f"no model {word!r}", file="--model", remedy=suggest(word, [*dict.fromkeys([*known, *MODELS])])
        )
    listed = [each for each in suite.models if each.name == name]
    base = listed[0] if len(listed) == 1 else None
    asked = parse_model(word, suite.defaults, suite.training.model_dump(mode="json"), base)
    same = [
        each
        for each in suite.models
        if (each.name, each.settings, each.training) == (asked.name, asked.settings, asked.training)
    ]
    return same or [asked]
