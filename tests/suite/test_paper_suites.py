"""The suites of the MAF paper: as it sets them, and one MAF for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.analysis.published import COLUMNS, read_gains, read_table
from bench.suite.expansion import RunSpec, expand
from bench.suite.fingerprint import fingerprint, identity
from bench.suite.schema import Suite, load_suite

SUITES = Path(__file__).parents[2] / "suites"
DATASETS = ("VideoGames", "BoysGirls", "Women", "Men")
WHOLE = {
    "table2": "MAF",
    "table3": "MAF sum",
    "table4": "MAF with multitask",
    "figure3": "MAF",
    "figure4": "MAF",
}


def paper_suite(name: str) -> Suite:
    return load_suite(SUITES / f"{name}.yaml")


@pytest.mark.parametrize(
    ("name", "table", "models", "runs"),
    [
        ("table2", 2, ["GRU4Rec", "Caser", "SASRec", "BERT4Rec", "SASRecF", "FDSA", "MAF"], 140),
        ("table3", 3, ["MAF sum", "MAF concat", "MAF gate"], 60),
        ("table4", 4, ["MAF with multitask", "MAF without multitask"], 40),
        ("figure3", 2, ["MAF image", "MAF text", "MAF category", "MAF"], 80),
        ("figure4", 2, ["MAF"], 1),
    ],
)
def test_models_and_runs(name: str, table: int, models: list[str], runs: int) -> None:
    suite = paper_suite(name)
    assert suite.suite == name
    assert suite.paper is not None and (suite.paper.name, suite.paper.table) == ("maf", table)
    assert [variant.label for variant in suite.models] == models
    assert len(expand(suite)) == runs
    assert {"multimodal_size", "lambda", "patience", "max_length", "monitor"} <= set(suite.unpublished)
    if runs > 1:
        assert (tuple(ref.label for ref in suite.datasets), suite.seeds) == (DATASETS, (1, 2, 3, 4, 5))


@pytest.mark.parametrize("name", WHOLE)
def test_settings_are_those_of_section_4(name: str) -> None:
    for spec in expand(paper_suite(name)):
        training = spec.training
        assert (training.epochs, training.learning_rate, training.batch_size) == (200, 1e-4, 2048)
        assert (training.max_length, training.weight_decay, training.precision) == (50, 0, "float32")
        settings = spec.variant.settings
        if spec.variant.name not in ("GRU4Rec", "Caser"):
            assert [settings[key] for key in ("hidden_size", "layers", "heads")] == [256, 4, 8]
        encoders = {modality: encoder.options.get("model") for modality, encoder in spec.features.items()}
        published = {"image": "vgg16", "text": "bert-base-uncased", "category": None}
        wanted = settings.get("modalities", [])
        assert encoders == {modality: published[modality] for modality in wanted}
        assert all(encoder.options.get("weights") != "random" for encoder in spec.features.values())
        if spec.variant.name in ("MAF", "SASRecF", "FDSA") and name != "figure3":
            assert wanted == ["image", "text", "category"]


def trained(spec: RunSpec) -> dict[str, Any]:
    """What its result depends on, with stand-ins for what is known after preparation alone."""
    return identity(spec, "data", dict.fromkeys(spec.features, "features"), "cpu", {"torch": "2"})


def test_one_maf_is_trained_for_all_of_them() -> None:
    found = {
        name: {
            (spec.dataset.label, spec.seed): trained(spec)
            for spec in expand(paper_suite(name))
            if spec.variant.label == label
        }
        for name, label in WHOLE.items()
    }
    table2 = found["table2"]
    assert len(table2) == 20
    assert all(found[name] == table2 for name in ("table3", "table4", "figure3"))
    assert found["figure4"] == {("VideoGames", 1): table2["VideoGames", 1]}


def test_the_other_variants_differ_from_it_in_what_they_are_about() -> None:
    every = [spec for name in WHOLE for spec in expand(paper_suite(name))]
    # 140 of Table 2; of the others the 20 that are its MAF, and figure 4's, are not trained again.
    assert len({fingerprint(trained(spec)) for spec in every}) == 140 + 40 + 20 + 60
    whole = paper_suite("table2").models[-1].settings

    def changed(name: str) -> list[dict[str, Any]]:
        return [
            {key: value for key, value in variant.settings.items() if value != whole[key]}
            for variant in paper_suite(name).models
        ]

    assert changed("table3") == [{}, {"fusion": "concat"}, {"fusion": "gate"}]
    assert changed("table4") == [{}, {"multitask": False}]
    assert changed("figure3") == [*({"modalities": [each]} for each in ("image", "text", "category")), {}]


def test_every_column_of_the_paper_has_a_variant() -> None:
    for number, columns in COLUMNS["maf"].items():
        variants = paper_suite(f"table{number}").models
        for column in columns.values():
            assert sum(column.fits(each.name, each.settings) for each in variants) == 1


def test_claims_are_the_paper_s() -> None:
    suite = paper_suite("table2")
    sizes = {(claim.datasets[0], claim.metric): claim.by for claim in suite.claims if claim.by is not None}
    printed = {row: float(text.removesuffix("%")) / 100 for row, text in read_gains("maf").items()}
    assert sizes == pytest.approx(printed)
    assert suite.claims[0].than == ("GRU4Rec", "Caser", "SASRec", "BERT4Rec", "SASRecF", "FDSA")
    assert suite.claims[0].datasets == DATASETS
    [gain] = suite.gains
    assert (gain.larger_on, gain.than_on) == (("VideoGames", "BoysGirls"), ("Women", "Men"))
    best = {
        (dataset, claim.metric): claim.variant
        for claim in paper_suite("figure3").claims
        if "MAF" not in (claim.variant, *claim.than)
        for dataset in claim.datasets
    }
    # Section 4.6, sentence by sentence.
    assert best == {
        ("VideoGames", "Recall@20"): "MAF category",
        ("Women", "Recall@20"): "MAF category",
        ("BoysGirls", "Recall@20"): "MAF image",
        ("Men", "Recall@20"): "MAF image",
        ("Women", "NDCG@20"): "MAF image",
        ("Men", "NDCG@20"): "MAF image",
        ("VideoGames", "NDCG@20"): "MAF text",
        ("BoysGirls", "NDCG@20"): "MAF category",
    }


def test_claims_of_lower_values_are_where_table_2_has_them() -> None:
    values = {(each.dataset, each.metric, each.column): each.value for each in read_table("maf", 2)}
    lower = {(d, m) for d, m, column in values if values[d, m, "SASRecF"] < values[d, m, "SASRec"]}
    claimed = [
        (dataset, claim.metric)
        for claim in paper_suite("table2").claims
        if claim.variant == "SASRecF"
        for dataset in claim.datasets
    ]
    assert len(claimed) == 11 and set(claimed) == lower
