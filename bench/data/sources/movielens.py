"""MovieLens 1M, 20M, 25M, 32M and latest-small: Harper and Konstan, ACM TiiS 5(4), 2015 (100K: `ml100k`).

GroupLens's archives as they are: ``ratings.csv`` and ``movies.csv``, or in 1M ``.dat`` files with ``::``
between the columns and films in Latin-1. A rating is an interaction, whatever its stars. Title, year of
release as text, genres as categories; no pictures.
"""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.database import open_database, quoted_text
from bench.data.hashing import file_hash
from bench.data.sources.base import ITEMS, Progress, RawFiles, Source
from bench.data.sources.files import Locate, data_file
from bench.data.sources.ml100k import split_title
from bench.errors import InputError
from bench.suite.dataset_settings import MovieLensSettings

_NO_GENRES = "(no genres listed)"
_RATINGS = """
copy (
    select column0 as "user", column1 as item, cast(column3 as bigint) as "timestamp"
    from read_csv(
        {file}, delim = '{delimiter}', header = false, skip = {skip}, auto_detect = false, quote = '',
        escape = '',
        columns = {{column0: 'varchar', column1: 'varchar', column2: 'double', column3: 'bigint'}}
    )
) to {target} (format parquet)
"""


class MovieLens(Source):
    """One of GroupLens's archives."""

    def __init__(self, settings: MovieLensSettings, locate: Locate = data_file) -> None:
        self.settings = settings
        self._locate = locate

    def collect(self, folder: Path, progress: Progress | None = None) -> RawFiles:
        """Unpack ratings and films, and turn them into Parquet."""
        archive = self._locate(self.settings.archive)
        interactions, items = folder / "interactions.parquet", folder / "items.parquet"
        try:
            with zipfile.ZipFile(archive) as content:
                members = {Path(name).name: name for name in content.namelist() if name.count("/") <= 1}
                old = "ratings.dat" in members
                ratings, films = ("ratings.dat", "movies.dat") if old else ("ratings.csv", "movies.csv")
                if progress is not None:
                    progress(f"unpack {archive.name}", 0, 2)
                with content.open(members[ratings]) as packed, (folder / ratings).open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked, 1 << 20)
                described = content.read(members[films])
        except (zipfile.BadZipFile, EOFError) as error:
            raise InputError(
                f"it is no whole zip file: {error}", file=archive, remedy="fetch it again"
            ) from error
        except KeyError as error:
            raise InputError(
                "it holds no ratings and movies", file=archive, remedy="one of MovieLens's does"
            ) from error
        if progress is not None:
            progress(f"unpack {archive.name}", 1, 2)
        _write_ratings(folder / ratings, interactions, old, archive)
        pq.write_table(_films(described, old), items)
        if progress is not None:
            progress(f"unpack {archive.name}", 2, 2)
        return RawFiles(interactions, items, {self.settings.archive: file_hash(archive)})


def _write_ratings(file: Path, target: Path, old: bool, archive: Path) -> None:
    query = _RATINGS.format(
        file=quoted_text(str(file)),
        target=quoted_text(str(target)),
        delimiter="::" if old else ",",
        skip=0 if old else 1,
    )
    database = open_database(target.parent / "spill")
    try:
        database.execute(query)
    except duckdb.Error as error:
        text = " ".join(str(error).split("\n")[:4])
        raise InputError(f"{file.name} in it cannot be read: {text}", file=archive) from error
    finally:
        database.close()


def _films(content: bytes, old: bool) -> pa.Table:
    """The items; films of 1M are lines of ``number::title (year)::genre|genre``."""
    if old:
        rows = [line.split("::") for line in content.decode("latin-1").splitlines()]
    else:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"))))[1:]
    found = []
    for number, title, genres in rows:
        name, year = split_title(title)
        labels = [] if genres == _NO_GENRES else sorted(genres.split("|"))
        found.append({"id": number, "title": name, "text": year, "categories": labels, "image": None})
    return pa.Table.from_pylist(found, schema=ITEMS)
