from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InputError
from bench.suite.reader import parse_document, parse_value, read_document


def test_every_key_and_list_entry_has_its_line() -> None:
    document = parse_document("a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n", "f")
    assert document.data == {"a": 1, "b": ["x", {"c": 2, "d": 3}]}
    assert document.line(("a",)) == 1
    assert document.line(("b",)) == 2
    assert document.line(("b", 0)) == 3
    assert document.line(("b", 1, "c")) == 4
    assert document.line(("b", 1, "d")) == 5
    assert document.line(("b", 1, "nowhere", "deeper")) == 4  # the nearest thing around it


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.0e-3", 1e-3),
        (".5", 0.5),
        ("-3", -3),
        ("true", True),
        ("~", None),
        ("", None),
        ("[a, 1, 2.5]", ["a", 1, 2.5]),
        # YAML 1.1 makes true, 90, 8, 1000, a date and infinity of these.
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        (".inf", ".inf"),
        ("'5'", "5"),
    ],
)
def test_scalars_are_those_of_the_core_schema(text: str, value: object) -> None:
    read = parse_value(text, "--set")
    assert read == value
    assert type(read) is type(value)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab: #'{é"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab-", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(PLAIN)
def test_json_reads_as_itself(value: Any) -> None:
    # JSON is YAML, so an independent writer says what must be read.
    assert parse_value(json.dumps(value), "x") == value


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"a: 1\nb: 2\na: 3\n", 3, "'a' stands twice, first on line 1"),
        (b"a:\n  x: 1\n  x: 2\n", 3, "'x' stands twice"),
        (b"a:\n\tb: 1\n", 2, "indent with spaces"),
        (b"a: [1, 2\nb: 3\n", 2, "not YAML"),
        (b"a: 1\n b: 2\n", 2, "not YAML"),
        (b"", 1, "nothing in it"),
        (b"# only a comment\n", 1, "nothing in it"),
        (b"- a\n- b\n", 1, "top level"),
        (b"a: 1\nb: \xff\n", 2, "UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "U+0000"),
        (b"a: !!python/object/apply:os.system [ls]\n", 1, "plain data"),
        (b"a: 1\nb: !custom x\n", 2, "plain data"),
        (b"a: &x [1]\nb: *x\n", 1, "write the value out"),
        (b"a: 1\n---\nb: 1\n", 2, "one document"),
        (b"a: 1\n5: x\n", 2, "not text"),
        (b"a: 1\n? [x]\n: y\n", 2, "not text"),
        (b'a: 1\nb: "\\ud800"\n', 2, "not text"),
        (b'a: 1\n"\\ud800": 1\n', 2, "not text"),
        (b"a: 1\nb: 1e999\n", 2, "too large"),
        (b"a: " + b"[" * 500, None, "nested too deeply"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(
    tmp_path: Path, content: bytes, line: int | None, words: str
) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_document(path)
    assert words in str(caught.value)
    assert caught.value.file == str(path)
    assert caught.value.line == line


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InputError, match="cannot be read") as caught:
            read_document(path)
        assert caught.value.file == str(path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(path).data == {"a": 1}
