"""Datasets by name, and where the cache lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.data.cache import cache_root
from bench.data.datasets import open_dataset, prepare_dataset
from bench.errors import InputError

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


def test_the_cache_is_the_argument_then_bench_then_xdg_then_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "bench-cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_root(tmp_path / "given") == tmp_path / "given"
    assert cache_root() == tmp_path / "bench-cache"
    monkeypatch.delenv("BENCH_CACHE")
    assert cache_root() == tmp_path / "xdg" / "bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_root() == tmp_path / "home" / ".cache" / "bench"


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
