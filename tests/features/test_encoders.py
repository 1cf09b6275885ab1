"""The light encoders: worked examples, missing contents, and whether they see what toyshop hides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bench.data.prepared import Catalogue
from bench.data.sources.toyshop import Toyshop
from bench.data.sources.toyshop_rules import VALUES, draw_shop
from bench.errors import DataError
from bench.features.category import LabelMean, MultiHot
from bench.features.encoder import Encoded, FeatureEncoder
from bench.features.image import CELL_WIDTH, GREYS, HUES, ORIENTATIONS, ColourEdge, describe
from bench.features.text import TfidfSvd
from bench.registry import MODALITIES
from bench.suite.dataset_settings import ToyshopSettings
from bench.suite.settings import ColourEdgeSettings, LabelMeanSettings, MultiHotSettings, TfidfSvdSettings


def catalogue(
    texts: list[str] | None = None,
    categories: list[tuple[str, ...]] | None = None,
    images: list[Path | None] | None = None,
) -> Catalogue:
    n = len(texts or categories or images or [])
    return Catalogue(
        ids=tuple(str(place) for place in range(n)),
        titles=("",) * n,
        texts=tuple(texts or [""] * n),
        categories=tuple(categories or [()] * n),
        images=tuple(images or [None] * n),
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalogue, npt.NDArray[np.int64]]:
    """A toyshop's catalogue and its latent values [3, n]."""
    folder = tmp_path_factory.mktemp("shop")
    settings = ToyshopSettings(mechanism="content", items=240, users=1, seed=5)
    rows = Toyshop(settings).collect(folder).items.to_pydict()
    contents = Catalogue(
        ids=tuple(rows["id"]),
        titles=tuple(rows["title"]),
        texts=tuple(rows["text"]),
        categories=tuple(tuple(labels) for labels in rows["categories"]),
        images=tuple(folder / name for name in rows["image"]),
    )
    return contents, draw_shop(settings).values


ENCODERS = {
    "image": ColourEdge(ColourEdgeSettings()),
    "text": TfidfSvd(TfidfSvdSettings()),
    "category": MultiHot(MultiHotSettings()),
}


def nearest_centroid(values: npt.NDArray[np.float32], latent: npt.NDArray[np.int64]) -> float:
    """Accuracy on the second half of the items, with centroids of the first."""
    half = len(values) // 2
    centroids = np.stack(
        [values[:half][latent[:half] == value].mean(axis=0) for value in range(VALUES["content"])]
    )
    distances = np.linalg.norm(values[half:, None] - centroids, axis=2)
    return float(np.mean(distances.argmin(axis=1) == latent[half:]))


@pytest.mark.parametrize("place", range(3), ids=MODALITIES)
def test_an_encoder_sees_its_own_latent_value_and_no_other(
    shop: tuple[Catalogue, npt.NDArray[np.int64]], place: int
) -> None:
    contents, latent = shop
    encoded = ENCODERS[MODALITIES[place]].encode(contents)
    assert encoded.present.all()
    assert nearest_centroid(encoded.values, latent[place]) > 0.9
    for other in {0, 1, 2} - {place}:
        assert nearest_centroid(encoded.values, latent[other]) < 0.3


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
def test_the_same_catalogue_gives_the_same_bits(
    shop: tuple[Catalogue, npt.NDArray[np.int64]], encoder: FeatureEncoder
) -> None:
    first, second = encoder.encode(shop[0]), encoder.encode(shop[0])
    assert first.values.dtype == np.float32
    assert first.values.tobytes() == second.values.tobytes()


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
def test_a_catalogue_without_the_content_is_an_error(encoder: FeatureEncoder) -> None:
    with pytest.raises(DataError):
        encoder.encode(catalogue(texts=["", " "]))


def test_a_red_picture_is_all_in_the_first_hue_and_has_no_edges() -> None:
    row = describe(np.broadcast_to([1.0, 0.0, 0.0], (8, 8, 3)), grid=1)
    assert row.tolist() == [1.0] + [0.0] * (CELL_WIDTH - 1)


@pytest.mark.parametrize(
    ("colour", "bin_"),
    [
        *[((1, 1, 0), 2), ((0, 1, 0), 4), ((0, 1, 1), 6), ((0, 0, 1), 8), ((1, 0, 1), 10), ((1, 0, 0.1), 0)],
        *[((0, 0, 0), HUES), ((0.5, 0.5, 0.5), HUES + 1), ((1, 1, 1), HUES + 2)],
    ],
)
def test_hues_and_greys_fall_into_their_bins(colour: tuple[float, ...], bin_: int) -> None:
    assert int(np.argmax(describe(np.broadcast_to(colour, (4, 4, 3)), grid=1))) == bin_


def test_edge_directions_fall_into_their_bins() -> None:
    across = np.zeros((8, 8, 3))
    across[:, 4:] = 1  # brightness changes from left to right: direction 0
    first = HUES + GREYS
    assert int(np.argmax(describe(across, 1)[first:])) == 0
    assert int(np.argmax(describe(across.swapaxes(0, 1), 1)[first:])) == ORIENTATIONS // 2
    inverted = 1 - across
    assert describe(inverted, 1)[first:] == pytest.approx(describe(across, 1)[first:])


def test_a_grid_describes_each_cell_by_itself() -> None:
    pixels = np.zeros((8, 8, 3))
    pixels[:4, 4:] = [0, 1, 0]
    cells = describe(pixels, grid=2).reshape(4, CELL_WIDTH)
    assert [int(np.argmax(cell)) for cell in cells] == [HUES, 4, HUES, HUES]
    assert np.linalg.norm(cells) == pytest.approx(1)


def test_a_picture_that_cannot_be_read_is_missing_with_a_reason(tmp_path: Path) -> None:
    Image.new("L", (5, 9), 200).save(tmp_path / "good.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:40])
    (tmp_path / "text.jpg").write_text("no picture")
    names = ["good.png", "cut.png", "text.jpg", "gone.png"]
    encoded = ColourEdge(ColourEdgeSettings()).encode(
        catalogue(images=[None, *(tmp_path / n for n in names)])
    )
    assert encoded.present.tolist() == [False, True, False, False, False]
    assert sorted(encoded.problems) == [3, 4, 5]
    assert encoded.problems[4].startswith("text.jpg: ")
    assert not encoded.values[[0, 2, 3, 4]].any()


def test_transparent_pixels_show_white(tmp_path: Path) -> None:
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("RGB", (64, 64), (255, 255, 255)).save(tmp_path / "white.png")
    files: list[Path | None] = [tmp_path / "clear.png", tmp_path / "white.png"]
    first, second = ColourEdge(ColourEdgeSettings()).encode(catalogue(images=files)).values
    assert first.tolist() == second.tolist()


def cosines(encoded: Encoded) -> npt.NDArray[np.float32]:
    return np.asarray(encoded.values @ encoded.values.T)


@pytest.mark.parametrize("texts", [["film"] * 3, ["film", "", "film film"], ["a film"]])
def test_a_single_word_is_a_vocabulary(texts: list[str]) -> None:
    found = TfidfSvd(TfidfSvdSettings()).encode(catalogue(texts=texts))
    assert found.values.ravel().tolist() == [float("film" in text) for text in texts]


def test_texts_with_common_words_are_near_and_have_unit_length() -> None:
    texts = ["red wooden train", "red wooden engine", "silent night lamp", "silent moon lamp", "the"]
    encoded = TfidfSvd(TfidfSvdSettings(size=64)).encode(catalogue(texts=texts))
    assert encoded.present.tolist() == [True, True, True, True, False]
    assert encoded.values.shape == (5, 4)  # the rank, not 64
    near = cosines(encoded)
    assert np.diag(near) == pytest.approx([1, 1, 1, 1, 0], abs=1e-6)
    assert near[0, 1] > 0.3 and near[2, 3] > 0.3
    assert near[:2, 2:4] == pytest.approx(np.zeros((2, 2)), abs=1e-6)


def test_without_reduction_cosines_are_those_of_tf_idf_worked_by_hand() -> None:
    # idf = ln((1 + 2) / (1 + df)) + 1: 1 for the common word, ln 1.5 + 1 for the others; all counts are 1.
    encoded = TfidfSvd(TfidfSvdSettings(size=8)).encode(catalogue(texts=["kite string", "kite tail"]))
    rare = np.log(1.5) + 1
    assert cosines(encoded)[0, 1] == pytest.approx(1 / (1 + rare**2), abs=1e-6)


def test_the_width_is_capped_by_size() -> None:
    texts = [f"word{place} word{place + 1} word{place + 2}" for place in range(20)]
    assert TfidfSvd(TfidfSvdSettings(size=5)).encode(catalogue(texts=texts)).values.shape == (20, 5)


def test_labels_become_sorted_columns() -> None:
    labels = [("b", "a"), (), ("c", "b", "b"), ("c",)]
    encoded = MultiHot(MultiHotSettings()).encode(catalogue(categories=labels))
    assert encoded.columns == ("a", "b", "c")
    assert encoded.values.tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 1], [0, 0, 1]]
    assert encoded.present.tolist() == [True, False, True, True]


def test_rare_labels_are_left_out_and_leave_items_missing() -> None:
    # "a" is named twice, but by one item.
    labels = [("a", "a"), ("b",), ("b",)]
    encoded = MultiHot(MultiHotSettings(minimum=2)).encode(catalogue(categories=labels))
    assert encoded.columns == ("b",)
    assert encoded.present.tolist() == [False, True, True]


def test_the_mean_of_labels_gives_each_of_k_labels_one_kth() -> None:
    labels = [("b", "a"), (), ("c", "b", "b"), ("c",), ("d", "a", "b", "c")]
    encoder = LabelMean(LabelMeanSettings())
    encoded = encoder.encode(catalogue(categories=labels))
    assert encoded.columns == ("a", "b", "c", "d")
    assert encoded.values.dtype == np.float32
    assert encoded.values.tolist() == [
        *([1 / 2, 1 / 2, 0, 0], [0, 0, 0, 0], [0, 1 / 2, 1 / 2, 0]),
        *([0, 0, 1, 0], [1 / 4, 1 / 4, 1 / 4, 1 / 4]),
    ]
    assert encoded.present.tolist() == [True, False, True, True, True]
    assert not encoder.labels  # a loss that wants 0/1 labels must not take these for labels


def test_the_mean_runs_over_the_labels_that_are_kept() -> None:
    encoded = LabelMean(LabelMeanSettings(minimum=2)).encode(
        catalogue(categories=[("a", "b", "rare"), ("a", "b"), ("lone",)])
    )
    assert encoded.values.tolist() == [[1 / 2, 1 / 2], [1 / 2, 1 / 2], [0, 0]]
    assert encoded.present.tolist() == [True, True, False]


def test_the_mean_of_labels_needs_labels() -> None:
    with pytest.raises(DataError, match="no category label"):
        LabelMean(LabelMeanSettings()).encode(catalogue(categories=[(), ()]))


PATHS = (
    (("Shop", "Women", "Shoes"), ("Shop", "Sale")),
    (("Shop", "Men"),),
    (),
    (("Shop", "", "Shoes"),),
)


@pytest.mark.parametrize(
    ("levels", "minimum", "expected"),
    [
        ((1,), 1, [{"Shop"}, {"Shop"}, set(), {"Shop"}]),
        ((2,), 1, [{"Women", "Sale"}, {"Men"}, set(), set()]),
        ((-1,), 1, [{"Shoes", "Sale"}, {"Men"}, set(), {"Shoes"}]),
        ((2, 3), 1, [{"Women", "Sale", "Shoes"}, {"Men"}, set(), {"Shoes"}]),
        ((2, 3), 2, [{"Shoes"}, set(), set(), {"Shoes"}]),
    ],
)
def test_levels_of_paths(levels: tuple[int, ...], minimum: int, expected: list[set[str]]) -> None:
    contents = replace(catalogue(categories=[("x",)] * 4), paths=PATHS)
    found = MultiHot(MultiHotSettings(levels=levels, minimum=minimum)).encode(contents)
    rows = [{found.columns[column] for column in np.flatnonzero(row)} for row in found.values]
    assert rows == expected
    assert found.present.tolist() == [bool(row) for row in expected]


def test_levels_need_paths() -> None:
    settings = MultiHotSettings(levels=(1,))
    with pytest.raises(DataError, match="its categories have no levels"):
        MultiHot(settings).encode(catalogue(categories=[("x",)]))
    with pytest.raises(DataError, match="no category label at the levels 1 is carried"):
        MultiHot(settings).encode(replace(catalogue(categories=[("x",)]), paths=((),)))
    with pytest.raises(ValueError, match="there is no level 0"):
        MultiHotSettings(levels=(0,))
