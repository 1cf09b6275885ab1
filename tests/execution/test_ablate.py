"""`bench ablate`: a suite written, run, compared, and run again as any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.execution.conftest import Bench

FOLDER = Path("results") / "tiny-ablate-image-shuffle"


def index(folder: Path) -> dict[str, str]:
    cells = json.loads((folder / "index.json").read_text(encoding="utf-8"))["cells"]
    return {f"{cell['model']} {cell['seed']}": cell["fingerprint"] for cell in cells}


def test_a_suite_is_written_run_and_compared(tmp_path: Path, suite_file: Path, here: Bench) -> None:
    here("run", "tiny.yaml", "--model", "MAF")
    shown = here("ablate", "tiny.yaml", "--modality", "image", "--control", "shuffle").stdout
    for label in ("MAF image only", "MAF without image", "MAF, image shuffle"):
        assert label in shown
    assert "NDCG@10 beside MAF" in shown
    made = index(tmp_path / FOLDER)
    whole = index(tmp_path / "results" / "tiny")
    # The whole model of the suite reads the same and is the same run.
    assert {key: mark for key, mark in made.items() if key in whole} == {
        key: mark for key, mark in whole.items() if mark
    }
    assert len(set(made.values())) == 10
    again = here("run", str(FOLDER / "suite.yaml"))
    assert "10 reused, 0 to compute" in again.stderr
    assert index(tmp_path / FOLDER) == made
    assert "beside MAF" in here("compare", FOLDER.name).stdout


def test_a_dry_run_writes_nothing(tmp_path: Path, suite_file: Path, here: Bench) -> None:
    shown = here("ablate", "tiny.yaml", "--fusion", "--lambda", "grid", "--dry-run").stdout
    assert "MAF[fusion=gate]" in shown and "MAF[lambda=25]" in shown
    assert not (tmp_path / "results").exists()


def test_overrides_change_the_model_before_it_is_taken_apart(
    tmp_path: Path, suite_file: Path, here: Bench
) -> None:
    here("ablate", "tiny.yaml", "--modality", "text", "--seed", "1", "--set", "MAF.multitask=false")
    (folder,) = (tmp_path / "results").glob("tiny-ablate-text*")
    suite = yaml.safe_load((folder / "suite.yaml").read_text(encoding="utf-8"))
    assert [each["multitask"] for each in suite["models"]] == [False] * 3
    assert folder.name != "tiny-ablate-text"


def test_without_a_suite(tmp_path: Path, suite_file: Path, here: Bench) -> None:
    nothing = here("ablate", "--modality", "image", check=2)
    assert "there is no file suites/small/figure3.yaml here" in nothing.stderr
    text = suite_file.read_text(encoding="utf-8")
    (tmp_path / "suites" / "small").mkdir(parents=True)
    (tmp_path / "suites" / "small" / "figure3.yaml").write_text(text, encoding="utf-8")
    large = text.replace("suite: tiny", "suite: large").replace("label: shop", "label: mall")
    (tmp_path / "suites" / "figure3.yaml").write_text(large, encoding="utf-8")
    dry = ("--modality", "image", "--dry-run")
    assert "shop MAF image only" in here("ablate", *dry).stdout
    assert "mall MAF image only" in here("ablate", *dry, "--dataset", "mall").stdout
    assert "has the datasets market" in here("ablate", *dry, "--dataset", "market", check=2).stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "nothing is to be varied"),
        (("--control", "zero"), "there is no modality to vary"),
        (("--modality", "imag"), "no modality 'imag' (did you mean 'image'?)"),
        (("--size", "big"), "'big' is no list of numbers"),
        (("--fusion", "--model", "SASRec"), "SASRec has no setting 'fusion'"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, suite_file: Path, here: Bench, options: tuple[str, ...], complaint: str
) -> None:
    assert complaint in here("ablate", "tiny.yaml", *options, check=2).stderr
    assert not (tmp_path / "results").exists()
