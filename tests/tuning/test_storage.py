"""Storages are opened, mended and named without their passwords; owners are told apart."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from bench.errors import DataError, InputError
from bench.tuning.owner import this_process
from bench.tuning.records import read_search
from bench.tuning.scratch import scratch
from bench.tuning.storage import open_journal, open_storage, shown


def test_a_journal_that_was_cut_off_is_mended(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "journal.log"
    storage = open_journal(file)
    optuna.create_study(storage=storage, study_name="one")
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"op_code": 4, "wor')
    again = open_journal(file)
    optuna.create_study(storage=again, study_name="two")
    assert optuna.get_all_study_names(open_journal(file)) == ["one", "two"]
    assert file.read_bytes().startswith(whole)
    assert [path.name for path in file.parent.iterdir()] == ["journal.log"]  # no lock is left


def test_what_is_no_journal_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("a shopping list\nand more\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"notes\.txt is no journal of Optuna"):
        open_journal(file)
    with pytest.raises(DataError, match="cannot be used as storage"):
        open_journal(file / "journal.log")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (None, "folder/journal.log"),
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me@host:5432/db", "postgresql://me@host:5432/db"),
        ("postgresql://me:a@b@host/db", "postgresql://me:***@b@host/db"),
        ("postgresql://me:s%40e@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host:1/db?user=me&password=secret", "postgresql://host:1/db?password=***&user=me"),
        ("postgresql://me:secret@host:port/db", "postgresql://..."),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
        ("shared/journal.log", "shared/journal.log"),
    ],
)
def test_passwords_are_not_shown(address: str | None, said: str) -> None:
    assert shown(address, Path("folder")) == said


def test_addresses_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no address of a database"):
        open_storage("nosuch://x/y", tmp_path).__enter__()
    with pytest.raises(DataError, match="does not answer"):
        open_storage(f"sqlite:///{tmp_path}/no/such/folder/x.db", tmp_path).__enter__()


def test_a_database_that_stops_answering_is_a_sentence(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/search.db"
    with pytest.raises(DataError, match=r"search\.db stopped answering: .*the same command goes on"):  # noqa: SIM117
        with open_storage(address, tmp_path) as storage:
            optuna.create_study(storage=storage, study_name="one")
            (tmp_path / "search.db").write_bytes(b"not a database" * 1000)
            optuna.create_study(storage=storage, study_name="two")


def test_tables_of_another_optuna_are_a_sentence(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/search.db"
    with open_storage(address, tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "search.db")) as database, database:
        database.execute("update alembic_version set version_num = 'v1'")
    with pytest.raises(DataError, match=r"search\.db holds tables of another version of Optuna"):
        open_storage(address, tmp_path).__enter__()


def test_owners() -> None:
    me = this_process()
    assert not me.is_gone(me.as_dict())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not me.is_gone(me.as_dict() | {"pid": os.getppid(), "started": _started(os.getppid())})
        theirs = me.as_dict() | {"pid": child.pid, "started": _started(child.pid)}
        assert not me.is_gone(theirs)
        assert me.is_gone(theirs | {"started": "1"})  # the number is another process's now
    finally:
        child.kill()
    assert me.is_gone(theirs) or child.poll() is None  # killed, and not yet buried
    child.communicate()
    assert me.is_gone(theirs)
    for other in ({"host": "elsewhere"}, {"boot": "another"}, {"namespace": "pid:[1]"}):
        assert not me.is_gone(theirs | other)  # nobody can tell
    assert not me.is_gone(None)


def test_what_killed_processes_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    theirs = this_process().as_dict() | {"pid": child.pid, "started": _started(child.pid)}
    left = tmp_path / "bench-tune-x"
    left.mkdir()
    (left / "owner.json").write_text(json.dumps(theirs), encoding="utf-8")
    (tmp_path / "bench-tune-y").mkdir()  # whose, nobody knows
    with scratch() as folder:
        assert folder.is_dir() and left.is_dir()
    child.communicate(b"\n")
    with scratch() as folder:
        assert folder.is_dir() and not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bench-tune-y"]


def _started(pid: int) -> str:
    from bench.tuning import owner

    return owner._started(pid)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "tiny" / "search"
    folder.mkdir(parents=True)
    (folder / "studies.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"studies\.json is damaged"):
        read_search(tmp_path, "tiny")
