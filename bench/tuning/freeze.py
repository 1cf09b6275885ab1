"""The winners of a search as a suite of their own, to be run with fresh seeds."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bench.errors import DataError, InputError
from bench.results.folder import write_atomically
from bench.results.names import slug
from bench.suite.entries import Entry, read_entries
from bench.suite.models import field_of
from bench.suite.problems import Problems
from bench.suite.reader import Document
from bench.suite.schema import Suite, check_suite
from bench.suite.space import TRAINING, point_text
from bench.tuning.records import StudyRecord, never_done
from bench.tuning.studies import search_of
from bench.wording import count, listed, seeds

HEAD = "# Written by `bench tune --freeze`"

_SUITES = "suites"


def frozen_files(file: Path, datasets: Sequence[str], suite: Suite) -> dict[str, Path]:
    """The file of each dataset, by label: of a suite with several, each has its own winners and its own file.

    Args:
        file: as asked for.
        datasets: labels of those that are searched, which may be fewer than the suite has.
        suite: of the search.

    Raises:
        InputError: a file is there that bench did not write, or two labels make the same name.
    """
    if len(datasets) == 1 == len(suite.datasets):
        found = {datasets[0]: file}
    else:
        found = {label: file.with_name(f"{file.stem}-{slug(label)}{file.suffix}") for label in datasets}
    if len(set(found.values())) < len(found):
        raise InputError(
            f"{listed(datasets)} make the same file name",
            file="--freeze",
            remedy="freeze one --dataset at a time",
        )
    if file.suffix not in (".yaml", ".yml"):
        raise InputError(f"{file} is no name of a suite", file="--freeze", remedy="end it in .yaml")
    for each in found.values():
        if each.exists() and not each.read_text(encoding="utf-8", errors="replace").startswith(HEAD):
            raise InputError(
                f"{each} is there, and bench did not write it", file="--freeze", remedy="name another file"
            )
    return found


def freeze(
    file: Path, document: Document, suite: Suite, source: str, dataset: str, studies: Sequence[StudyRecord]
) -> None:
    """Write the suite of one dataset's winners.

    Args:
        file: to be written.
        document: the suite of the search, as written.
        suite: the same, checked.
        source: what its file is called.
        dataset: the label.
        studies: on this dataset, of every tuned variant.

    Raises:
        InputError: the dataset is not in the suite's file.
        DataError: a study is not finished, or none of its trials was done.
    """
    for study in studies:
        if study.best is None or not study.finished:
            what = "is not finished" if study.best is not None else "has no trial that was done"
            raise DataError(f"{study.dataset} {study.model}: the search {what}: nothing to freeze")
    data = frozen_suite(document, suite, _name(file), dataset, studies, source)
    check_suite(Document(data=data, file=str(file)))
    # Short lists and mappings on a line; the notes, which are sentences, one below the other.
    notes = {"notes": data.pop("notes")}
    text = _text(data, None) + _text(notes, False)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, f"{HEAD} from {source}: the winners on {dataset}, for fresh seeds.\n\n{text}")


def frozen_suite(
    document: Document,
    suite: Suite,
    name: str,
    dataset: str,
    studies: Sequence[StudyRecord],
    source: str,
) -> dict[str, Any]:
    """What the file holds; arguments as of `freeze`."""
    entries = read_entries(document, "datasets", Problems(document))
    own = next((entry for entry in entries if entry.label == dataset), None)
    if own is None:
        raise InputError(
            f"{dataset} is not in {source}", file="--dataset", remedy="write it there, and tune again"
        )
    winners = {study.model: _settings(study) for study in studies}
    kept = {key: value for key, value in document.data.items() if key not in ("search", "claims", "notes")}
    claims = _claims(document.data.get("claims"), dataset)
    return (
        copy.deepcopy(kept)
        | {
            "suite": name,
            "datasets": [_written(own)],
            "models": [
                _model(entry, winners.get(entry.label, {}))
                for entry in read_entries(document, "models", Problems(document))
            ],
            "notes": [*suite.notes, *_notes(suite, source, dataset, studies)],
        }
        | ({"claims": claims} if claims else {})
    )


def _settings(study: StudyRecord) -> Mapping[str, Any]:
    """The winner's settings; none where those that the suite has won."""
    return {} if study.best is None or study.best.name else study.best.settings


def _model(entry: Entry, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with other settings."""
    own = {key: value for key, value in settings.items() if not key.startswith(TRAINING)}
    trained = {key.removeprefix(TRAINING): v for key, v in settings.items() if key.startswith(TRAINING)}
    changed = {field_of(entry.name, key) for key in own}
    kept = {key: value for key, value in entry.values.items() if field_of(entry.name, key) not in changed}
    training = kept.pop("training", {}) | trained
    return (
        _written(entry)
        | {"name": entry.name, "label": entry.label}
        | kept
        | own
        | ({"training": training} if training else {})
    )


def _written(entry: Entry) -> dict[str, Any]:
    return {"name": entry.name, "label": entry.label, **entry.values}


def _claims(written: Any, dataset: str) -> list[dict[str, Any]]:
    """The claims that speak of this dataset, and of it alone from now on."""
    found = []
    for claim in written if isinstance(written, list) else []:
        places = claim.get("datasets", "all")
        if "gain" not in claim and (places == "all" or dataset in places):
            found.append(claim | ({} if places == "all" else {"datasets": [dataset]}))
    return found


def _notes(suite: Suite, source: str, dataset: str, studies: Sequence[StudyRecord]) -> list[str]:
    search = search_of(suite)
    first = studies[0]
    told = [
        f"Settings found by the search of {source} on {dataset}: {first.sampler} sampler,"
        f" {_pruner(first.pruner)}, validation {first.monitor}, {seeds(list(search.seeds))}"
        " (the runs have others).",
        *(
            f"{study.model}: {_budget(study)}; {_chosen(study)}. Tried:"
            f" {'; '.join(f'{key} {words}' for key, words in study.space.items())}."
            + (f" {never_done(study)}." if study.never_done else "")
            for study in studies
        ),
    ]
    untuned = [each.label for each in suite.models if each.label not in search.spaces]
    if search.unequal:
        others = f"; {listed(untuned)} not at all" if untuned else ""
        told.append(
            f"Budgets are unequal: tuned were {listed([study.model for study in studies])}{others}."
            " Differences may come from the tuning alone."
        )
    return told


def _pruner(kind: str) -> str:
    return "no pruning" if kind == "none" else f"{kind} pruning"


def _budget(study: StudyRecord) -> str:
    trials, epochs = int(study.spent["trials"]), int(study.spent["epochs"])
    allowed = f"{study.amount:g} {study.budget} allowed"
    return f"{allowed}, {count(trials, 'trial')} and {count(epochs, 'epoch')} spent"


def _chosen(study: StudyRecord) -> str:
    assert study.best is not None
    if study.best.name:
        return "nothing was better than the settings it had"
    return f"chosen {point_text(study.best.settings)}"


def _name(file: Path) -> str:
    """The suite's name as those of bench are named: by its file, and the folders below ``suites``."""
    folders = list(file.absolute().parent.parts)
    below = folders[len(folders) - folders[::-1].index(_SUITES) :] if _SUITES in folders else []
    return "-".join(slug(part) for part in [*below, file.stem])


def _text(data: Mapping[str, Any], flow: bool | None) -> str:
    return yaml.dump(
        dict(data), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110, default_flow_style=flow
    )


class _Plain(yaml.SafeDumper):
    """Writes every value out, as suites are read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
