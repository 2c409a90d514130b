"""Texts: a topic each, in words of that topic."""

from typing import NamedTuple

import numpy as np


class Topic(NamedTuple):
    """Words that fit any of SENTENCES."""

    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    doings: tuple[str, ...]
    people: tuple[str, ...]


class Text(NamedTuple):
    """What a text event says."""

    title: str
    text: str


def _topic(nouns: str, adjectives: str, doings: str, people: str) -> Topic:
    return Topic(*(tuple(words.split(", ")) for words in (nouns, adjectives, doings, people)))


TOPICS = (
    _topic(
        "sourdough bread, tomato soup, garlic butter, lemon cake, roast chicken, basil pesto, "
        "mushroom risotto, oven, frying pan, chocolate tart, pie crust, noodle broth",
        "crisp, buttery, slow-cooked, spicy, sweet, homemade",
        "baking, kneading dough, simmering, frying, tasting, seasoning",
        "chefs, bakers, home cooks",
    ),
    _topic(
        "telescope, spiral galaxy, black hole, comet, meteor shower, lunar eclipse, neutron star, planet, "
        "rings of Saturn, nebula, satellite, night sky",
        "distant, faint, orbiting, interstellar, glowing, cosmic",
        "stargazing, measuring redshift, launching a probe, observing, charting stars, tracking an orbit",
        "astronomers, astronauts, observatories",
    ),
    _topic(
        "penalty kick, goalkeeper, league title, midfield, stadium, cup final, free kick, referee, "
        "striker, offside trap, derby, corner flag",
        "last-minute, defensive, unbeaten, attacking, decisive, injury-time",
        "dribbling, scoring, tackling, heading the ball, passing, defending a lead",
        "football fans, coaches, teammates",
    ),
    _topic(
        "rose bed, compost, tulip bulbs, hedge, greenhouse, vegetable patch, apple tree, watering can, "
        "lawn, seedlings, herb border, garden shed",
        "blooming, shady, evergreen, fragrant, freshly planted, overgrown",
        "pruning, weeding, sowing, mulching, watering, raking leaves",
        "gardeners, florists, allotment holders",
    ),
    _topic(
        "piano sonata, string quartet, violin, jazz trio, symphony, saxophone solo, choir, drum kit, "
        "melody, concert hall, bass line, overture",
        "improvised, orchestral, lyrical, syncopated, acoustic, harmonious",
        "rehearsing, tuning, composing, conducting, singing, playing scales",
        "musicians, pianists, composers",
    ),
    _topic(
        "compiler, database index, source code, web server, memory leak, unit test, sorting algorithm, "
        "encryption key, software library, stack trace, command line, cloud cluster",
        "multithreaded, open-source, encrypted, recursive, buggy, distributed",
        "debugging, refactoring, deploying, profiling, programming, compiling",
        "software engineers, programmers, administrators",
    ),
    _topic(
        "sailing boat, harbour, anchor, lighthouse, spinnaker, tide, rudder, trade wind, regatta, "
        "coral reef, mast, coastline",
        "windward, nautical, seaworthy, stormy, salty, offshore",
        "tacking, navigating, hoisting the sail, mooring, reefing, crossing the bay",
        "sailors, skippers, lighthouse keepers",
    ),
    _topic(
        "blood pressure, vaccine, heart surgery, x-ray, antibiotic, hospital ward, diagnosis, "
        "stethoscope, immune system, clinical trial, broken bone, prescription",
        "clinical, chronic, contagious, surgical, inflamed, preventive",
        "examining, diagnosing, vaccinating, operating, treating an infection, recovering",
        "doctors, nurses, patients",
    ),
)
TITLES = ("{A} {n}", "{N} and {n}", "{N}: {d} for {p}", "The {a} {n}", "{D} with {p}")
SENTENCES = (
    "{P} talk about the {a} {n} and the {n}.",
    "{D} is what {p} do first, then comes the {n}.",
    "This {a} {n} needs {d} and some {a} {n}.",
    "Why {p} love {d}: the {n}, the {n} and the {n}.",
    "After {d}, the {n} looked {a}.",
    "Ten things that {p} say about the {n}.",
)
SENTENCES_LEAST, SENTENCES_MOST = 2, 4


def make_text(rng: np.random.Generator, kind: int, noise: float) -> Text:
    """A title and some sentences of the topic `kind`; noise is the share of words from other topics."""
    count = int(rng.integers(SENTENCES_LEAST, SENTENCES_MOST + 1))
    sentences = rng.choice(len(SENTENCES), count, replace=False)
    title = _filled(rng, TITLES[rng.integers(len(TITLES))], kind, noise)
    return Text(title, " ".join(_filled(rng, SENTENCES[sentence], kind, noise) for sentence in sentences))


def _filled(rng: np.random.Generator, pattern: str, kind: int, noise: float) -> str:
    """`{n}` and its like become words, each drawn anew; `{N}` is the same with a capital."""
    head, *parts = pattern.split("{")
    words = [head]
    for part in parts:
        word = _word(rng, "nadp".index(part[0].lower()), kind, noise)
        words += [word[0].upper() + word[1:] if part[0].isupper() else word, part[2:]]
    return "".join(words)


def _word(rng: np.random.Generator, field: int, kind: int, noise: float) -> str:
    topic = int(rng.integers(len(TOPICS))) if rng.random() < noise else kind
    words = TOPICS[topic][field]
    return words[rng.integers(len(words))]
