"""`bench plot attention`: which run to look into, and the figure of what it attends to."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from bench.cli.data import progress_bars
from bench.cli.plot import write_figure
from bench.errors import InputError
from bench.execution.attention import AttentionMaps, AttentionRow, Wanted, attention_maps, attention_rows
from bench.execution.finished import weights_file
from bench.figures import style
from bench.figures.attention import draw_attention
from bench.results.names import command, slug
from bench.results.query import cell_named, find_run, readable_records
from bench.results.records import RunRecord
from bench.suite.parts import match
from bench.suite.schema import load_suite

SUITES = ("suites/small/figure4.yaml", "suites/figure4.yaml")

_ATTENTIVE = ("MAF", "DIF-SR", "SASRec", "SASRecF", "FDSA", "BERT4Rec")


def plot_attention(
    results: Path,
    wanted: Wanted,
    *,
    dataset: str | None,
    model: str | None,
    run: str | None,
    home: Path | None,
    plots: Path,
    formats: Sequence[str],
) -> None:
    """Draw the attention weights of a run.

    Args:
        results: the results folder.
        wanted: which weights.
        dataset: a label or name; the newest run on it whose weights are here.
        model: only runs of the variant with this label.
        run: as of `bench.results.query.find_run`; None: see ``dataset``.
        home: where the prepared data lie (None: the default place).
        plots: the folder of figures.
        formats: of the files; empty: all.

    Raises:
        InputError: no run fits, or it has no such user, layer or head.
        DataError: results, weights or data are damaged.
    """
    if wanted.average and (wanted.user is not None or wanted.short):
        raise InputError("a mean is over users", file="--average", remedy="without --user and --short")
    record = find_run(results, run) if run else _newest(results, dataset, model)
    with progress_bars() as progress:
        maps = attention_maps(results, record, wanted, home, progress)
    suite = record.spec.suite
    if run and "/" in run:  # under the names by which it was asked for
        suite, cell = cell_named(results, run)
        maps = replace(maps, dataset=cell.dataset, variant=cell.model)
    name = _name(maps, "average" if wanted.average else maps.users[0])
    kinds = cast("Sequence[style.FileFormat]", formats or style.FILE_FORMATS)
    with style.look():
        figure = draw_attention(maps)
        write_figure(plots / suite / name, kinds, figure, attention_rows(maps), AttentionRow)
    print(f"of run {record.fingerprint} ({maps.variant} on {maps.dataset}, seed {record.spec.seed})")


def _name(maps: AttentionMaps, who: str) -> str:
    """Of the files: all that tells them from those of another run, user, layer or head."""
    what = [slug(maps.dataset), slug(maps.variant), f"seed{maps.record.spec.seed}", slug(who)]
    head = "heads" if maps.head is None else f"head{maps.head}"
    return "-".join(["attention", *what, f"layer{maps.layer}", head])


def _newest(results: Path, dataset: str | None, model: str | None) -> RunRecord:
    """The newest run with weights here; one whose scores have several sources before one of one source."""
    found = _fitting(results, dataset, model, with_weights=True)
    if not found:
        what = " ".join([*([f"of {model}"] if model else []), *([f"on {dataset}"] if dataset else [])])
        raise InputError(
            f"{results} has no finished run {what or 'of a model with attention'} whose weights are here",
            file="--dataset",
            remedy=_remedy(results, dataset, model),
        )
    fused = [record for record in found if record.spec.variant.name in _ATTENTIVE[:2]]
    return max(fused or found, key=lambda record: (record.provenance.finished, record.fingerprint))


def _fitting(results: Path, dataset: str | None, model: str | None, with_weights: bool) -> list[RunRecord]:
    return [
        record
        for record in readable_records(
            results, lambda name: weights_file(results, name).exists() is with_weights
        )
        if dataset in (None, record.spec.dataset.label, record.spec.dataset.name)
        and model in (None, record.spec.variant.label)
        and (record.spec.variant.name in _ATTENTIVE or model is not None)
    ]


def _remedy(results: Path, dataset: str | None, model: str | None) -> str:
    """What makes a run to look into."""
    chosen = {"--dataset": dataset, "--model": model}
    options = [word for option, label in chosen.items() if label for word in (option, label)]
    if _fitting(results, dataset, model, with_weights=False):
        options.append("--fresh")  # else such a run is reused as it is, without weights
    for file in SUITES:
        if _has(Path(file), dataset, model):
            return f"`{shlex.join([*shlex.split(command('run', file, (), results)), *options])}` makes one"
    fresh = " --fresh" if "--fresh" in options else ""
    return f"`bench run{fresh}` with a suite that trains {model or 'MAF'} on it makes one"


def _has(file: Path, dataset: str | None, model: str | None) -> bool:
    """Whether there is a suite in the file, with this dataset and this variant."""
    if not file.is_file():
        return False
    suite = load_suite(file)
    fits = dataset is None or bool(match(dataset, suite.datasets))
    return fits and (model is None or bool(match(model, suite.models)))
