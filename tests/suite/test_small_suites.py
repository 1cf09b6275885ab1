"""The suites that come with bench: every file is in order; those in small share what the paper's do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.suite.expansion import expand
from bench.suite.fingerprint import fingerprint, identity
from bench.suite.schema import load_suite

SUITES = Path(__file__).parents[2] / "suites"
SMALL = sorted((SUITES / "small").glob("*.yaml"))


@pytest.mark.parametrize("file", sorted(SUITES.rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_suite_is_in_order(file: Path) -> None:
    suite = load_suite(file)
    folder = file.parent.relative_to(SUITES).parts
    assert suite.suite == "-".join([*folder, file.stem])
    assert expand(suite)


def test_none_in_small_has_random_weights() -> None:
    assert len(SMALL) >= 5
    for file in SMALL:
        for encoder in load_suite(file).features.values():
            assert encoder.options.get("weights") != "random"


def test_what_they_share_is_trained_once() -> None:
    """On each of two datasets: 7 models, 2 more fusions, 1 without tasks, 3 with one modality; 5 seeds.

    The search, and the suites that it writes, have a smaller shop.
    """
    marks = {
        fingerprint(identity(spec, "data", dict.fromkeys(spec.features, "features"), "cpu", {"torch": "2"}))
        for file in SMALL
        if load_suite(file).search is None
        if not file.read_text(encoding="utf-8").startswith("# Written by")
        for spec in expand(load_suite(file))
    }
    assert len(marks) == 2 * (7 + 2 + 1 + 3) * 5
