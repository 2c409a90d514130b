"""Each mutation does to a record what it says it does, and the same seed makes the same messages."""

from itertools import islice
from random import Random

import pytest

from streams.decoding import EventDecoder
from streams.fuzz.messages import honest, messages
from streams.fuzz.mutations import EVERY, OF_MEDIA, Mutation
from streams.fuzz.samples import STRUCTS, Sampler

KINDS = [(topic, kind) for topic in STRUCTS for kind in (EVERY + OF_MEDIA if topic == "media" else EVERY)]


@pytest.mark.parametrize("topic", STRUCTS)
def test_samples_are_valid_and_have_every_field_at_times(topic: str) -> None:
    sampler, decoder = Sampler(Random(1)), EventDecoder(STRUCTS[topic])
    seen: set[str] = set()
    for _ in range(500):
        record = sampler.record(topic)
        seen |= record.keys()
    assert seen | {"schema_version"} == set(STRUCTS[topic].__struct_fields__)
    kind = next(kind for kind in EVERY if kind.name == "valid")
    assert all(not decoder.decode(kind.make(Random(n), sampler, topic)).refusals for n in range(200))


@pytest.mark.parametrize(("topic", "kind"), KINDS, ids=lambda found: getattr(found, "name", found))
def test_a_mutation_is_refused_or_accepted_as_it_says(topic: str, kind: Mutation) -> None:
    rng = Random(7)
    sampler, decoder = Sampler(rng), EventDecoder(STRUCTS[topic])
    for _ in range(40):
        value = kind.make(rng, sampler, topic)
        decoded = decoder.decode(value)
        assert decoded.events or decoded.refusals
        if kind.refused is not None:
            assert bool(decoded.refusals) == kind.refused, value
        for refusal in decoded.refusals:
            assert refusal.error.path[:1] == "$"
            assert len(refusal.error.message) > 5


def test_a_seed_makes_the_same_messages_of_every_topic() -> None:
    first, again, other = (list(islice(messages(seed, 12), 3_000)) for seed in (5, 5, 6))
    assert first == again
    assert first != other
    assert {message.topic for message in first} == {*STRUCTS, "rules"}
    assert {message.mutation for message in first} >= {kind for kind in EVERY if kind.weight >= 1}
    assert list(islice(honest(5), 100)) == list(islice(honest(5), 100))


def test_most_messages_are_small() -> None:
    sizes = [len(message.value or b"") for message in islice(messages(1, 12), 5_000)]
    assert sum(sizes) / len(sizes) < 2_000
