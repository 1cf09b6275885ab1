"""Comparisons with a baseline: the words, their families, and what is not compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.analysis.claims import claim_rows
from bench.analysis.comparison import ComparisonRow, comparison_rows
from bench.analysis.comparison_table import comparison_table
from bench.analysis.tables import table_rows
from bench.cli.main import app
from bench.errors import InputError
from bench.results.folder import write_ranks
from bench.results.index import Index
from bench.results.query import CellResult
from bench.results.records import read_record
from bench.suite.parts import Claim, EqualityClaim

RunJson = Callable[..., dict[str, Any]]
USERS = 300
# Share of users whose target is at place 1; the others' is far below.
SHARES = {"SASRec": 0.30, "Good": 0.45, "Bad": 0.15, "Same": 0.30}


@pytest.fixture
def cells(tmp_path: Path, run_json: RunJson) -> list[CellResult]:
    """Two datasets, four models, four seeds: hits drawn at random, for `Same` as for SASRec."""
    rng = np.random.default_rng(0)
    found = []
    for at, (dataset, model, seed) in enumerate(
        (d, m, s) for d in ("one", "two") for m in SHARES for s in range(1, 5)
    ):
        hits = rng.random(USERS) < SHARES[model]
        columns = {
            "user": range(USERS),
            "item": [1] * USERS,
            "better": np.where(hits, 0, 99).tolist(),
            "ties": [0] * USERS,
        }
        record = run_json(f"{at:016x}", dataset, model, seed, test={"Recall@10": float(hits.mean())})
        folder = tmp_path / "runs" / record["fingerprint"]
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        write_ranks(folder / "ranks.parquet", {"validation": columns, "test": columns})
        found.append(
            CellResult(
                dataset, model, seed, "done", record["fingerprint"], None, read_record(tmp_path, folder.name)
            )
        )
    return found


def rows_of(folder: Path, cells: list[CellResult], **options: Any) -> dict[tuple[str, str], ComparisonRow]:
    settings: dict[str, Any] = {"metrics": ["Recall@10"], "baseline": "SASRec", "margin": 0.02} | options
    return {(row.dataset, row.variant): row for row in comparison_rows(folder, cells, **settings)}


def test_the_words(tmp_path: Path, cells: list[CellResult]) -> None:
    rows = rows_of(tmp_path, cells)
    assert {key: row.verdict for key, row in rows.items()} == {
        (dataset, model): word
        for dataset in ("one", "two")
        for model, word in {"Good": "better", "Bad": "worse", "Same": "underpowered"}.items()
    }
    assert {row.family for row in rows.values()} == {6}
    same = rows["one", "Same"]
    assert same.detectable is not None and same.baseline_mean is not None
    assert same.detectable > 0.02 * same.baseline_mean  # that is why
    # Whether a difference is none depends on what counts as one.
    assert rows_of(tmp_path, cells, margin=0.5)["one", "Same"].verdict == "tied"


def test_p_values_are_those_of_all_comparisons_of_the_metric(tmp_path: Path, cells: list[CellResult]) -> None:
    rows = rows_of(tmp_path, cells)
    alone: dict[tuple[str, str], ComparisonRow] = {}
    for dataset in ("one", "two"):
        own = rows_of(tmp_path, [cell for cell in cells if cell.dataset == dataset])
        assert {row.family for row in own.values()} == {3}
        alone |= own
    for key, row in rows.items():
        one = alone[key]
        assert row.p is not None and one.p is not None and row.p >= one.p
        assert (row.difference, row.low, row.high) == (one.difference, one.low, one.high)


def test_values_are_those_of_the_ranks(tmp_path: Path, cells: list[CellResult]) -> None:
    rows = rows_of(tmp_path, cells, metrics=["Recall@10"])
    means = {
        model: np.mean(
            [
                c.record.metrics["test"]["Recall@10"]
                for c in cells
                if c.record and (c.dataset, c.model) == ("one", model)
            ]
        )
        for model in SHARES
    }
    row = rows["one", "Good"]
    assert row.mean == pytest.approx(means["Good"]) and row.baseline_mean == pytest.approx(means["SASRec"])
    assert row.difference == pytest.approx(means["Good"] - means["SASRec"])
    assert (
        row.low is not None and row.high is not None and row.low < means["Good"] - means["SASRec"] < row.high
    )


def test_what_is_not_compared_says_why(tmp_path: Path, cells: list[CellResult]) -> None:
    def why(changed: list[CellResult], key: tuple[str, str]) -> str | None:
        row = rows_of(tmp_path, changed)[key]
        assert (row.verdict == "not compared") == (row.p is None) == (row.reason is not None)
        return row.reason

    good = [cell for cell in cells if (cell.dataset, cell.model) == ("one", "Good")]
    others = [cell for cell in cells if cell not in good]
    missing = [replace(cell, status="missing", record=None) for cell in good]
    assert why(others + missing, ("one", "Good")) == "no finished run"
    assert why(others + good[:1], ("one", "Good")) == "one seed, which says nothing of others"
    base = [cell for cell in cells if cell.model != "SASRec" or cell.seed == 1]
    assert why(base, ("one", "Good")) == "baseline: one seed, which says nothing of others"

    def elsewhere(cell: CellResult, **change: Any) -> CellResult:
        assert cell.record is not None
        return replace(cell, record=cell.record.model_copy(update=change))

    assert good[0].record is not None
    inputs = good[0].record.inputs
    other_data = inputs.model_copy(update={"dataset": inputs.dataset.model_copy(update={"hash": "other"})})
    assert (
        why(others + [elsewhere(c, inputs=other_data) for c in good], ("one", "Good"))
        == "runs on different data"
    )
    spec = good[0].record.spec
    masked = [
        elsewhere(
            c,
            spec=spec.model_copy(
                update={"evaluation": {"ties": "expected", "mask_history": True}, "seed": c.seed}
            ),
        )
        for c in good
    ]
    assert why(others + masked, ("one", "Good")) == "runs with different evaluation settings"


def test_a_model_without_chance_needs_one_run(tmp_path: Path, cells: list[CellResult]) -> None:
    counted = []
    for cell in cells:
        if cell.model == "Bad" and cell.record is not None:
            if cell.seed > 1:
                continue
            training = cell.record.training.model_copy(update={"stopped": "counted"})
            cell = replace(cell, record=cell.record.model_copy(update={"training": training}))
        counted.append(cell)
    assert rows_of(tmp_path, counted)["one", "Bad"].verdict == "worse"

    def with_control(cell: CellResult, control: str) -> CellResult:
        assert cell.record is not None
        spec = cell.record.spec
        variant = spec.variant.model_copy(update={"settings": {"controls": {"image": control}}})
        spec = spec.model_copy(update={"variant": variant})
        return replace(cell, record=cell.record.model_copy(update={"spec": spec}))

    # What a control draws by seed is by chance, whoever reads it; zeros are not drawn.
    for control, verdict in (("shuffle", "not compared"), ("random-id", "not compared"), ("zero", "worse")):
        drawn = [with_control(cell, control) if cell.model == "Bad" else cell for cell in counted]
        assert rows_of(tmp_path, drawn)["one", "Bad"].verdict == verdict


def test_beside_a_baseline_of_zero_differences_are_absolute(tmp_path: Path, cells: list[CellResult]) -> None:
    places = {"user": range(USERS), "item": [1] * USERS, "better": [99] * USERS, "ties": [0] * USERS}
    for cell in cells:
        if cell.model == "SASRec":
            file = tmp_path / "runs" / str(cell.fingerprint) / "ranks.parquet"
            write_ranks(file, {"validation": places, "test": places})
    rows = rows_of(tmp_path, cells)
    row = rows["one", "Good"]
    assert row.baseline_mean == 0 and row.mean is not None and row.low is not None and row.high is not None
    _, mean, shown, _, word, found = comparison_table(list(rows.values())).blocks[
        "one: Recall@10 beside SASRec"
    ][1]
    assert (mean, word) == (f"{row.mean:.4f}", "better")
    assert shown == f"{row.mean:+.4f} ({row.low:+.4f} to {row.high:+.4f}) (absolute)"
    assert found == f"{row.detectable:.4f} (absolute)"


def test_a_mean_is_that_of_the_table(tmp_path: Path, cells: list[CellResult]) -> None:
    """Where two sums of the same numbers differ in the last bit, the fourth decimal could differ too."""
    shown = [replace(c, metrics=c.record.metrics["test"] if c.record else {}) for c in cells]
    for row in table_rows(shown, ["Recall@10"]):
        other = "Bad" if row.model == "SASRec" else "SASRec"
        compared = rows_of(tmp_path, cells, baseline=other)[row.dataset, row.model]
        assert compared.mean == row.mean


def test_the_table_says_what_it_means(tmp_path: Path, cells: list[CellResult]) -> None:
    table = comparison_table(list(rows_of(tmp_path, cells).values()))
    assert list(table.blocks) == ["one: Recall@10 beside SASRec", "two: Recall@10 beside SASRec"]
    assert [row[0] for row in table.blocks["one: Recall@10 beside SASRec"]] == [
        "SASRec",
        "Good",
        "Bad",
        "Same",
    ]
    assert any("Holm's method for the 6 comparisons" in note for note in table.notes)


def test_on_the_command_line(handmade: Path) -> None:
    def shown(*options: str) -> str:
        done = CliRunner().invoke(app, ["compare", "handmade", "--results", str(handmade), *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "Popularity" in shown() and "underpowered" in shown()
    rows = json.loads(shown("--format", "json", "--metric", "Recall@10"))
    assert {(row["dataset"], row["verdict"]) for row in rows} == {
        ("ml-100k", "underpowered"),
        ("toyshop[image=1]", "not compared"),
    }
    [row] = [row for row in rows if row["dataset"] == "ml-100k"]
    assert row["difference"] == pytest.approx(0.02 - 0.2)
    assert shown("--format", "csv").startswith("dataset,metric,variant,baseline,")
    assert r"\toprule" in shown("--format", "latex") and "| :--" in shown("--format", "markdown")
    for options, words in (
        (["--baseline", "SASRek"], "did you mean 'SASRec'"),
        (["--metric", "Recal@10"], "no metric 'Recal@10'"),
    ):
        done = CliRunner().invoke(app, ["compare", "handmade", "--results", str(handmade), *options])
        assert isinstance(done.exception, InputError) and words in str(done.exception)


def claimed(word: str, variant: str, *than: str, datasets: tuple[str, ...] = ("one", "two")) -> Claim:
    return Claim.model_validate(
        {"word": word, "variant": variant, "than": than, "metric": "Recall@10", "datasets": datasets}
    )


def index_with(*claims: Claim, equal: tuple[EqualityClaim, ...] = ()) -> Index:
    return Index(
        suite="s",
        metrics=("Recall@10",),
        seeds=(1, 2, 3, 4),
        datasets=("one", "two"),
        models=tuple(SHARES),
        claims=claims,
        equalities=equal,
    )


def test_claims_are_supported_contradicted_or_not_decided(tmp_path: Path, cells: list[CellResult]) -> None:
    claims = {
        claimed("better", "Good", "SASRec", "Bad", "Same"): "supported",
        claimed("worse", "Bad", "SASRec"): "supported",
        claimed("better", "Bad", "SASRec"): "contradicted",
        claimed("worse", "SASRec", "Bad", "Good"): "contradicted",
        claimed("better", "Same", "SASRec"): "not decided",
        claimed("better", "Same", "Bad", "SASRec"): "not decided",
    }
    rows = claim_rows(tmp_path, index_with(*claims), cells)
    assert [row.standing for row in rows] == [word for word in claims.values() for _ in range(2)]
    assert [row.dataset for row in rows] == ["one", "two"] * len(claims)
    assert rows[0].claim == "Good is better than SASRec, Bad and Same"
    assert [line.split(":")[0] for line in rows[0].evidence] == ["SASRec", "Bad", "Same"]
    assert rows[0].evidence[0].endswith("better")


def test_comparisons_of_all_claims_are_one_family_each_counted_once(
    tmp_path: Path, cells: list[CellResult]
) -> None:
    one = claimed("better", "Same", "SASRec", datasets=("one",))
    alone = claim_rows(tmp_path, index_with(one), cells)[0].evidence
    again = claim_rows(tmp_path, index_with(one, one), cells)[0].evidence
    among = claim_rows(tmp_path, index_with(one, claimed("better", "Same", "Bad")), cells)[0].evidence
    assert alone == again
    assert alone[0].split(", p ")[0] == among[0].split(", p ")[0]

    def p(line: str) -> float:
        return float(line.split(" p ")[1].split(",")[0])

    assert p(among[0]) == pytest.approx(min(1, p(alone[0])), rel=0.02)  # the largest of three stays as it is
    # Said the other way round it is the same comparison.
    reversed_ = claimed("worse", "SASRec", "Same", datasets=("one",))
    both = claim_rows(tmp_path, index_with(one, reversed_), cells)
    assert both[0].evidence == alone and p(both[1].evidence[0]) == p(alone[0])


def test_a_claim_of_what_was_not_run_is_not_decided(tmp_path: Path, cells: list[CellResult]) -> None:
    missing = [
        replace(cell, status="missing", record=None) if cell.model == "Good" else cell for cell in cells
    ]
    [row] = claim_rows(tmp_path, index_with(claimed("better", "Good", "SASRec", datasets=("one",))), missing)
    assert row.standing == "not decided" and "no finished run" in row.evidence[0]


def test_equality_stands_among_the_claims(tmp_path: Path, cells: list[CellResult]) -> None:
    def equal(variant: str, margin: float) -> EqualityClaim:
        return EqualityClaim(
            equal=(variant,), to="SASRec", metric="Recall@10", margin=margin, datasets=("one",)
        )

    with_metrics = [
        replace(cell, metrics=cell.record.metrics["test"] if cell.record else {}) for cell in cells
    ]
    index = index_with(equal=(equal("Same", 0.5), equal("Good", 0.05)))
    rows = claim_rows(tmp_path, index, with_metrics)
    assert [row.standing for row in rows] == ["supported", "contradicted"]
    assert rows[0].claim == "Same is equal to SASRec within 50%"
    # Of a reference of 0 there are no percentages.
    none = [
        replace(cell, metrics={"Recall@10": 0.0}) if cell.model == "SASRec" else cell for cell in with_metrics
    ]
    row = claim_rows(tmp_path, index, none)[1]
    assert row.standing == "contradicted" and row.evidence[0].endswith(" beside 0.0000, different")


@pytest.mark.parametrize(("variant", "code"), [("SASRec", 1), (None, 2)])
def test_check_on_the_command_line(handmade: Path, variant: str | None, code: int) -> None:
    file = handmade / "handmade" / "index.json"
    index = json.loads(file.read_text(encoding="utf-8"))
    if variant is not None:
        claim = claimed("better", variant, "Popularity", datasets=("ml-100k",))
        file.write_text(json.dumps(index | {"claims": [claim.model_dump()]}), encoding="utf-8")
    done = CliRunner().invoke(app, ["check", "handmade", "--results", str(handmade)])
    if variant is None:
        assert isinstance(done.exception, InputError) and "hold no claims" in str(done.exception)
        assert done.exception.exit_code == code
        return
    assert done.exit_code == code  # two seeds of a model that varies decide nothing
    assert "SASRec is better than" in " ".join(done.stdout.split()) and "1 not decided" in done.stdout
