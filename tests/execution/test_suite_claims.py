"""A suite's claims reach the index, which is all that `bench table` reads."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from bench.cli.progress import LineObserver
from bench.execution.request import Request
from bench.execution.suite import run_suite
from bench.results.index import read_index
from bench.suite.expansion import RunSpec
from bench.suite.schema import Suite, load_suite

SUITE = """\
suite: small
datasets: [{name: toyshop, users: 60, items: 40}]
seeds: [1]
metrics: [MRR]
models: [Popularity, {name: Markov, label: ref/Markov}]
"""


def call(folder: Path, text: str) -> Suite:
    """A call of `bench run` whose filters leave nothing to do."""
    file = folder / "small.yaml"
    file.write_text(text, encoding="utf-8")
    suite = load_suite(file)
    specs: list[RunSpec] = []
    request = Request(suite, "small", specs, folder / "results", folder / "home", 1, False, "bench run")
    run_suite(request, LineObserver(Console(quiet=True)))
    return suite


def test_claims_are_entered_and_leave_with_the_file_s(tmp_path: Path) -> None:
    suite = call(tmp_path, SUITE + "claims: [{equal: Popularity, to: ref/Markov, metric: MRR}]\n")
    assert read_index(tmp_path / "results", "small").equalities == suite.equalities
    assert [claim.to for claim in suite.equalities] == ["ref/Markov"]
    claims = "claims: [{gain: Popularity, over: ref/Markov, metric: MRR, larger_on: [a], than_on: [b]}]\n"
    two = "datasets: [{name: toyshop, users: 60, items: 40, label: a}, {name: toyshop, label: b}]"
    suite = call(tmp_path, SUITE.replace("datasets: [{name: toyshop, users: 60, items: 40}]", two) + claims)
    assert read_index(tmp_path / "results", "small").gains == suite.gains
    assert [claim.larger_on for claim in suite.gains] == [("a",)]
    call(tmp_path, SUITE)
    found = read_index(tmp_path / "results", "small")
    assert (found.equalities, found.gains) == ((), ())
