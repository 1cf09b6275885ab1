"""MovieLens-100K from RecBole's wheel and from GroupLens's archive (here: made from RecBole's copy)."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bench.data.download import MIRROR
from bench.data.hashing import file_hash
from bench.data.sources import ml100k
from bench.data.sources.ml100k import GENRES, MovieLens100K, recbole_copy, split_title
from bench.errors import DataError
from bench.suite.dataset_settings import MovieLens100KSettings


@pytest.mark.parametrize(
    ("text", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", "1995"),
        ("Nikita (La Femme Nikita) (1990)", "Nikita (La Femme Nikita)", "1990"),
        ("Land Before Time III (1995) (V)", "Land Before Time III", "1995"),
        ("Marlene Dietrich: Shadow and Light (1996) ", "Marlene Dietrich: Shadow and Light", "1996"),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", "1968"),
        ("unknown", "unknown", ""),
    ],
)
def test_the_year_is_cut_off_the_title(text: str, title: str, year: str) -> None:
    assert split_title(text) == (title, year)


@pytest.mark.requires("recbole")
def test_recboles_copy_is_read_without_importing_recbole(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from bench.data.sources.ml100k import MovieLens100K\n"
        "from bench.suite.dataset_settings import MovieLens100KSettings\n"
        f"raw = MovieLens100K(MovieLens100KSettings()).collect(pathlib.Path({str(tmp_path)!r}))\n"
        "assert raw.interactions.num_rows == 100_000\n"
        "print(sorted({'recbole', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


@pytest.mark.requires("recbole")
def test_the_tables_hold_what_grouplens_describes(tmp_path: Path) -> None:
    raw = MovieLens100K(MovieLens100KSettings()).collect(tmp_path)
    assert len(set(raw.interactions["user"].to_pylist())) == 943
    assert len(set(raw.interactions["item"].to_pylist())) == raw.items.num_rows == 1682
    assert raw.interactions.slice(0, 1).to_pylist() == [
        {"user": "196", "item": "242", "timestamp": 881250949}
    ]
    films = {film["id"]: film for film in raw.items.to_pylist()}
    toy_story = {"title": "Toy Story", "text": "1995", "categories": ["Animation", "Children's", "Comedy"]}
    assert films["1"] == {"id": "1", "image": None} | toy_story
    assert (films["267"]["title"], films["267"]["text"]) == ("unknown", "")
    assert films["1412"]["text"] == "1995" and not films["1412"]["title"].endswith(")")
    assert {genre for film in films.values() for genre in film["categories"]} == set(GENRES)


def archive_like_grouplens(file: Path) -> None:
    """u.data and u.item as GroupLens publishes them, from RecBole's copy."""
    copy = recbole_copy()
    assert copy is not None
    ratings = (copy / "ml-100k.inter").read_text().split("\n", 1)[1]
    lines = []
    for line in (copy / "ml-100k.item").read_text(encoding="utf-8").splitlines()[1:]:
        number, title, year, genres = line.split("\t")
        full = f"{title} ({year})"
        if year == "V":
            full = f"{title} (V)"
        elif year == "unkonwn":
            full = "unknown"
        flags = ["1" if genre in genres.split(" ") else "0" for genre in GENRES]
        lines.append("|".join([number, full, "01-Jan-1995", "", "http://imdb", *flags]))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as content:
        content.writestr("ml-100k/u.data", ratings)
        content.writestr("ml-100k/u.item", ("\n".join(lines) + "\n").encode("latin-1"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A web server over an empty folder, named as the mirror; RecBole hidden; an empty home."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv(MIRROR, f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(ml100k, "recbole_copy", lambda: None)
        yield folder
        server.shutdown()
        thread.join()


@pytest.mark.requires("recbole")
def test_the_archive_gives_the_same_tables(
    tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive_like_grouplens(mirror / "ml-100k.zip")
    digest = file_hash(mirror / "ml-100k.zip")
    monkeypatch.setattr(ml100k, "CHECKSUM", f"sha256:{digest}")
    downloaded = MovieLens100K(MovieLens100KSettings()).collect(tmp_path)
    copy = recbole_copy()
    assert copy is not None
    packaged = ml100k.read_atomic(copy)
    assert downloaded.interactions.equals(packaged.interactions)
    assert downloaded.items.equals(packaged.items)
    assert downloaded.files == {"ml-100k.zip": digest}
    # The second time it comes from the downloads.
    (mirror / "ml-100k.zip").unlink()
    assert MovieLens100K(MovieLens100KSettings()).collect(tmp_path).items.equals(packaged.items)


def test_an_archive_that_is_not_grouplens_is_refused(tmp_path: Path, mirror: Path) -> None:
    (mirror / "ml-100k.zip").write_bytes(b"something else")
    with pytest.raises(DataError, match=r"could not be fetched.*hash"):
        MovieLens100K(MovieLens100KSettings()).collect(tmp_path)
    assert not list((tmp_path / "home").rglob("ml-100k.zip"))


def test_where_nothing_is_at_hand_the_error_names_file_place_and_remedy(tmp_path: Path, mirror: Path) -> None:
    with pytest.raises(DataError) as raised:
        MovieLens100K(MovieLens100KSettings()).collect(tmp_path)
    sentence = str(raised.value)
    assert "ml-100k.inter" in sentence and "http://127.0.0.1" in sentence
    assert "needs Python 3.11" in sentence and MIRROR in sentence


def test_a_broken_archive_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ml-100k.zip"
    file.write_bytes(b"not a zip")
    with pytest.raises(DataError, match="not GroupLens's"):
        ml100k.read_archive(file)
