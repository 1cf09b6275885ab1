"""The report of a suite as HTML: what it says, that it needs nothing else, and that text stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.cli.main import app
from bench.errors import InputError
from bench.report.page import report_page

EVIL = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Counts tags, collects addresses, ids and texts, and sees that what is opened is closed."""

    VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.addresses += [value for key, value in attrs if key in ("src", "href") and value is not None]
        self.ids += [value for key, value in attrs if key == "id" and value is not None]
        if tag == "img":
            self.images.append(found)
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def pages() -> list[str]:
    """The report of `handmade`, once it was made: drawing takes seconds."""
    return []


@pytest.fixture
def text(handmade: Path, pages: list[str]) -> str:
    if not pages:
        pages.append(report_page(handmade, "handmade"))
    return pages[0]


def test_what_it_says(text: str) -> None:
    page = Page(text)
    for words in (
        "8 runs: 5 done, 1 failed, 2 missing.",
        "On ml-100k, SASRec has the highest Recall@10 (0.2000) and NDCG@10 (0.1000); ",
        "Beside SASRec on ml-100k, in Recall@10 and NDCG@10:",
        "the loss is not finite",
        "bench run handmade",
        "torch 2.13.0",
        "ml-100k: 943 users, 1,682 items, 100,000 interactions",
        "A note of the suite.",
    ):
        assert words in page.text, words
    assert len(page.ids) == len(set(page.ids))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)


def test_it_needs_nothing_else(text: str) -> None:
    page = Page(text)
    assert all(address.startswith(("#", "data:")) for address in page.addresses)
    assert page.tags.count("script") == 1
    assert "default-src 'none'" in text and "url(" not in text and "@import" not in text
    for image in page.images:
        assert image["alt"] and str(image["src"]).startswith("data:image/svg+xml;base64,")


def test_numbers_of_figures_are_there(text: str) -> None:
    page = Page(text)
    tables = [address for address in page.addresses if address.startswith("data:text/csv")]
    assert len(tables) == len(page.images) >= 3
    means = base64.b64decode(tables[0].partition(",")[2]).decode()
    assert means.startswith("dataset,metric,variant,reads,reference,mean,low,high,seeds,values\n")
    assert "ml-100k,Recall@10,SASRec,,False,0.2," in means


def test_what_cannot_be_drawn_is_said(text: str) -> None:
    """The data of the runs are not prepared here, and their histories are gone."""
    said = Page(text).text
    assert "Not drawn: the data of ml-100k are not prepared here" in said
    assert "history.csv is missing" in said


def test_text_stays_text(handmade: Path, run_json: Callable[..., dict[str, Any]]) -> None:
    """Labels, notes and errors that hold markup, wherever they are shown."""
    file = handmade / "handmade" / "index.json"
    index = json.loads(file.read_text(encoding="utf-8").replace("Popularity", EVIL.replace("/", "\\/")))
    index["notes"] = [EVIL]
    index["cells"][-1]["error"] = f"{EVIL} &amp; more"
    index["unpublished"] = [EVIL]
    file.write_text(json.dumps(index), encoding="utf-8")
    text = report_page(handmade, "handmade")
    page = Page(text)
    assert page.tags.count("script") == 1
    assert "<script>alert" not in text
    assert page.text.count(EVIL) >= 5
    assert "&amp;amp; more" in text
    for image in page.images:
        svg = base64.b64decode(str(image["src"]).partition(",")[2]).decode()
        assert "<script" not in svg


def test_a_baseline(handmade: Path) -> None:
    assert "Beside Popularity on ml-100k" in report_page(handmade, "handmade", baseline="Popularity")
    with pytest.raises(InputError, match="no variant 'Nobody'"):
        report_page(handmade, "handmade", baseline="Nobody")


def test_the_same_results_are_the_same_page(handmade: Path, text: str) -> None:
    def without_reasons(page: str) -> str:
        return re.sub(r"Not drawn: [^<]*", "", page)  # they name the results folder

    assert without_reasons(report_page(handmade, "handmade")) == without_reasons(text)


def test_the_command(handmade: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", open_)
    words = ["report", "handmade", "--results", str(handmade), "--plots", str(tmp_path / "plots"), "--open"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    file = tmp_path / "plots" / "handmade" / "report.html"
    assert done.output.split() == [str(file)]
    assert opened == [file.as_uri()]
    assert "handmade: report" in file.read_text(encoding="utf-8")


def test_nothing_finished(handmade: Path) -> None:
    file = handmade / "handmade" / "index.json"
    index = json.loads(file.read_text(encoding="utf-8"))
    index["cells"] = []
    file.write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(InputError, match=r"handmade has no finished run \(`bench run handmade"):
        report_page(handmade, "handmade")


def test_no_script_but_ours_may_run(text: str) -> None:
    """The policy names the hash of the script that the page holds, and no other."""
    script = re.search(r"<script>(.*?)</script>", text, re.S)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
