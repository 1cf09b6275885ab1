"""`bench data` on files in Amazon's layout, made here: prepared, found again, shown, and refused."""

from __future__ import annotations

import gzip
import http.server
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bench.cli.data import info, prepare, print_list
from bench.cli.data_add import add, remove
from bench.cli.data_audit import audit, orders
from bench.data.datasets import open_dataset
from bench.data.prepared import load_catalogue
from bench.errors import DataError, InputError

IN_2016 = 1_460_000_000
TREE = ("Women", "Men", "Boys", "Girls", "Baby")
CLOTHES = "Clothing_Shoes_and_Jewelry.json.gz"


def pack(file: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.open(file, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def clothes(tmp_path: Path) -> Path:
    """`write_clothes` in a folder; nobody is asked for their pictures."""
    folder = tmp_path / "clothes"
    write_clothes(folder, "https://example.org")
    return folder


def write_clothes(folder: Path, site: str) -> None:
    """Ten products of each part of the tree, one of them without a picture.

    In each part a user buys six in 2016, one four, and one five the year before.
    """
    folder.mkdir()
    products, reviews = [], []
    for part in TREE:
        for number in range(10):
            picture = [f"{site}/{part}{number}.jpg"] if number < 9 else []
            products.append(
                {
                    "asin": f"{part}{number}",
                    "title": f"{part} {number}",
                    "category": ["Clothing, Shoes &amp; Jewelry", part, "Clothing"],
                    "description": ["Worn."],
                    "imageURL": picture,
                    "imageURLHighRes": picture,
                }
            )
        for user, count, start in (
            ("six", 6, IN_2016),
            ("four", 4, IN_2016),
            ("old", 5, IN_2016 - 40_000_000),
        ):
            reviews += [
                {"reviewerID": f"{part}-{user}", "asin": f"{part}{n}", "unixReviewTime": start + n}
                for n in range(10 - count, 10)
            ]
    pack(folder / CLOTHES, reviews)
    pack(folder / f"meta_{CLOTHES}", products)


@pytest.mark.parametrize(
    ("name", "parts"), [("BoysGirls", ("Boys", "Girls")), ("Women", ("Women",)), ("Men", ("Men",))]
)
def test_one_tree_of_clothes_gives_three_datasets(
    clothes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, parts: tuple[str, ...]
) -> None:
    home = tmp_path / "home"
    prepare(name, clothes, home)
    # Of six purchases one is of a product without a picture: five are left, of four only three.
    dataset = open_dataset(name, name, {}, home)
    assert dataset is not None
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == tuple(
        n * len(parts) for n in (1, 5, 5)
    )
    catalogue = load_catalogue(dataset)
    assert {labels[1] for labels in catalogue.categories} == set(parts)
    assert [step["interactions"] for step in dataset.audit["steps"]] == [
        n * len(parts) for n in (15, 10, 8, 5)
    ]
    printed = capsys.readouterr().out
    assert "require: [image, text, category]" in printed
    assert "the paper" in printed
    assert str(dataset.folder) in printed.replace("\n", "")


def test_prepared_once_it_needs_no_files(clothes: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    prepare("Men", clothes, home)
    for file in clothes.iterdir():
        file.unlink()
    prepare("Men", None, home)
    assert open_dataset("Men", "Men", {}, home) is not None


def test_the_folder_is_remembered(clothes: Path, tmp_path: Path) -> None:
    prepare("Men", clothes, tmp_path / "home")
    prepare("Men[last=4]", None, tmp_path / "home")
    cut = open_dataset("Men", "Men", {"last": 4}, tmp_path / "home")
    assert cut is not None and cut.n_interactions == 4


def test_prepared_twice_the_bytes_are_the_same(clothes: Path, tmp_path: Path) -> None:
    contents = []
    for home in (tmp_path / "one", tmp_path / "two"):
        prepare("BoysGirls", clothes, home)
        dataset = open_dataset("BoysGirls", "BoysGirls", {}, home)
        assert dataset is not None
        files = sorted(file for file in dataset.folder.rglob("*") if file.is_file())
        contents.append({str(file.relative_to(dataset.folder)): file.read_bytes() for file in files})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 6


def test_edited_files_are_prepared_again(clothes: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    prepare("Men", clothes, home)
    before = open_dataset("Men", "Men", {}, home)
    reviews = [json.loads(line) for line in gzip.decompress((clothes / CLOTHES).read_bytes()).splitlines()]
    pack(clothes / CLOTHES, [*reviews, {"reviewerID": "Men-six", "asin": "Men4", "unixReviewTime": IN_2016}])
    assert open_dataset("Men", "Men", {}, home) is None
    prepare("Men", None, home)
    after = open_dataset("Men", "Men", {}, home)
    assert before is not None and after is not None
    assert (after.n_interactions, after.folder) == (before.n_interactions + 1, before.folder)
    assert after.content_hash != before.content_hash


def test_files_that_fail_are_not_where_the_dataset_comes_from(
    clothes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, damaged = tmp_path / "home", tmp_path / "damaged"
    prepare("Men", clothes, home)
    damaged.mkdir()
    for file in clothes.iterdir():
        (damaged / file.name).write_bytes(file.read_bytes()[:-9])
    with pytest.raises(InputError, match="cut off or damaged"):
        prepare("Men", damaged, home)
    assert open_dataset("Men", "Men", {}, home) is not None
    prepare("Men", None, home)


def test_other_files_in_another_folder_are_prepared(clothes: Path, tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    prepare("Men", clothes, home)
    before = open_dataset("Men", "Men", {}, home)
    write_clothes(other, "https://example.com")
    reviews = [{"reviewerID": "six", "asin": f"Men{n}", "unixReviewTime": IN_2016 + n} for n in range(3, 9)]
    pack(other / CLOTHES, reviews)
    prepare("Men", other, home)
    after = open_dataset("Men", "Men", {}, home)
    assert before is not None and after is not None and after.content_hash != before.content_hash


def test_a_broken_recipe_does_not_hide_the_others(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipes = tmp_path / "home" / "recipes"
    recipes.mkdir(parents=True)
    (recipes / "broken.yaml").write_text("about: [\n", encoding="utf-8")
    print_list(None, "json")
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert "broken.yaml:" in rows["broken"]["error"]
    assert rows["VideoGames"]["about"]


def test_the_same_files_written_again_change_nothing(clothes: Path, tmp_path: Path) -> None:
    prepare("Men", clothes, tmp_path / "home")
    content = (clothes / CLOTHES).read_bytes()
    (clothes / CLOTHES).write_bytes(content)
    assert open_dataset("Men", "Men", {}, tmp_path / "home") is not None


def test_files_that_are_not_there_are_named_with_their_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_OFFLINE", "1")
    with pytest.raises(DataError, match=r"Video_Games\.json\.gz is not at hand") as raised:
        prepare("VideoGames", None, tmp_path / "home")
    assert "https://" in str(raised.value)
    assert "bench data prepare VideoGames --from FOLDER" in str(raised.value)
    with pytest.raises(InputError, match=r"no file 'Video_Games\.json\.gz' in"):
        prepare("VideoGames", tmp_path, tmp_path / "home")
    with pytest.raises(InputError, match="toyshop is not made from files"):
        prepare("toyshop", tmp_path, tmp_path / "home")


def test_list_and_info(clothes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    with pytest.raises(InputError, match=r"Women is not prepared.*bench data prepare 'Women'"):
        info("Women", home, "rich")
    prepare("Women", clothes, home)
    capsys.readouterr()
    print_list(home, "json")
    listed = {row["name"]: row["prepared"] for row in json.loads(capsys.readouterr().out)}
    assert listed["Women"] == {"interactions": 5, "users": 1, "items": 5}
    assert listed["Men"] is None
    print_list(home, "rich")
    assert "5 interactions" in capsys.readouterr().out
    info("Women", home, "json")
    assert json.loads(capsys.readouterr().out)["users"] == 1
    info("Women", home, "rich")
    assert "minimum: {users: 5}" in capsys.readouterr().out


def test_audit(clothes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    prepare("Men", clothes, home)
    capsys.readouterr()
    audit("Men", home, "rich", tmp_path / "men.png")
    printed = " ".join(capsys.readouterr().out.split())
    assert "10,702" in printed
    assert "Recall@10 of the history" in printed
    assert (tmp_path / "men.png").exists()
    audit("Men", home, "json", None)
    found = {row["about"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["users"]["value"] == 1
    with pytest.raises(InputError, match=r"end it in \.png"):
        audit("Men", home, "rich", tmp_path / "men.gif")
    with pytest.raises(InputError, match="Women is not prepared"):
        audit("Women", home, "rich", None)


def test_orders(clothes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orders("Men", clothes, tmp_path / "home")
    printed = capsys.readouterr().out
    assert printed.count("require: [image, text, category]") == 16
    assert "383,148" in printed
    with pytest.raises(InputError, match="toyshop has no steps"):
        orders("toyshop", None, tmp_path / "home")


def test_pictures_are_fetched_when_asked(
    serve: Callable[[type[http.server.BaseHTTPRequestHandler]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    drawn = {f"/Men{number}.jpg": picture(number) for number in (4, 5, 6)}

    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/Men7.jpg":
                content = b"<html>Sign in</html>"
            elif self.path in drawn:
                content = drawn[self.path]
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    home, clothes = tmp_path / "home", tmp_path / "clothes"
    write_clothes(clothes, serve(Shop))
    prepare("Men", clothes, home)
    assert "Pictures of 5 items are not at hand: bench data prepare 'Men' --pictures" in " ".join(
        capsys.readouterr().out.split()
    )
    before = open_dataset("Men", "Men", {}, home)
    assert before is not None and before.modalities == ("text", "category")

    monkeypatch.setenv("BENCH_OFFLINE", "1")
    with pytest.raises(DataError, match="5 pictures not at hand"):
        prepare("Men", None, home, fetch=True)
    assert open_dataset("Men", "Men", {}, home) == before  # nothing is lost

    monkeypatch.delenv("BENCH_OFFLINE")
    prepare("Men", None, home, fetch=True)
    printed = " ".join(capsys.readouterr().out.split())
    assert "Pictures of 2 items are not at hand" in printed
    assert "1 address: the server answers 404" in printed and "1 address: what comes is no" in printed
    reasons = json.loads((home / "pictures" / "failures.json").read_text(encoding="utf-8")).values()
    assert sorted(failure["reason"] for failure in reasons) == [
        "the server answers 404",
        "what comes is no picture",
    ]
    after = open_dataset("Men", "Men", {}, home)
    assert after is not None and after.content_hash != before.content_hash
    assert after.audit["pictures_not_fetched"] == 2
    images = load_catalogue(after).images
    assert [image and image.read_bytes() for image in images] == [*drawn.values(), None, None]


def picture(number: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (30, 40), (number * 20, 0, 0)).save(target, "JPEG")
    return target.getvalue()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a log, and a home of its own."""
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    folder = tmp_path / "shop"
    folder.mkdir()
    rows = "".join(f"u{n % 3},i{n % 4},{1_500_000_000 + n}\n" for n in range(12))
    (folder / "log.csv").write_text(f"user_id,item_id,timestamp\n{rows}", encoding="utf-8")
    return folder


def test_own_files_get_a_name(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add("shop-1", shop, [], None, None)
    printed = capsys.readouterr().out
    assert "interactions: log.csv" in printed
    assert "unit: s" in printed
    assert "recipes/shop-1.yaml" in printed.replace("\n", "")
    dataset = open_dataset("shop-1", "shop-1", {}, None)
    assert dataset is not None and (dataset.n_users, dataset.n_interactions) == (3, 12)
    with pytest.raises(InputError, match="there is a dataset 'shop-1' already"):
        add("shop-1", shop, [], None, None)
    remove("shop-1", None)
    assert not dataset.folder.exists()
    assert (shop / "log.csv").exists()
    with pytest.raises(InputError, match="no dataset 'shop-1'"):
        info("shop-1", None, "rich")
    with pytest.raises(InputError, match="nothing is prepared of 'shop-1'"):
        remove("shop-1", None)


def test_what_cannot_be_prepared_is_not_kept(shop: Path) -> None:
    with (shop / "log.csv").open("a", encoding="utf-8") as file:
        file.write("u1,,1500000000\n")
    with pytest.raises(InputError, match="column 'item_id' holds nothing"):
        add("shop", shop, [], None, None)
    home = shop.parent / "home"
    assert [file.name for file in home.rglob("*") if file.is_file() and file.suffix != ".lock"] == []
    (shop / "log.csv").write_text((shop / "log.csv").read_text().removesuffix("u1,,1500000000\n"))
    add("shop", shop, [], None, None)


@pytest.mark.parametrize("name", ["../shop", "a/b", "", "-x", "a b"])
def test_a_name_stays_in_its_folder(shop: Path, name: str) -> None:
    with pytest.raises(InputError, match="is no name for a dataset"):
        add(name, shop, [], None, None)


def test_the_names_of_bench_are_taken(shop: Path) -> None:
    for name in ("VideoGames", "ml-100k"):
        with pytest.raises(InputError, match="bench's own"):
            add(name, shop, [], None, None)


@pytest.mark.parametrize("word", ["user", "buyer=user", "=x"])
def test_columns_are_said_in_pairs(shop: Path, word: str) -> None:
    with pytest.raises(InputError, match="WHAT=COLUMN"):
        add("shop", shop, [word], None, None)
