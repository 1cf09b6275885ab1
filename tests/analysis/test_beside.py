"""Published values beside ours: which cells they stand beside, and which not."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, get_args

import pytest

from bench.analysis.beside import BesideRow, beside
from bench.analysis.formats.markdown import blocks_to_markdown
from bench.analysis.layouts import arranged
from bench.analysis.published import COLUMNS, PAPERS
from bench.analysis.tables import TableRow
from bench.errors import InputError
from bench.results.index import Identity, Index
from bench.suite.datasets import parse_dataset
from bench.suite.parts import PaperRef

TABLE_2 = Path(__file__).parents[2] / "bench" / "analysis" / "papers" / "maf" / "table2.tsv"


def index(
    variants: dict[str, tuple[str, dict[str, Any]]],
    datasets: tuple[str, ...] = ("VideoGames",),
    table: int = 2,
) -> Index:
    sources = {label: parse_dataset(label) for label in datasets}
    return Index(
        suite="s",
        metrics=("Recall@20",),
        seeds=(1,),
        datasets=datasets,
        models=tuple(variants),
        paper=PaperRef.model_validate({"name": "maf", "table": table}),
        sources=tuple(Identity(label=k, name=v.name, settings=v.options) for k, v in sources.items()),
        variants=tuple(
            Identity(label=k, name=v[0], settings={"modalities": "available"} | v[1])
            for k, v in variants.items()
        ),
    )


def row(model: str, mean: float | None, dataset: str = "VideoGames", metric: str = "Recall@20") -> TableRow:
    values = () if mean is None else (mean,)
    return TableRow(
        dataset,
        model,
        metric,
        mean,
        None,
        (1,)[: len(values)],
        values,
        (),
        {},
        "done" if values else "missing",
    )


def values(rows: list[BesideRow]) -> list[float | None]:
    return [each.published for each in rows]


def test_the_paper_s_number_and_how_far_ours_is_from_it() -> None:
    suite = index(
        {
            "ours": ("SASRec", {"layers": 4}),
            "MAF": ("MAF", {"multitask": True}),
            "Popularity": ("Popularity", {}),
        }
    )
    found, notes = beside(suite, [row("ours", 0.25), row("MAF", None), row("Popularity", 0.1)])
    with TABLE_2.open(encoding="utf-8", newline="") as file:
        line = list(csv.DictReader(file, delimiter="\t"))[1]
    assert (line["Dataset"], line["Metric"]) == ("VideoGames", "Recall@20")
    assert values(found) == [float(line["SASRec"]), float(line["Proposal"]), None]
    assert found[0].deviation == pytest.approx((0.25 - 0.2429) / 0.2429)
    assert (found[1].deviation, found[2].deviation) == (None, None)
    assert (found[0].mean, found[0].values, found[0].status) == (0.25, (0.25,), "done")
    assert notes == ["published: Table 2 of arXiv 2405.17959, and by how much our mean differs from it."]


def test_other_data_and_metrics_have_no_published_value() -> None:
    suite = index({"SASRec": ("SASRec", {})}, ("VideoGames", "VideoGames[users=1000]", "toyshop"))
    rows = [
        row("SASRec", 0.2, "VideoGames[users=1000]"),
        row("SASRec", 0.2, "toyshop"),
        row("SASRec", 0.2, metric="MRR"),
    ]
    found, notes = beside(suite, rows)
    assert values(found) == [None] * 3
    assert notes == ["Table 2 of arXiv 2405.17959 has no value for these datasets, variants and metrics."]


def test_nothing_is_guessed_where_two_variants_may_be_the_papers() -> None:
    suite = index(
        {
            "MAF sum": ("MAF", {"fusion": "sum", "multitask": True}),
            "MAF gate": ("MAF", {"fusion": "gate", "multitask": True}),
            "SASRec": ("SASRec", {}),
        }
    )
    found, notes = beside(suite, [row("MAF sum", 0.25), row("MAF gate", 0.25), row("SASRec", 0.25)])
    assert values(found) == [None, None, 0.2429]
    assert notes[1:] == [
        "MAF sum, MAF gate: each of them may be Proposal of Table 2 of arXiv 2405.17959, so that it stands"
        " beside none."
    ]
    # In the table that tells them apart they are told apart.
    third, notes = beside(
        suite.model_copy(update={"paper": PaperRef(name="maf", table=3)}),
        [row("MAF sum", 0.25), row("MAF gate", 0.25), row("SASRec", 0.25)],
    )
    assert values(third) == [0.2499, 0.2469, None]
    assert len(notes) == 1


def test_recbole_s_model_is_not_taken_for_the_native_one() -> None:
    found, _ = beside(index({"recbole/SASRec": ("recbole/SASRec", {})}), [row("recbole/SASRec", 0.2)])
    assert values(found) == [None]


def test_an_option_of_a_later_version_changes_nothing() -> None:
    """An index that was written before a dataset had the option says nothing of it."""
    suite = index({"SASRec": ("SASRec", {})})
    shorter = dict(list(suite.sources[0].settings.items())[1:])
    older = suite.model_copy(update={"sources": (suite.sources[0].model_copy(update={"settings": shorter}),)})
    assert values(beside(older, [row("SASRec", 0.2)])[0]) == [0.2429]
    unknown = suite.sources[0].model_copy(update={"settings": {"half": True}})
    newer = suite.model_copy(update={"sources": (unknown,)})
    assert values(beside(newer, [row("SASRec", 0.2)])[0]) == [None]


def test_a_dataset_that_is_gone_has_no_published_value() -> None:
    suite = index({"SASRec": ("SASRec", {})})
    gone = suite.sources[0].model_copy(update={"name": "removed"})
    found, _ = beside(suite.model_copy(update={"sources": (gone,)}), [row("SASRec", 0.2)])
    assert values(found) == [None]


def test_a_suite_without_a_paper() -> None:
    with pytest.raises(InputError, match="name no paper") as caught:
        beside(index({}).model_copy(update={"paper": None}), [])
    assert "write `paper: maf` in the suite file" in str(caught.value)


@pytest.mark.parametrize(
    ("layout", "lines"),
    [
        (
            "models",
            [
                "| model | Recall@20 |",
                "| :-- | --: |",
                "| SASRec | 0.2500 |",
                "| SASRec, published | 0.2429 (+2.9%) |",
                "| MAF | missing\\* |",
                "| MAF, published | 0.2499 |",
                "| Popularity | 0.1000 |",
            ],
        ),
        (
            "paper",
            [
                "| metric | SASRec | MAF | Popularity |",
                "| :-- | --: | --: | --: |",
                "| Recall@20 | 0.2500 | missing\\* | 0.1000 |",
                "| Recall@20, published | 0.2429 (+2.9%) | 0.2499 |  |",
            ],
        ),
    ],
)
def test_in_a_table(layout: Any, lines: list[str]) -> None:
    suite = index(
        {"SASRec": ("SASRec", {}), "MAF": ("MAF", {"multitask": True}), "Popularity": ("Popularity", {})}
    )
    found, _ = beside(suite, [row("SASRec", 0.25), row("MAF", None), row("Popularity", 0.1)])
    text = blocks_to_markdown(arranged(found, [], layout))
    assert text.splitlines()[2:-1] == lines


def test_a_suite_can_name_the_papers_that_there_are() -> None:
    fields = PaperRef.model_fields
    assert get_args(fields["name"].annotation) == tuple(PAPERS) == tuple(COLUMNS)
    assert get_args(fields["table"].annotation) == tuple(COLUMNS["maf"])
