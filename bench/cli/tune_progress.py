"""How a search looks: a live table in a terminal, a line per trial elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bench.suite.space import TRAINING, point_text
from bench.tuning.export import trial_rows
from bench.tuning.records import TrialRow
from bench.tuning.shared import Claim, SharedStudy
from bench.tuning.trials import Spent
from bench.tuning.worker import ERRORS
from bench.wording import count

STYLES = {"done": "green", "pruned": "yellow", "failed": "red", "running": "cyan"}


class TuneLines:
    """A line per trial, for logs and pipes.

    Args:
        console: where it is printed.
        folder: of the search, for what failed trials said.
    """

    def __init__(self, console: Console, folder: Path) -> None:
        self.console = console
        self._folder = folder
        self._prepared: set[str] = set()
        self._waiting = 0

    def preparing(self, what: str, done: int, total: int) -> None:
        """Say what is being prepared, once each."""
        if what not in self._prepared:
            self._prepared.add(what)
            self.say(f"preparing: {what}")

    def planned(self, studies: Sequence[SharedStudy], storage: str) -> None:
        """Say what there is to do, and what is done already."""
        for study in studies:
            spent = study.spent()
            self.say(f"{title(study)}: {_allowed(study)}{_done(spent) if spent.trials else ''}")
            for slot in study.fail_dead():
                then = "given up" if study.gave_up(slot) else "again"
                self.say(f"{title(study)}: trial {slot}: its process died: {then}")

    def began(self, study: SharedStudy, claim: Claim) -> None:
        """A trial began."""
        self._waiting = 0

    def epoch(self, study: SharedStudy, claim: Claim, message: dict[str, Any]) -> None:
        """An epoch ended."""

    def ended(self, study: SharedStudy, claim: Claim) -> None:
        """Say what came of a trial."""
        row = _row(study, claim)
        if row is None:
            return  # another process had it already, and it waits again
        best = "" if row.best_so_far is None else f"; best so far {row.best_so_far:.4f}"
        self.say(f"{title(study)}: trial {_place(study, row)} ({values(row)}): {outcome(row)}{best}")

    def put_back(self, study: SharedStudy, claim: Claim, why: str) -> None:
        """Say why a trial is not finished here."""
        self.say(f"{title(study)}: trial {claim.slot.number}: not finished: {why}")

    def failed(self, study: SharedStudy, claim: Claim, error: str, trace: str) -> None:
        """Keep what a trial said that failed or crashed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ERRORS).open("a", encoding="utf-8") as file:
            file.write(
                f"{title(study)}: trial {claim.slot.number} ({point_text(claim.point)}): {error}\n{trace}\n"
            )

    def waiting(self, trials: int) -> None:
        """Say, once, that others are at work."""
        if self._waiting != trials:
            self._waiting = trials
            self.say(f"waiting for {count(trials, 'trial')} of other processes")

    def say(self, text: str) -> None:
        """Print a line as it is: labels are not markup."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


class TuneLive(TuneLines):
    """A table of the latest trials, those that run among them; it stays when the search has ended."""

    def __init__(self, console: Console, folder: Path) -> None:
        super().__init__(console, folder)
        self._rows: dict[tuple[str, str, int], tuple[str, TrialRow]] = {}
        self._live = Live(console=console, get_renderable=self._table, refresh_per_second=4)

    def __enter__(self) -> TuneLive:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def began(self, study: SharedStudy, claim: Claim) -> None:
        super().began(study, claim)
        plan = study.plan
        row = TrialRow(
            dataset=plan.dataset,
            model=plan.variant,
            trial=claim.slot.number,
            name=claim.slot.name,
            state="running",
            value=None,
            best_so_far=_best(trial_rows(study)),
            epochs=0,
            seconds=0.0,
            settings=dict(claim.point),
            validation={},
            reason="",
        )
        self._put(study, row)

    def epoch(self, study: SharedStudy, claim: Claim, message: dict[str, Any]) -> None:
        key = (study.plan.dataset, study.plan.variant, claim.slot.number)
        place, row = self._rows[key]
        changed = {"epochs": message["epochs"], "value": message["best"]}
        self._rows[key] = (place, row.model_copy(update=changed))

    def ended(self, study: SharedStudy, claim: Claim) -> None:
        row = _row(study, claim)
        if row is None or row.state == "failed":
            super().ended(study, claim)
        if row is not None:
            self._put(study, row)

    def put_back(self, study: SharedStudy, claim: Claim, why: str) -> None:
        super().put_back(study, claim, why)
        self._rows.pop((study.plan.dataset, study.plan.variant, claim.slot.number), None)

    def _put(self, study: SharedStudy, row: TrialRow) -> None:
        key = (row.dataset, row.model, row.trial)
        self._rows.pop(key, None)
        self._rows[key] = (_place(study, row), row)

    def _table(self) -> Table:
        most = max(3, self.console.height - 12)
        table = Table(box=None, padding=(0, 1), pad_edge=False)
        widths = {"dataset": 14, "model": 14, "trial": None, "settings": max(12, self.console.width - 68)}
        for head, width in widths.items():
            table.add_column(head, overflow="ellipsis", no_wrap=True, max_width=width)
        for head in ("epochs", "validation"):
            table.add_column(head, justify="right", no_wrap=True)
        table.add_column("state", no_wrap=True)
        table.add_column("best", justify="right", no_wrap=True)
        for place, row in list(self._rows.values())[-most:]:
            table.add_row(
                *(Text(text) for text in (row.dataset, row.model, place)),
                Text(values(row).replace(TRAINING, "").replace("default settings, ", "")),
                str(row.epochs),
                "" if row.value is None else f"{row.value:.4f}",
                Text(row.state, style=STYLES[row.state]),
                "" if row.best_so_far is None else f"{row.best_so_far:.4f}",
            )
        return table


def _row(study: SharedStudy, claim: Claim) -> TrialRow | None:
    """The trial of a claim and the best value so far, in time and not by slot; None if it waits again."""
    rows = trial_rows(study)
    row = next((each for each in rows if each.trial == claim.slot.number), None)
    return None if row is None else row.model_copy(update={"best_so_far": _best(rows)})


def _best(rows: Sequence[TrialRow]) -> float | None:
    return max((row.value for row in rows if row.state == "done" and row.value is not None), default=None)


def title(study: SharedStudy) -> str:
    """Dataset and variant."""
    return f"{study.plan.dataset} {study.plan.variant}"


def values(row: TrialRow) -> str:
    """What a trial tried."""
    text = point_text(row.settings)
    return ", ".join(filter(None, ["default settings" if row.name else "", text]))


def outcome(row: TrialRow) -> str:
    """How a trial ended."""
    took = f"{count(row.epochs, 'epoch')}, {row.seconds:.1f} s"
    if row.state == "failed":
        return f"failed: {row.reason}"
    value = "" if row.value is None else f" {row.value:.4f}"
    return f"{row.state},{value} after {took}" if value else f"{row.state} after {took}"


def _place(study: SharedStudy, row: TrialRow) -> str:
    """``3 of 18``; of how many is not known where epochs or seconds are counted."""
    slots = study.plan.slots
    return str(row.trial) if slots is None else f"{row.trial} of {slots}"


def _allowed(study: SharedStudy) -> str:
    slots, budget = study.plan.slots, study.plan.search.budget
    return f"{budget.amount:g} {budget.kind}" if slots is None else f"{slots} trials"


def _done(spent: Spent) -> str:
    return f"; done already: {count(spent.trials, 'trial')}, {count(spent.epochs, 'epoch')}"
