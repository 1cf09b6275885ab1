"""Rules of a suite beyond names and settings: its own name, metrics, repeated words."""

from __future__ import annotations

import re

from bench.registry import METRICS
from bench.suite.problems import Problems, nearest
from bench.suite.reader import KeyPath

_RESERVED = ("runs",)  # results/runs holds the runs of every suite


def check_name(problems: Problems) -> None:
    """A suite's name is a folder beside the runs, so it cannot be theirs."""
    name = problems.document.data.get("suite")
    if isinstance(name, str) and name.casefold() in _RESERVED:
        problems.add(("suite",), f"suite: {name!r} is the folder of all runs", "choose another name")


def check_metrics(problems: Problems) -> None:
    """The metrics of the suite and the one that early stopping monitors."""
    listed = problems.document.data.get("metrics")
    for at, text in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(text, str):
            check_metric(text, ("metrics", at), problems)
    training = problems.document.data.get("training")
    monitor = training.get("monitor") if isinstance(training, dict) else None
    if isinstance(monitor, str):
        check_metric(monitor, ("training", "monitor"), problems)


def check_repeats(problems: Problems) -> None:
    """Seeds, metrics and unpublished settings stand once."""
    for key in ("seeds", "metrics", "unpublished", "notes"):
        listed = problems.document.data.get(key)
        values = listed if isinstance(listed, list) else []
        for at, value in enumerate(values):
            if any(type(value) is type(other) and value == other for other in values[:at]):
                problems.add((key, at), f"{key}: {value!r} stands twice", "keep one of them")


def check_metric(text: str, path: KeyPath, problems: Problems) -> None:
    """``NAME@k`` with k from 1; only MRR stands without a cut-off."""
    name, at, cut = text.partition("@")
    if name in METRICS and (re.fullmatch(r"[1-9][0-9]{0,8}", cut) if at else name == "MRR"):
        return
    if name in METRICS:
        problems.add(
            path, f"{problems.address(path)}: metric {text!r} has no cut-off of 1 or more", f"write {name}@10"
        )
        return
    near = nearest(name, METRICS)
    remedy = f"did you mean {near + at + cut!r}?" if near else f"one of {', '.join(METRICS)}, as in Recall@10"
    problems.add(path, f"{problems.address(path)}: no metric {text!r}", remedy)
