"""MovieLens-100K: Harper and Konstan, "The MovieLens datasets", ACM TiiS 5(4), 2015.

The RecBole wheel carries the whole set, which is read as package data; RecBole itself is never imported.
Where it is not installed, GroupLens's archive is downloaded and checked. Both give the same tables.
"""

from __future__ import annotations

import importlib.util
import re
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc

from bench.data.download import downloaded, fetch
from bench.data.hashing import file_hash
from bench.data.sources.base import INTERACTIONS, ITEMS, Progress, RawData, Source
from bench.errors import DataError
from bench.suite.dataset_settings import MovieLens100KSettings

URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
CHECKSUM = "md5:0e33842e24a9c977be4e0107933c0723"  # published by GroupLens beside the archive
PACKAGE_DATA = Path("dataset_example", "ml-100k")

# The columns of u.item from the sixth on, as u.genre lists them.
GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War"),
    "Western",
)
_FILMS, _RATINGS = 1682, 100_000

_TITLE_WITH_YEAR = re.compile(r"(?P<title>.*?) *\((?P<year>\d{4})\)(?: \(V\))? *")

# Item number, title, year, genres.
Film = tuple[str, str, str, list[str]]


class MovieLens100K(Source):
    """943 users, 1,682 films; title, year of release (as text) and genres (as categories), no pictures."""

    def __init__(self, settings: MovieLens100KSettings) -> None:
        self.settings = settings

    def collect(self, folder: Path, progress: Progress | None = None) -> RawData:
        """Read RecBole's copy, else the cached archive, else download it."""
        packaged = recbole_copy()
        raw = read_atomic(packaged) if packaged is not None else read_archive(archive(progress))
        if (raw.items.num_rows, raw.interactions.num_rows) != (_FILMS, _RATINGS):
            raise DataError(
                f"MovieLens-100K has {_FILMS} films and {_RATINGS} ratings, but {', '.join(raw.files)} give"
                f" {raw.items.num_rows} and {raw.interactions.num_rows}; install RecBole or the archive again"
            )
        return raw


def to_download() -> str | None:
    """The address of GroupLens's archive where it would have to be downloaded; None where it would not."""
    return URL if recbole_copy() is None and downloaded(URL) is None else None


def recbole_copy() -> Path | None:
    """The folder with `ml-100k.inter` and `.item` in the installed RecBole, found without importing it."""
    found = importlib.util.find_spec("recbole")
    for root in (found.submodule_search_locations or ()) if found is not None else ():
        folder = Path(root) / PACKAGE_DATA
        if all((folder / f"ml-100k.{kind}").is_file() for kind in ("inter", "item")):
            return folder
    return None


def archive(progress: Progress | None = None) -> Path:
    """GroupLens's archive from the home, or downloaded and checked.

    Raises:
        DataError: it cannot be had, or its checksum is wrong.
    """
    try:
        return fetch(URL, CHECKSUM, progress=progress)
    except DataError as error:
        raise DataError(
            f"MovieLens-100K is not at hand: RecBole, which carries {PACKAGE_DATA / 'ml-100k.inter'}, is not"
            f" installed (it needs Python 3.11), and {error}"
        ) from error


def read_atomic(folder: Path) -> RawData:
    """Read RecBole's atomic files (tab-separated, with typed headers)."""
    interactions, items = folder / "ml-100k.inter", folder / "ml-100k.item"
    films = []
    for line in items.read_text(encoding="utf-8").splitlines()[1:]:
        number, title, year, genres = line.split("\t")
        if not year.isdecimal():
            # RecBole's converter cut the year off by position: "unknown" lost it, "... (1995) (V)" kept it.
            title, year = split_title("unknown" if title == "unkonwn" else title)
        films.append((number, title, year, genres.split(" ")))
    table = _ratings(interactions.read_bytes(), skip=1)
    return _raw(table, films, {file.name: file_hash(file) for file in (interactions, items)})


def read_archive(file: Path) -> RawData:
    """Read u.data (tab-separated) and u.item (bar-separated, Latin-1) from GroupLens's archive.

    Raises:
        DataError: the archive cannot be read.
    """
    try:
        with zipfile.ZipFile(file) as content:
            ratings = content.read("ml-100k/u.data")
            lines = content.read("ml-100k/u.item").decode("latin-1").splitlines()
    except (zipfile.BadZipFile, KeyError) as error:
        raise DataError(f"{file} is not GroupLens's MovieLens-100K archive: {error}; delete it") from error
    films = []
    for line in lines:
        number, title, _, _, _, *flags = line.split("|")
        genres = [genre for genre, flag in zip(GENRES, flags, strict=True) if flag == "1"]
        films.append((number, *split_title(title), genres))
    return _raw(_ratings(ratings, skip=0), films, {file.name: file_hash(file)})


def split_title(text: str) -> tuple[str, str]:
    """``"Toy Story (1995)"`` as ``("Toy Story", "1995")``; the year is empty where there is none."""
    found = _TITLE_WITH_YEAR.fullmatch(text)
    return (found["title"], found["year"]) if found else (text.strip(), "")


def _ratings(content: bytes, skip: int) -> pa.Table:
    names = ["user", "item", "rating", "timestamp"]
    table = pc.read_csv(
        pa.BufferReader(content),
        read_options=pc.ReadOptions(column_names=names, skip_rows=skip, use_threads=False),
        parse_options=pc.ParseOptions(delimiter="\t"),
        convert_options=pc.ConvertOptions(
            column_types={name: INTERACTIONS.field(name).type for name in INTERACTIONS.names},
            include_columns=INTERACTIONS.names,
        ),
    )
    return table.select(INTERACTIONS.names)


def _raw(interactions: pa.Table, films: list[Film], files: dict[str, str]) -> RawData:
    columns = {
        "id": [number for number, _, _, _ in films],
        "title": [title for _, title, _, _ in films],
        "text": [year for _, _, year, _ in films],
        "categories": [sorted(genres) for _, _, _, genres in films],
        "image": [None] * len(films),
    }
    return RawData(interactions, pa.table(columns, schema=ITEMS), files)
