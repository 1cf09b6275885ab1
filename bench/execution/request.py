"""What a call of `bench run` asks for, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.suite.expansion import RunSpec
from bench.suite.schema import Suite


@dataclass
class Outcome:
    """What a call did: how many runs were computed, reused, failed."""

    computed: int = 0
    reused: int = 0
    failures: dict[tuple[str, str, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What to run and where things lie.

    Attributes:
        suite: the checked suite file.
        name: folder of the suite's results: its name, with overrides if there are any.
        specs: the runs asked for.
        results: the results folder.
        home: where prepared data lie (None: the default place).
        jobs: runs at a time.
        fresh: compute also what is done.
        command: the command line, for provenance.
        file: the suite file as the call found it, for `bench why`.
        overrides: the values of ``--set`` that ``name`` stands for.
    """

    suite: Suite
    name: str
    specs: Sequence[RunSpec]
    results: Path
    home: Path | None
    jobs: int
    fresh: bool
    command: str
    file: str | None = None
    overrides: tuple[str, ...] = ()
