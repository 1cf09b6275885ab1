"""Attention of a finished run: whose, which part, and the same numbers as the model that was trained."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from bench.cli.main import app
from bench.errors import DataError, InputError
from bench.evaluation.ranking import histories, rank
from bench.execution.attention import Wanted, attention_maps, attention_rows
from bench.execution.finished import finished_model
from bench.results.query import load_cells
from bench.results.records import RunRecord
from bench.results.values import read_ranks
from tests.calling import call_here

SUITE = """\
suite: small
datasets:
  - {name: toyshop, label: shop, users: 80, items: 40, mechanism: attention, image: 1, text: 1, category: 1}
seeds: [1]
metrics: [NDCG@10]
training: {epochs: 2, learning_rate: 0.003, batch_size: 128, max_length: 40, patience: 5, monitor: NDCG@10}
features: {image: colour-edge, text: tfidf-svd, category: multi-hot}
defaults:
  attention: {hidden_size: 16, layers: 2, heads: 2, inner_size: 16}
models:
  - {name: MAF, label: MAF, modalities: [image, text, category], multimodal_size: 8, lambda: 1}
  - {name: MAF, label: shuffled, modalities: [image], multimodal_size: 8, controls: {image: shuffle}}
  - BERT4Rec
  - GRU4Rec
  - Popularity
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished suite, with its home beside it."""
    folder = tmp_path_factory.mktemp("attention")
    (folder / "small.yaml").write_text(SUITE, encoding="utf-8")
    words = [
        "run",
        str(folder / "small.yaml"),
        "--results",
        str(folder / "results"),
        "--home",
        str(folder / "home"),
    ]
    done = CliRunner().invoke(app, [*words, "--jobs", "1"])
    assert done.exit_code == 0, done.output
    return folder / "results"


def run_of(results: Path, model: str) -> RunRecord:
    (record,) = (cell.record for cell in load_cells(results, "small") if cell.model == model)
    assert record is not None
    return record


def home(results: Path) -> Path:
    return results.parent / "home"


@pytest.mark.parametrize("model", ["MAF", "shuffled", "BERT4Rec", "GRU4Rec", "Popularity"])
def test_the_model_is_the_one_that_was_trained(results: Path, model: str) -> None:
    """From its saved weights it gives every validation rank of the run again."""
    record = run_of(results, model)
    with finished_model(results, record, home(results)) as finished:
        data = finished.data
        targets = data.validation_targets()
        again = rank(
            finished.model,
            histories(data, targets.users, with_validation=False),
            targets,
            n_items=data.n_items,
            max_length=int(record.spec.training["max_length"]),
        )
    kept = read_ranks(results, record.fingerprint)["validation"]
    assert again.better.tolist() == kept["better"].to_pylist()
    assert again.ties.tolist() == kept["ties"].to_pylist()
    assert torch.get_default_dtype() is torch.float32


def test_one_user(results: Path) -> None:
    maps = attention_maps(results, run_of(results, "MAF"), Wanted(positions=6, head=2), home(results))
    assert set(maps.weights) == {"item", "content", "fused"}
    assert all(weights.shape == (6, 6) for weights in maps.weights.values())
    assert (maps.layer, maps.layers, maps.head, maps.heads) == (2, 2, 2, 2)
    assert len(maps.users) == 1 and len(maps.ids) == len(maps.titles) == len(maps.pictures) == 6
    assert maps.length is not None and maps.length >= 6
    again = attention_maps(
        results, run_of(results, "MAF"), Wanted(positions=6, head=2, user=maps.users[0]), home(results)
    )
    assert again.ids == maps.ids
    assert all(np.array_equal(again.weights[name], maps.weights[name]) for name in maps.weights)


def test_what_is_drawn_follows_the_seed(results: Path) -> None:
    record = run_of(results, "MAF")
    found = [
        attention_maps(results, record, Wanted(seed=seed, positions=4), home(results)) for seed in range(8)
    ]
    assert len({maps.users for maps in found}) > 1
    assert {maps.head for maps in found} == {1, 2}


def test_a_short_history_is_shown_whole(results: Path) -> None:
    record = run_of(results, "MAF")
    maps = attention_maps(results, record, Wanted(positions=15, short=True), home(results))
    assert maps.length is not None and 2 <= maps.length <= 15
    for weights in maps.weights.values():
        assert weights.shape == (maps.length, maps.length)
        assert np.allclose(weights.sum(axis=1), 1)


def test_means_are_means(results: Path) -> None:
    """Over every user with enough items, and over heads unless one is chosen."""
    record, at = run_of(results, "MAF"), home(results)
    mean = attention_maps(results, record, Wanted(positions=5, average=True), at)
    assert mean.head is None and mean.length is None and mean.ids == ()
    parts = [
        attention_maps(results, record, Wanted(positions=5, user=user, head=head), at).weights["fused"]
        for user in mean.users
        for head in (1, 2)
    ]
    assert len(mean.users) > 10
    assert np.allclose(mean.weights["fused"], np.mean(parts, axis=0))


def test_a_masked_model_shows_its_mask(results: Path) -> None:
    maps = attention_maps(results, run_of(results, "BERT4Rec"), Wanted(positions=5), home(results))
    assert maps.ids[-1] == "[mask]" and set(maps.weights) == {"item"}
    assert maps.weights["item"][0, 1:].sum() > 0  # it looks ahead
    assert len(attention_rows(maps)) == 25


def test_rows_hold_every_weight(results: Path) -> None:
    maps = attention_maps(results, run_of(results, "MAF"), Wanted(positions=4, head=1), home(results))
    rows = attention_rows(maps)
    assert len(rows) == 3 * 10
    for row in rows:
        assert row.weight == maps.weights[row.source][row.query - 1, row.key - 1]
        assert row.key_item == maps.ids[row.key - 1]
        assert (row.run, row.user) == (run_of(results, "MAF").fingerprint, maps.users[0])
        assert (row.layer, row.head) == (2, 1)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Wanted(user="nobody"), "has no user 'nobody'"),
        (Wanted(layer=3), "there is no layer 3"),
        (Wanted(head=3), "there is no head 3"),
        (Wanted(positions=41), "no user of shop has at least 41 items"),
    ],
)
def test_what_is_not_there(results: Path, wanted: Wanted, says: str) -> None:
    with pytest.raises(InputError, match=says):
        attention_maps(results, run_of(results, "MAF"), wanted, home(results))


def test_models_without_attention(results: Path) -> None:
    with pytest.raises(InputError, match="GRU4Rec has no attention"):
        attention_maps(results, run_of(results, "GRU4Rec"), Wanted(), home(results))


def test_weights_that_are_gone_or_damaged(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path / "results")
    record = run_of(results, "MAF")
    file = tmp_path / "results" / "runs" / record.fingerprint / "model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="is damaged"):
        attention_maps(tmp_path / "results", record, Wanted(), home(results))
    file.unlink()
    with pytest.raises(InputError, match=r"shared without weights .*--fresh"):
        attention_maps(tmp_path / "results", record, Wanted(), home(results))


def test_weights_of_another_model(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path / "results")
    runs = tmp_path / "results" / "runs"
    one, other = (runs / run_of(results, model).fingerprint for model in ("MAF", "GRU4Rec"))
    shutil.copy(other / "model.safetensors", one / "model.safetensors")
    with pytest.raises(DataError, match="another version of MAF"):
        attention_maps(tmp_path / "results", run_of(results, "MAF"), Wanted(), home(results))


def test_data_that_are_not_those_of_the_run(results: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not prepared here"):
        attention_maps(results, run_of(results, "MAF"), Wanted(), tmp_path)


def test_other_features_than_the_run_read(results: Path) -> None:
    record = run_of(results, "MAF")
    text = json.loads(record.model_dump_json())
    text["inputs"]["features"]["text"]["hash"] = "0" * 64
    with pytest.raises(DataError, match="text features of shop are not what run"):
        attention_maps(results, RunRecord.model_validate(text), Wanted(), home(results))


def test_the_command(results: Path, tmp_path: Path) -> None:
    """The newest run whose scores have several sources is drawn; nothing else than its files is printed."""
    words = f"plot attention --dataset shop --results {results} --home {home(results)} --plots {tmp_path}"
    done = CliRunner().invoke(app, [*words.split(), "--positions", "5"])
    assert done.exit_code == 0, done.output
    files = sorted(tmp_path.rglob("*.*"))
    assert [file.suffix for file in files] == [".csv", ".pdf", ".png", ".svg"]
    assert "(shuffled on shop, seed 1)" in done.output or "(MAF on shop, seed 1)" in done.output
    named = CliRunner().invoke(app, [*words.split(), "--model", "GRU4Rec"])
    assert named.exit_code != 0 and "no attention" in str(named.exception)


def test_no_figure_overwrites_that_of_another_head_or_layer(results: Path, tmp_path: Path) -> None:
    words = f"plot attention --run small/shop/MAF/1 --positions 5 --format svg --plots {tmp_path}"
    at = ["--results", str(results), "--home", str(home(results))]
    for which in ("--head 1 --layer 1", "--head 2 --layer 1", "--head 1", "--average", "--average --head 1"):
        call_here(*words.split(), *which.split(), *at)
    names = sorted(file.stem.partition("-layer")[2] for file in tmp_path.rglob("*.svg"))
    assert names == ["1-head1", "1-head2", "2-head1", "2-head1", "2-heads"]  # one of a user, one a mean


def test_what_the_sentence_says_makes_a_run_to_look_into(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the results are there, but were shared without weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_HOME", str(home(results)))
    suite = tmp_path / "suites" / "small" / "figure4.yaml"
    suite.parent.mkdir(parents=True)
    suite.write_text(SUITE.replace("suite: small", "suite: small-figure4"), encoding="utf-8")
    shutil.copytree(results, tmp_path / "results", ignore=shutil.ignore_patterns("*.safetensors"))
    words = [
        "plot",
        "attention",
        *["--dataset", "shop", "--model", "MAF", "--positions", "5", "--format", "svg"],
    ]
    said = call_here(*words, check=2).stderr
    assert "--fresh" in said
    call_here(*shlex.split(said.split("`")[1])[1:])
    assert "(MAF on shop, seed 1)" in call_here(*words).stdout


def test_no_run_yet(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    for dataset, command in (
        ("VideoGames", f"bench run suites/figure4.yaml --results {results} --dataset VideoGames"),
        ("toyshop-2", "with a suite that trains MAF on it"),
    ):
        words = ["plot", "attention", "--dataset", dataset, "--results", str(results)]
        done = CliRunner().invoke(app, words)
        assert isinstance(done.exception, InputError) and command in str(done.exception)
