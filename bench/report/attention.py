"""The figures of attention weights in a report: of one run on each dataset whose weights are here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import BenchError, InputError
from bench.execution.run_data import run_dataset
from bench.features.store import stored_hash
from bench.registry import MODALITIES, MODELS
from bench.report.drawing import Plan, ReportFigure, drawn, ended
from bench.results.names import slug
from bench.results.query import CellResult
from bench.results.records import RunRecord
from bench.wording import listed

if TYPE_CHECKING:
    from bench.execution.attention import AttentionMaps

_TITLE = "Attention"
_SEVERAL = ("MAF", "DIF-SR")  # their scores have several sources, each with a map of its own
_CAPTION = (
    "A row is a position that asks, a column an item that is attended to; darker is more, and each map has"
    " its own scale of colours. The newest run with weights; user and head are drawn by chance, the layer is"
    " the last."
)


def attention_figures(
    results: Path, cells: Sequence[CellResult], home: Path | None = None
) -> Iterator[ReportFigure]:
    """A figure per dataset with weights, or why there is none.

    Args:
        results: the results folder.
        cells: the suite's runs.
        home: where the prepared data lie (None: the default place).
    """
    attentive = [cell for cell in cells if _has_attention(cell)]
    if not attentive:
        yield ReportFigure(_TITLE, reason="no finished run is of a model with attention.")
        return
    found = _with_weights(results, attentive)
    if not found:
        yield ReportFigure(
            _TITLE,
            reason="no weights of these runs are here: results are shared without weights, and"
            " `bench run SUITE --fresh` computes them again.",
        )
    for dataset in dict.fromkeys(cell.dataset for cell in found):
        yield _figure(results, max((c for c in found if c.dataset == dataset), key=_worth), home)


def _has_attention(cell: CellResult) -> bool:
    entry = None if cell.record is None else MODELS.get(cell.record.spec.variant.name)
    return entry is not None and entry.attention


def _with_weights(results: Path, cells: Sequence[CellResult]) -> list[CellResult]:
    from bench.execution.finished import weights_file  # imports torch

    return [cell for cell in cells if cell.record and weights_file(results, cell.record.fingerprint).exists()]


def _worth(cell: CellResult) -> tuple[bool, str, str]:
    """Models with several maps before others, then the newest run."""
    assert cell.record is not None
    return (
        cell.record.spec.variant.name in _SEVERAL,
        cell.record.provenance.finished,
        cell.record.fingerprint,
    )


def _figure(results: Path, cell: CellResult, home: Path | None) -> ReportFigure:
    from bench.execution.attention import AttentionRow, Wanted, attention_maps, attention_rows
    from bench.figures.attention import draw_attention

    assert cell.record is not None
    title = f"{_TITLE} on {cell.dataset}"
    try:
        _check_features(cell.record, home)
        maps = attention_maps(results, cell.record, Wanted(), home)
    except BenchError as error:
        return ReportFigure(title, reason=ended(str(error)))
    maps = replace(maps, dataset=cell.dataset, variant=cell.model)  # as this suite calls them
    return drawn(
        Plan(
            f"attention-{slug(cell.dataset)}",
            title,
            _shows(maps),
            _CAPTION,
            partial(attention_rows, maps),
            AttentionRow,
            lambda _: draw_attention(maps),
        )
    )


def _check_features(record: RunRecord, home: Path | None) -> None:
    """A report encodes nothing and fetches no weights of encoders.

    Raises:
        InputError: data or features of the run are not here.
    """
    dataset = run_dataset(record, home)
    for modality in MODALITIES:
        encoder = record.spec.features.get(modality)
        if encoder and stored_hash(dataset, modality, encoder["name"], encoder["options"], home) is None:
            raise InputError(
                f"the {modality} features of {dataset.label} are not here", remedy="`bench run` makes them"
            )


def _shows(maps: AttentionMaps) -> str:
    from bench.figures.attention import NAMES

    names = [NAMES.get(name, name) for name in maps.weights]
    size = len(next(iter(maps.weights.values())))
    return (
        f"Attention weights of {maps.variant} on {maps.dataset}: {listed(names)}, layer {maps.layer} of"
        f" {maps.layers}, head {maps.head} of {maps.heads}, at the {size} newest positions of user"
        f" {maps.users[0]}"
    )
