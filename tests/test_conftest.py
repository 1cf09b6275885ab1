"""The safeguards of the test suite itself, tried on a small test suite of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")

SKIPS = {
    "test_marker": 'import pytest\n@pytest.mark.requires("data")\ndef test(): pass',
    "test_call": 'import pytest\ndef test(): pytest.skip("no Data folder here")',
    "test_fixture": "def test(shared_data): pass",
    "test_module": 'import pytest\npytest.skip("needs data", allow_module_level=True)\ndef test(): pass',
}
OTHERS = (
    'import pytest\ndef test_skip(): pytest.skip("only on Windows")\n'
    '@pytest.mark.xfail(reason="bad data")\ndef test_xfail(): assert False'
)
NETWORK = """
import socket, pytest
def test_outside():
    with pytest.raises(AssertionError, match="tried to reach 192.0.2.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
def test_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("BENCH_TEST_DATA", str(pytester.path / "absent"))
    monkeypatch.delenv("BENCH_REQUIRE", raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(**SKIPS, test_others=OTHERS, test_network=NETWORK)
    return pytester


def test_nothing_required(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.parseoutcomes() == {"passed": 2, "skipped": 5, "xfailed": 1}


def test_a_skip_for_a_required_thing_fails(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_REQUIRE", "recbole,data")
    result = suite.runpytest_subprocess("-p", "no:cacheprovider", "--continue-on-collection-errors")
    assert result.parseoutcomes() == {"passed": 2, "failed": 1, "errors": 3, "skipped": 1, "xfailed": 1}
    result.stdout.fnmatch_lines(["*BENCH_REQUIRE has data, yet this skipped: *"])


def test_an_unknown_requirement_stops_the_tests(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_REQUIRE", "recbol")
    result = suite.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    known = "recbole, data, cuda, pdflatex, browser, postgres"
    result.stderr.fnmatch_lines([f"*BENCH_REQUIRE knows {known}, not recbol*"])
