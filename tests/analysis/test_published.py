"""The tables of the paper, against single numbers read in its text."""

from __future__ import annotations

from bench.analysis.published import COLUMNS, PAPERS, read_statistics, read_table
from bench.registry import MODELS


def test_numbers_of_the_text() -> None:
    tables = {number: read_table("maf", number) for number in (2, 3, 4)}
    assert [len(tables[number]) for number in (2, 3, 4)] == [16 * 7, 16 * 3, 16 * 3]
    found = {
        (each.table, each.dataset, each.metric, each.column): each for t in tables.values() for each in t
    }
    assert found[2, "VideoGames", "Recall@20", "Proposal"].text == "0.2499"
    assert found[2, "Men", "NDCG@20", "GRU4Rec"].value == 0.4414
    assert found[3, "BoysGirls", "NDCG@10", "Gate"].value == 0.7134
    assert found[4, "Women", "Recall@20", "% Improved"].text == "0.5%"
    assert found[4, "VideoGames", "Recall@10", "% Improved"].value == -1.05


def test_statistics() -> None:
    found = read_statistics("maf")
    assert list(found) == ["VideoGames", "BoysGirls", "Women", "Men"]
    assert found["Women"]["#Interactions"] == "810,245"
    assert found["BoysGirls"]["#Avg. Actions/Item"] == "35"


def test_columns_speak_of_models_and_settings_that_there_are() -> None:
    for paper in PAPERS:
        for number, columns in COLUMNS[paper].items():
            heads = {each.column for each in read_table(paper, number)}
            assert columns.keys() <= heads
            for column in columns.values():
                kind = MODELS[column.model].settings
                assert kind
                module, name = kind.split(":")
                fields = getattr(__import__(module, fromlist=[name]), name).model_fields
                assert column.settings.keys() <= fields.keys()


def test_a_column_fits_a_variant() -> None:
    concat = COLUMNS["maf"][3]["Concat"]
    whole = {"fusion": "concat", "modalities": ["category", "image", "text"], "multitask": True}
    assert concat.fits("MAF", whole)
    assert concat.fits("MAF", {**whole, "modalities": "available"})
    assert not concat.fits("MAF", {**whole, "fusion": "sum"})
    assert not concat.fits("MAF", {**whole, "modalities": ["image", "text"]})
    assert not concat.fits("MAF", {**whole, "controls": {"image": "zero"}})
    assert not concat.fits("DIF-SR", whole)
    # Without the auxiliary tasks it is what Table 4 prints, and nothing else.
    assert [table for table, columns in COLUMNS["maf"].items() for column in columns.values()
            if column.fits("MAF", {**whole, "fusion": "sum", "multitask": False})] == [4]  # fmt: skip
