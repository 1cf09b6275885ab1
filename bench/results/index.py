"""`results/<suite>/index.json`: which run stands behind each cell and seed of a suite.

Calls that run a part of a suite (``--dataset``, ``--model``, ``--seed``) update their cells and keep the
others; a lock keeps two calls at once from losing each other's.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from bench.errors import DataError, InputError
from bench.results.folder import check_folder, write_atomically
from bench.results.names import command, known_overrides, suite_of
from bench.results.records import RUNS, UnreadableError
from bench.suite.parts import Claim, EqualityClaim, GainClaim, PaperRef

INDEX = "index.json"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=,+@-]*")

T = TypeVar("T")


class Identity(BaseModel):
    """What a label stands for: a dataset or model of the registry with all its options or settings."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    label: str
    name: str
    settings: dict[str, Any]


class IndexCell(BaseModel):
    """One run of a suite: ``fingerprint`` where it is done, ``error`` where it failed.

    ``digest`` identifies everything that the cell's numbers depend on but its data and seed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    dataset: str
    model: str
    seed: int
    status: Literal["done", "failed"]
    fingerprint: str | None = None
    error: str | None = None
    digest: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        """Dataset label, variant label, seed."""
        return self.dataset, self.model, self.seed

    @model_validator(mode="after")
    def _done_has_a_run(self) -> Self:
        if self.status == "done" and self.fingerprint is None:
            raise ValueError("a finished run needs a fingerprint")
        return self


class Index(BaseModel):
    """A suite's results.

    ``datasets``, ``models`` and ``seeds`` give the order of tables: the suite's, whole, even where only a
    part was run; what was run beside the suite follows, and stands in ``added_datasets`` and
    ``added_models`` too. ``claims``, ``gains``, ``equalities``, ``margin`` and ``baseline`` are the suite's
    at the last call of `bench run`, ``file`` and ``overrides`` the suite file and the values of ``--set`` of
    that call (None: an older version of bench did not enter them). ``paper`` is the
    suite's; ``sources`` and ``variants`` say what the labels of datasets and models stand for, also of cells
    that were never run (an older version did not enter them).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: Literal[1] = 1
    suite: str
    metrics: tuple[str, ...]
    seeds: tuple[int, ...]
    datasets: tuple[str, ...]
    models: tuple[str, ...]
    unpublished: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    gains: tuple[GainClaim, ...] = ()
    equalities: tuple[EqualityClaim, ...] = ()
    margin: float = 0.02
    baseline: str | None = None
    paper: PaperRef | None = None
    sources: tuple[Identity, ...] = ()
    variants: tuple[Identity, ...] = ()
    file: str | None = None
    overrides: tuple[str, ...] | None = None
    added_datasets: tuple[str, ...] = ()
    added_models: tuple[str, ...] = ()
    common: str = ""
    cells: tuple[IndexCell, ...] = ()

    def merge(self, other: Index, current: Mapping[tuple[str, str], str], complete: bool) -> Index:
        """This index brought up to date by a later call's.

        Its cells replace ours. Of the rest stays only what was made under the settings that hold now, so
        that no table mixes settings: of the cells that the suite lists, those whose digest is the current
        one; of the cells added beside it the same, or where their digest is not known any more, those made
        under the same common settings. What the suite has dropped leaves with a call that runs it whole.

        Args:
            other: what the later call did; its lists are the suite's, whole.
            current: the digest of every (dataset, model) that the suite lists, the call ran, or earlier calls
                added.
            complete: the call ran the whole suite.

        Raises:
            DataError: the two belong to different suites.
        """
        if other.suite != self.suite:
            raise DataError(f"the index of {self.suite!r} cannot take in that of {other.suite!r}")
        cells = {cell.key: cell for cell in self.cells if self._stays(cell, other, current, complete)}
        cells |= {cell.key: cell for cell in other.cells}
        merged = other.model_copy(
            update={
                "seeds": _in_order(other.seeds, (cell.seed for cell in cells.values())),
                "datasets": _in_order(other.datasets, (cell.dataset for cell in cells.values())),
                "models": _in_order(other.models, (cell.model for cell in cells.values())),
            }
        )
        added = {
            "added_datasets": _added(
                merged.datasets, self.added_datasets, other.datasets, other.added_datasets
            ),
            "added_models": _added(merged.models, self.added_models, other.models, other.added_models),
        }
        known = {
            "sources": _known(merged.datasets, self.sources, other.sources),
            "variants": _known(merged.models, self.variants, other.variants),
        }
        ordered = sorted(cells.values(), key=merged._place)
        return merged.model_copy(update=added | known | {"cells": tuple(ordered)})

    def is_added(self, dataset: str, model: str) -> bool:
        """Whether a call ran this beside the suite."""
        return dataset in self.added_datasets or model in self.added_models

    def _stays(
        self, cell: IndexCell, other: Index, current: Mapping[tuple[str, str], str], complete: bool
    ) -> bool:
        """Whether a cell was made under the settings that hold now (see `merge`)."""
        digest = current.get((cell.dataset, cell.model))
        if digest is not None:
            return digest == cell.digest
        added = cell.dataset in (*self.added_datasets, *other.datasets) and (
            cell.model in (*self.added_models, *other.models)
        )
        return self.common == other.common and (added or not complete)

    def _place(self, cell: IndexCell) -> tuple[int, int, int]:
        return (
            self.datasets.index(cell.dataset),
            self.models.index(cell.model),
            self.seeds.index(cell.seed),
        )

    @model_validator(mode="after")
    def _cells_are_listed(self) -> Self:
        for cell in self.cells:
            if (
                cell.dataset not in self.datasets
                or cell.model not in self.models
                or cell.seed not in self.seeds
            ):
                raise ValueError(f"{cell.key} is not in the lists of datasets, models and seeds")
        return self


def _added(
    all_: Sequence[str], before: Sequence[str], listed: Sequence[str], now: Sequence[str]
) -> tuple[str, ...]:
    """Of all labels those that a call added, unless the suite has come to list them itself."""
    return tuple(label for label in all_ if label in now or (label in before and label not in listed))


def _known(
    labels: Sequence[str], before: Sequence[Identity], now: Sequence[Identity]
) -> tuple[Identity, ...]:
    """What the labels stand for: by the later call, else as it was known."""
    found = {each.label: each for each in (*before, *now)}
    return tuple(found[label] for label in labels if label in found)


def _in_order(listed: Sequence[T], present: Iterable[T]) -> tuple[T, ...]:
    """The listed values, then the others that are present."""
    return tuple(dict.fromkeys([*listed, *present]))


def suite_names(results: Path) -> list[str]:
    """The suites with results, sorted."""
    return sorted(file.parent.name for file in results.glob(f"*/{INDEX}") if file.parent.name != RUNS)


def read_index(results: Path, suite: str) -> Index:
    """Read the index of a suite.

    Raises:
        InputError: there are no results of this suite.
        DataError: the index is damaged or unreadable.
    """
    index = find_index(results, suite)
    if index is None:
        known = suite_names(results)
        near = difflib.get_close_matches(suite, known, n=1)
        have = f"did you mean {near[0]!r}? " if near else f"it has {', '.join(known)}; " if known else ""
        raise InputError(
            f"{results} has no results of suite {suite!r}",
            remedy=f"{have}{command_for('run', results, suite)} makes them",
        )
    return index


def find_index(results: Path, suite: str) -> Index | None:
    """The index of a suite, None where there is none; errors as `read_index`."""
    return _read(_index_file(results, suite))


def command_for(verb: str, results: Path, suite: str) -> str:
    """How to call a verb so that it means the results named ``suite``, in backquotes.

    The suite's file and its overrides are taken from the index, else from that of the plain suite and from
    the name.
    """
    index = find_index(results, suite)
    plain = index or find_index(results, suite_of(suite))
    file = None if plain is None else plain.file
    overrides = overrides_of(suite, index)
    unknown = " with the --set that the name stands for" if overrides is None else ""
    return f"`{command(verb, file or suite_of(suite), overrides or (), results)}`{unknown}"


def overrides_of(suite: str, index: Index | None) -> tuple[str, ...] | None:
    """The overrides behind the results named ``suite``: as its index has them, else as the name tells them.

    None where neither does.
    """
    if index is not None and index.overrides is not None:
        return index.overrides
    return known_overrides(suite)


def update_index(
    results: Path, index: Index, current: Mapping[tuple[str, str], str], complete: bool
) -> Index:
    """Merge ``index`` into the stored one, atomically; the result is returned. Arguments as `Index.merge`.

    Raises:
        DataError: the stored index is damaged or unreadable.
    """
    file = _index_file(results, index.suite)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(".index.lock")):
        stored = _read(file)
        merged = index if stored is None else stored.merge(index, current, complete)
        write_atomically(file, merged.model_dump_json(indent=1) + "\n")
    return merged


def _index_file(results: Path, suite: str) -> Path:
    if suite == RUNS or not _NAME.fullmatch(suite):
        raise InputError(
            f"{suite!r} is no name of a suite", remedy="letters, digits and ._=,+@-, and not 'runs'"
        )
    check_folder(results)
    return results / suite / INDEX


def _read(file: Path) -> Index | None:
    try:
        return Index.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise DataError(
            f"{file} is damaged: delete it and run the suite again (finished runs are reused)"
        ) from error
