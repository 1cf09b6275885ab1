"""The HTML page: one file that any reader, screen reader and phone can take, and that no label breaks."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.formats.blocks import Blocks, Cell
from bench.analysis.formats.page import html_page

VOID = {"meta"}


class Reader(HTMLParser):
    """Collects texts by tag and attributes, and fails on tags that do not close."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self._open.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        opened, attributes, texts = self._open.pop()
        assert opened == tag
        self.found.append((tag, attributes, "".join(texts)))

    def handle_data(self, data: str) -> None:
        for _, _, texts in self._open:
            texts.append(data)

    def texts(self, tag: str, **wanted: str) -> list[str]:
        return [
            text
            for name, attributes, text in self.found
            if name == tag and wanted.items() <= attributes.items()
        ]


def table(label: str = "m<b>&amp;", shared: str = "d") -> Blocks:
    rows: list[tuple[str | Cell, ...]] = [
        (label, Cell("0.5000 ± 0.1000", "†", strong=True), "missing"),
        (Cell(f"{label}, published", quiet=True), "", Cell("0.4", quiet=True)),
    ]
    return Blocks(("model", "Recall@10", "NDCG@10"), (), {shared: rows}, (f"about {label}",), matrix=True)


def test_what_a_screen_reader_is_told() -> None:
    page = Reader(html_page("a < b", [table(), table(shared="e")]))
    assert page.texts("h1") == page.texts("title") == ["a < b"]
    assert page.texts("caption") == ["d", "e"]
    assert page.texts("th", scope="col") == ["Model", "Recall@10", "NDCG@10"] * 2
    assert page.texts("th", scope="row") == ["m<b>&amp;", "m<b>&amp;, published"] * 2
    assert page.texts("td")[:4] == ["0.5000 ± 0.1000†", "missing", "", "0.4"]
    assert page.texts("strong") == ["0.5000 ± 0.1000"] * 2
    assert page.texts("li") == ["about m<b>&amp;"] * 2
    assert [attributes.get("lang") for tag, attributes, _ in page.found if tag == "html"] == ["en"]
    captions = [attributes["id"] for tag, attributes, _ in page.found if tag == "caption"]
    regions = [attributes["aria-labelledby"] for tag, attributes, _ in page.found if tag == "div"]
    assert captions == regions
    assert len(set(captions)) == 2


def test_a_row_that_goes_on_has_no_head() -> None:
    goes_on = Blocks(("claim", "evidence"), ("claim", "evidence"), {"d": [("c", "1"), ("", "2")]}, ())
    page = Reader(html_page("t", [goes_on]))
    assert (page.texts("th", scope="row"), page.texts("td")) == (["c"], ["1", "", "2"])


def test_the_page_needs_nothing_else() -> None:
    text = html_page("t", [table()])
    assert not re.search(r"<script|<link|<img|src=|href=|@import|url\(|https?:", text)
    assert 'name="viewport" content="width=device-width' in text
    assert "prefers-color-scheme: dark" in text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_no_label_leaves_its_place(label: str) -> None:
    page = Reader(html_page(label, [table(label, label)]))
    assert page.texts("h1") == page.texts("caption") == [label]
    assert page.texts("th", scope="row")[0] == label
    assert len(page.texts("td")) == 4
