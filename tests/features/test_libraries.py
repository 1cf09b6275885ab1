"""torchvision and transformers beside this torch, in a process that has imported neither."""

from __future__ import annotations

import subprocess
import sys


def test_both_are_usable_in_either_order() -> None:
    program = """
from bench.features.libraries import torchvision, transformers
library = transformers()
library.BertModel, library.CLIPModel, library.AutoImageProcessor
import torchvision as again
assert again is torchvision()
import torch
assert torchvision().transforms.functional.resize(torch.zeros(3, 8, 8), 4).shape == (3, 4, 4)
print(torchvision().models.get_model("vgg16", weights=None).classifier[-1])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "Linear(in_features=4096, out_features=1000, bias=True)\n", done.stderr
