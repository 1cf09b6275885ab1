"""Pictures from a real server on this machine that does all that servers do."""

from __future__ import annotations

import http.server
import io
import json
import re
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from bench.data.download import OFFLINE
from bench.data.pictures import Limits, fetch_pictures, picture_of
from bench.errors import DataError

QUICK = Limits(at_a_time=4, timeout_s=0.5, attempts=3, pause_s=0.0, most_bytes=100_000, most_pixels=1_000_000)


def drawn(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    target = io.BytesIO()
    Image.effect_noise(size, 60).save(target, kind)
    return target.getvalue()


def bomb() -> bytes:
    """A PNG whose header promises 50,000 x 50,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@dataclass
class Site:
    """A server of pictures by path.

    Attributes:
        root: its address.
        asked: how often each path was asked for.
        most_at_once: connections that were open at the same time.
        flaky: failures left for ``/flaky.jpg``.
    """

    root: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    flaky: int = 2
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture
def site(serve: Callable[[type[http.server.BaseHTTPRequestHandler]], str]) -> Site:
    state = Site()
    jpeg = drawn("JPEG")
    pages = {
        **{
            f"/{name}.jpg": jpeg
            for name in ("a", "b", "c", "d", "e", "f", "g", "h", "flaky", "wrongly-named")
        },
        "/a.png": drawn("PNG"),
        "/a.gif": drawn("GIF"),
        "/a.webp": drawn("WEBP"),
        "/old.tif": drawn("TIFF"),
        "/page.jpg": b"<!doctype html><title>Sign in</title>",
        "/bomb.png": bomb(),
        "/large.png": drawn("PNG", (900, 900)),
        "/wide.png": drawn("PNG", (20_000, 60))[:99_000],
        "/half.jpg": jpeg[: len(jpeg) // 2],
        "/empty.jpg": b"",
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with state._lock:
                state.asked[self.path] += 1
                state._open += 1
                state.most_at_once = max(state.most_at_once, state._open)
            try:
                self._answer()
            except OSError:
                pass  # the client has gone
            finally:
                with state._lock:
                    state._open -= 1

        def _answer(self) -> None:
            if self.path == "/slow.jpg":
                time.sleep(1.0)
            elif self.path == "/moved.jpg":
                self.send_response(301)
                self.send_header("Location", "/a.jpg")
                self.end_headers()
                return
            elif self.path == "/circle.jpg":
                self.send_response(302)
                self.send_header("Location", "/circle.jpg")
                self.end_headers()
                return
            elif self.path == "/busy.jpg" or (self.path == "/flaky.jpg" and state.flaky > 0):
                state.flaky -= self.path == "/flaky.jpg"
                self.send_error(503)
                return
            if self.path not in pages:
                self.send_error(404)
                return
            body = pages[self.path]
            time.sleep(0.01)
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(body) + (self.path == "/h.jpg") * 500))  # breaks off
            self.end_headers()
            self.wfile.write(body)

    state.root = serve(Handler)
    return state


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.webp", "moved.jpg", "flaky.jpg"])
def test_a_picture_is_kept_under_its_kind(site: Site, tmp_path: Path, name: str) -> None:
    url = f"{site.root}/{name}"
    assert picture_of(url, tmp_path) is None
    assert fetch_pictures([url], tmp_path, QUICK) == {}
    file = picture_of(url, tmp_path)
    assert file is not None and file.suffix == "." + name.partition(".")[2]
    with Image.open(file) as picture:
        assert picture.size == (40, 30)


@pytest.mark.parametrize(
    ("name", "reason", "final"),
    [
        ("page.jpg", "what comes is no picture", True),
        ("empty.jpg", "what comes is no picture", True),
        ("bomb.png", "it has 50,000 x 50,000 pixels|too many pixels", True),
        ("large.png", "it is larger than 100,000 bytes", True),
        ("wide.png", "it has 20,000 x 60 pixels", True),
        ("half.jpg", "the picture is damaged", True),
        ("old.tif", "a picture of the kind TIFF", True),
        ("none.jpg", "the server answers 404", True),
        ("circle.jpg", "redirects", True),
        ("busy.jpg", "the server answers 503", False),
        ("slow.jpg", "ReadTimeout", False),
        ("h.jpg", "RemoteProtocolError", False),
    ],
)
def test_every_failure_is_written_down(
    site: Site, tmp_path: Path, name: str, reason: str, final: bool
) -> None:
    url = f"{site.root}/{name}"
    failures = fetch_pictures([url], tmp_path, QUICK)
    assert list(failures) == [url]
    assert re.search(reason, failures[url])
    assert picture_of(url, tmp_path) is None
    record = json.loads((tmp_path / "pictures" / "failures.json").read_text(encoding="utf-8"))
    assert record[url] == {"reason": failures[url], "final": final}
    asked = site.asked.total()
    assert fetch_pictures([url], tmp_path, QUICK) == failures
    assert (site.asked.total() == asked) is final  # what may pass is asked again
    assert not list(tmp_path.rglob("*.part"))


def test_an_address_that_is_none(tmp_path: Path) -> None:
    failures = fetch_pictures(["ftp://example.org/a.jpg", "no address"], tmp_path, QUICK)
    assert len(failures) == 2


def test_many_go_on_where_they_stopped_and_connections_are_bounded(site: Site, tmp_path: Path) -> None:
    urls = [f"{site.root}/{name}.jpg" for name in "abcdefg"] * 2
    said: list[tuple[str, int, int]] = []
    assert fetch_pictures(urls[:3], tmp_path, QUICK) == {}
    assert fetch_pictures(urls, tmp_path, QUICK, lambda *args: said.append(args)) == {}
    assert said[-1] == ("fetch pictures", 4, 4)
    assert set(site.asked.values()) == {1}
    assert 1 <= site.most_at_once <= QUICK.at_a_time


def test_offline_nothing_is_asked(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OFFLINE, "1")
    with pytest.raises(DataError, match="1 picture not at hand"):
        fetch_pictures([f"{site.root}/a.jpg"], tmp_path, QUICK)
    assert not site.asked
