"""What is not on this machine, said without a connection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.execution.lacks import Lack, lacks
from bench.execution.outlook import outlooks
from bench.suite.expansion import expand
from bench.suite.schema import load_suite

GAMES = ("Video_Games.json.gz", "meta_Video_Games.json.gz")
HEAD = "suite: s\nseeds: [1, 2]\nmetrics: [MRR]\n"


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("BENCH_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def found(tmp_path: Path, text: str) -> Sequence[Lack]:
    file = tmp_path / "s.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return lacks(outlooks(expand(load_suite(file)), tmp_path / "results", None), None)


def test_a_recipe(tmp_path: Path) -> None:
    [lack] = found(tmp_path, "datasets: [VideoGames]\nmodels: [SASRec]\n")
    base = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2"
    assert lack == Lack(
        "VideoGames",
        2,
        (
            f"Video_Games.json.gz: {base}/categoryFiles/Video_Games.json.gz",
            f"meta_Video_Games.json.gz: {base}/metaFiles2/meta_Video_Games.json.gz",
        ),
        (
            "bench data prepare VideoGames downloads what is missing and prepares it",
            "bench data prepare VideoGames --from FOLDER takes the files from a folder",
        ),
    )


def test_what_is_downloaded_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_OFFLINE", "1")
    (tmp_path / "home" / "downloads").mkdir(parents=True)
    (tmp_path / "home" / "downloads" / GAMES[0]).write_bytes(b"")
    text = "datasets: [{name: VideoGames, users: 50, label: some}]\nmodels: [SASRec]\n"
    [lack] = found(tmp_path, text)
    assert lack.what == "some" and [file.partition(":")[0] for file in lack.files] == [GAMES[1]]
    assert lack.remedies[0] == (
        "bench data prepare 'VideoGames[users=50]' downloads what is missing (BENCH_OFFLINE forbids that now)"
        " and prepares it"
    )
    (tmp_path / "home" / "downloads" / GAMES[1]).write_bytes(b"")
    assert found(tmp_path, text) == []


def test_pictures_that_a_model_reads_have_to_be_fetched(tmp_path: Path) -> None:
    [lack] = found(tmp_path, "datasets: [VideoGames]\nmodels: [{name: MAF, modalities: [image]}]\n")
    assert lack.files[2].startswith("the pictures of its items")
    assert lack.remedies[0].startswith("bench data prepare VideoGames --pictures downloads")


def test_options_that_only_a_suite_can_say(tmp_path: Path) -> None:
    text = "datasets: [{name: VideoGames, label: v, steps: [{core: {users: 5}}]}]\nmodels: [SASRec]\n"
    [lack] = found(tmp_path, text)
    assert lack.remedies == ("`bench run` prepares it, without pictures to be fetched",)


def test_files_of_the_user_s_own(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("u i j k\n", encoding="utf-8")
    text = "datasets: [{name: sequences, label: mine, path: a.txt, attributes: b.json}]\nmodels: [SASRec]\n"
    [lack] = found(tmp_path, text)
    assert (lack.what, lack.files) == ("mine", ("b.json (a file of yours)",))
    assert "BENCH_DATA=FOLDER" in lack.remedies[0]
    assert found(tmp_path, text.replace(", attributes: b.json", "")) == []


def test_what_is_made_here_lacks_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, "datasets: [{name: toyshop, image: 1}]\nmodels: [MAF]\n") == []


def test_ml_100k_without_recbole_s_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "datasets: [ml-100k]\nmodels: [SASRec]\n"
    monkeypatch.setattr("bench.data.sources.ml100k.recbole_copy", lambda: None)
    [lack] = found(tmp_path, text)
    assert lack.files == ("https://files.grouplens.org/datasets/movielens/ml-100k.zip",)
    assert lack.remedies == ("`bench run` downloads it",)
    monkeypatch.setattr("bench.data.sources.ml100k.recbole_copy", lambda: tmp_path)
    assert found(tmp_path, text) == []


def test_weights(tmp_path: Path) -> None:
    """Addresses and sizes are those of torchvision's own tables; both datasets share them."""
    text = (
        "datasets: [toyshop, {name: toyshop, image: 1}]\nmodels: [MAF, SASRec]\n"
        "features: {image: torchvision/vgg16, text: huggingface/bert-base-uncased}\n"
    )
    vgg, bert = found(tmp_path, text)
    assert (vgg.what, vgg.runs) == ("torchvision/vgg16", 4)
    assert vgg.files == ("https://download.pytorch.org/models/vgg16-397923af.pth (528 MB)",)
    assert (bert.what, bert.runs) == ("huggingface/bert-base-uncased", 4)
    assert bert.files == ("https://huggingface.co/bert-base-uncased (revision main)",)
    checkpoints = tmp_path / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "vgg16-397923af.pth").write_bytes(b"")
    assert [lack.what for lack in found(tmp_path, text)] == ["huggingface/bert-base-uncased"]


def test_weights_that_are_named_or_drawn(tmp_path: Path) -> None:
    text = "datasets: [toyshop]\nmodels: [MAF]\nfeatures: {image: {name: torchvision/vgg16, weights: %s}}\n"
    assert found(tmp_path, text % "random") == []
    [lack] = found(tmp_path, text % "nowhere.pth")
    assert "there are no weights at" in lack.files[0] and "nowhere.pth" in lack.files[0]
    (tmp_path / "there.pth").write_bytes(b"")
    assert found(tmp_path, text % (tmp_path / "there.pth")) == []
