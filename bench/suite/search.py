"""``search:`` of a suite: what is tuned, how, and with what budget, the same for every model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from bench.errors import InputError
from bench.registry import MODELS
from bench.suite.dimensions import read_dimension
from bench.suite.entries import read_entries
from bench.suite.models import field_of
from bench.suite.parts import Part, Variant
from bench.suite.problems import Problems, suggest
from bench.suite.reader import KeyPath
from bench.suite.shape import Seed
from bench.suite.space import Dimension, grid_points, grid_size, point_text, variant_at
from bench.wording import count

MOST_POINTS = 10_000  # of a grid
MOST_CHECKS = 5_000  # combinations of values that are checked before anything runs

BudgetKind = Literal["trials", "epochs", "seconds"]


class Budget(Part):
    """What each model may spend on each dataset.

    ``amount`` is None for a grid, which does every point.
    """

    kind: BudgetKind
    amount: float | None


class Search(Part):
    """A checked search.

    Attributes:
        sampler: what proposes the points.
        pruner: what ends trials early, by their validation epochs.
        budget: of each model on each dataset.
        seeds: of the trials' trainings.
        seed: of the sampler.
        storage: address of a database, or a file; None: a file beside the results.
        unequal: not every model gets the same, as the suite admits.
        spaces: the dimensions of each tuned variant, by label.
    """

    sampler: Literal["grid", "random", "tpe"]
    pruner: Literal["none", "median", "successive-halving"]
    budget: Budget
    seeds: tuple[int, ...]
    seed: int
    storage: str | None
    unequal: bool
    spaces: dict[str, tuple[Dimension, ...]]


class SearchEntry(Part):
    """``search:`` as written; the space is checked apart."""

    sampler: Literal["grid", "random", "tpe"] = "tpe"
    pruner: Literal["none", "median", "successive-halving"] = "none"
    trials: int | None = Field(None, ge=1)
    epochs: int | None = Field(None, ge=1)
    seconds: float | None = Field(None, gt=0)
    seeds: list[Seed] = Field([1001], min_length=1)
    seed: Seed = 0
    storage: str | None = None
    unequal: bool = False
    space: dict[str, dict[str, Any]]


def check_search(problems: Problems, models: Sequence[Variant]) -> Search | None:
    """The search of a document; None (and problems noted) where it has none or it is not in order."""
    data = problems.document.data
    written = data.get("search")
    if not isinstance(written, dict):
        return None  # a suite without one, or of a wrong shape, which is noted elsewhere
    entry = problems.validate(SearchEntry, written, ("search",))
    if entry is None:
        return None
    spaces = _Spaces(problems, models, entry.sampler == "grid").read(entry.space)
    budget = _budget(entry, spaces, problems)
    _check_seeds(entry, data.get("seeds"), problems)
    unfair = _inequalities(entry, spaces, models)
    if not entry.unequal:
        for what, remedy in unfair:
            problems.add(("search", "space"), f"{what}: no fair comparison", remedy)
    if budget is None:
        return None
    return Search(
        sampler=entry.sampler,
        pruner=entry.pruner,
        budget=budget,
        seeds=tuple(entry.seeds),
        seed=entry.seed,
        storage=entry.storage,
        unequal=bool(unfair),
        spaces=spaces,
    )


def _budget(
    entry: SearchEntry, spaces: Mapping[str, Sequence[Dimension]], problems: Problems
) -> Budget | None:
    kinds: tuple[BudgetKind, ...] = ("trials", "epochs", "seconds")
    given = {kind: amount for kind in kinds if (amount := getattr(entry, kind)) is not None}
    if entry.sampler != "grid":
        if len(given) == 1:
            ((kind, amount),) = given.items()
            return Budget(kind=kind, amount=amount)
        problems.add(
            ("search",),
            f"search has {len(given) or 'no'} budget{'s' * (len(given) > 1)}",
            "write one of trials, epochs and seconds, of each model",
        )
        return None
    for kind in given:
        if kind != "trials":
            problems.add(
                ("search", kind),
                f"search.{kind}: a grid does every point",
                "leave it out, or write another sampler",
            )
    for label, space in spaces.items():
        points = grid_size(space)
        if entry.trials is not None and points not in (None, entry.trials):
            problems.add(
                ("search", "trials"),
                f"search.trials: {entry.trials}, but the grid of {label} has {points} points",
                "leave it out: a grid does every point",
            )
    return Budget(kind="trials", amount=None)


def _check_seeds(entry: SearchEntry, fresh: Any, problems: Problems) -> None:
    path: KeyPath = ("search", "seeds")
    for at, seed in enumerate(entry.seeds):
        if seed in entry.seeds[:at]:
            problems.add((*path, at), f"search.seeds: {seed} stands twice", "keep one of them")
        if isinstance(fresh, list) and seed in fresh:
            problems.add(
                (*path, at),
                f"search.seeds: {seed} is one of the suite's seeds, with which the winner is run afresh",
                "write another, such as 1001",
            )
    if entry.pruner != "none" and len(entry.seeds) > 1:
        problems.add(
            path,
            f"search.seeds: {len(entry.seeds)} seeds, but a pruner compares the epochs of one training",
            "write one seed, or pruner: none",
        )


def is_trained(variant: Variant) -> bool:
    """Whether a variant is trained; one that counts has nothing to tune."""
    return variant.name not in MODELS or not MODELS[variant.name].counting


def _inequalities(
    entry: SearchEntry, spaces: Mapping[str, Sequence[Dimension]], models: Sequence[Variant]
) -> list[tuple[str, str]]:
    """In what models are not given the same, with a remedy each; empty of a fair search."""
    found = []
    untuned = [each.label for each in models if is_trained(each) and each.label not in entry.space]
    if untuned:
        what = f"search tunes {', '.join(entry.space)} and not {', '.join(untuned)}"
        found.append((what, "give every model a space, or write unequal: true"))
    sizes = {label: grid_size(space) for label, space in spaces.items()}
    if entry.sampler == "grid":
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{label} {size}" for label, size in sizes.items())
            what = f"the grids have different numbers of points ({told})"
            found.append((what, "make them equally large, or write unequal: true"))
        return found
    for label, size in sizes.items():
        # Fewer points than trials are done again and again; with one point there is nothing to choose.
        if size is not None and size < (entry.trials or 2):
            budget = f", and {count(entry.trials, 'trial')} to do" if entry.trials else ""
            what = f"{label} has {count(size, 'point')} to try{budget}"
            found.append((what, "give it more values, or write unequal: true"))
    return found


class _Spaces:
    """Reads ``search.space``: variants by label, their settings, and the values of these."""

    def __init__(self, problems: Problems, models: Sequence[Variant], grid: bool) -> None:
        self._problems = problems
        self._models = {variant.label: variant for variant in models}
        # Variants with mistakes of their own are not among the checked ones.
        unseen = Problems(problems.document)
        self._labels = [entry.label for entry in read_entries(problems.document, "models", unseen)]
        self._grid = grid
        training = problems.document.data.get("training")
        self._training = training if isinstance(training, dict) else {}

    def read(self, written: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[Dimension, ...]]:
        found = {}
        if not written:
            self._problems.add(
                ("search", "space"), "search.space is empty", "write LABEL: {setting: [values]}"
            )
        for label, settings in written.items():
            path: KeyPath = ("search", "space", label)
            if label not in self._labels:
                self._problems.add(path, f"search.space: no variant {label!r}", suggest(label, self._labels))
            elif label in self._models:
                space = self._space(self._models[label], settings, path)
                if space is not None:
                    found[label] = space
        return found

    def _space(
        self, variant: Variant, settings: Mapping[str, Any], path: KeyPath
    ) -> tuple[Dimension, ...] | None:
        if not is_trained(variant):
            what = (
                f"search.space: {variant.label} counts and is not trained, so that there is nothing to tune"
            )
            self._problems.add(path, what, "leave it out")
            return None
        if not settings:
            self._problems.add(path, f"search.space.{variant.label} is empty", "write setting: [values]")
        read = [
            read_dimension(variant, key, value, path, self._training, self._grid, self._problems)
            for key, value in settings.items()
        ]
        dimensions = tuple(each for each in read if each is not None)
        if not dimensions or len(dimensions) < len(read):
            return None
        fields = [field_of(variant.name, each.key) for each in dimensions]
        for at, each in enumerate(dimensions):
            if fields[at] in fields[:at]:
                first = dimensions[fields.index(fields[at])].key
                what = f"{first!r} and {each.key!r} are the same setting of {variant.name}"
                self._problems.add((*path, each.key), what, "keep one of them")
                return None
        size = grid_size(dimensions)
        if self._grid and (size or 0) > MOST_POINTS:
            what = f"search.space.{variant.label}: a grid of {size:,} points; at most {MOST_POINTS:,}"
            self._problems.add(path, what, "write fewer values, or another sampler")
            return None
        return dimensions if self._goes_together(variant, dimensions, path) else None

    def _goes_together(self, variant: Variant, dimensions: Sequence[Dimension], path: KeyPath) -> bool:
        """Whether the settings are in order at every point, or at the corners where points are too many."""
        tried = dimensions
        if (grid_size(dimensions) or MOST_CHECKS + 1) > MOST_CHECKS:
            tried = tuple(_ends(each) for each in dimensions)
        if (grid_size(tried) or MOST_CHECKS + 1) > MOST_CHECKS:
            return True  # a trial with settings that do not go together fails by itself
        for point in grid_points(tried):
            try:
                variant_at(variant, point, self._training)
            except InputError as error:
                what = f"search.space.{variant.label}: {error.message}, at {point_text(point)}"
                self._problems.add(path, what, "leave out values that do not go with the others")
                return False
        return True


def _ends(dimension: Dimension) -> Dimension:
    """The first and the last value of a dimension, as a list of its own."""
    values = dimension.values() or (dimension.low, dimension.high)
    ends = tuple({json.dumps(value): value for value in (values[0], values[-1])}.values())
    return Dimension(key=dimension.key, kind="choice", choices=ends)
