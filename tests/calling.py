"""`bench` called in this process, as a shell would see it."""

from __future__ import annotations

import subprocess

from typer.testing import CliRunner

from bench.cli.main import app
from bench.errors import BenchError


def call_here(*arguments: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Output and exit code of the command line; ``check`` is the code that is expected, None: any."""
    done = CliRunner().invoke(app, arguments)
    code, err = done.exit_code, done.stderr
    if isinstance(done.exception, BenchError):  # as bench.cli.main.run
        code, err = done.exception.exit_code, f"{err}bench: {done.exception}\n"
    elif done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert check is None or code == check, f"{done.stdout}\n{err}"
    return subprocess.CompletedProcess(arguments, code, done.stdout, err)
