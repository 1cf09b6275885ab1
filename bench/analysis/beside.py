"""Published values beside ours: which cell of a suite is which number of the paper's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.analysis.numbers import share_of
from bench.analysis.published import COLUMNS, PAPERS, read_table
from bench.analysis.tables import TableRow
from bench.errors import InputError
from bench.results.index import Identity, Index
from bench.suite.datasets import parse_dataset
from bench.suite.parts import PaperRef
from bench.suite.recipes import dataset_names


@dataclass(frozen=True)
class BesideRow(TableRow):
    """A row with what the paper has in its place.

    Attributes:
        published: the paper's number; None where it has none.
        deviation: (mean - published) / published; None without both.
    """

    published: float | None = None
    deviation: float | None = None


def beside(index: Index, rows: Sequence[TableRow]) -> tuple[list[BesideRow], list[str]]:
    """The rows with the published values of the suite's paper, and what a reader must know, in sentences.

    A dataset is the paper's by its name and no options, a variant by model and settings. Where several
    variants are a column's, none is.

    Raises:
        InputError: the suite names no paper.
    """
    paper = index.paper
    if paper is None:
        raise InputError(
            f"the results of {index.suite} name no paper to print published values of",
            remedy="write `paper: maf` in the suite file; `bench run` enters it and reuses every run",
        )
    numbers = {
        (each.dataset, each.metric, each.column): each.value for each in read_table(paper.name, paper.table)
    }
    datasets = {each.label: each.name for each in index.sources if _is_plain(each)}
    heads, several = _heads(paper, index.variants)
    found = [
        _beside(row, numbers.get((datasets.get(row.dataset, ""), row.metric, heads.get(row.model, ""))))
        for row in rows
    ]
    return found, _notes(paper, any(row.published is not None for row in found), several)


def _beside(row: TableRow, published: float | None) -> BesideRow:
    difference = None if row.mean is None or published is None else row.mean - published
    fields = asdict(row) | {"published": published, "deviation": share_of(difference, published)}
    return BesideRow(**fields)


def _is_plain(dataset: Identity) -> bool:
    """Whether a dataset is what its name says, with no option that changes it."""
    if dataset.name not in dataset_names():
        return False
    usual = parse_dataset(dataset.name).options
    return all(usual.get(option) == value for option, value in dataset.settings.items())


def _heads(
    paper: PaperRef, variants: Sequence[Identity]
) -> tuple[dict[str, str], Mapping[str, Sequence[str]]]:
    """Column of each variant by label; and the columns that are several variants', with their labels."""
    fitting = {
        head: [each.label for each in variants if column.fits(each.name, each.settings)]
        for head, column in COLUMNS[paper.name][paper.table].items()
    }
    heads = {labels[0]: head for head, labels in fitting.items() if len(labels) == 1}
    return heads, {head: labels for head, labels in fitting.items() if len(labels) > 1}


def _notes(paper: PaperRef, any_found: bool, several: Mapping[str, Sequence[str]]) -> list[str]:
    table = f"Table {paper.table} of {PAPERS[paper.name]}"
    notes = []
    if any_found:
        notes.append(f"published: {table}, and by how much our mean differs from it.")
    elif not several:
        notes.append(f"{table} has no value for these datasets, variants and metrics.")
    return [
        *notes,
        *(
            f"{', '.join(labels)}: each of them may be {head} of {table}, so that it stands beside none."
            for head, labels in several.items()
        ),
    ]
