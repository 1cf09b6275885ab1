"""What every test runs under: one thread, no network, a home of its own, and no silent skips.

``@pytest.mark.requires("recbole")`` skips a test where the named thing is absent.
``BENCH_REQUIRE=recbole,data`` says what the environment has: a skip for want of one of these, whoever caused
it, is then a failure.
"""

from __future__ import annotations

import contextlib
import http.server
import importlib.util
import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# Before torch or numpy is imported: the machine's cores belong to pytest's workers.
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_variable] = "1"

hypothesis.settings.register_profile("bench", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("bench")


def test_data() -> Path:
    """The folder with the data beside the project."""
    default = Path(__file__).parents[2] / "shared" / "data"
    return Path(os.environ.get("BENCH_TEST_DATA") or default)


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _has_browser() -> bool:
    """Whether the system has Chromium and its driver (`make browser`)."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    return chromium is not None and shutil.which("chromedriver") is not None


def _has_postgres() -> bool:
    """Whether there is a PostgreSQL server for tests, and its driver."""
    return bool(os.environ.get("BENCH_POSTGRES")) and importlib.util.find_spec("psycopg") is not None


AVAILABLE: dict[str, Callable[[], bool]] = {
    "recbole": lambda: importlib.util.find_spec("recbole") is not None,
    "data": lambda: test_data().is_dir(),
    "cuda": _has_cuda,
    "pdflatex": lambda: shutil.which("pdflatex") is not None,
    "browser": _has_browser,
    "postgres": _has_postgres,
}


NEEDS = {
    "browser": "browser: Chromium and its driver, which `make browser` installs",
    "postgres": "postgres: psycopg, and the address of a server in BENCH_POSTGRES (docs/tuning.md)",
}


def _required() -> set[str]:
    return {name.strip() for name in os.environ.get("BENCH_REQUIRE", "").split(",")} - {""}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="record the golden numbers of raised versions (tests/test_golden.py)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "requires(*names): skip where recbole, data, cuda, pdflatex, browser or postgres is absent"
    )
    unknown = _required() - AVAILABLE.keys()
    if unknown:
        raise pytest.UsageError(f"BENCH_REQUIRE knows {', '.join(AVAILABLE)}, not {', '.join(unknown)}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("requires"):
        for name in marker.args:
            if not AVAILABLE[name]():
                pytest.skip(f"needs {NEEDS.get(name, name)}")


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip whose reason names a required thing into a failure."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    named = [name for name in sorted(_required()) if re.search(rf"\b{name}\b", reason, re.IGNORECASE)]
    if named:
        report.outcome = "failed"
        report.longrepr = f"BENCH_REQUIRE has {', '.join(named)}, yet this skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _forbid_skip(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def _isolation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No connection leaves this machine, and nothing is written to the user's home of bench."""
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect
    internet = (socket.AF_INET, socket.AF_INET6)

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family in internet and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    patch.setattr(socket.socket, "connect", local_only)
    patch.setenv("BENCH_HOME", str(tmp_path_factory.mktemp("bench-home")))
    yield
    patch.undo()


@pytest.fixture
def serve(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[type[http.server.BaseHTTPRequestHandler]], str]]:
    """Starts a server on this machine that a class answers for; its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with contextlib.ExitStack() as running:

        def start(handler: type[http.server.BaseHTTPRequestHandler]) -> str:
            quiet = type("Quiet", (handler,), {"log_message": lambda *words: None})
            server = running.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), quiet))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            running.callback(thread.join)
            running.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}"

        yield start


@pytest.fixture
def run_json() -> Callable[..., dict[str, Any]]:
    """A maker of records as run.json holds them, written out by hand."""

    def make(
        fingerprint: str,
        dataset: str = "ml-100k",
        model: str = "SASRec",
        seed: int = 1,
        test: dict[str, float] | None = None,
        encoders: dict[str, str] | None = None,
        epochs: int = 10,
        stopped: str = "epochs",
    ) -> dict[str, Any]:
        training = {
            "epochs": epochs,
            "scheme": "windows",
            "max_length": 50,
            "patience": 3,
            "monitor": "NDCG@10",
        }
        return {
            "format_version": 1,
            "fingerprint": fingerprint,
            "spec": {
                "suite": "handmade",
                "dataset": {"name": dataset.partition("[")[0], "label": dataset, "options": {}},
                "variant": {"name": model, "label": model, "settings": {"hidden_size": 64}},
                "seed": seed,
                "training": training,
                "evaluation": {"ties": "expected", "mask_history": False},
                "metrics": ["Recall@10", "NDCG@10"],
                "features": {},
            },
            "identity": {"seed": seed, "training": training, "model": {"name": model}},
            "inputs": {
                "dataset": {
                    "label": dataset,
                    "hash": "d0",
                    "users": 943,
                    "items": 1682,
                    "interactions": 100000,
                },
                "features": {m: {"encoder": e, "hash": "f0"} for m, e in (encoders or {}).items()},
            },
            "metrics": {
                "test": test or {"Recall@10": 0.125, "NDCG@10": 0.0625},
                "validation": {"NDCG@10": 0.25},
            },
            "training": {
                "epochs": 0 if stopped == "counted" else epochs,
                "best_epoch": None if stopped == "counted" else epochs,
                "stopped": stopped,
                "targets": 97171,
                "parameters": 1000,
            },
            "timings": {"wall_s": 3.0, "cpu_s": 2.5, "train_s": 2.0, "seconds_per_epoch": 0.2, "test_s": 0.5},
            "peak_memory_mib": 300.0,
            "provenance": {
                "commit": "abc123",
                "dirty": True,
                "code_hash": "0123456789abcdef",
                "packages": {"torch": "2.13.0", "recbole": None},
                "python": "3.11.7",
                "platform": "Linux",
                "cpu": "a processor",
                "cores": 2,
                "gpu": None,
                "threads": 1,
                "command": "bench run handmade",
                "started": "2026-01-01T00:00:00Z",
                "finished": "2026-01-01T00:01:00Z",
            },
        }

    return make


def _places(recall: float) -> dict[str, list[int]]:
    """Ranks of 50 users: a share of them at place 3, where NDCG is 1/2, the others far below."""
    hits = round(50 * recall)
    return {
        "user": list(range(50)),
        "item": [1] * 50,
        "better": [2] * hits + [99] * (50 - hits),
        "ties": [0] * 50,
    }


@pytest.fixture
def handmade(tmp_path: Path, run_json: Callable[..., dict[str, Any]]) -> Path:
    """A results folder with the suite `handmade`: two datasets, two models, two seeds, ranks that fit.

    On ml-100k SASRec scores 0.1 and 0.3 in Recall@10, Popularity (counted) 0.02 twice; on toyshop[image=1]
    SASRec's second seed failed and Popularity was never run.
    """
    from bench.results.folder import write_ranks

    results = tmp_path / "results"
    cells = []
    for digit, dataset, model, seed, recall in (
        ("a", "ml-100k", "SASRec", 1, 0.1),
        ("b", "ml-100k", "SASRec", 2, 0.3),
        ("c", "ml-100k", "Popularity", 1, 0.02),
        ("d", "ml-100k", "Popularity", 2, 0.02),
        ("e", "toyshop[image=1]", "SASRec", 1, 0.5),
    ):
        record = run_json(
            digit * 16,
            dataset,
            model,
            seed,
            test={"Recall@10": recall, "NDCG@10": recall / 2},
            encoders={"image": "colour-edge(grid=2)"} if dataset.startswith("toyshop") else None,
            stopped="counted" if model == "Popularity" else "epochs",
        )
        folder = results / "runs" / record["fingerprint"]
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        write_ranks(folder / "ranks.parquet", {"validation": _places(0.5), "test": _places(recall)})
        cells.append([dataset, model, seed, "done", record["fingerprint"], None])
    cells.append(["toyshop[image=1]", "SASRec", 2, "failed", None, "the loss is not finite\n(epoch 3)"])
    keys = ("dataset", "model", "seed", "status", "fingerprint", "error")
    index = {
        "format_version": 1,
        "suite": "handmade",
        "metrics": ["Recall@10", "NDCG@10"],
        "seeds": [1, 2],
        "datasets": ["ml-100k", "toyshop[image=1]"],
        "models": ["SASRec", "Popularity"],
        "unpublished": ["patience"],
        "notes": ["A note of the suite."],
        "cells": [dict(zip(keys, cell, strict=True)) for cell in cells],
    }
    (results / "handmade").mkdir()
    (results / "handmade" / "index.json").write_text(json.dumps(index), encoding="utf-8")
    return results


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Options of each encoder with weights that point to a small model in the published layout."""
    from tests import small_models

    folder = tmp_path_factory.mktemp("published")
    bert, clip = (
        str(make(folder / name))
        for name, make in (("bert", small_models.save_bert), ("clip", small_models.save_clip))
    )
    squeezenet = small_models.save_squeezenet(folder / "squeezenet.pth")
    return {
        "torchvision": {"model": "squeezenet1_1", "weights": str(squeezenet)},
        "huggingface": {"model": bert, "max_length": small_models.BERT_MOST},
        "clip-image": {"model": clip},
        "clip-text": {"model": clip},
    }


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the data beside the project; the test skips where it is absent."""
    if not test_data().is_dir():
        pytest.skip(f"needs data: {test_data()} does not exist (BENCH_TEST_DATA)")
    return test_data()
