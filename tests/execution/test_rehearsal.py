"""Forecasts from a few steps on made-up data: which runs get one, of what size, and how near they come."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.data.made_up import Shape, generate
from bench.execution import rehearsal
from bench.execution.outlook import Outlook
from bench.execution.rehearsal import feature_width, rehearse, with_rehearsals
from bench.models.tables import FeatureTable
from bench.registry import Modality
from bench.suite.expansion import expand
from bench.suite.schema import load_suite
from bench.suite.settings import EncoderSettings

SUITE = """\
suite: s
datasets: [VideoGames, ml-1m]
seeds: [1, 2]
metrics: [NDCG@10]
training: {epochs: 3, batch_size: 64, max_length: 10}
defaults:
  attention: {hidden_size: 8, layers: 1, heads: 2, inner_size: 8}
  MAF: {multimodal_size: 4}
models: [SASRec, MAF, BERT4Rec, Popularity, recbole/SASRec]
"""


@pytest.fixture
def runs(tmp_path: Path) -> list[Outlook]:
    file = tmp_path / "s.yaml"
    file.write_text(SUITE, encoding="utf-8")
    return [Outlook(spec, "to compute", None, "") for spec in expand(load_suite(file))]


def timed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Shape]]:
    """Replaces the timing by known seconds; what was asked for."""
    asked: list[tuple[str, Shape]] = []

    def known(spec: Any, shape: Shape) -> dict[str, float]:
        asked.append((spec.variant.label, shape))
        counts = spec.variant.name == "Popularity"
        return {"step_s": 0.0 if counts else 0.001, "rank_s": 0.01, "fit_s": 2.0 if counts else 0.0}

    monkeypatch.setattr(rehearsal, "rehearse", known)
    return asked


def test_the_sum(runs: list[Outlook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """21,932 targets in three epochs; 4,940 users are ranked after each and twice at the end."""
    asked = timed(monkeypatch)
    found = with_rehearsals(runs, tmp_path)
    told = {(r.spec.dataset.label, r.spec.variant.name, r.spec.seed): r.forecast for r in found}
    sasrec = told["VideoGames", "SASRec", 1]
    assert sasrec is not None and sasrec == told["VideoGames", "SASRec", 2]
    assert sasrec.seconds == pytest.approx(3 * 0.001 * 21_932 + 5 * 0.01 * 4_940)
    assert (sasrec.kind, sasrec.epochs, sasrec.published) == ("rehearsal", 3, True)
    counted = told["VideoGames", "Popularity", 1]
    assert counted is not None and counted.seconds == pytest.approx(2 + 2 * 0.01 * 4_940)
    assert told["VideoGames", "recbole/SASRec", 1] is None  # another program
    assert all(forecast is None for key, forecast in told.items() if key[0] == "ml-1m")  # no published size
    assert asked[0] == ("SASRec", Shape("VideoGames", 4_940, 11_002, 36_752)) and len(asked) == 4


def test_what_was_timed_is_kept(runs: list[Outlook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = timed(monkeypatch)
    first = with_rehearsals(runs, tmp_path)
    assert with_rehearsals(runs, tmp_path) == first
    assert len(asked) == 4
    for file in (tmp_path / "rehearsals").iterdir():
        file.write_text("{", encoding="utf-8")  # damaged: timed again
    assert with_rehearsals(runs, tmp_path) == first
    assert len(asked) == 8


def test_others_keep_what_they_have(
    runs: list[Outlook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = timed(monkeypatch)
    done = [replace(run, state="done") for run in runs]
    assert with_rehearsals(done, tmp_path) == done
    assert asked == []


def test_a_model_is_really_trained_and_ranked(runs: list[Outlook]) -> None:
    shape = Shape("small", 60, 50, 500)
    for run in runs[::2]:
        if run.spec.dataset.label == "VideoGames" and run.spec.variant.name != "recbole/SASRec":
            found = rehearse(run.spec, shape)
            counts = run.spec.variant.name == "Popularity"
            assert (found["step_s"] == 0) is counts and (found["fit_s"] > 0) is counts
            assert 0 < found["rank_s"] < 1 and json.dumps(found)


@pytest.mark.parametrize("batch_size", [8, 1_000])
def test_noise_is_drawn_once_per_step_of_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    """Half a second for a draw is shared by the targets of a step, or of the epoch where that is less."""
    noisy = "{name: MAF, multimodal_size: 4, modalities: [image], controls: {image: noise}}"
    image = "features: {image: {name: torchvision/vgg16, dimensions: 16}}\n"
    text = SUITE.replace("[SASRec, MAF, BERT4Rec, Popularity, recbole/SASRec]", f"[{noisy}]")
    text = text.replace("[VideoGames, ml-1m]", "[VideoGames]").replace("64", str(batch_size))
    file = tmp_path / "s.yaml"
    file.write_text(text + image, encoding="utf-8")
    spec = expand(load_suite(file))[0]
    drawn: list[FeatureTable] = []

    def slow(table: FeatureTable, generator: object = None) -> None:
        drawn.append(table)
        if generator is None:  # in training
            time.sleep(0.5)

    monkeypatch.setattr(FeatureTable, "redraw", slow)
    found = rehearse(spec, Shape("s", 40, 30, 400))
    share = 0.5 / min(batch_size, 400 - 3 * 40)
    assert share <= found["step_s"] < 0.5  # not half a second for every target
    assert {table.width for table in drawn} == {16}
    assert found["rank_s"] < 0.5


def test_a_gpu_is_not_rehearsed_on_the_processor(
    runs: list[Outlook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = timed(monkeypatch)
    monkeypatch.setattr(rehearsal, "resolve_device", lambda device: "cuda" if device == "auto" else device)
    assert all(run.forecast is None for run in with_rehearsals(runs, tmp_path)) and asked == []


def test_the_made_up_data_have_the_size() -> None:
    data = generate(Shape("s", 300, 200, 2_500))
    assert (data.n_users, data.n_items, len(data.items) + 2 * 300) == (300, 200, 2_500)
    assert data.n_targets == 2_500 - 3 * 300


@pytest.mark.parametrize(
    ("modality", "encoder", "width"),
    [
        ("image", {"name": "torchvision/vgg16"}, 4096),
        ("image", {"name": "torchvision/vgg16", "options": {"dimensions": 64}}, 64),
        ("text", {"name": "huggingface/bert-base-uncased"}, 768),
        ("text", {"name": "tfidf-svd", "options": {"size": 32}}, 32),
        ("category", {"name": "multi-hot"}, 200),
    ],
)
def test_widths(modality: Modality, encoder: dict[str, Any], width: int) -> None:
    assert feature_width(modality, EncoderSettings.model_validate(encoder)) == width
