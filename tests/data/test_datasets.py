"""Datasets by name, and where bench has its home."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from bench.data.datasets import open_dataset, prepare_dataset
from bench.data.preparation import prepare
from bench.data.prepared import load_catalogue, load_training
from bench.data.sources.sequences import Sequences
from bench.errors import DataError, InputError
from bench.home import home_folder
from bench.suite.dataset_settings import SequencesSettings

SMALL = {"users": 10, "items": 20, "image": 1}


def test_open_finds_only_what_is_prepared_with_the_same_options(tmp_path: Path) -> None:
    assert open_dataset("toyshop", "shop", SMALL, tmp_path) is None
    assert not any(tmp_path.iterdir())
    prepared = prepare_dataset("toyshop", "shop", SMALL, tmp_path)
    opened = open_dataset("toyshop", "shop", SMALL | {"seed": 0}, tmp_path)  # seed 0 is the default
    assert opened is not None and opened.folder == prepared.folder
    assert open_dataset("toyshop", "shop", SMALL | {"seed": 1}, tmp_path) is None


def test_a_wrong_name_or_option_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'toyshop'"):
        open_dataset("toyshp", "shop", {}, tmp_path)
    with pytest.raises(InputError, match="mechanisms"):
        open_dataset("toyshop", "shop", {"mechanisms": "content"}, tmp_path)


def test_the_home_is_the_argument_then_the_variable_then_the_platforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "bench-cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert home_folder(tmp_path / "given") == tmp_path / "given"
    assert home_folder() == tmp_path / "bench-cache"
    monkeypatch.delenv("BENCH_HOME")
    assert home_folder() == tmp_path / "xdg" / "bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert home_folder() == tmp_path / "home" / ".cache" / "bench"


@pytest.mark.parametrize("damage", ["changed", "deleted"])
def test_a_damaged_dataset_is_prepared_again(tmp_path: Path, damage: str) -> None:
    prepared = prepare_dataset("toyshop", "shop", SMALL, tmp_path)
    file = prepared.folder / "train.parquet"
    original = file.read_bytes()
    if damage == "deleted":
        file.unlink()
    else:
        file.write_bytes(original[:-9] + b"x" + original[-8:])
    assert open_dataset("toyshop", "shop", SMALL, tmp_path) is None
    again = prepare_dataset("toyshop", "shop", SMALL, tmp_path)
    assert file.read_bytes() == original
    assert again.content_hash == prepared.content_hash


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of sequences in the data folder."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    file = tmp_path / "data" / "shop.txt"
    file.write_text("u a b c d\nv a b d\n")
    return file


SHOP = {"path": "shop.txt"}


def test_an_edited_file_is_prepared_again_and_the_old_one_found_again(shop: Path, tmp_path: Path) -> None:
    home, old = tmp_path / "home", shop.read_text()
    first = prepare_dataset("sequences", "shop", SHOP, home)
    assert prepare_dataset("sequences", "shop", SHOP, home).folder == first.folder
    times = shop.stat()
    shop.write_text(old.replace("u a b", "u b a"))  # of the same size, and with the same time of change
    os.utime(shop, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert open_dataset("sequences", "shop", SHOP, home) is None
    second = prepare_dataset("sequences", "shop", SHOP, home)
    assert load_catalogue(first).ids == ("a", "b", "c", "d")
    assert load_catalogue(second).ids == ("b", "a", "c", "d")
    shop.write_text(old)
    os.utime(shop, ns=(0, 0))
    again = open_dataset("sequences", "shop", SHOP, home)
    assert again is not None and again.folder == first.folder


def test_the_files_are_part_of_the_recipe(shop: Path, tmp_path: Path) -> None:
    dataset = prepare_dataset("sequences", "shop", SHOP, tmp_path / "home")
    recipe = json.loads((dataset.folder / "dataset.json").read_text(encoding="utf-8"))["recipe"]
    assert recipe["inputs"] == {"shop.txt": hashlib.sha256(shop.read_bytes()).hexdigest()}
    assert (
        "inputs"
        not in json.loads(
            (prepare_dataset("toyshop", "shop", SMALL, tmp_path / "home").folder / "dataset.json").read_text()
        )["recipe"]
    )


def test_a_missing_file_is_noticed_even_where_it_was_prepared(shop: Path, tmp_path: Path) -> None:
    prepare_dataset("sequences", "shop", SHOP, tmp_path / "home")
    shop.unlink()
    with pytest.raises(DataError, match=r"no file 'shop\.txt'"):
        open_dataset("sequences", "shop", SHOP, tmp_path / "home")


def test_a_file_that_changes_while_it_is_read_is_not_kept_under_its_old_name(
    shop: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"shop\.txt was changed while it was being read"):
        recipe = {"inputs": {"shop.txt": "of another content"}}
        prepare(Sequences(SequencesSettings(path="shop.txt")), "shop", recipe, tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


def test_a_cut_is_an_option_and_is_recorded(shop: Path, tmp_path: Path) -> None:
    whole = prepare_dataset("sequences", "shop", SHOP, tmp_path / "home")
    cut = prepare_dataset("sequences", "cut shop", SHOP | {"users": 1, "last": 3}, tmp_path / "home")
    assert cut.folder != whole.folder
    assert (cut.n_users, cut.n_items, cut.n_interactions) == (1, 3, 3)
    assert cut.audit["cut"] == {"users": 1, "last": 3, "split": None}
    assert (cut.audit["users_cut"], cut.audit["interactions_cut"]) == (1, 4)
    assert whole.audit["cut"] == {"users": None, "last": None, "split": None}
    with pytest.raises(InputError, match="greater than or equal to 3"):
        prepare_dataset("sequences", "shop", SHOP | {"last": 2}, tmp_path / "home")


@pytest.mark.requires("recbole")
def test_ml_100k_cut_to_the_last_twenty(tmp_path: Path) -> None:
    """No user of ml-100k has fewer than twenty; items that lose all their ratings leave the catalogue."""
    whole = prepare_dataset("ml-100k", "ml-100k", {}, tmp_path)
    cut = prepare_dataset("ml-100k", "ml-100k[last=20]", {"last": 20}, tmp_path)
    assert (whole.n_users, whole.n_items, whole.n_interactions) == (943, 1682, 100_000)
    assert (cut.n_users, cut.n_interactions) == (943, 943 * 20)
    assert cut.n_items < whole.n_items
    former, left = load_training(whole), load_training(cut)
    assert all(len(left.history(user)) == 18 <= len(former.history(user)) for user in range(943))
