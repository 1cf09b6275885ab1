"""The report in a real browser: no errors, columns that sort, nothing that overflows."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.analysis.formats.blocks import Blocks
from bench.analysis.formats.page import html_page
from bench.report.page import report_page

pytestmark = pytest.mark.requires("browser")

WIDTHS = (360, 768, 1600)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium of the system, driven by its own driver."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{word}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver") or ""))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Reports made so far: drawing one takes longer than looking at it."""
    return {}


@pytest.fixture
def shown(
    browser: Any, handmade: Path, tmp_path: Path, pages: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[Any]:
    """The report of a small suite with a long label, opened; on failure a screenshot is kept."""
    if not pages:
        file = handmade / "handmade" / "index.json"
        text = file.read_text(encoding="utf-8").replace("Popularity", "Popularity-" + "long" * 20)
        file.write_text(text, encoding="utf-8")
        pages["long"] = report_page(handmade, "handmade")
    page = tmp_path / "report.html"
    page.write_text(pages["long"], encoding="utf-8")
    resize(browser, 1600)
    browser.get(page.as_uri())
    failed = request.session.testsfailed
    yield browser
    if request.session.testsfailed > failed:
        folder = Path(os.environ.get("BENCH_SCREENSHOTS", "screenshots"))
        folder.mkdir(exist_ok=True)
        browser.save_screenshot(str(folder / f"{request.node.name}.png"))


def resize(browser: Any, width: int) -> None:
    """A window of headless Chromium has a least width; an emulated screen has none."""
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def column(shown: Any, table: str, place: int) -> list[str]:
    script = (
        "return [...document.getElementById(arguments[0]).closest('table').tBodies[0].rows]"
        ".map(row => row.cells[arguments[1]].textContent.trim())"
    )
    return list(shown.execute_script(script, table, place))


def head(shown: Any, table: str, place: int) -> Any:
    script = (
        "return document.getElementById(arguments[0]).closest('table').tHead.rows[0].cells[arguments[1]]"
        ".querySelector('button')"
    )
    return shown.execute_script(script, table, place)


def test_no_errors(shown: Any) -> None:
    assert shown.title == "handmade: report"
    assert [entry for entry in shown.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def test_sorting(shown: Any) -> None:
    """By a click and by the keyboard; numbers as numbers, and the other way round the second time."""
    from selenium.webdriver.common.keys import Keys

    table = "table-results-1"
    models = column(shown, table, 0)
    assert models[0] == "SASRec"
    head(shown, table, 1).click()
    assert column(shown, table, 0) == models[::-1]
    assert [float(value.split()[0]) for value in column(shown, table, 1)] == [0.02, 0.2]
    head(shown, table, 1).send_keys(Keys.ENTER)
    assert column(shown, table, 0) == models
    state = shown.execute_script(
        "return arguments[0].closest('th').getAttribute('aria-sort')", head(shown, table, 1)
    )
    assert state == "descending"


def test_words_come_after_numbers(shown: Any) -> None:
    """In either direction, and what is empty last: a run that failed is not the highest value."""
    table = "table-results-1"
    for place, value in enumerate(("failed*", "0.03", "", "0.2 ± 0.01†", "none")):
        shown.execute_script(
            "const body = document.getElementById(arguments[0]).closest('table').tBodies[0];"
            "if (arguments[1] === 0) body.replaceChildren();"
            "const row = body.insertRow(); row.insertCell(); row.insertCell().textContent = arguments[2];",
            *(table, place, value),
        )
    head(shown, table, 1).click()
    assert column(shown, table, 1) == ["0.03", "0.2 ± 0.01†", "failed*", "none", ""]
    head(shown, table, 1).click()
    assert column(shown, table, 1) == ["0.2 ± 0.01†", "0.03", "none", "failed*", ""]


def test_names_that_are_numbers_are_words(shown: Any) -> None:
    """A fingerprint of digits alone stands among the others."""
    script = (
        "document.querySelector('details').open = true;"
        "const body = document.getElementById('table-runs-1').closest('table').tBodies[0];"
        "arguments[0].forEach((text, place) => { body.rows[place].cells[3].textContent = text; })"
    )
    names = ["b1", "12", "2a"]
    shown.execute_script(script, names)
    for _ in range(2):
        head(shown, "table-runs-1", 3).click()
    assert [name for name in column(shown, "table-runs-1", 3) if name in names] == ["b1", "12", "2a"]


def test_heads_are_named_without_arrows(shown: Any) -> None:
    """What a screen reader reads of a column is its head; units keep their capitals."""
    shown.execute_script("document.querySelector('details').open = true")
    head(shown, "table-results-1", 1).click()
    tree = shown.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    names = {
        node["name"]["value"]
        for node in tree
        if node.get("role", {}).get("value") in ("columnheader", "button")
    }
    assert {"Model", "Recall@10", "Verdict", "p", "Memory, MiB"} <= names
    assert not [name for name in names if set(name) & set("↑↓↕")]


def test_paper_holds_what_is_folded(shown: Any) -> None:
    """Nobody can unfold the provenance on paper."""
    pdftotext = shutil.which("pdftotext")
    if pdftotext is None:
        pytest.skip("needs pdftotext")
    data = base64.b64decode(shown.execute_cdp_cmd("Page.printToPDF", {})["data"])
    done = subprocess.run([pdftotext, "-layout", "-", "-"], input=data, capture_output=True, check=True)
    text = done.stdout.decode()
    assert "a" * 16 in text and "Parameters" in text


def test_paper_has_no_arrows_and_cuts_no_figure(shown: Any) -> None:
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        found = shown.execute_script(
            "const style = (name, part) => getComputedStyle(document.querySelector(name), part);"
            "return [document.querySelector('details td').getBoundingClientRect().height > 0,"
            " style('th button').display, style('th button', '::after').display, style('figure').breakInside,"
            " style('tr').breakInside, style('h3').breakAfter, style('th:first-child').position]"
        )
    finally:
        shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert found == [True, "contents", "none", "avoid", "avoid", "avoid", "static"]


def test_on_a_phone_captions_and_numbers_can_be_read(shown: Any) -> None:
    """Captions stay on the screen where their table is scrolled; figures keep a size to be read."""
    resize(shown, 360)
    wide = shown.execute_script(
        "for (const each of document.querySelectorAll('.scroll')) each.scrollLeft = 9999;"
        "return [...document.querySelectorAll('caption span')].map(each => each.getBoundingClientRect())"
        "  .filter(box => box.width > 0 && (box.left < 0 || box.right > innerWidth)).length"
    )
    assert wide == 0
    widths = shown.execute_script(
        "return [...document.images].map(image => image.getBoundingClientRect().width)"
    )
    assert min(widths) >= 52 * 16


def test_sentences_are_wide_on_a_phone(browser: Any, tmp_path: Path) -> None:
    """Evidence of a claim takes a few lines, not one for each word."""
    sentence = "MAF image: +1.9% (0.1 to 3.6), p 0.2660, underpowered, " * 3
    table = Blocks(
        ("claim", "evidence"), ("claim", "evidence"), {"shop": [("better", sentence)]}, (), ("evidence",)
    )
    page = tmp_path / "table.html"
    page.write_text(html_page("claims", [table]), encoding="utf-8")
    resize(browser, 360)
    browser.get(page.as_uri())
    width = browser.execute_script("return document.querySelector('tbody td').getBoundingClientRect().width")
    assert width >= 18 * 16


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows(shown: Any, width: int) -> None:
    """The page is as wide as the screen; what is wider scrolls by itself, and a keyboard reaches it."""
    resize(shown, width)
    assert shown.execute_script("return document.documentElement.scrollWidth") <= width
    beyond = shown.execute_script(
        "return [...document.querySelectorAll('body *')].filter(each => {"
        "  const box = each.getBoundingClientRect();"
        "  return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1)"
        "    && !each.closest('.scroll, pre, .skip');"
        "}).map(each => each.outerHTML.slice(0, 80))"
    )
    assert beyond == []
    closed = shown.execute_script(
        "return [...document.querySelectorAll('.scroll, pre')].filter(each => each.tabIndex !== 0).length"
    )
    assert closed == 0


def test_pictures_are_shown(shown: Any) -> None:
    sizes = shown.execute_script(
        "return [...document.images].map(image => [image.naturalWidth, image.width])"
    )
    assert len(sizes) >= 3
    assert all(natural > 100 and width > 100 for natural, width in sizes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(shown: Any, scheme: str) -> None:
    """A contrast of 4.5 at least between text and ground (WCAG 2.2, 1.4.3), in both schemes."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    pairs = shown.execute_script(
        "const ground = each => { for (let at = each; at; at = at.parentElement) {"
        "    const colour = getComputedStyle(at).backgroundColor;"
        "    if (colour !== 'rgba(0, 0, 0, 0)') return colour; } return 'rgb(255, 255, 255)'; };"
        "return [...document.querySelectorAll('p, li, td, th, h1, h2, a, dd, dt, figcaption, button, pre')]"
        "  .filter(each => each.textContent.trim())"
        "  .map(each => [getComputedStyle(each).color, ground(each)])"
    )
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert len(pairs) > 50
    for text, ground in {tuple(pair) for pair in pairs}:
        assert contrast(text, ground) >= 4.5, (text, ground)
    if scheme == "dark":
        assert luminance(pairs[0][1]) < 0.1


def luminance(colour: str) -> float:
    """Relative luminance of ``rgb(r, g, b)``."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_it_can_be_walked_by_keyboard(shown: Any) -> None:
    """The first stop skips to the content; every button, link and wide table is a stop."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    body = shown.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert shown.switch_to.active_element.text == "To the content"
    stops = set()
    for _ in range(80):
        shown.switch_to.active_element.send_keys(Keys.TAB)
        stops.add(shown.execute_script("return document.activeElement.tagName"))
    assert {"A", "BUTTON", "DIV", "SUMMARY", "PRE"} <= stops


def test_screen_readers_get_structure(shown: Any) -> None:
    """Every table has a caption and heads with scopes, every picture words, every region a name."""
    tree = shown.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {
        (node["role"]["value"], bool(node.get("name", {}).get("value")))
        for node in tree
        if node.get("role", {}).get("value") in ("image", "region", "table", "columnheader", "link", "button")
    }
    for role in ("image", "region", "table", "columnheader", "link", "button"):
        assert (role, True) in named and (role, False) not in named, role


def test_text_stays_text(
    browser: Any, handmade: Path, tmp_path: Path, run_json: Callable[..., dict[str, Any]]
) -> None:
    file = handmade / "handmade" / "index.json"
    index = json.loads(file.read_text(encoding="utf-8"))
    index["notes"] = [
        "<script>document.title = 'changed'</script><img src=x onerror=\"document.title='changed'\">"
    ]
    file.write_text(json.dumps(index), encoding="utf-8")
    page = tmp_path / "report.html"
    page.write_text(report_page(handmade, "handmade"), encoding="utf-8")
    browser.get(page.as_uri())
    assert browser.title == "handmade: report"
    assert "<script>document.title" in browser.find_element("tag name", "main").text
    with contextlib.suppress(Exception):
        browser.get_log("browser")  # what this page logged is not the next one's
