"""What a call of `bench run` would find and do: what is done, what is to compute and how long that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.data.prepared import PreparedDataset
from bench.execution.forecast import Forecast, Forecaster, Size
from bench.execution.plan import Planned, Planner, bare_identity
from bench.results.query import readable_records
from bench.results.records import RunRecord
from bench.suite.expansion import RunSpec
from bench.suite.fingerprint import fingerprint
from bench.suite.parts import DatasetRef
from bench.suite.recipes import find_recipe

State = Literal["done", "to compute", "unchecked", "blocked", "unreadable"]


@dataclass(frozen=True)
class Outlook:
    """What would happen with one run.

    Attributes:
        spec: the run.
        state: done; to compute; unchecked (finished once with these settings, on data or features that are
            not here: done if those made here turn out the same); blocked (it cannot be run as things are);
            unreadable (it is there and the system does not give it).
        fingerprint: where that is known.
        reason: why it is not done, where there is more to say than that it was not run yet.
        again: the run is there and would be computed again.
        twin: an earlier one of the list is the very same run.
        forecast: of its time; None where it need not be computed, or nothing tells it.
        dataset: its data, where they are prepared here.
    """

    spec: RunSpec
    state: State
    fingerprint: str | None
    reason: str
    again: bool = False
    twin: bool = False
    forecast: Forecast | None = None
    dataset: PreparedDataset | None = None


def outlooks(
    specs: Sequence[RunSpec], results: Path, home: Path | None, fresh: bool = False
) -> list[Outlook]:
    """What would happen with each run, in the same order; nothing is prepared, fetched or computed.

    Args:
        specs: the runs asked for.
        results: the results folder.
        home: where prepared data lie.
        fresh: whether what is done would be computed again.

    Raises:
        InputError: the device that the suite asks for is not there.
    """
    planned = Planner(results, home, prepare=False).plan(specs)
    found = [_look(run, fresh) for run in planned]
    if all(each.state in ("done", "unreadable") for each in found):
        return found
    records = readable_records(results)
    forecaster = Forecaster(records)
    known = {_digest(record.identity): record for record in records}
    seen: set[str] = set()
    told = []
    for run, each in zip(planned, found, strict=True):
        told.append(_told(run, each, forecaster, known, seen, fresh))
    return told


def _look(run: Planned, fresh: bool) -> Outlook:
    if run.paths is None:
        absent: State = "to compute" if run.pending else "blocked"
        return Outlook(run.spec, absent, None, run.error or "", dataset=run.dataset)
    mark, condition = run.paths.fingerprint, run.paths.condition()

    def of(state: State, reason: str = "", again: bool = False) -> Outlook:
        return Outlook(run.spec, state, mark, reason, again, dataset=run.dataset)

    if condition.state != "absent" and fresh:
        return of("to compute", "--fresh", again=True)
    if condition.state == "done":
        return of("done")
    if condition.state == "unreadable":
        return of("unreadable", condition.reason)
    if condition.state == "damaged":
        return of("to compute", condition.reason, again=True)
    if run.paths.is_running():
        return of("to compute", "a process computes it now")
    failure = run.paths.failure()
    return of("to compute", "" if failure is None else f"failed before: {failure}")


def _told(
    run: Planned,
    look: Outlook,
    forecaster: Forecaster,
    known: Mapping[str, RunRecord],
    seen: set[str],
    fresh: bool,
) -> Outlook:
    """With a forecast, and with the run of the same settings where data or features are not here."""
    if look.state not in ("to compute", "blocked"):
        return look
    parts = run.identity or bare_identity(run.spec)
    before = None if look.fingerprint or fresh else known.get(_digest(parts))
    mark = look.fingerprint or fingerprint(parts)
    twin = mark in seen
    seen.add(mark)
    return Outlook(
        spec=look.spec,
        state=look.state if before is None else "unchecked",
        fingerprint=look.fingerprint if before is None else before.fingerprint,
        reason=look.reason,
        again=look.again,
        twin=twin,
        forecast=forecaster.of(parts, run.spec.training.epochs, size_of(run.spec.dataset, run.dataset)),
        dataset=look.dataset,
    )


def size_of(ref: DatasetRef, dataset: PreparedDataset | None) -> Size | None:
    """The size of a dataset as prepared, else as a paper gives it for the whole of it."""
    if dataset is not None:
        return Size(int(dataset.audit["training_targets"]), dataset.n_items, users=dataset.n_users)
    recipe = find_recipe(ref.name)
    if recipe is None or ref.options or not {"users", "items", "interactions"} <= recipe.published.keys():
        return None
    users, items, interactions = (int(recipe.published[key]) for key in ("users", "items", "interactions"))
    # Every item but the first of the training part, and the last two of each user are held out.
    return Size(interactions - 3 * users, items, published=True, users=users)


def _digest(parts: Mapping[str, Any]) -> str:
    """What the run depends on but the content of data and features."""
    features = {name: {**each, "hash": ""} for name, each in parts.get("features", {}).items()}
    dataset = {**parts.get("dataset", {}), "hash": ""}
    return fingerprint({**parts, "dataset": dataset, "features": features})
