"""How a running suite looks: live bars in a terminal, a line per run elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bench.execution.plan import Planned
from bench.wording import count


class LineObserver:
    """One line per finished run, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._runs: Sequence[Planned] = ()
        self._total = 0
        self._done = 0
        self._began: dict[int, float] = {}
        self._latest: dict[int, dict[str, Any]] = {}
        self._prepared: set[str] = set()

    def preparing(self, what: str, done: int, total: int) -> None:
        """Say what is being prepared, once each."""
        if what not in self._prepared:
            self._prepared.add(what)
            self.say(f"preparing: {what}")

    def planned(self, runs: Sequence[Planned], to_do: Sequence[int], reused: int) -> None:
        """Say how much there is to do."""
        self._runs, self._total = runs, len(to_do)
        self.say(f"{count(len(runs), 'run')}: {reused} reused, {len(to_do)} to compute")

    def damaged(self, number: int, reason: str) -> None:
        """Say why a run that exists is computed again."""
        self.say(f"{self.name(number)}: computed again: {reason}")

    def started(self, number: int) -> None:
        """Remember when."""
        self._began[number] = time.perf_counter()

    def epoch(self, number: int, event: dict[str, Any]) -> None:
        """Remember the latest epoch."""
        self._latest[number] = event

    def finished(self, number: int, reused: bool) -> None:
        """Say what came out of training."""
        self._done += 1
        self.say(f"[{self._done}/{self._total}] {self.name(number)}: {self.outcome(number)}")

    def failed(self, number: int, error: str) -> None:
        """Say why."""
        if number in self._began:
            self._done += 1
            self.say(f"[{self._done}/{self._total}] {self.name(number)}: failed: {error}")
        else:
            self.say(f"{self.name(number)}: failed: {error}")

    def say(self, text: str) -> None:
        """Print a line as it is: labels are not markup."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def name(self, number: int) -> str:
        """Dataset, variant and seed of a run."""
        spec = self._runs[number].spec
        return f"{spec.dataset.label} {spec.variant.label} seed {spec.seed}"

    def outcome(self, number: int) -> str:
        """Best validation and seconds of a run that has just finished."""
        seconds = f"{time.perf_counter() - self._began[number]:.1f} s"
        event = self._latest.get(number)
        if event is None:
            return f"done in {seconds}"
        monitor = self._runs[number].spec.training.monitor
        return (
            f"validation {monitor} {event['best_value']:.4f} at epoch {event['best_epoch']}"
            f" of {event['epoch']}, {seconds}"
        )


class LiveObserver(LineObserver):
    """A bar for the suite and one for every run in progress, counted in epochs."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._suite: TaskID | None = None
        self._preparation: TaskID | None = None
        self._tasks: dict[int, TaskID] = {}
        self._seen: dict[int, int] = {}

    def __enter__(self) -> LiveObserver:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def preparing(self, what: str, done: int, total: int) -> None:
        if self._preparation is None or self._prepared != {what}:
            self._end_preparation()
            self._prepared = {what}
            self._preparation = self._progress.add_task(escape(what), note="")
        self._progress.update(self._preparation, completed=done, total=total)

    def planned(self, runs: Sequence[Planned], to_do: Sequence[int], reused: int) -> None:
        self._end_preparation()
        super().planned(runs, to_do, reused)
        total = sum(runs[n].spec.training.epochs for n in to_do)
        self._suite = self._progress.add_task("suite", total=total, note="")

    def started(self, number: int) -> None:
        super().started(number)
        epochs = self._runs[number].spec.training.epochs
        self._tasks[number] = self._progress.add_task(escape(self.name(number)), total=epochs, note="")

    def epoch(self, number: int, event: dict[str, Any]) -> None:
        super().epoch(number, event)
        monitor = self._runs[number].spec.training.monitor
        note = f"{monitor} {event['best_value']:.4f}"
        self._progress.update(self._tasks[number], completed=event["epoch"], note=note)
        self._advance(number, event["epoch"])

    def finished(self, number: int, reused: bool) -> None:
        super().finished(number, reused)
        self._leave(number)

    def failed(self, number: int, error: str) -> None:
        super().failed(number, error)
        if number in self._tasks:
            self._leave(number)

    def _end_preparation(self) -> None:
        if self._preparation is not None:
            self._progress.remove_task(self._preparation)
            self._preparation = None

    def _leave(self, number: int) -> None:
        self._progress.remove_task(self._tasks.pop(number))
        # Epochs that early stopping saved count as passed, so that the suite's bar ends full.
        self._advance(number, self._runs[number].spec.training.epochs)

    def _advance(self, number: int, epoch: int) -> None:
        if self._suite is not None:
            self._progress.advance(self._suite, epoch - self._seen.get(number, 0))
        self._seen[number] = epoch
