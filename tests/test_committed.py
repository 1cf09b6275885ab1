"""What is committed of results is what the commands that it comes from print."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.calling import call_here

RESULTS = Path(__file__).parents[1] / "results"
PRINTED = sorted(RESULTS.glob("*/*.md"))


def test_there_are_some() -> None:
    assert {file.name for file in PRINTED} == {"table.md", "check.md", "compare.md"}
    assert {file.parent.name for file in PRINTED} >= {
        f"small-{name}" for name in ("table2", "table3", "table4")
    }


@pytest.mark.parametrize("file", PRINTED, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_it_is_printed_again(file: Path) -> None:
    """As ``bench table small-table2 --format markdown > results/small-table2/table.md``."""
    words = (file.stem, file.parent.name, "--format", "markdown", "--results", str(RESULTS))
    printed = call_here(*words, check=None).stdout  # `bench check` ends with 1 where a claim is not supported
    assert printed == file.read_text(encoding="utf-8")


def test_weights_and_unfinished_runs_are_not_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "results", "plots"], cwd=RESULTS.parent, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [Path(name) for name in listed.stdout.splitlines()]
    assert files and not [
        file for file in files if file.suffix in (".safetensors", ".lock") or ".work" in file.parts
    ]
