"""What a call lists in its suite's index: the suite's runs, those it adds, and marks of their settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.execution.added import added_specs
from bench.execution.plan import Planner, cell_digest
from bench.execution.request import Request
from bench.results.index import Identity, Index, IndexCell, find_index, update_index
from bench.suite.expansion import DatasetRef, RunSpec, Variant, expand
from bench.suite.fingerprint import fingerprint


class Listing:
    """Brings the index of a request's suite up to date.

    Attributes:
        left_out: the suite's runs that the request's filters leave out.

    Raises:
        DataError: the stored index is damaged or unreadable.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        suite_specs = expand(request.suite)
        asked = {(*spec.cell, spec.seed) for spec in request.specs}
        self.left_out = [spec for spec in suite_specs if (*spec.cell, spec.seed) not in asked]
        # The suite's order, then what is run beside it.
        self._listed = [*suite_specs, *request.specs]
        stored = find_index(request.results, request.name)
        earlier = [] if stored is None else added_specs(request.suite, stored)
        self._digests = {
            cell: cell_digest(spec)
            for cell, spec in {spec.cell: spec for spec in [*earlier, *self._listed]}.items()
        }
        self._common = fingerprint(
            request.suite.model_dump(mode="json", include={"training", "evaluation", "features"})
        )

    def done(self, spec: RunSpec, mark: str) -> IndexCell:
        """The cell of a run that exists."""
        return self._cell(spec, mark, None)

    def failed(self, spec: RunSpec, error: str) -> IndexCell:
        """The cell of a run that cannot be had."""
        return self._cell(spec, None, error)

    def existing(self) -> list[IndexCell]:
        """The runs that were left out and exist all the same, made by whichever call or suite.

        Their data and features are looked at where they are prepared, and prepared nowhere.
        """
        planner = Planner(self._request.results, self._request.home, prepare=False)
        return [
            self.done(run.spec, run.paths.fingerprint)
            for run in planner.plan(self.left_out)
            if run.paths is not None and run.paths.is_done()
        ]

    def write(self, cells: Sequence[IndexCell]) -> None:
        """Enter cells into the index."""
        request = self._request
        suite = request.suite
        datasets = _distinct(spec.dataset.label for spec in self._listed)
        models = _distinct(spec.variant.label for spec in self._listed)
        update_index(
            request.results,
            Index(
                suite=request.name,
                metrics=suite.metrics,
                seeds=tuple(dict.fromkeys(spec.seed for spec in self._listed)),
                datasets=datasets,
                models=models,
                unpublished=suite.unpublished,
                notes=suite.notes,
                claims=suite.claims,
                gains=suite.gains,
                equalities=suite.equalities,
                margin=suite.margin,
                baseline=suite.baseline,
                paper=suite.paper,
                # The suite's own come first: in a run `available` modalities are those of one dataset.
                sources=_identities([*suite.datasets, *(spec.dataset for spec in self._listed)]),
                variants=_identities([*suite.models, *(spec.variant for spec in self._listed)]),
                file=request.file,
                overrides=request.overrides,
                added_datasets=_without(datasets, (each.label for each in suite.datasets)),
                added_models=_without(models, (each.label for each in suite.models)),
                common=self._common,
                cells=tuple(cells),
            ),
            self._digests,
            complete=not self.left_out,
        )

    def _cell(self, spec: RunSpec, mark: str | None, error: str | None) -> IndexCell:
        return IndexCell(
            dataset=spec.dataset.label,
            model=spec.variant.label,
            seed=spec.seed,
            status="done" if error is None else "failed",
            fingerprint=mark,
            error=error,
            digest=self._digests[spec.cell],
        )


def _identities(parts: Iterable[DatasetRef | Variant]) -> tuple[Identity, ...]:
    """What each label stands for, as the first part of this label has it."""
    found: dict[str, Identity] = {}
    for each in parts:
        settings = each.options if isinstance(each, DatasetRef) else each.settings
        found.setdefault(each.label, Identity(label=each.label, name=each.name, settings=settings))
    return tuple(found.values())


def _distinct(labels: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels))


def _without(labels: Sequence[str], own: Iterable[str]) -> tuple[str, ...]:
    listed = set(own)
    return tuple(label for label in labels if label not in listed)
