"""Studies as records: what stands in the storage, read into `bench.tuning.records`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from optuna.trial import FrozenTrial, TrialState

from bench.tuning import trials as notes
from bench.tuning.records import StudyRecord, TrialRow, TrialWord, Winner
from bench.tuning.shared import SharedStudy
from bench.tuning.trials import charged, never_done, settings_of, standing

_WORDS: dict[TrialState, TrialWord] = {
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}


def trial_rows(study: SharedStudy) -> list[TrialRow]:
    """The trials of a study that began and count, by slot."""
    plan = study.plan
    found: list[TrialRow] = []
    best: float | None = None
    for slot, trial in standing(study.trials()).items():
        if trial.state not in _WORDS:
            continue
        value, cost = _value(trial), charged(trial)
        if trial.state == TrialState.COMPLETE and value is not None:
            best = value if best is None else max(best, value)
        found.append(
            TrialRow(
                dataset=plan.dataset,
                model=plan.variant,
                trial=slot,
                name=str(trial.user_attrs.get(notes.NAME, "")),
                state=_WORDS[trial.state],
                value=value,
                best_so_far=best,
                epochs=cost.epochs,
                seconds=round(cost.seconds, 3),
                settings=settings_of(trial),
                validation=dict(sorted(trial.intermediate_values.items())),
                reason=str(trial.user_attrs.get(notes.REASON, "")),
            )
        )
    return found


def _value(trial: FrozenTrial) -> float | None:
    """The value; of a pruned trial, and of one that runs, its best so far."""
    if trial.state == TrialState.COMPLETE:
        return trial.value
    if trial.state == TrialState.FAIL:
        return None
    return max(trial.intermediate_values.values(), default=None)


def study_record(study: SharedStudy, rows: Sequence[TrialRow] | None = None) -> StudyRecord:
    """The record of a study; ``rows`` are its trials, if they were read already."""
    plan, search = study.plan, study.plan.search
    rows = trial_rows(study) if rows is None else rows
    done = [row for row in rows if row.state == "done"]
    over = [row for row in rows if row.state != "running"]
    cost = asdict(study.spent())
    amount = search.budget.amount if plan.slots is None else plan.slots
    return StudyRecord(
        dataset=plan.dataset,
        model=plan.variant,
        study=plan.name,
        monitor=plan.base.training.monitor,
        sampler=search.sampler,
        pruner=search.pruner,
        seeds=search.seeds,
        seed=search.seed,
        unequal=search.unequal,
        space={each.key: each.shown() for each in plan.dimensions},
        dimensions=[each.model_dump(mode="json") for each in plan.dimensions],
        budget=search.budget.kind,
        amount=float(amount or 0),
        spent=cost | {"seconds": round(cost["seconds"], 3)},
        never_done=never_done(study.trials()),
        states=dict(Counter(row.state for row in rows)),
        default=next((_winner(row) for row in done if row.name), None),
        # Of equal ones the first: the default settings before others.
        best=_winner(max(done, key=lambda row: row.value or 0.0)) if done else None,
        curve=tuple(row.best_so_far for row in over),
        finished=study.is_finished(),
    )


def _winner(row: TrialRow) -> Winner:
    assert row.value is not None  # it is done
    return Winner(trial=row.trial, name=row.name, value=row.value, settings=row.settings)
