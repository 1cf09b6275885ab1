"""What a suite says of itself stands below every table that compares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.calling import call_here

NOTE = "Budgets are unequal: tuned were MAF; SASRec not at all."


@pytest.mark.parametrize("verb", ["table", "compare", "check"])
@pytest.mark.parametrize("format", ["rich", "markdown", "html", "latex"])
def test_notes_are_printed(handmade: Path, monkeypatch: pytest.MonkeyPatch, verb: str, format: str) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    file = handmade / "handmade" / "index.json"
    claim = {
        "word": "better",
        "variant": "SASRec",
        "than": ["Popularity"],
        "metric": "Recall@10",
        "datasets": ["ml-100k"],
    }
    index = json.loads(file.read_text(encoding="utf-8")) | {"notes": [NOTE], "claims": [claim]}
    file.write_text(json.dumps(index), encoding="utf-8")
    said = call_here(verb, "handmade", "--results", str(handmade), "--format", format, check=None)
    assert NOTE in " ".join(said.stdout.split()), said.stderr
    assert said.returncode == (1 if verb == "check" else 0)
