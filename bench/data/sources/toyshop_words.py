"""Words and labels of the generated shop: the theme of the description and the department are the signal."""

from __future__ import annotations

import numpy as np

# One tuple of theme words per latent value.
THEMES = (
    ("anchor", "harbour", "sail", "lighthouse", "captain", "wave"),
    ("rocket", "planet", "comet", "astronaut", "moon", "orbit"),
    ("tractor", "barn", "meadow", "harvest", "orchard", "pony"),
    ("knight", "dragon", "tower", "crown", "drawbridge", "banner"),
    ("parrot", "tiger", "jungle", "canopy", "explorer", "vine"),
    ("snowman", "sledge", "mitten", "icicle", "penguin", "skate"),
    ("drum", "trumpet", "melody", "piano", "rhythm", "concert"),
    ("oven", "teapot", "recipe", "spoon", "bakery", "apron"),
)
DEPARTMENTS = (
    *("Outdoor", "Building", "Dolls", "Vehicles"),
    *("Puzzles", "Craft", "Games", "Learning"),
)

_ADJECTIVES = ("Merry", "Tiny", "Clever", "Gentle", "Brave", "Curious", "Sunny", "Quiet", "Lucky", "Swift")
_MATERIALS = ("wood", "felt", "cotton", "metal", "cork", "rubber")
_OPENINGS = (
    "Bring home the {0} and the {1}",
    "Play for hours with the {0} and the {1}",
    "The {0} meets the {1} in every story",
    "A bright {0} next to a cheerful {1}",
)
_MIDDLES = (
    "Made of {material}, easy to wipe clean",
    "Solid {material} with rounded edges",
    "Hand finished {material} that lasts for years",
)
_CLOSINGS = (
    "Do not forget the {0}, loved by all children",
    "With a {0} as a surprise inside the box",
    "Also comes as a {0} for small hands",
)
_AGES = ("Age 1+", "Age 3+", "Age 5+", "Age 7+")
_BRANDS = ("Alder & Sons", "Bright Works", "Copperfield", "Dapple", "Elmwood", "Foxglove")
_SERIES = ("Gift idea", "New in", "Travel size")


def title(shape: str, rng: np.random.Generator) -> str:
    """A title; it names the picture's shape and nothing that carries a signal."""
    return f"{_pick(_ADJECTIVES, rng)} {shape}"


def description(theme: int, rng: np.random.Generator) -> str:
    """Three sentences with three different words of the theme (latent value ``theme``)."""
    words = [THEMES[theme][int(place)] for place in rng.permutation(len(THEMES[theme]))[:3]]
    sentences = (
        _pick(_OPENINGS, rng).format(*words[:2]),
        _pick(_MIDDLES, rng).format(material=_pick(_MATERIALS, rng)),
        _pick(_CLOSINGS, rng).format(words[2]),
    )
    return ". ".join(sentences) + "."


def labels(department: int, rng: np.random.Generator) -> list[str]:
    """The department (latent value ``department``) among labels that carry no signal, sorted."""
    chosen = [DEPARTMENTS[department], _pick(_AGES, rng), _pick(_BRANDS, rng)]
    chosen += [label for label in _SERIES if rng.integers(2)]
    return sorted(chosen)


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
