"""Downloads from a real server on this machine that breaks off, redirects, refuses and changes its mind."""

from __future__ import annotations

import hashlib
import http.server
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.data import download
from bench.data.download import MIRROR, OFFLINE, fetch
from bench.errors import DataError

CONTENT = bytes(range(256)) * 4_000  # a megabyte
SHA = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Site:
    """A server of one file.

    Attributes:
        url: the file's address.
        content: what it serves.
        tag: the file's ETag; none if empty.
        breaks: after how many bytes each of the next answers breaks off.
        refusals: status codes of the next answers.
        ranges: the Range header of every request.
    """

    url: str = ""
    content: bytes = CONTENT
    tag: str = '"one"'
    breaks: list[int] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)


@pytest.fixture
def site(
    serve: Callable[[type[http.server.BaseHTTPRequestHandler]], str], monkeypatch: pytest.MonkeyPatch
) -> Site:
    state = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved/data.gz":
                self.send_response(302)
                self.send_header("Location", "/data.gz")
                self.end_headers()
                return
            state.ranges.append(self.headers["Range"])
            if state.refusals or self.path != "/data.gz":
                self.send_error(state.refusals.pop(0) if state.refusals else 404)
                return
            start = 0
            asked = self.headers["Range"]
            if asked and self.headers["If-Range"] == state.tag:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206 if start else 200)
            body = state.content[start:]
            self.send_header("Content-Length", str(len(body)))
            if state.tag:
                self.send_header("ETag", state.tag)
            self.end_headers()
            self.wfile.write(body[: state.breaks.pop(0)] if state.breaks else body)

    monkeypatch.setattr(download, "_LONGEST_PAUSE_S", 0.0)
    state.url = f"{serve(Handler)}/data.gz"
    return state


def leftovers(home: Path) -> list[str]:
    return sorted(file.name for file in (home / "downloads").iterdir() if file.name != "data.gz")


def test_a_file_is_fetched_once(site: Site, tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    file = fetch(site.url, SHA, tmp_path, lambda *args: said.append(args))
    assert file == tmp_path / "downloads" / "data.gz"
    assert file.read_bytes() == CONTENT
    assert said[-1] == ("download data.gz", len(CONTENT), len(CONTENT))
    assert fetch(site.url, SHA, tmp_path) == file
    assert site.ranges == [None]
    assert leftovers(tmp_path) == []


def test_a_broken_connection_goes_on_where_it_broke(site: Site, tmp_path: Path) -> None:
    site.breaks = [300_000, 200_000]
    assert fetch(site.url, SHA, tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, "bytes=300000-", "bytes=500000-"]
    assert leftovers(tmp_path) == []


def test_what_an_earlier_call_left_is_gone_on_with(site: Site, tmp_path: Path) -> None:
    site.breaks = [1_000] * download.ATTEMPTS
    with pytest.raises(DataError, match=r"data\.gz could not be fetched.*put it into .*downloads"):
        fetch(site.url, SHA, tmp_path)
    assert fetch(site.url, SHA, tmp_path).read_bytes() == CONTENT
    assert site.ranges[-1] == f"bytes={1_000 * download.ATTEMPTS}-"


def test_another_file_at_the_same_address_is_fetched_from_its_start(site: Site, tmp_path: Path) -> None:
    site.breaks = [1_000] * download.ATTEMPTS
    with pytest.raises(DataError):
        fetch(site.url, None, tmp_path)
    site.tag, site.content = '"two"', b"another file"
    assert fetch(site.url, None, tmp_path).read_bytes() == b"another file"


def test_without_a_tag_nothing_is_stuck_together(site: Site, tmp_path: Path) -> None:
    site.tag, site.breaks = "", [300_000]
    assert fetch(site.url, SHA, tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, None]


def test_redirects_are_followed(site: Site, tmp_path: Path) -> None:
    assert fetch(site.url.replace("/data.gz", "/moved/data.gz"), SHA, tmp_path).read_bytes() == CONTENT


def test_a_server_that_is_busy_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.refusals = [503, 429]
    assert fetch(site.url, SHA, tmp_path).read_bytes() == CONTENT


def test_a_missing_file_is_said_at_once(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"other\.gz could not be fetched.*404"):
        fetch(site.url.replace("data.gz", "other.gz"), SHA, tmp_path)
    assert len(site.ranges) == 1


def test_a_wrong_checksum_leaves_nothing(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="hash"):
        fetch(site.url, "sha256:" + 64 * "0", tmp_path)
    assert not list((tmp_path / "downloads").glob("data*"))


def test_a_mirror_is_asked_instead(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, site.url.removesuffix("data.gz"))
    assert fetch("https://nowhere.invalid/folder/data.gz", SHA, tmp_path).read_bytes() == CONTENT


def test_offline_names_file_address_and_place(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OFFLINE, "1")
    with pytest.raises(DataError) as raised:
        fetch(site.url, SHA, tmp_path)
    for word in ("data.gz", site.url, str(tmp_path / "downloads"), OFFLINE):
        assert word in str(raised.value)
    assert site.ranges == []
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "data.gz").write_bytes(CONTENT)
    assert fetch(site.url, SHA, tmp_path).read_bytes() == CONTENT
