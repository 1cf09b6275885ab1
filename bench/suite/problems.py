"""Collecting everything that is wrong with a suite, each with its place and the nearest valid word."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from bench.errors import InputError
from bench.suite.reader import Document, KeyPath, show

M = TypeVar("M", bound=BaseModel)

# What pydantic's errors ask for, to be read after "... is not"; {…} are the error's context.
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "literal_error": "{expected}",
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "string_too_long": "text of at most {max_length} characters",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "model_type": "a mapping",
}


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid word most like ``word`` (case apart), or None if none is near."""
    folded = {name.casefold(): name for name in valid}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.5)
    return folded[close[0]] if close else None


def suggest(word: object, valid: Sequence[str]) -> str:
    """A remedy for an invalid word: the nearest valid one, or all of them."""
    near = nearest(word, valid) if isinstance(word, str) else None
    if near is not None:
        return f"did you mean {near!r}?"
    return f"one of {', '.join(valid)}" if valid else "there is nothing to write here"


class Problems:
    """What is wrong with one document; `raise_any` shows it all, in the order of the lines."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._found: dict[str, InputError] = {}

    def add(self, path: KeyPath, message: str, remedy: str | None = None) -> None:
        """Note a problem with the value at ``path``; the same problem is noted once."""
        option = self.document.override(path)
        error = InputError(
            message,
            file=option or self.document.file,
            line=None if option else self.document.line(path),
            remedy=remedy,
        )
        self._found.setdefault(str(error), error)

    def count(self) -> int:
        """How many problems were noted."""
        return len(self._found)

    def raise_any(self) -> None:
        """Raise what was noted, if anything was.

        Raises:
            InputError: the one problem, or all of them, one per line.
        """
        found = sorted(self._found.values(), key=lambda error: (error.line is not None, error.line or 0))
        if len(found) == 1:
            raise found[0]
        if found:
            raise InputError("\n".join(str(error) for error in found))

    def address(self, path: KeyPath) -> str:
        """``path`` in words, as ``--set`` names it: ``training.epochs``, ``MAF.fusion``, ``seeds[2]``."""
        keys = list(path)
        if len(keys) > 1 and keys[0] in ("models", "datasets") and isinstance(keys[1], int):
            entries = self.document.data[keys[0]]
            entry = entries[keys[1]]
            name = entry.get("label", entry.get("name")) if isinstance(entry, dict) else entry
            if isinstance(name, str):
                keys[:2] = [name]
        text = "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in keys)
        return text.removeprefix(".")

    def validate(
        self,
        kind: type[M],
        values: Mapping[str, Any],
        path: KeyPath,
        paths: Mapping[str, KeyPath] | None = None,
        *,
        partial: bool = False,
    ) -> M | None:
        """Check ``values`` with a pydantic class, strictly: no text for numbers, no true for 1.

        Args:
            kind: the class.
            values: by field name or alias.
            path: where the values stand.
            paths: where single values stand, by key, if not below ``path``.
            partial: pass over rules that join several values (the values are not complete).

        Returns:
            The validated object; None if there are problems (which are noted).
        """
        places = {key: (*path, key) for key in values} | dict(paths or {})
        try:
            # Through JSON, because only there does strict mode take lists for tuples.
            return kind.model_validate_json(json.dumps(values), strict=True)
        except ValidationError as error:
            found = _by_place(error, values, kind, partial)
        for keys, details in found.items():
            if keys:
                where = (*places.get(str(keys[0]), (*path, keys[0])), *keys[1:])
                self.add(where, *self._describe(where, details, kind))
            else:
                rule = str(details[0]["ctx"]["error"])
                # A rule that joins several values: it stands with an option that set one of them, if any did.
                blamed = (p for key, p in places.items() if key in rule and self.document.override(p))
                self.add(next(blamed, path), f"{self.address(path)}: {rule}")
        return None

    def _describe(self, where: KeyPath, details: list[Any], kind: type[BaseModel]) -> tuple[str, str | None]:
        first, key, outer = details[0], str(where[-1]) if where else "", self.address(where[:-1])
        loc: KeyPath = first["loc"][:-1]
        if first["type"] == "extra_forbidden":
            inside = f" in {outer}" if outer else ""
            return f"unknown key {key!r}{inside}", suggest(key, written_names(_innermost(kind, loc)))
        if first["type"] == "missing":
            return f"key {key!r} is missing{f' in {outer}' if outer else ''}", f"write `{key}: ...`"
        if first["type"] == "value_error":
            return f"{self.address(where)}: {first['ctx']['error']}", None
        wanted, words = [], []
        for detail in details:
            context = {key: _plain(value) for key, value in detail.get("ctx", {}).items()}
            known = _WANTED.get(detail["type"])
            wanted.append(detail["msg"] if known is None else known.format(**context))
            words += re.findall(r"'([^']*)'", context.get("expected", ""))
        remedy = _remedy(first["input"], words, wanted)
        pattern = first["type"] == "string_pattern_mismatch"
        asked = f"text like {first['ctx']['pattern']}" if pattern else " or ".join(dict.fromkeys(wanted))
        return f"{self.address(where)}: {show(first['input'])} is not {asked}", remedy


def _remedy(value: object, words: Sequence[str], wanted: Sequence[str]) -> str | None:
    """What to write for ``value``, which is none of ``words`` or not of the kinds that are ``wanted``."""
    near = nearest(value, words) if isinstance(value, str) else None
    plain = isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool))
    if near is None and plain and "a list" in wanted and (isinstance(value, str) or len(wanted) == 1):
        return f"write [{value}]"
    return suggest(value, words) if words and isinstance(value, str) else None


def _innermost(kind: type[BaseModel], loc: KeyPath) -> type[BaseModel]:
    """The class of the mapping at ``loc`` within ``kind``, of which some fields are mappings themselves."""
    for key in loc:
        field = kind.model_fields.get(str(key))
        parts = () if field is None else (field.annotation, *get_args(field.annotation))
        inner = (part for part in parts if isinstance(part, type) and issubclass(part, BaseModel))
        kind = next(inner, kind)
    return kind


def _plain(value: Any) -> Any:
    """Bounds as a reader writes them: 0 rather than 0.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def written_names(kind: type[BaseModel]) -> list[str]:
    """The keys of a settings class as a suite writes them (``lambda`` rather than ``task_weight``)."""
    return [field.alias or name for name, field in kind.model_fields.items()]


def _by_place(
    error: ValidationError, values: Mapping[str, Any], kind: type[BaseModel], partial: bool
) -> dict[KeyPath, list[Any]]:
    """Errors by the place in ``values``; of the branches of a union, those that got furthest."""
    found: dict[KeyPath, list[Any]] = {}
    for detail in error.errors(include_url=False):
        place = _place(detail["loc"], values, kind)
        if place or not partial:
            found.setdefault(place, []).append(detail)
    deepest = [p for p in found if not any(len(q) > len(p) and q[: len(p)] == p for q in found if p)]
    return {place: found[place] for place in deepest}


def _place(loc: KeyPath, values: Mapping[str, Any], kind: type[BaseModel]) -> KeyPath:
    """Follow pydantic's location as far as ``values`` goes; the names of union branches are not places."""
    fields = {field.alias: name for name, field in kind.model_fields.items() if field.alias}
    place: list[str | int] = []
    here: Any = values
    for at, key in enumerate(loc):
        known = key if not isinstance(here, Mapping) or key in here else fields.get(str(key), key)
        inside = (
            known in here if isinstance(here, Mapping) else isinstance(here, list) and isinstance(key, int)
        )
        if inside:
            place.append(known)
            here = here[known]
        elif at == len(loc) - 1 and isinstance(here, Mapping):
            place.append(key)
    return tuple(place)
