from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import InputError
from bench.suite.schema import Suite, find_suite, load_suite

Load = Callable[..., Suite]
BODY = "datasets: [ml-100k]\nmodels: [SASRec]\n"


def test_a_small_suite_gets_every_default(load: Load) -> None:
    suite = load(BODY)
    assert (suite.suite, suite.paper, suite.margin, suite.unpublished) == ("tiny", None, 0.02, ())
    assert suite.training.learning_rate == 1e-3
    assert suite.evaluation.ties == "expected"
    assert {m: e.name for m, e in suite.features.items()} == {
        "image": "colour-edge",
        "text": "tfidf-svd",
        "category": "multi-hot",
    }
    assert suite.features["text"].options == {"size": 64, "standardisation": "zscore"}


@pytest.mark.parametrize(("written", "table"), [("maf", 2), ("{name: maf}", 2), ("{name: maf, table: 3}", 3)])
def test_a_table_of_a_paper(load: Load, written: str, table: int) -> None:
    paper = load(f"{BODY}paper: {written}\n").paper
    assert paper is not None
    assert (paper.name, paper.table) == ("maf", table)


def test_numbers_may_be_written_as_in_python(load: Load) -> None:
    suite = load(
        BODY + "training: {learning_rate: 1e-4, epochs: 3}\nfeatures: {text: {name: tfidf-svd, size: 8}}\n"
    )
    assert suite.training.learning_rate == 1e-4
    assert suite.features["text"].options == {"size": 8, "standardisation": "zscore"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("papr: maf", ["'papr'", "'paper'"]),
        ("paper: mfa", ["'mfa'", "'maf'"]),
        ("paper: 3", ["paper", "3", "'maf' or a mapping"]),
        ("paper: {name: mfa}", ["paper.name", "'mfa'", "did you mean 'maf'?"]),
        ("paper: {name: maf, table: 1}", ["paper.table", "1 is not 2, 3 or 4"]),
        ("paper: {name: maf, tabel: 3}", ["'tabel'", "paper", "'table'"]),
        ("paper: {table: 3}", ["'name'", "missing in paper"]),
        ("training: {epohcs: 5}", ["'epohcs'", "training", "'epochs'"]),
        ("training: {epochs: 0}", ["training.epochs", "0", "at least 1"]),
        ("training: {epochs: '5'}", ["training.epochs", "'5'", "whole number"]),
        ("training: {epochs: true}", ["training.epochs", "true", "whole number"]),
        ("training: {epochs: 2.5}", ["training.epochs", "2.5", "whole number"]),
        ("training: {learning_rate: fast}", ["training.learning_rate", "'fast'", "a number"]),
        ("training: {scheme: prefix}", ["training.scheme", "'prefix'", "'prefixes'"]),
        ("training: {stride: 60, max_length: 50}", ["training", "stride 60", "max_length 50"]),
        ("training: {monitor: ndgc@10}", ["training.monitor", "'ndgc@10'", "'NDCG@10'"]),
        ("training: {device: gpu}", ["training.device", "'gpu' is none of auto, cpu, cuda and cuda:N"]),
        ("training: 5", ["training", "5", "mapping"]),
        ("evaluation: {mask_history: yes}", ["evaluation.mask_history", "'yes'", "true or false"]),
        ("evaluation: {ties: expekted}", ["'expekted'", "'expected'"]),
        ("features: {imgae: colour-edge}", ["'imgae'", "'image'"]),
        ("features: {image: color-edge}", ["'color-edge'", "'colour-edge'"]),
        ("features: {category: tfidf-svd}", ["'tfidf-svd'", "category", "multi-hot"]),
        ("features: {text: {name: tfidf-svd, sise: 4}}", ["'sise'", "features.text", "'size'"]),
        ("features: {text: 3}", ["features.text", "3", "a name"]),
        ("features: {text: {name: tfidf-svd, label: x}}", ["features.text", "no label"]),
        ("features: {text: {name: tfidf-svd, size: 0}}", ["features.text.size", "0", "at least 1"]),
        ("margin: 1", ["margin", "1", "less than 1"]),
        ("unpublished: [lambda, lambda]", ["'lambda'", "twice"]),
        ("defaults: {atention: {layers: 1}}", ["'atention'", "'attention'"]),
        ("defaults: {attention: {layer: 1}}", ["'layer'", "defaults.attention", "'layers'"]),
        ("defaults: {attention: {layers: 0}}", ["defaults.attention.layers", "0", "at least 1"]),
        ("defaults: {MAF: {lamda: 1}}", ["'lamda'", "defaults.MAF", "'lambda'"]),
        ("defaults: {attention: 3}", ["defaults.attention", "3", "mapping"]),
        ("claims: [{better: SASRec, than: SASRec, metric: MRR}]", ["'SASRec'", "itself"]),
        ("claims: [{better: SASrec, than: MAF, metric: MRR}]", ["'SASrec'", "'SASRec'", "'MAF'"]),
        ("claims: [3]", ["claims[1]", "mapping"]),
        ("claims: [{better: SASRec, metric: MRR}]", ["'than'", "missing"]),
        ("claims: [{better: SASRec, than: X, metric: Recall}]", ["'Recall'", "Recall@10"]),
        ("claims: [{better: SASRec, than: X, metric: MRR, datasets: [ml-10k]}]", ["'ml-10k'", "'ml-100k'"]),
        ("claims: [{better: SASRec, than: X, metric: MRR, dataset: all}]", ["'dataset'", "'datasets'"]),
    ],
)
def test_a_wrong_line_is_named_with_key_value_and_remedy(
    load: Load, tmp_path: Path, line: str, words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        load(BODY + line)
    message = str(caught.value)
    assert all(part.startswith(f"{tmp_path / 'tiny.yaml'}:6: ") for part in message.splitlines())
    assert [word for word in words if word not in message] == []
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("suite: a b", ["'a b'"]),
        ("suite: ../x", ["'../x'"]),
        ("suite: Runs", ["'Runs'", "folder of all runs"]),
        ("suite: 5", ["5", "text"]),
        ("seeds: []", ["seeds", "at least 1"]),
        ("seeds: [1, 1]", ["seeds", "1", "twice"]),
        ("seeds: [-1]", ["seeds[1]", "-1", "at least 0"]),
        ("seeds: [true]", ["seeds[1]", "true", "whole number"]),
        ("seeds: 3", ["seeds: 3 is not a list (write [3])"]),
        ("metrics: MRR", ["metrics: 'MRR' is not a list (write [MRR])"]),
        ("metrics: [NDCG]", ["'NDCG'", "NDCG@10"]),
        ("metrics: [Recall@0]", ["'Recall@0'", "Recall@10"]),
        ("metrics: [Recal@20]", ["'Recal@20'", "'Recall@20'"]),
        ("metrics: [recall@20]", ["'recall@20'", "'Recall@20'"]),
        ("metrics: [MRR, MRR]", ["'MRR'", "twice"]),
    ],
)
def test_a_wrong_head_is_named(write: Callable[[str], Path], head: str, words: list[str]) -> None:
    rest = {"suite": "suite: s", "seeds": "seeds: [1]", "metrics": "metrics: [MRR]"}
    del rest[head.partition(":")[0]]
    with pytest.raises(InputError) as caught:
        load_suite(write("\n".join([head, *rest.values(), BODY])))
    assert caught.value.line == 1
    assert [word for word in words if word not in str(caught.value)] == []


def test_metrics_without_a_cut_off_are_only_mrr(write: Callable[[str], Path]) -> None:
    suite = load_suite(write(f"suite: s\nseeds: [0]\nmetrics: [MRR, MRR@5, HitRate@1]\n{BODY}"))
    assert suite.metrics == ("MRR", "MRR@5", "HitRate@1")


def test_a_missing_key_is_named(write: Callable[[str], Path]) -> None:
    with pytest.raises(InputError) as caught:
        load_suite(write("suite: s\n"))
    for key in ("datasets", "seeds", "metrics", "models"):
        assert f"'{key}' is missing" in str(caught.value)


def test_all_problems_are_shown_together_in_the_order_of_lines(load: Load) -> None:
    with pytest.raises(InputError) as caught:
        load(
            """\
            models: [SASRecc, {name: MAF, fusion: som}]
            datasets: [ml100k]
            training: {epochs: -1}
            extra: 1
            """
        )
    places = [line.split(".yaml:")[1].split(":")[0] for line in str(caught.value).splitlines()]
    assert places == ["4", "4", "5", "6", "7"]


def test_one_mistake_makes_one_message(load: Load) -> None:
    with pytest.raises(InputError) as caught:
        load(
            """\
            datasets: [ml-100k]
            defaults: {attention: {layers: 0}}
            models: [SASRec, BERT4Rec, {name: MAF, fusion: som}]
            claims: [{better: MAF, than: SASRec, metric: MRR, datasets: [ml-100k]}]
            """
        )
    assert len(str(caught.value).splitlines()) == 2


def test_claims_take_labels_and_names_that_mean_one_variant(load: Load) -> None:
    suite = load(
        """\
        datasets: [ml-100k, {name: toyshop, image: 1}, {name: toyshop, text: 1, label: words}]
        models: [SASRec, {name: MAF, label: ours}, {name: FDSA, layers: 1}, {name: FDSA, layers: 3}]
        claims:
          - {better: MAF, than: SASRec, metric: Recall@20}
          - {better: ours, than: "FDSA[layers=3]", metric: MRR, datasets: [toyshop]}
        """
    )
    first, second = suite.claims
    assert (first.variant, first.than) == ("ours", ("SASRec",))
    assert first.datasets == ("ml-100k", "toyshop[image=1]", "words")
    assert (second.variant, second.than) == ("ours", ("FDSA[layers=3]",))
    assert second.datasets == ("toyshop[image=1]", "words")
    with pytest.raises(InputError, match=r"'FDSA' may be any of 'FDSA\[layers=1\]', 'FDSA\[layers=3\]'"):
        load(
            """\
            datasets: [ml-100k]
            models: [SASRec, {name: FDSA, layers: 1}, {name: FDSA, layers: 3}]
            claims: [{better: FDSA, than: SASRec, metric: MRR}]
            """
        )


def test_suites_are_found_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "suites").mkdir()
    file = tmp_path / "suites" / "quickstart.yaml"
    file.write_text("suite: x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert find_suite("quickstart") == Path("suites/quickstart.yaml")
    assert find_suite("suites/quickstart.yaml") == Path("suites/quickstart.yaml")
    assert find_suite(file) == file
    with pytest.raises(InputError, match="did you mean 'quickstart'"):
        find_suite("quikstart")
    with pytest.raises(InputError, match=r"did you mean 'suites/quickstart\.yaml'"):
        find_suite("suites/quickstar.yaml")
