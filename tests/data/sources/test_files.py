"""Where the user's files are looked for, and when they are read again."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bench.data.hashing import file_hash
from bench.data.sources import files
from bench.data.sources.files import data_file, input_hashes
from bench.errors import DataError


def test_the_folder_is_the_variables_else_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("named", "current"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(name)
    monkeypatch.chdir(tmp_path / "current")
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "named"))
    assert data_file("a.txt").read_text() == "named"
    monkeypatch.delenv("BENCH_DATA")
    assert data_file("a.txt").read_text() == "current"
    with pytest.raises(DataError, match=r"no file 'b\.txt' in .*current folder, as BENCH_DATA is not set"):
        data_file("b.txt")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    with pytest.raises(DataError, match=r"'link\.txt' leads out of the data folder"):
        data_file("link.txt")


def test_a_file_is_hashed_once_while_it_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counted(file: Path) -> str:
        read.append(file)
        return file_hash(file)

    monkeypatch.setattr(files, "file_hash", counted)
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    file = tmp_path / "a.txt"
    for text, total in (("one", 1), ("two", 2)):  # of the same size
        file.write_text(text)
        # A clock that has moved on, whatever the file system's resolution.
        os.utime(file, ns=(total * 10**9, total * 10**9))
        for _ in range(3):
            assert input_hashes(["a.txt"]) == {"a.txt": hashlib.sha256(text.encode()).hexdigest()}
        assert len(read) == total
