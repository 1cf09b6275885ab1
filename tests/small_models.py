"""Small models in the layouts in which the large ones are published, with weights by formula.

No random numbers: a golden number must not depend on how a version of torch draws them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BERT_MOST = 64  # tokens
CLIP_MOST = 77
SIDE = 32  # pixels that the small CLIP takes

WORDS = (
    "the a of and in wooden puzzle game for children and families with red blue green pieces a classic"
    " adventure film about a young detective who must solve the murder of a wealthy collector before"
    " midnight puzzles gaming gamer player played playing controller wireless charging dock screen case"
)


def save_bert(folder: Path) -> Path:
    """BERT of two layers and width 32, with a WordPiece vocabulary: config, tokenizer, safetensors."""
    from bench.features.libraries import transformers

    library = transformers()
    folder.mkdir()
    letters = sorted(set(WORDS) - {" "})
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *letters,
        *(f"##{letter}" for letter in letters),
    ]
    vocabulary += [word for word in dict.fromkeys(WORDS.split()) if len(word) > 1] + ["##ing", "##er"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    settings = {"do_lower_case": True, "model_max_length": BERT_MOST, "tokenizer_class": "BertTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    config = library.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=BERT_MOST,
    )
    model = library.BertModel(config)
    _fill(model.named_parameters())
    model.save_pretrained(folder)
    return folder


def save_clip(folder: Path) -> Path:
    """CLIP with towers of two layers and a common width of 16: config, BPE, processor, safetensors."""
    from bench.features.libraries import transformers

    library = transformers()
    folder.mkdir()
    special = ["<|startoftext|>", "<|endoftext|>"]
    letters = sorted(set(WORDS) - {" "})
    ends = [f"{letter}</w>" for letter in letters]
    merges = [
        ("i", "n"),
        ("in", "g</w>"),
        ("e", "r</w>"),
        ("t", "h"),
        ("th", "e</w>"),
        ("p", "u"),
        ("z", "z"),
    ]
    pieces = [*letters, *ends, *("".join(pair) for pair in merges), *special]
    words = {piece: number for number, piece in enumerate(pieces)}
    (folder / "vocab.json").write_text(json.dumps(words), encoding="utf-8")
    rules = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(rules) + "\n", encoding="utf-8")
    settings = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": CLIP_MOST,
        "bos_token": special[0],
        "eos_token": special[1],
        "pad_token": special[1],
        "unk_token": special[1],
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    tower = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
    config = library.CLIPConfig(
        text_config={
            **tower,
            "vocab_size": len(words),
            "max_position_embeddings": CLIP_MOST,
            "bos_token_id": words[special[0]],
            "eos_token_id": words[special[1]],
            "pad_token_id": words[special[1]],
        },
        vision_config={**tower, "image_size": SIDE, "patch_size": 8},
        projection_dim=16,
    )
    model = library.CLIPModel(config)
    _fill(model.named_parameters())
    model.save_pretrained(folder)
    size = {"shortest_edge": SIDE}
    library.CLIPImageProcessor(size=size, crop_size=SIDE).save_pretrained(folder)
    return folder


def save_squeezenet(file: Path) -> Path:
    """A state dict of torchvision's SqueezeNet 1.1, as it is published."""
    import torch

    from bench.features.libraries import torchvision

    network = torchvision().models.squeezenet1_1(weights=None)
    _fill(network.named_parameters())
    torch.save(network.state_dict(), file)
    return file


def _fill(parameters: Iterable[tuple[str, Any]]) -> None:
    import torch

    for number, (name, values) in enumerate(parameters):
        # The digits of a sine behind the fourth are as good as random, and the same everywhere.
        wave = torch.sin(torch.arange(values.numel(), dtype=torch.float64) * 1.7 + number) * 9_999
        uniform = 2 * (wave - wave.floor()) - 1
        scale = 0.1 if values.dim() < 2 else (6 / values[0].numel()) ** 0.5
        centre = 1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0
        with torch.no_grad():
            values.copy_((uniform * scale + centre).reshape(values.shape))
