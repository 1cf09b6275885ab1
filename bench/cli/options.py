"""A settings class as a list of options, for `bench models` and `bench datasets`."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bench.registry import Entry, load
from bench.suite.problems import written_names
from bench.suite.settings import Settings


def options(entry: Entry) -> list[dict[str, Any]]:
    """The options of a model, dataset or encoder of the registry, as `options_of` gives them."""
    kind: type[Settings] = load(entry.settings)
    return options_of(kind)


def options_of(kind: type[Settings]) -> list[dict[str, Any]]:
    """Each option's name in a suite, kind, default and, where there are any, its limits.

    An option that a suite must give has no default.
    """
    return [
        {"name": field.alias or name, "kind": _kind(field.annotation)}
        | ({} if field.is_required() else {"default": field.default})
        | ({"limits": limits} if (limits := _limits(field)) else {})
        for name, field in kind.model_fields.items()
    ]


def brief(found: list[dict[str, Any]]) -> str:
    """The options in one text: ``name=default``, or the name alone, comma-separated."""
    return ", ".join(map(_brief, found)) or "none"


def listing(title: str, lines: Sequence[str]) -> RenderableType:
    """A bold title with indented lines below; long lines wrap, nothing is cut off."""
    body = Text("\n".join(lines), overflow="fold")
    return Group(Text(title, style="bold"), Padding(body, (0, 0, 1, 4)))


def _brief(option: dict[str, Any]) -> str:
    name: str = option["name"]
    return f"{name}={_plain(option['default'])}" if "default" in option else name


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_plain, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, get_args(annotation)))
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) in (tuple, list):
        return f"list of {_kind(get_args(annotation)[0])}"
    if get_origin(annotation) is dict:
        key, value = map(_kind, get_args(annotation))
        return f"mapping of {key} to {value}"
    if get_args(annotation):
        return " | ".join(_kind(part) for part in get_args(annotation) if part is not types.NoneType)
    if issubclass(annotation, BaseModel):
        return f"mapping of {', '.join(written_names(annotation))}"
    return str(annotation.__name__)


def _limits(field: FieldInfo) -> str:
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    return ", ".join(
        f"{sign} {getattr(rule, name)}"
        for rule in field.metadata
        for name, sign in signs.items()
        if getattr(rule, name, None) is not None
    )
