"""Product pictures from the web into bench's home: many at a time, each once, every failure written down.

A picture lies under the SHA-256 of its address, so that datasets share it and a later call goes on where an
earlier one stopped. What a server answers is trusted in nothing: bytes are counted while they come, and only
what Pillow recognises as a picture of a sensible size is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from PIL import Image, UnidentifiedImageError

from bench.data.download import OFFLINE
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.home import home_folder
from bench.wording import count

_FORMATS = {"JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "WEBP": ".webp", "BMP": ".bmp"}
_AGAIN = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Limits:
    """What is asked of servers, and accepted from them.

    Attributes:
        at_a_time: connections.
        timeout_s: without a byte.
        attempts: for each picture, of failures that may pass.
        pause_s: before the second attempt; doubled before each further one.
        most_bytes: of a picture.
        most_pixels: of a picture; larger ones are bombs rather than products.
    """

    at_a_time: int = 16
    timeout_s: float = 20.0
    attempts: int = 4
    pause_s: float = 1.0
    most_bytes: int = 20_000_000
    most_pixels: int = 60_000_000


class _Refused(Exception):
    """What came is no picture, or none that is wanted; asking again changes nothing."""


def picture_of(url: str, home: Path | None = None) -> Path | None:
    """The picture of an address, if it was fetched."""
    stem = _stem(url, home)
    if not stem.parent.is_dir():
        return None
    return next((file for ending in _FORMATS.values() if (file := stem.with_suffix(ending)).is_file()), None)


def fetch_pictures(
    urls: Sequence[str],
    home: Path | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Fetch what is not there yet.

    Args:
        urls: addresses.
        home: bench's home; see `home_folder`.
        limits: of connections and pictures.
        progress: told of pictures.

    Returns:
        why, for each address without a picture; also in ``pictures/failures.json`` in the home. Addresses
        that were refused for what they are (no picture, too large, not found) are not asked again.

    Raises:
        DataError: connections are forbidden.
    """
    missing = [url for url in dict.fromkeys(urls) if picture_of(url, home) is None]
    if not missing:
        return {}
    if os.environ.get(OFFLINE):
        raise DataError(f"{count(len(missing), 'picture')} not at hand, and {OFFLINE} forbids to fetch them")
    record = failures_file(home)
    known = _read(record)
    final = {url: str(known[url]["reason"]) for url in missing if known.get(url, {}).get("final")}
    asked = [url for url in missing if url not in final]
    outcome = asyncio.run(_all(asked, home, limits or Limits(), progress))
    for url, failure in outcome.items():
        if failure is None:
            known.pop(url, None)
        else:
            known[url] = {"reason": failure[0], "final": failure[1]}
    _write(record, known)
    return final | {url: failure[0] for url, failure in outcome.items() if failure is not None}


def failures_file(home: Path | None = None) -> Path:
    """Where it stands why pictures could not be fetched."""
    return home_folder(home) / "pictures" / "failures.json"


def picture_failures(home: Path | None = None) -> Counter[str]:
    """How many addresses have no picture for which reason."""
    return Counter(str(failure["reason"]) for failure in _read(failures_file(home)).values())


# Why there is no picture, and whether asking again is pointless; None where there is one.
_Failure = tuple[str, bool] | None


async def _all(
    urls: Sequence[str], home: Path | None, limits: Limits, progress: Progress | None
) -> dict[str, _Failure]:
    waiting = list(reversed(urls))
    outcome: dict[str, _Failure] = {}
    headers = {"User-Agent": "bench (research on sequential recommendation)", "Accept": "image/*"}
    async with httpx.AsyncClient(
        follow_redirects=True, timeout=limits.timeout_s, headers=headers, max_redirects=5
    ) as client:

        async def work() -> None:
            while waiting:
                url = waiting.pop()
                outcome[url] = await _one(client, url, home, limits)
                if progress is not None:
                    progress("fetch pictures", len(outcome), len(urls))

        await asyncio.gather(*(work() for _ in range(limits.at_a_time)))
    return outcome


async def _one(client: httpx.AsyncClient, url: str, home: Path | None, limits: Limits) -> _Failure:
    for attempt in range(limits.attempts):
        try:
            _keep(await _bytes(client, url, limits), _stem(url, home), limits)
            return None
        except (_Refused, httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
            return str(error) or type(error).__name__, True
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status not in _AGAIN:
                return f"the server answers {status}", True
            failure = f"the server answers {status}"
        except httpx.HTTPError as error:
            failure = f"{type(error).__name__}: {error}".rstrip(": ")
        if attempt < limits.attempts - 1:
            await asyncio.sleep(limits.pause_s * 2**attempt)
    return failure, False


async def _bytes(client: httpx.AsyncClient, url: str, limits: Limits) -> bytes:
    async with client.stream("GET", url) as answer:
        answer.raise_for_status()
        content = bytearray()
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > limits.most_bytes:
                raise _Refused(f"it is larger than {limits.most_bytes:,} bytes")
    return bytes(content)


def _keep(content: bytes, stem: Path, limits: Limits) -> None:
    """Write a picture to its place; whole pictures of known formats only."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:  # the header alone
                kind, (width, height) = picture.format or "", picture.size
                if width * height > limits.most_pixels:
                    raise _Refused(f"it has {width:,} x {height:,} pixels")
                if kind not in _FORMATS:
                    raise _Refused(f"it is a picture of the kind {kind}")
                picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _Refused(f"it has too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        raise _Refused("what comes is no picture") from error
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises all of them for damaged pictures
        raise _Refused(f"the picture is damaged: {error}") from error
    stem.parent.mkdir(parents=True, exist_ok=True)
    partial = stem.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(stem.with_suffix(_FORMATS[kind]))


def _stem(url: str, home: Path | None) -> Path:
    name = hashlib.sha256(url.encode()).hexdigest()
    return home_folder(home) / "pictures" / name[:2] / name


def _read(record: Path) -> dict[str, dict[str, object]]:
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(record: Path, failures: Mapping[str, Mapping[str, object]]) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    partial = record.with_suffix(".part")
    partial.write_text(json.dumps(failures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(record)
