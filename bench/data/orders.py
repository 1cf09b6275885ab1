"""How many users, items and interactions are left by each sensible order of a dataset's filters.

A paper that says "at least five interactions" leaves open whose, counted once or until nothing more goes, and
before or after what else is filtered. All of it is counted here from the same files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.data.database import open_database
from bench.data.sources.base import Progress, Source
from bench.data.split import read_raw
from bench.data.steps import Left, apply_steps
from bench.suite.steps import Counts, Step

_COUNTING = ("minimum", "core")


def sensible_orders(steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """Orders of the filters of ``steps``, with each way of counting in place of its own.

    The filters keep their order among themselves; the counting stands after them, between them, before them.
    """
    filters = [step for step in steps if step.kind not in _COUNTING]
    fewest = next((_fewest(step) for step in steps if step.kind in _COUNTING), 5)
    found: dict[tuple[str, ...], tuple[Step, ...]] = {}
    for counting in _ways(fewest):
        for place in range(len(filters), -1, -1):
            order = (*filters[:place], counting, *filters[place:])
            found.setdefault(tuple(step.words for step in order), order)
    return list(found.values())


def _fewest(step: Step) -> int:
    counts = step.minimum or step.core
    assert counts is not None
    return counts.users or counts.items or 1


def _ways(fewest: int) -> Iterator[Step]:
    yield Step(minimum=Counts(users=fewest))
    yield Step(minimum=Counts(items=fewest))
    yield Step(minimum=Counts(users=fewest, items=fewest))
    yield Step(core=Counts(users=fewest, items=fewest))


def count_orders(
    source: Source, orders: Sequence[Sequence[Step]], progress: Progress | None = None
) -> list[Left]:
    """What is left after all steps of each order; users too short for a split still count.

    Args:
        source: read once.
        orders: of `sensible_orders`.
        progress: told what is being done.

    Raises:
        DataError: the source fails.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        collected = folder / "collected"
        collected.mkdir()
        raw = source.collect(collected, progress)
        database = open_database(folder / "spill")
        try:
            read_raw(database, raw)
            database.execute("create temp table everything as select * from interactions")
            found = []
            for count, steps in enumerate(orders):
                database.execute("drop table interactions")
                database.execute("create temp table interactions as select * from everything")
                found.append(apply_steps(database, steps)[-1])
                if progress is not None:
                    progress("count orders", count + 1, len(orders))
            return found
        finally:
            database.close()
