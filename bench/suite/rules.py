"""Rules of a suite beyond names and settings: metrics, repeated words, claims."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bench.registry import METRICS
from bench.suite.entries import Entry, read_entries
from bench.suite.parts import Claim, match
from bench.suite.problems import Problems, nearest, suggest
from bench.suite.reader import KeyPath
from bench.suite.shape import ClaimEntry

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
            _check_metric(text, ("metrics", at), problems)
    training = problems.document.data.get("training")
    monitor = training.get("monitor") if isinstance(training, dict) else None
    if isinstance(monitor, str):
        _check_metric(monitor, ("training", "monitor"), problems)


def check_repeats(problems: Problems) -> None:
    """Seeds, metrics and unpublished settings stand once."""
    for key in ("seeds", "metrics", "unpublished"):
        listed = problems.document.data.get(key)
        values = listed if isinstance(listed, list) else []
        for at, value in enumerate(values):
            if any(type(value) is type(other) and value == other for other in values[:at]):
                problems.add((key, at), f"{key}: {value!r} stands twice", "keep one of them")


def check_claims(problems: Problems) -> list[Claim]:
    """The claims that are in order, with their datasets by label; what is wrong with the others is noted."""
    document = problems.document
    # Names are looked up among all entries, also those that are not in order: one mistake, one message.
    models, datasets = (read_entries(document, key, Problems(document)) for key in ("models", "datasets"))
    listed = document.data.get("claims")
    checked = []
    for at, written in enumerate(listed if isinstance(listed, list) else []):
        path: KeyPath = ("claims", at)
        if not isinstance(written, dict):
            problems.add(
                path, f"{problems.address(path)} is not a mapping", "write `{better: A, than: B, ...}`"
            )
            continue
        entry = problems.validate(ClaimEntry, written, path)
        if entry is not None:
            checked.append(_claim(entry, path, models, datasets, problems))
    return [claim for claim in checked if claim is not None]


def _claim(
    entry: ClaimEntry,
    path: KeyPath,
    models: Sequence[Entry],
    datasets: Sequence[Entry],
    problems: Problems,
) -> Claim | None:
    sides = [
        _one_variant(getattr(entry, side), (*path, side), models, problems) for side in ("better", "than")
    ]
    _check_metric(entry.metric, (*path, "metric"), problems)
    if sides[0] is not None and sides[0] == sides[1]:
        problems.add(
            (*path, "than"), f"{sides[0]!r} is claimed to be better than itself", "name two variants"
        )
    chosen: list[str] = [] if entry.datasets != "all" else [dataset.label for dataset in datasets]
    for at, word in enumerate(entry.datasets if entry.datasets != "all" else []):
        found = match(word, datasets)
        if not found:
            labels = [dataset.label for dataset in datasets]
            problems.add((*path, "datasets", at), f"no dataset {word!r} in this suite", suggest(word, labels))
        chosen += [dataset.label for dataset in found if dataset.label not in chosen]
    better, than = sides
    if better is None or than is None:
        return None
    return Claim(better=better, than=than, metric=entry.metric, datasets=tuple(chosen))


def _one_variant(word: str, path: KeyPath, models: Sequence[Entry], problems: Problems) -> str | None:
    found = match(word, models)
    if len(found) == 1:
        return found[0].label
    if found:
        several = ", ".join(repr(variant.label) for variant in found)
        problems.add(path, f"{word!r} may be any of {several}", "write the label of one")
    else:
        labels = [variant.label for variant in models]
        problems.add(path, f"no variant {word!r} in this suite", suggest(word, labels))
    return None


def _check_metric(text: str, path: KeyPath, problems: Problems) -> None:
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
