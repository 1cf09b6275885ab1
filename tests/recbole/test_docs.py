"""The snippets of docs/recbole.md give what the page says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "recbole.md"


@pytest.mark.slow
@pytest.mark.requires("recbole")
def test_the_page_shows_what_recbole_does(ask_recbole: Callable[[str], Any]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    text = text[text.index("## How to see for yourself") : text.index("## Installation")]
    snippets = "".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    said = re.findall(r"# -> (.*?)(?= # -> |$)", snippets, re.MULTILINE)
    script = "answer = []\ndef print(*words): answer.append(' '.join(map(str, words)))\n" + snippets
    assert ask_recbole(script) == said
    assert len(said) > 15
