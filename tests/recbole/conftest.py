"""RecBole runs in processes of its own: it changes numpy, the environment and the current folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[[str], Any]

ANSWER = """
import json
with open("answer.json", "w", encoding="utf-8") as file:
    json.dump(answer, file)
"""


@pytest.fixture(scope="session")
def ask_recbole(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Run a script in a fresh process and folder; what it leaves in ``answer`` comes back."""

    def ask(script: str) -> Any:
        folder = tmp_path_factory.mktemp("recbole")
        (folder / "script.py").write_text(script + ANSWER, encoding="utf-8")
        run_script(folder / "script.py", folder)
        return json.loads((folder / "answer.json").read_text(encoding="utf-8"))

    return ask


def run_script(script: Path, folder: Path) -> None:
    """Run a Python file in ``folder``, where RecBole leaves its files; it must end well."""
    done = subprocess.run(
        # -P: the folder of the script is no place to import from. RecBole's warnings are its own.
        [sys.executable, "-P", "-W", "ignore", str(script)],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key != "CUDA_VISIBLE_DEVICES"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="session")
def run_file() -> Callable[[Path, Path], None]:
    """`run_script`, for test files, which cannot import one another."""
    return run_script
