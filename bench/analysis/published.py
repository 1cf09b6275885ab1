"""What papers have published: their tables as they were printed, and which variant each column is of.

The tables lie in ``papers/PAPER/tableN.tsv`` beside this module, every number with its printed digits; beside
them what the paper underlines in Table 2 (``underlined.tsv``) and the gains over SASRec that its text gives
(``gains.tsv``).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.registry import MODALITIES

PAPERS: Mapping[str, str] = {"maf": "arXiv 2405.17959"}

_FOLDER = Path(__file__).with_name("papers")


@dataclass(frozen=True)
class Column:
    """What a column of a table is of: a model and those of its settings that tell it from the others."""

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, model: str, settings: Mapping[str, Any]) -> bool:
        """Whether a variant of this name, with these settings, is what the column is of."""
        if model != self.model or "controls" in settings:
            return False
        return all(_plain(settings.get(key)) == _plain(value) for key, value in self.settings.items())


def _plain(value: Any) -> Any:
    """Modalities in whatever order; what a dataset has available is, of the paper's, all three."""
    if value == "available":
        return sorted(MODALITIES)
    return sorted(value) if isinstance(value, list | tuple) else value


_ALONE = ("GRU4Rec", "Caser", "SASRec", "BERT4Rec")
_WITH_CONTENTS = ("SASRecF", "FDSA")
_WHOLE = {"modalities": list(MODALITIES)}
_PROPOSAL = {**_WHOLE, "multitask": True}  # without the tasks it is another column, of Table 4

# Table 1 has statistics of the data and no variants.
COLUMNS: Mapping[str, Mapping[int, Mapping[str, Column]]] = {
    "maf": {
        2: {name: Column(name) for name in _ALONE}
        | {name: Column(name, _WHOLE) for name in _WITH_CONTENTS}
        | {"Proposal": Column("MAF", _PROPOSAL)},
        3: {
            name.capitalize(): Column("MAF", {**_PROPOSAL, "fusion": name})
            for name in ("sum", "concat", "gate")
        },
        4: {
            "w/ MTL": Column("MAF", _PROPOSAL),
            "w/o MTL": Column("MAF", {**_WHOLE, "multitask": False}),
        },
    }
}


@dataclass(frozen=True)
class Published:
    """One number of a paper.

    Attributes:
        table: its number in the paper.
        dataset: by its name in bench.
        metric: as in Recall@10.
        column: its head in the paper.
        text: as printed, with its digits.
    """

    table: int
    dataset: str
    metric: str
    column: str
    text: str

    @property
    def value(self) -> float:
        """The number; a percentage as printed: 1.38 of ``1.38%``."""
        return float(self.text.removesuffix("%"))


def read_table(paper: str, number: int) -> list[Published]:
    """The numbers of one table with results, row by row."""
    return [
        Published(number, row["Dataset"], row["Metric"], column, text)
        for row in _rows(paper, number)
        for column, text in row.items()
        if column not in ("Dataset", "Metric")
    ]


def read_statistics(paper: str) -> dict[str, dict[str, str]]:
    """Table 1: the statistics of each dataset as printed, by dataset and the paper's name of them."""
    found: dict[str, dict[str, str]] = {}
    for row in _rows(paper, 1):
        name = row.pop("Dataset")
        for dataset, text in row.items():
            found.setdefault(dataset, {})[name] = text
    return found


def read_underlined(paper: str) -> set[tuple[str, str, str]]:
    """The cells of Table 2 that are underlined as second best: dataset, metric, column."""
    return {(row["Dataset"], row["Metric"], row["Column"]) for row in _read(paper, "underlined")}


def read_gains(paper: str) -> dict[tuple[str, str], str]:
    """The gains over SASRec in the text, as printed, by dataset and metric."""
    return {(row["Dataset"], row["Metric"]): row["Gain"] for row in _read(paper, "gains")}


def _rows(paper: str, number: int) -> list[dict[str, str]]:
    return _read(paper, f"table{number}")


def _read(paper: str, name: str) -> list[dict[str, str]]:
    with (_FOLDER / paper / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
