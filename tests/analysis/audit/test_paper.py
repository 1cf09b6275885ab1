"""The audit of the MAF paper: every kind of finding against numbers worked out by hand from its text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.analysis.audit import consistency, marks, sizes, statements, tables
from bench.analysis.audit.finding import Finding
from bench.analysis.audit.paper import audit, audit_table
from bench.analysis.published import read_table, read_underlined
from bench.cli.main import app
from bench.errors import InputError


@pytest.fixture(scope="module")
def findings() -> dict[tuple[str, str], Finding]:
    """By question and what it is asked of; statements of the text have a test of their own."""
    return {(each.question, each.where): each for each in audit("maf") if "Statements" not in each.question}


def about(findings: dict[tuple[str, str], Finding], words: str) -> dict[str, Finding]:
    found = {where: each for (question, where), each in findings.items() if words in question}
    assert found
    return found


def disagreeing(found: dict[str, Finding]) -> list[str]:
    return [where for where, each in found.items() if each.result == "disagrees"]


def test_table_1(findings: dict[tuple[str, str], Finding]) -> None:
    users = about(findings, "users x actions")
    assert disagreeing(users) == []
    assert users["VideoGames"].follows == "36,309 to 36,803"  # 4,940 x 7.35 and x 7.45
    items = about(findings, "items x actions")
    assert disagreeing(items) == ["VideoGames", "BoysGirls", "Women", "Men"]
    # 11,002 x 16.25 = 178,782.5 and x 16.35 = 179,882.7; 11,002 x 16.3 / 36,752 = 4.88
    assert items["VideoGames"].follows == "178,782 to 179,883, 4.9 times as many"
    assert items["BoysGirls"].follows.endswith("57.0 times as many")  # 15,603 x 35 / 9,587 = 56.96
    assert disagreeing(about(findings, "no more items than interactions")) == ["BoysGirls"]
    # Five of every item need five times as many interactions as items: 55,010 and 78,015.
    assert disagreeing(about(findings, "no item has fewer")) == ["VideoGames", "BoysGirls"]
    assert disagreeing(about(findings, "no user has fewer")) == []


def test_the_sum_of_table_3_is_table_2s_on_one_dataset(findings: dict[tuple[str, str], Finding]) -> None:
    sums = about(findings, "Table 3's Sum")
    assert len(sums) == 16
    assert [where for where in sums if where not in disagreeing(sums)] == [
        f"VideoGames {metric}" for metric in ("Recall@10", "Recall@20", "NDCG@10", "NDCG@20")
    ]
    one = sums["BoysGirls Recall@20"]
    assert (one.printed, one.follows) == ("0.8208", "0.8262 (-0.0054)")
    assert sums["Women Recall@10"].follows == "0.2325 (+0.0002)"
    assert disagreeing(about(findings, "Table 4's w/ MTL")) == []


def test_no_fusion_explains_table_2_but_on_video_games(findings: dict[tuple[str, str], Finding]) -> None:
    found = about(findings, "one of Table 3's fusions")
    assert {where: each.follows for where, each in found.items()} == {
        "VideoGames": "Sum, which is the best in 3 of 4 metrics",
        "BoysGirls": "none has its numbers; all are below it in Recall@20 and NDCG@20",
        "Women": "none has its numbers; all are below it in Recall@20, NDCG@10 and NDCG@20",
        "Men": "none has its numbers; all are below it in Recall@10, Recall@20, NDCG@10 and NDCG@20",
    }
    assert disagreeing(found) == ["BoysGirls", "Women", "Men"]


def test_percentages_lie_within_what_four_decimals_allow(findings: dict[tuple[str, str], Finding]) -> None:
    found = about(findings, "percentages")
    assert len(found) == 16 and disagreeing(found) == []
    # 0.1714 / 0.1732 = -1.04%, 0.17135 / 0.17325 = -1.10%, 0.17145 / 0.17315 = -0.98%; the paper has -1.05%.
    assert found["VideoGames Recall@10"].follows == "-1.04% (-1.10% to -0.98%)"
    assert tables._percentage("", "0.1714", "0.1732", "-1.15%").result == "disagrees"
    assert tables._percentage("", "0.1714", "0.1732", "-1.1%").result == "agrees"  # which may be -1.05


def test_one_underline_is_missing(findings: dict[tuple[str, str], Finding]) -> None:
    found = about(findings, "underlines")
    assert disagreeing(found) == ["Women NDCG@10"]
    one = found["Women NDCG@10"]
    assert (one.printed, one.follows) == ("none", "FDSA and Proposal 0.2171 level")
    assert found["Men Recall@10"].follows == "Proposal 0.4884, FDSA 0.4865"
    cells = {(each.dataset, each.metric, each.column) for each in read_table("maf", 2)}
    assert read_underlined("maf") < cells


def test_an_underline_elsewhere_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*underlined: tuple[str, str, str]) -> str:
        monkeypatch.setattr(marks, "read_underlined", lambda _: set(underlined))
        return {each.where: each.result for each in marks.audit_marks("maf")}["Women NDCG@10"]

    row = ("Women", "NDCG@10")
    assert found((*row, "SASRec")) == found((*row, "FDSA")) == "agrees"  # the next, or one of the level ones
    assert found((*row, "SASRecF")) == found((*row, "SASRec"), (*row, "FDSA")) == "disagrees"


def test_gains_of_the_text(findings: dict[tuple[str, str], Finding]) -> None:
    found = about(findings, "gains over SASRec")
    assert {where: each.printed for where, each in found.items()} == {
        "VideoGames Recall@20": "2.9%",  # 0.2499 / 0.2429 = 1.02882
        "BoysGirls Recall@20": "2.6%",  # 0.8262 / 0.8056 = 1.02557
        "Women Recall@20": "0.12%",  # 0.2422 / 0.2419 = 1.00124
        "Men Recall@20": "0.46%",  # 0.5001 / 0.4978 = 1.00462
    }
    assert disagreeing(found) == []
    assert found["VideoGames Recall@20"].follows == "2.88% (2.84% to 2.92%)"


def test_statements_of_the_text() -> None:
    found = {each.printed: each for each in statements.audit_statements("maf")}
    assert {words: each.result for words, each in found.items() if each.result == "disagrees"} == {
        "FDSA consistently performs worse than SASRec": "disagrees",
        "Sum performs best on the four datasets": "disagrees",
    }

    def rows(start: str) -> str:
        [one] = [each for words, each in found.items() if words.startswith(start)]
        return one.follows

    assert rows("the best in Recall@20") == "on 4 of 4 rows"
    assert rows("the proposed model mostly").startswith("on 12 of 16 rows; not on VideoGames (NDCG@10)")
    assert rows("of the models without contents") == "on 16 of 16 rows"
    assert rows("SASRecF often").startswith("on 11 of 16 rows")
    assert rows("FDSA consistently").startswith("on 9 of 16 rows; not on VideoGames (NDCG@10, NDCG@20)")
    assert rows("Sum performs best").startswith(
        "on 12 of 16 rows; not on VideoGames (Recall@10) and BoysGirls"
    )
    assert rows("in most cases").startswith("on 14 of 16 rows")
    # Recall@10: BoysGirls 0.7906 / 0.7877 = +0.37%, Men 0.4884 / 0.4857 = +0.56%.
    assert rows("larger gains") == (
        "Recall@20: at least 2.56% against at most 0.46%; not so in Recall@10 and NDCG@10"
    )


def test_metrics_that_cannot_be_of_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.result for each in consistency.audit_metrics("maf")] == ["agrees"] * 3
    good = {"Recall@10": "0.2000", "Recall@20": "0.3000", "NDCG@10": "0.1000", "NDCG@20": "0.1250"}

    def fits(**changed: str) -> bool:
        names = {"r10": "Recall@10", "r20": "Recall@20", "n10": "NDCG@10", "n20": "NDCG@20"}
        row = good | {names[key]: text for key, text in changed.items()}
        return consistency._fits({("one", metric): {"a": text} for metric, text in row.items()}, "one", "a")

    assert fits()
    # Of a tenth of the users the target stands at 11 to 20: NDCG@20 is higher by 0.0228 to 0.0279.
    assert fits(n20="0.1228") and not fits(n20="0.1225")
    assert fits(n20="0.1279") and not fits(n20="0.1282")
    assert not fits(n10="0.0570", n20="0.0820")  # less than 0.289 x 0.2 = 0.0578
    assert not fits(n10="0.2010", n20="0.2260")  # more than Recall@10
    assert not fits(r10="0.3100")


def test_an_item_for_every_interaction_is_possible() -> None:
    printed = {"#Items": "10", "#Interactions": "10"}
    assert sizes._items("one", printed).result == "agrees"
    assert sizes._items("one", printed | {"#Items": "11"}).result == "disagrees"


def test_for_reading() -> None:
    found = audit("maf")
    table = audit_table("maf", found)
    assert "Table 3's Sum is Table 2's Proposal: 4 of 16 agree" in table.blocks
    assert sum(map(len, table.blocks.values())) == len(found)
    agreeing = sum(each.result == "agrees" for each in found)
    assert f"{len(found)} checks, {agreeing} agree, {len(found) - agreeing} disagree" in table.notes[0]
    docs = (Path(__file__).parents[3] / "docs" / "published.md").read_text(encoding="utf-8")
    assert f"Of {len(found)} checks {len(found) - agreeing} disagree" in docs


def test_on_the_command_line() -> None:
    def shown(*options: str) -> str:
        done = CliRunner().invoke(app, ["check", "--paper", "maf", *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "Women NDCG@10" in shown() and "disagrees" in shown()
    rows = json.loads(shown("--format", "json"))
    assert {row["result"] for row in rows} == {"agrees", "disagrees"}
    assert shown("--format", "csv").startswith("question,where,printed,follows,result\n")
    assert "| Men Recall@20 | 0.46% |" in shown("--format", "markdown")
    latex = shown("--format", "latex")
    assert latex.count(r"\begin{tabular}{lp{0.30\linewidth}p{0.30\linewidth}l}") == len(
        {row["question"] for row in rows}
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to check"),
        (["table2", "--paper", "maf"], "checks of their own"),
        (["--paper", "mav"], "did you mean 'maf'"),
        (["--paper", ""], "no paper ''"),
        ([""], "is no name of a suite"),
    ],
)
def test_a_suite_or_a_paper(words: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["check", *words])
    assert isinstance(done.exception, InputError) and message in str(done.exception)
    assert done.exception.exit_code == 2
