"""The studies of a search: one per dataset and variant, with its slots, and a name of all it depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.errors import DataError, InputError
from bench.execution.plan import Planned, Planner
from bench.results.names import slug
from bench.suite.expansion import RunSpec, spec_of
from bench.suite.fingerprint import fingerprint
from bench.suite.parts import Variant
from bench.suite.schema import Suite
from bench.suite.search import Search
from bench.suite.space import Dimension, Point, grid_points, lies_on, own_point, variant_at
from bench.tuning.pruning import VERSIONS

TUNING_VERSION = 1  # raise it when trials are proposed, pruned or valued otherwise

DEFAULT = "default"  # the name of the trial with the suite's own settings


@dataclass(frozen=True)
class Slot:
    """The place of one trial in a study.

    Attributes:
        number: from 0.
        name: `DEFAULT` for the suite's own settings, else empty.
        point: what is tried; None where the sampler proposes it. The default's is None where the suite does
            not say what its settings are (a model outside bench).
        inside: whether the point lies in the space, so that samplers may learn from it.
    """

    number: int
    name: str = ""
    point: Point | None = None
    inside: bool = True


@dataclass(frozen=True)
class StudyPlan:
    """One study: a variant to be tuned on a dataset.

    Attributes:
        suite: of the search.
        search: of the suite.
        base: the run of the suite's own settings; its seed is the search's first.
        planned: the same with its data, features and identity.
        dimensions: of the space.
        name: of the study, by all that its trials depend on.
    """

    suite: Suite
    search: Search
    base: RunSpec
    planned: Planned
    dimensions: tuple[Dimension, ...]
    name: str

    @property
    def dataset(self) -> str:
        """The dataset's label."""
        return self.base.dataset.label

    @property
    def variant(self) -> str:
        """The variant's label."""
        return self.base.variant.label

    @property
    def slots(self) -> int | None:
        """How many trials there are; None where epochs or seconds are counted."""
        if self.search.sampler == "grid":
            return len(self._fixed)
        budget = self.search.budget
        return int(budget.amount) if budget.kind == "trials" and budget.amount is not None else None

    def slot(self, number: int) -> Slot:
        """The slot of a number."""
        return self._fixed[number] if number < len(self._fixed) else Slot(number)

    def specs(self, slot: Slot, point: Point) -> list[RunSpec]:
        """The trainings of a trial, one per seed of the search.

        Raises:
            InputError: the settings of the point do not go together.
        """
        variant = _plain(self.suite, self.base)
        if slot.name != DEFAULT:
            variant = variant_at(variant, point, self.suite.training.model_dump(mode="json"))
        return [spec_of(self.suite, self.base.dataset, variant, seed) for seed in self.search.seeds]

    @cached_property
    def default(self) -> Point | None:
        """The suite's own settings as a point; None where they are not known."""
        training = self.suite.training.model_dump(mode="json")
        return own_point(_plain(self.suite, self.base), self.dimensions, training)

    @cached_property
    def _fixed(self) -> tuple[Slot, ...]:
        own = self.default
        inside = own is not None and lies_on(own, self.dimensions)
        if own is not None and inside:
            own = {each.key: each.tidy(own[each.key]) for each in self.dimensions}
        first = Slot(0, DEFAULT, own, inside)
        if self.search.sampler != "grid":
            return (first,)
        others = [point for point in grid_points(self.dimensions) if not (inside and point == own)]
        return (first, *(Slot(number, point=point) for number, point in enumerate(others, 1)))


def _plain(suite: Suite, base: RunSpec) -> Variant:
    """The variant as the suite has it: that of a run names the modalities of its dataset."""
    listed = (each for each in suite.models if each.label == base.variant.label)
    return next(listed, base.variant)


def base_specs(suite: Suite, specs: Sequence[RunSpec]) -> list[RunSpec]:
    """Of these runs one for each dataset and tuned variant, with the search's first seed.

    Raises:
        InputError: the suite has no search, or the runs include none of what it tunes.
    """
    search = search_of(suite)
    cells: Mapping[tuple[str, str], RunSpec] = {spec.cell: spec for spec in specs}
    found = [
        spec.model_copy(update={"seed": search.seeds[0]})
        for (_, variant), spec in cells.items()
        if variant in search.spaces
    ]
    if not found:
        raise InputError(
            f"the search of suite {suite.suite!r} tunes none of these",
            file="--model",
            remedy=f"it tunes {', '.join(search.spaces)}",
        )
    return found


def search_of(suite: Suite) -> Search:
    """The suite's search.

    Raises:
        InputError: it has none.
    """
    if suite.search is None:
        raise InputError(
            f"suite {suite.suite!r} has no search",
            remedy="write search: {space: {LABEL: {setting: [values]}}}; docs/tuning.md",
        )
    return suite.search


def plan_studies(suite: Suite, name: str, specs: Sequence[RunSpec], planner: Planner) -> list[StudyPlan]:
    """The studies of these cells, in their order; data and features are prepared.

    Args:
        suite: with a search.
        name: of the suite's results.
        specs: of `base_specs`.
        planner: of runs.

    Raises:
        DataError: the data or features of a cell cannot be had.
    """
    found = []
    for planned in planner.plan(specs):
        if planned.paths is None:
            raise DataError(
                f"{' '.join(planned.spec.cell)}: {planned.error} (--dataset and --model narrow a search)"
            )
        found.append(study_plan(suite, name, planned))
    return found


def study_plan(suite: Suite, name: str, planned: Planned) -> StudyPlan:
    """The study of one planned run; arguments as of `plan_studies`."""
    search = search_of(suite)
    spec = planned.spec
    dimensions = search.spaces[spec.variant.label]
    mark = fingerprint(
        {
            "version": TUNING_VERSION,
            "cell": list(spec.cell),
            "identity": {key: value for key, value in planned.identity.items() if key != "seed"},
            "monitor": spec.training.monitor,
            "space": [dimension.model_dump(mode="json") for dimension in dimensions],
            "sampler": search.sampler,
            "pruner": search.pruner,
            **({"pruner_version": version} if (version := VERSIONS.get(search.pruner)) else {}),
            "seeds": list(search.seeds),
            "seed": search.seed,
            # Not its amount: a search that may spend more goes on.
            "budget": search.budget.kind,
        }
    )
    title = "/".join([slug(name), *map(slug, spec.cell), mark])
    return StudyPlan(suite, search, spec, planned, dimensions, title)
