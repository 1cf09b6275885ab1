"""The program as a user starts it: quick help, sentences instead of tracebacks, exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import __version__

HEAVY = ("torch", "pandas", "duckdb", "pyarrow", "sklearn", "scipy", "transformers", "recbole")


def bench(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments], capture_output=True, text=True, timeout=60, cwd=cwd
    )


def imported_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_names_every_verb() -> None:
    done = bench("--help")
    assert done.returncode == 0
    for verb in ("run", "table", "status", "why", "models", "datasets"):
        assert f"\n  {verb} " in done.stdout


def test_help_imports_nothing_heavy_and_is_quick() -> None:
    code = (
        "sys.argv = ['bench', '--help']\nfrom bench.cli.main import run\ntry: run()\nexcept SystemExit: pass"
    )
    assert imported_by(code).isdisjoint({*HEAVY, "pydantic", "rich.console"})
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        bench("--help")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("verb", ["models", "datasets"])
def test_lists_import_no_torch(verb: str) -> None:
    code = (
        f"sys.argv = ['bench', '{verb}']\nfrom bench.cli.main import run\ntry: run()\nexcept SystemExit: pass"
    )
    assert imported_by(code).isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "module",
    [
        "cli.table",
        "results.query",
        "results.index",
        "analysis.formats.rendering",
        "analysis.notes",
        "cli.why",
    ],
)
def test_reading_results_imports_no_torch(module: str) -> None:
    assert "torch" not in imported_by(f"import bench.{module}")


def test_version() -> None:
    assert bench("--version").stdout.strip() == f"bench {__version__}"


def test_a_users_mistake_is_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    done = bench("table", "quickstrat", "--results", str(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"bench: {tmp_path} has no results of suite 'quickstrat'"
        f" (`bench run quickstrat --results {tmp_path}` makes them)\n"
    )


def test_a_damaged_index_is_a_sentence_and_exit_code_2(handmade: Path) -> None:
    (handmade / "handmade" / "index.json").write_text("{", encoding="utf-8")
    done = bench("table", "handmade", "--results", str(handmade))
    assert done.returncode == 2
    assert done.stderr.startswith("bench: ") and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["tabel"], ["table"], ["table", "x", "--format", "word"], ["models", "-x"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    done = bench(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_ctrl_c_is_exit_code_230() -> None:
    program = (
        "import bench.cli.table, os, signal, sys\n"
        "bench.cli.table.print_table = lambda *a, **k: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.argv = ['bench', 'table', 'x']\n"
        "from bench.cli.main import run\nrun()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 128 + signal.SIGINT
    assert "Traceback" not in done.stderr


def test_a_crash_in_native_code_says_where() -> None:
    program = (
        "import bench.cli.table, os, sys\n"
        "bench.cli.table.print_table = lambda *a, **k: os.abort()\n"
        "sys.argv = ['bench', 'table', 'x']\n"
        "from bench.cli.main import run\nrun()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in done.stderr and "in run" in done.stderr


def test_a_closed_pipe_is_no_traceback(handmade: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", "table", "handmade", "--format", "json", "--results", str(handmade)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert "Traceback" not in errors


def test_json_reaches_standard_output_clean(handmade: Path) -> None:
    done = bench("table", "handmade", "--format", "json", "--results", str(handmade))
    assert done.stderr == ""
    assert [row["model"] for row in json.loads(done.stdout)][:2] == ["SASRec", "SASRec"]
