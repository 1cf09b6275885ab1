"""Files from the web into the home: checked, and resumed where a connection broke.

``$BENCH_MIRROR`` is an address under which the same files lie by their names; ``$BENCH_OFFLINE``, set to
anything, forbids every connection. Where a file cannot be had, the error says which file belongs where.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import httpx
import pooch

from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.home import home_folder

MIRROR = "BENCH_MIRROR"
OFFLINE = "BENCH_OFFLINE"

ATTEMPTS = 5
_TIMEOUT_S = 30.0  # without a byte
_LONGEST_PAUSE_S = 30.0
_AGAIN = (408, 425, 429, 500, 502, 503, 504)  # a server that may answer later


def downloads(home: Path | None = None) -> Path:
    """The folder of downloaded files."""
    return home_folder(home) / "downloads"


def downloaded(url: str, home: Path | None = None) -> Path | None:
    """The file behind ``url`` where it lies in the home; None where `fetch` would download it."""
    file = downloads(home) / _name(url)
    return file if file.is_file() else None


def fetch(
    url: str, checksum: str | None = None, home: Path | None = None, progress: Progress | None = None
) -> Path:
    """The file behind ``url`` from the home, or downloaded now.

    Args:
        url: its address.
        checksum: as pooch writes it, ``sha256:...`` or ``md5:...``; None where the publisher gives none.
        home: bench's home; see `home_folder`.
        progress: told of bytes.

    Raises:
        DataError: it cannot be had, or its checksum is wrong.
    """
    name = _name(url)
    folder = downloads(home)
    if os.environ.get(OFFLINE) and not (folder / name).is_file():
        raise DataError(
            f"{name} is not at hand, and {OFFLINE} forbids to fetch it from {url}: put it into {folder}"
        )
    mirror = os.environ.get(MIRROR)
    address = f"{mirror.rstrip('/')}/{name}" if mirror else url
    pooch.get_logger().setLevel("WARNING")  # `progress` says what is going on
    resuming = _Resuming(folder / name, progress)
    try:
        return Path(pooch.retrieve(address, checksum, fname=name, path=folder, downloader=resuming))
    # A wrong checksum is a ValueError of pooch's.
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise DataError(
            f"{name} could not be fetched from {address} ({error}): put it into {folder}, or set {MIRROR} to"
            " an address under which it lies"
        ) from error


def _name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name


@dataclass(frozen=True)
class _Resuming:
    """A downloader for pooch whose unfinished file stays for the next attempt."""

    target: Path
    progress: Progress | None
    pause: Callable[[float], None] = time.sleep

    def __call__(self, url: str, output: str, _: object) -> None:
        part = self.target.with_name(self.target.name + ".part")
        for attempt in range(ATTEMPTS):
            try:
                _continue(url, part, self.target.name, self.progress)
                part.replace(output)
                return
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in _AGAIN or attempt == ATTEMPTS - 1:
                    raise
            except httpx.TransportError:
                if attempt == ATTEMPTS - 1:
                    raise
            self.pause(min(2.0**attempt, _LONGEST_PAUSE_S))


def _continue(url: str, part: Path, name: str, progress: Progress | None) -> None:
    """Fetch what is missing of ``part``; all of it where the server's file is another one now."""
    tag_file = part.with_name(part.name + ".etag")
    have = part.stat().st_size if part.exists() else 0
    tag = tag_file.read_text(encoding="utf-8") if tag_file.exists() else ""
    # Without a tag nobody knows whether the rest is of the same file.
    headers = {"Range": f"bytes={have}-", "If-Range": tag} if have and tag else {}
    headers["Accept-Encoding"] = "identity"  # the file's own bytes
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT_S) as answer:
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        done = have if resumed else 0
        total = done + int(answer.headers.get("content-length", 0))
        tag_file.write_text(answer.headers.get("etag", ""), encoding="utf-8")
        with part.open("ab" if resumed else "wb") as file:
            for piece in answer.iter_raw():
                file.write(piece)
                done += len(piece)
                if progress is not None:
                    progress(f"download {name}", done, total)
    tag_file.unlink()
