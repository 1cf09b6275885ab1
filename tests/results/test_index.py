"""The suite's index: merging of partial calls, order, locking, and what a wrong name says."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.errors import DataError, InputError
from bench.results.index import (
    Identity,
    Index,
    IndexCell,
    command_for,
    overrides_of,
    read_index,
    suite_names,
    update_index,
)
from bench.results.names import results_name
from bench.suite.parts import Claim, EqualityClaim, GainClaim

DATASETS = ("d1", "d2")
MODELS = ("m1", "m2", "m3")
SEEDS = (3, 1)


def cell(dataset: str, model: str, seed: int, mark: str = "a") -> IndexCell:
    return IndexCell(dataset=dataset, model=model, seed=seed, status="done", fingerprint=mark * 16)


def index(*cells: IndexCell, models: tuple[str, ...] = MODELS, metrics: tuple[str, ...] = ("MRR",)) -> Index:
    return Index(suite="s", metrics=metrics, seeds=SEEDS, datasets=DATASETS, models=models, cells=cells)


def test_a_filtered_call_replaces_its_cells_and_keeps_the_others() -> None:
    before = index(cell("d1", "m1", 3), cell("d1", "m2", 3), cell("d2", "m1", 1))
    after = before.merge(
        index(cell("d1", "m2", 3, "b"), cell("d1", "m1", 1, "b"), metrics=("NDCG@5",)), {}, False
    )
    assert [(c.dataset, c.model, c.seed, (c.fingerprint or "")[0]) for c in after.cells] == [
        ("d1", "m1", 3, "a"),
        ("d1", "m1", 1, "b"),
        ("d1", "m2", 3, "b"),
        ("d2", "m1", 1, "a"),
    ]
    assert after.metrics == ("NDCG@5",)


def test_what_was_run_beside_the_suite_stays_behind_it() -> None:
    with_extra = index(cell("d1", "extra", 3), models=(*MODELS, "extra"))
    assert index().merge(with_extra, {}, False).models == ("m1", "m2", "m3", "extra")
    assert with_extra.merge(index(cell("d1", "m1", 3)), {}, False).models == ("m1", "m2", "m3", "extra")
    assert with_extra.merge(index(models=("new", "m1", "m2", "m3")), {}, False).models == (
        "new",
        *MODELS,
        "extra",
    )


def test_cells_made_under_other_settings_leave() -> None:
    """A table never averages or lines up runs of different settings under one label."""
    made = [cell("d1", m, 3).model_copy(update={"digest": "old"}) for m in ("m1", "m2", "extra")]
    stored = index(*made, models=(*MODELS, "extra"))
    now = {("d1", "m1"): "old", ("d1", "m2"): "changed"}

    def left(later: Index, complete: bool) -> list[str]:
        return [c.model for c in stored.merge(later, now, complete).cells]

    assert left(index(), complete=False) == ["m1", "extra"]
    assert left(index(), complete=True) == ["m1"]
    # A change of what all models share (training, evaluation, features) takes the one run beside the suite.
    assert left(index().model_copy(update={"common": "changed"}), complete=False) == ["m1"]


def test_what_was_added_stays_through_whole_runs_while_its_settings_hold() -> None:
    extra = cell("d1", "extra", 3).model_copy(update={"digest": "now"})
    stored = index(cell("d1", "dropped", 3), extra, models=(*MODELS, "extra", "dropped")).model_copy(
        update={"added_models": ("extra",), "common": "c"}
    )
    suite = index(cell("d1", "m1", 3)).model_copy(update={"common": "c"})

    def left(current: str | None, common: str = "c") -> list[str]:
        now = {} if current is None else {("d1", "extra"): current}
        merged = stored.merge(suite.model_copy(update={"common": common}), now, True)
        assert merged.added_models == (("extra",) if "extra" in merged.models else ())
        return [c.model for c in merged.cells]

    assert left("now") == ["m1", "extra"]  # the dropped one goes
    assert left("edited") == ["m1"]
    assert left(None) == ["m1", "extra"]
    assert left(None, common="edited") == ["m1"]
    # What the suite comes to list is no addition any more.
    listing = suite.model_copy(update={"models": (*MODELS, "extra")})
    assert stored.merge(listing, {("d1", "extra"): "now"}, True).added_models == ()
    # An addition does not keep the dataset that it ran on and that the suite has dropped.
    elsewhere = suite.model_copy(update={"datasets": ("d2",), "cells": ()})
    assert stored.merge(elsewhere, {}, True).cells == ()


def test_dropped_models_and_seeds_leave_the_lists() -> None:
    stored = index(cell("d1", "m3", 1))
    later = Index(suite="s", metrics=("MRR",), seeds=(3,), datasets=DATASETS, models=("m1",))
    merged = stored.merge(later, {("d1", "m1"): "x"}, True)
    assert (merged.models, merged.seeds, merged.cells) == (("m1",), (3,), ())


CELLS = st.builds(
    cell, st.sampled_from(DATASETS), st.sampled_from(MODELS), st.sampled_from(SEEDS), st.sampled_from("abc")
)


@given(st.lists(CELLS, unique_by=lambda c: c.key), st.lists(CELLS, unique_by=lambda c: c.key))
def test_merging_is_a_dictionary_update(old: list[IndexCell], new: list[IndexCell]) -> None:
    expected = {c.key: c.fingerprint for c in old} | {c.key: c.fingerprint for c in new}
    merged = index(*old).merge(index(*new), {}, False)
    assert {c.key: c.fingerprint for c in merged.cells} == expected
    assert len(merged.cells) == len(expected)
    assert merged.merge(index(*new), {}, False) == merged


def test_claims_of_equality_are_those_of_the_last_call(tmp_path: Path) -> None:
    claim = EqualityClaim(equal=("m1", "m2"), to="m3", metric="MRR", margin=0.05, datasets=DATASETS)
    claimed = index(cell("d1", "m1", 3)).model_copy(update={"equalities": (claim,)})
    assert index().merge(claimed, {}, False).equalities == (claim,)
    assert claimed.merge(index(), {}, False).equalities == ()
    update_index(tmp_path, claimed, {}, False)
    assert read_index(tmp_path, "s").equalities == (claim,)
    file = tmp_path / "s" / "index.json"
    stored = json.loads(file.read_text(encoding="utf-8"))
    stored["equalities"][0]["of_a_later_version"] = 1
    file.write_text(json.dumps(stored), encoding="utf-8")
    assert read_index(tmp_path, "s").equalities == (claim,)
    del stored["equalities"]  # an index of an earlier version
    file.write_text(json.dumps(stored), encoding="utf-8")
    assert read_index(tmp_path, "s").equalities == ()


def test_claims_of_gains_are_kept_and_an_older_index_has_none(tmp_path: Path) -> None:
    order = Claim(word="better", variant="m1", than=("m2",), metric="MRR", datasets=DATASETS, by=0.1)
    gain = GainClaim(variant="m1", over="m2", metric="MRR", larger_on=("d1",), than_on=("d2",))
    claimed = index(cell("d1", "m1", 3)).model_copy(update={"claims": (order,), "gains": (gain,)})
    update_index(tmp_path, claimed, {}, False)
    found = read_index(tmp_path, "s")
    assert (found.claims, found.gains) == ((order,), (gain,))
    file = tmp_path / "s" / "index.json"
    stored = json.loads(file.read_text(encoding="utf-8"))
    del stored["gains"], stored["claims"][0]["by"]
    file.write_text(json.dumps(stored), encoding="utf-8")
    found = read_index(tmp_path, "s")
    assert (found.claims[0].by, found.gains) == (None, ())


def test_what_labels_stand_for_is_known_as_long_as_they_are_listed() -> None:
    def known(*labels: str, name: str = "SASRec") -> dict[str, object]:
        return {"variants": tuple(Identity(label=each, name=name, settings={"layers": 2}) for each in labels)}

    stored = index(cell("d1", "extra", 3), models=(*MODELS, "extra")).model_copy(
        update=known("m1", "m2", "m3", "extra", "gone")
    )
    merged = stored.merge(index().model_copy(update=known("m1", "m2", "m3", name="MAF")), {}, False)
    assert [(each.label, each.name) for each in merged.variants] == [
        ("m1", "MAF"),
        ("m2", "MAF"),
        ("m3", "MAF"),
        ("extra", "SASRec"),
    ]


def test_other_suites_are_not_merged() -> None:
    with pytest.raises(DataError, match="'s' cannot take in that of 't'"):
        index().merge(index().model_copy(update={"suite": "t"}), {}, False)


def test_a_cell_must_be_listed_and_a_finished_one_needs_its_run() -> None:
    with pytest.raises(ValidationError, match="not in the lists"):
        index(cell("d9", "m1", 3))
    with pytest.raises(ValidationError, match="needs a fingerprint"):
        IndexCell(dataset="d1", model="m1", seed=1, status="done")


def test_calls_at_once_lose_nothing(tmp_path: Path) -> None:
    cells = [cell(d, m, s) for d in DATASETS for m in MODELS for s in SEEDS]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda c: update_index(tmp_path, index(c), {}, False), cells))
    assert set(read_index(tmp_path, "s").cells) == set(cells)
    left = {path.name for path in (tmp_path / "s").iterdir()}
    assert "index.json" in left
    assert left <= {"index.json", ".index.lock"}


def test_the_file_has_the_documented_keys(tmp_path: Path) -> None:
    update_index(tmp_path, index(cell("d1", "m1", 3)), {}, False)
    stored = json.loads((tmp_path / "s" / "index.json").read_text(encoding="utf-8"))
    assert stored["format_version"] == 1
    assert stored["cells"] == [
        {
            "dataset": "d1",
            "model": "m1",
            "seed": 3,
            "status": "done",
            "fingerprint": "a" * 16,
            "error": None,
            "digest": "",
        }
    ]


def test_a_missing_suite_names_the_nearest_and_the_remedy(handmade: Path) -> None:
    with pytest.raises(InputError) as error:
        read_index(handmade, "handmad")
    assert "did you mean 'handmade'?" in str(error.value)
    assert f"`bench run handmad --results {handmade}` makes them" in str(error.value)
    assert suite_names(handmade) == ["handmade"]


def test_missing_results_with_overrides_name_the_suite_and_its_set(handmade: Path) -> None:
    def remedy(name: str) -> str:
        with pytest.raises(InputError) as error:
            read_index(handmade, name)
        return str(error.value.remedy)

    ending = f"--results {handmade}"
    assert f"`bench run q --set a.b=1 --set c=2 {ending}` makes them" in remedy("q@a.b=1,c=2")
    # A shortened name shows its overrides in part.
    assert f"`bench run q {ending}` with the --set that the name stands for" in remedy(
        "q@seeds=-1-2-0a1b2c3d"
    )
    file = handmade / "handmade" / "index.json"
    stored = json.loads(file.read_text(encoding="utf-8")) | {"file": "my suites/h.yaml", "overrides": []}
    file.write_text(json.dumps(stored), encoding="utf-8")
    assert f"`bench run 'my suites/h.yaml' --set a.b=1 {ending}`" in remedy("handmade@a.b=1")


def test_the_index_has_the_last_word_on_its_file_and_overrides(tmp_path: Path) -> None:
    made = index(cell("d1", "m1", 3)).model_copy(
        update={"suite": "s@seeds=-1-0a1b2c3d", "file": "s.yaml", "overrides": ("seeds=[1]",)}
    )
    update_index(tmp_path, made, {}, False)
    assert command_for("status", tmp_path, made.suite) == (
        f"`bench status s.yaml --set 'seeds=[1]' --results {tmp_path}`"
    )
    later = made.model_copy(update={"file": "moved/s.yaml"})
    assert update_index(tmp_path, later, {}, False).file == "moved/s.yaml"


def test_an_index_of_an_earlier_version_is_read(handmade: Path) -> None:
    found = read_index(handmade, "handmade")
    assert (found.file, found.overrides, found.added_models) == (None, None, ())
    assert (found.paper, found.sources, found.variants) == (None, (), ())
    assert overrides_of("handmade@a=1", found) == ("a=1",)


def test_no_results_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="bench run x"):
        read_index(tmp_path / "nowhere", "x")


@pytest.mark.parametrize("name", ["runs", "../handmade", "/absolute", "", ".hidden", "a/b"])
def test_names_stay_in_the_results_folder(handmade: Path, name: str) -> None:
    with pytest.raises(InputError, match="no name of a suite"):
        read_index(handmade, name)


def test_what_the_system_does_not_give_is_not_called_damaged(handmade: Path) -> None:
    """Permissions, and whatever else is no fault of the file: deleting it would be the wrong advice."""
    file = handmade / "handmade" / "index.json"
    file.unlink()
    file.mkdir()  # unlike a file without permissions, this is unreadable for root too
    with pytest.raises(DataError) as error:
        read_index(handmade, "handmade")
    assert str(error.value) == f"{file} cannot be read: Is a directory"
    with pytest.raises(DataError, match="cannot be read"):
        update_index(handmade, index().model_copy(update={"suite": "handmade"}), {}, False)


def test_a_file_is_no_results_folder(tmp_path: Path) -> None:
    file = tmp_path / "results"
    file.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is a file, not a results folder"):
        read_index(file, "s")
    with pytest.raises(InputError, match="is a file, not a results folder"):
        update_index(file, index(), {}, False)


def test_a_damaged_index_is_neither_read_nor_overwritten(handmade: Path) -> None:
    file = handmade / "handmade" / "index.json"
    file.write_text('{"format_version": 1,', encoding="utf-8")
    with pytest.raises(DataError, match="delete it"):
        read_index(handmade, "handmade")
    with pytest.raises(DataError, match="delete it"):
        update_index(handmade, index().model_copy(update={"suite": "handmade"}), {}, False)
    assert file.read_text(encoding="utf-8") == '{"format_version": 1,'


def test_overridden_suites_have_results_of_their_own() -> None:
    assert results_name("table2", "") == "table2"
    assert results_name("table2", "training.epochs=5") == "table2@training.epochs=5"
