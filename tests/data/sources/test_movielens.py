"""GroupLens's archives in both of their layouts, made here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bench.data.datasets import prepare_dataset
from bench.data.sources.movielens import MovieLens
from bench.errors import InputError
from bench.suite.dataset_settings import MovieLensSettings
from bench.suite.recipes import recipe_names

CSV = {
    "ratings.csv": (
        "userId,movieId,rating,timestamp\n1,7,4.0,964982703\n2,3,0.5,964981247\n1,3,5.0,964982224\n"
    ),
    "movies.csv": (
        "movieId,title,genres\n3,Grumpier Old Men (1995),Romance|Comedy\n"
        '7,"Misérables, Les (1998)",(no genres listed)\n9,"""Great Performances"" Cats",Musical\n'
    ),
    "tags.csv": "userId,movieId,tag,timestamp\n",
}
DAT = {
    "ratings.dat": "1::7::4::964982703\n2::3::1::964981247\n1::3::5::964982224\n",
    "movies.dat": (
        "3::Grumpier Old Men (1995)::Romance|Comedy\n7::Misérables, Les (1998)::(no genres listed)\n"
        '9::"Great Performances" Cats::Musical\n'
    ),
}


def archive(file: Path, content: dict[str, str]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in content.items():
            encoding = "latin-1" if name.endswith(".dat") else "utf-8"
            packed.writestr(f"{file.stem}/{name}", text.encode(encoding))
    return file


@pytest.mark.parametrize("content", [CSV, DAT], ids=["csv", "dat"])
def test_both_layouts_give_the_same(tmp_path: Path, content: dict[str, str]) -> None:
    archive(tmp_path / "ml.zip", content)
    (tmp_path / "work").mkdir()
    raw = MovieLens(MovieLensSettings(archive="ml.zip"), lambda name: tmp_path / name).collect(
        tmp_path / "work"
    )
    assert [tuple(row.values()) for row in pq.read_table(raw.interactions).to_pylist()] == [
        ("1", "7", 964_982_703),
        ("2", "3", 964_981_247),
        ("1", "3", 964_982_224),
    ]
    assert [tuple(row.values()) for row in pq.read_table(raw.items).to_pylist()] == [
        ("3", "Grumpier Old Men", "1995", ["Comedy", "Romance"], None),
        ("7", "Misérables, Les", "1998", [], None),
        ("9", '"Great Performances" Cats', "", ["Musical"], None),
    ]


def test_a_recipe_is_prepared_from_a_folder(tmp_path: Path) -> None:
    rows = "".join(f"{n % 2}::{n % 5}::5::{964_982_703 + n}\n" for n in range(10))
    archive(tmp_path / "ml-1m.zip", DAT | {"ratings.dat": rows})
    dataset = prepare_dataset("ml-1m", "ml-1m", {}, tmp_path / "home", source_folder=tmp_path)
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (2, 5, 10)
    assert dataset.modalities == ("text", "category")
    assert {name for name in recipe_names() if name.startswith("ml-")} == {
        *("ml-1m", "ml-20m", "ml-25m", "ml-32m", "ml-latest-small")
    }


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"not a zip", "it is no whole zip file"),
        (None, "it holds no ratings and movies"),
    ],
)
def test_what_is_no_archive_is_said(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    if content is None:
        archive(tmp_path / "ml.zip", {"readme.txt": ""})
    else:
        (tmp_path / "ml.zip").write_bytes(content)
    with pytest.raises(InputError, match=complaint) as raised:
        MovieLens(MovieLensSettings(archive="ml.zip"), lambda name: tmp_path / name).collect(tmp_path)
    assert raised.value.file == str(tmp_path / "ml.zip")


def test_a_broken_rating_is_said(tmp_path: Path) -> None:
    archive(tmp_path / "ml.zip", CSV | {"ratings.csv": "userId,movieId,rating,timestamp\n1,7,4.0,then\n"})
    (tmp_path / "work").mkdir()
    with pytest.raises(InputError, match=r"ratings\.csv in it cannot be read: .*then"):
        MovieLens(MovieLensSettings(archive="ml.zip"), lambda name: tmp_path / name).collect(
            tmp_path / "work"
        )
