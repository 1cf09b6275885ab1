from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bench.suite.schema import Suite, load_suite

# Every suite needs these; tests add what they are about.
HEAD = """\
suite: tiny
seeds: [1, 2]
metrics: [Recall@10]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a suite file and returns its path."""

    def _write(text: str) -> Path:
        path = tmp_path / "tiny.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return _write


@pytest.fixture
def load(write: Callable[[str], Path]) -> Callable[..., Suite]:
    """Loads a suite from HEAD and further lines, with overrides."""

    def _load(text: str, overrides: Sequence[str] = ()) -> Suite:
        return load_suite(write(HEAD + textwrap.dedent(text)), overrides)

    return _load
