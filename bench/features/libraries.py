"""torchvision and transformers, imported so that they also work beside a torch for the processor only.

The published wheel of torchvision registers operators that its native part defines, which such a torch cannot
load; and much of transformers imports torchvision. Both are imported here and nowhere else in bench.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType
from typing import Any

# What torchvision registers implementations for when it is imported (0.19 to 0.28).
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_defined: list[Any] = []  # a library of operators lasts as long as its object


@cache
def torchvision() -> ModuleType:
    """torchvision with its models and transforms.

    Raises:
        ImportError: it is not installed.
        RuntimeError: it does not fit this torch in another way.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    from torch import library as operators

    missing: Any = operators.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        missing.define(schema)
    _defined.append(missing)
    return importlib.import_module("torchvision")


@cache
def transformers() -> ModuleType:
    """transformers, after torchvision.

    Raises:
        ImportError: one of them is not installed.
    """
    torchvision()
    library = importlib.import_module("transformers")
    library.utils.logging.set_verbosity_error()  # bench says what it loads
    library.utils.logging.disable_progress_bar()
    return library
