from itertools import chain

import numpy as np
import pytest

from streams.generated.texts import TOPICS, Text, Topic, make_text
from streams.generated.world import CLASSES, generator


def words_of(topic: Topic) -> tuple[str, ...]:
    return tuple(word.lower() for word in chain(*topic))


def share_of_topic(text: Text, kind: int) -> float:
    said = f"{text.title} {text.text}".lower()
    found = np.array([sum(said.count(word) for word in words_of(topic)) for topic in TOPICS])
    return float(found[kind] / found.sum())


def test_topics_share_no_words() -> None:
    words = [word for topic in TOPICS for word in words_of(topic)]
    assert len(TOPICS) == CLASSES
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("kind", range(CLASSES))
def test_a_text_is_of_its_topic_and_varies_by_item_only(kind: int) -> None:
    first, again, other = (make_text(generator(0, "text", index), kind, 0.0) for index in (0, 0, 1))
    assert first == again
    assert first != other
    assert share_of_topic(first, kind) > 0.9
    assert not set("{}") & set(first.title + first.text)
    assert first.title[0].isupper()


def test_noise_is_the_share_of_words_from_anywhere() -> None:
    shares = [
        np.mean(
            [
                share_of_topic(make_text(generator(0, "text", i), i % CLASSES, noise), i % CLASSES)
                for i in range(200)
            ]
        )
        for noise in (0.0, 0.5, 1.0)
    ]
    assert shares[0] > 0.95
    assert shares[1] == pytest.approx(0.5 + 0.5 / CLASSES, abs=0.05)
    assert shares[2] == pytest.approx(1 / CLASSES, abs=0.05)
