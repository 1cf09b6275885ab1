"""`bench features`: extracted once, listed, explained, checked; and what it says to wrong words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.cli.features import extract_features, print_info, print_list
from bench.cli.features_check import check
from bench.errors import InputError

SHOP = "toyshop[users=20,items=30]"
NONE: dict[str, str | None] = {"image": None, "text": None, "category": None}


def words(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def test_extract_list_and_info(
    tmp_path: Path, published: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    options = published["huggingface"]
    encoder = f"huggingface[model={options['model']},max_length=64,pooling=mean]"
    extract_features(SHOP, NONE | {"text": encoder}, False, tmp_path)
    printed = words(capsys)
    assert "30 of 30" in printed and "pooling=mean" in printed and "image" not in printed

    print_list(tmp_path, "json")
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["dataset"], row["items"], row["present"]) == (SHOP, 30, 30)
    print_list(tmp_path, "rich")
    assert "30 of 30" in words(capsys)

    print_info("huggingface", tmp_path, "rich")
    printed = words(capsys)
    assert "sha256:" in printed and "content_hash" in printed
    print_info(row["name"], tmp_path, "json")
    assert json.loads(capsys.readouterr().out)["items"] == 30
    with pytest.raises(InputError, match="there are no features called 'vgg'"):
        print_info("vgg", tmp_path, "rich")


def test_without_an_encoder_the_light_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extract_features(SHOP, NONE, False, tmp_path)
    printed = words(capsys)
    assert all(name in printed for name in ("colour-edge", "tfidf-svd", "multi-hot"))
    extract_features(SHOP, NONE | {"category": "label-mean"}, True, tmp_path)
    printed = words(capsys)
    assert "label-mean" in printed and "colour-edge" in printed


@pytest.mark.parametrize(
    ("option", "text", "complaint"),
    [
        ("image", "torchvison/vgg16", "no encoder 'torchvison/vgg16' for image"),
        ("image", "huggingface", "no encoder 'huggingface' for image"),
        ("text", "huggingface[poling=cls]", "did you mean 'pooling'"),
        ("text", "huggingface[pooling=last]", "pooling"),
        ("image", "torchvision/vgg-16", "did you mean 'vgg16'"),
    ],
)
def test_wrong_words(option: str, text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=complaint):
        extract_features(SHOP, NONE | {option: text}, False, tmp_path)


def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / "sheet.png"
    check(
        "toyshop[mechanism=content,image=1]", NONE | {"image": "colour-edge"}, False, tmp_path, "rich", figure
    )
    printed = words(capsys)
    assert "times as often" in printed and "next to nothing" not in printed
    assert figure.is_file()
    check(SHOP, NONE, False, tmp_path, "json", None)
    found = json.loads(capsys.readouterr().out)
    assert [each["modality"] for each in found] == ["image", "text", "category"]
    with pytest.raises(InputError, match="end it in"):
        check(SHOP, NONE, False, tmp_path, "rich", tmp_path / "sheet.gif")
