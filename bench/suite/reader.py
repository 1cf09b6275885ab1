"""YAML that stays plain: every value is data, every key has a line, nothing is guessed.

A `yaml.SafeLoader` without tags, anchors and aliases (no object is ever constructed and nothing expands),
with the scalars of the YAML 1.2 core schema: ``1e-4`` is a number, ``yes`` and ``1:30`` are text, dates are
text. Repeated keys are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench.errors import InputError

KeyPath = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_INT = r"[-+]?(?:0|[1-9][0-9]*)"
_FLOAT = r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"


@dataclass(frozen=True)
class Document:
    """Plain data with the place of every key.

    Attributes:
        data: mappings, lists, text, numbers, booleans and None.
        file: where the data comes from, as shown in errors (a file, or an option such as ``--dataset``).
        lines: 1-based line of each key path; list entries are numbered from 0.
        overrides: the ``--set`` option that put the value at a key path.
    """

    data: dict[str, Any]
    file: str
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    overrides: Mapping[KeyPath, str] = field(default_factory=dict)

    def override(self, path: KeyPath) -> str | None:
        """The ``--set`` option that the value at ``path`` comes from, if any."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.overrides:
                return self.overrides[path[:end]]
        if path in self.lines:
            return None
        # A key that the file does not have was made by an option that sets something within it.
        return next((text for key, text in self.overrides.items() if path and key[: len(path)] == path), None)

    def line(self, path: KeyPath) -> int | None:
        """The line of ``path``, or of the nearest key around it."""
        found = (self.lines.get(path[:end]) for end in range(len(path), -1, -1))
        return next((line for line in found if line is not None), None)


class _Loader(yaml.SafeLoader):
    """Refuses tags, anchors and aliases while composing; resolves the core schema's scalars."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's name)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise yaml.composer.ComposerError(
                None, None, "anchors and aliases are not read: write the value out", event.start_mark
            )
        if getattr(event, "tag", None) is not None:
            raise yaml.composer.ComposerError(
                None, None, f"tag {event.tag!r} is not read: values are plain data", event.start_mark
            )
        return super().compose_node(parent, index)


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"^(?:{_pattern})$"), _first)


def read_document(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises:
        InputError: the file is missing, empty, not UTF-8, not YAML, repeats a key, or is not a mapping.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(
            "not UTF-8 text", file=path, line=line, remedy="save the file in the encoding UTF-8"
        ) from error
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", file=path, remedy="check the path, or make the file"
        ) from error
    return parse_document(text, str(path))


def parse_document(text: str, file: str) -> Document:
    """Read YAML text whose top level is a mapping; ``file`` names it in errors.

    Raises:
        InputError: as `read_document`.
    """
    lines: dict[KeyPath, int] = {}
    data = _parse(text, file, lines)
    if data is None:
        raise InputError("nothing in it", file=file, line=1, remedy="a suite begins with `suite: NAME`")
    if not isinstance(data, dict):
        raise InputError(
            f"the top level is {show(data)}", file=file, line=1, remedy="write keys as in `suite: NAME`"
        )
    return Document(data=data, file=file, lines=lines)


def parse_value(text: str, file: str) -> Any:
    """Read one YAML value, as given to an option; ``file`` names the option in errors.

    Raises:
        InputError: the text is not YAML.
    """
    return _parse(text, file, None)


def show(value: object) -> str:
    """A value as errors show it: short, on one line, words in quotes, YAML's true, false and null."""
    names = {True: "true", False: "false", None: "null"}
    plain = isinstance(value, bool) or value is None
    text = names[value] if plain else repr(value)  # type: ignore[index]
    return text if len(text) <= 80 else text[:77] + "..."


def _parse(text: str, file: str, lines: dict[KeyPath, int] | None) -> Any:
    shown = lines if lines is not None else {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else _build(node, (), shown, file)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if lines is not None else None
        raise InputError(f"character U+{error.character:04X} is not allowed", file=file, line=line) from error
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, file, lines is not None) from error
    except RecursionError as error:
        raise InputError("nested too deeply", file=file, remedy="write fewer brackets") from error


def _syntax_error(error: yaml.MarkedYAMLError, file: str, with_line: bool) -> InputError:
    mark = error.problem_mark or error.context_mark
    problem = f"not YAML: {error.problem or error.context}"
    remedy = "check indentation, colons and brackets here and on the line above"
    if "'\\t'" in problem:
        problem, remedy = "a tab where spaces belong", "indent with spaces"
    elif isinstance(error, yaml.composer.ComposerError):
        problem, remedy = str(error.problem), "a suite is one document of plain values"
    return InputError(
        problem, file=file, line=mark.line + 1 if mark is not None and with_line else None, remedy=remedy
    )


def _build(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], file: str) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, lines, file)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, at), lines, file) for at, child in enumerate(node.value)]
    return _scalar(node, file)


def _build_mapping(
    node: yaml.MappingNode, path: KeyPath, lines: dict[KeyPath, int], file: str
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if key_node.tag != _TAG + "str":
            text = key_node.value if isinstance(key_node, yaml.ScalarNode) else "[...]"
            raise InputError(f"key {text} is not text", file=file, line=line, remedy="quote it")
        key = _text(key_node, file)
        if key in result:
            raise InputError(
                f"key {key!r} stands twice, first on line {lines[*path, key]}",
                file=file,
                line=line,
                remedy="keep one of them",
            )
        lines[*path, key] = line
        result[key] = _build(value_node, (*path, key), lines, file)
    return result


def _scalar(node: yaml.Node, file: str) -> Any:
    kind, text = node.tag.removeprefix(_TAG), node.value
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind not in ("int", "float"):
        return _text(node, file)
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise InputError(
            f"number {show(text)} is too large", file=file, line=node.start_mark.line + 1, remedy="write less"
        )
    return number if kind == "float" else int(text)


def _text(node: yaml.Node, file: str) -> str:
    """The node's text, which JSON and UTF-8 can hold: an escape can make half of a surrogate pair."""
    text = str(node.value)
    if any("\ud800" <= character <= "\udfff" for character in text):
        line = node.start_mark.line + 1
        raise InputError(f"{text!r} is not text", file=file, line=line, remedy="write the character itself")
    return text
