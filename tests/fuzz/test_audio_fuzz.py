"""`FUZZ_CASES=5000 pytest tests/fuzz/test_audio_fuzz.py` looks further than CI does."""

import os
import time

import numpy as np
import pytest

from encoders.audio import DURATION_LIMIT_S, RATE_HZ, SHORTEST_S, Sound, decode_sound
from encoders.base import BadEntryError
from tests.fuzz.growth import Growth, held_bytes
from tests.fuzz.mutate import mutations
from tests.sounds import WRITERS, murmur

CASES = int(os.environ.get("FUZZ_CASES", "102"))
SECONDS_MAX = 15.0
"""For one file, on a core that others use too."""
VOICE = murmur(2.5, 48_000)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_damaged_file_gives_a_sound_or_a_reason(kind: str) -> None:
    data = WRITERS[kind](VOICE, 48_000)
    count = -(-CASES // len(WRITERS))
    growth = Growth(count)
    for seed in range(count):
        started = time.perf_counter()
        found = sound_or_reason(mutations(data, seed))
        assert time.perf_counter() - started < SECONDS_MAX, f"seed {seed}"
        if isinstance(found, str):
            assert len(found) > 10
        else:
            assert SHORTEST_S <= len(found.samples) / RATE_HZ <= DURATION_LIMIT_S
            assert np.isfinite(found.samples).all()
            assert np.isfinite(found.start_s)
        growth.note(seed, held_bytes())
    growth.check()


def test_damage_reaches_what_comes_after_the_header() -> None:
    data = WRITERS["mp3"](VOICE, 48_000)
    refused = sum(isinstance(sound_or_reason(mutations(data, seed)), str) for seed in range(40))
    assert 2 < refused < 38


def sound_or_reason(data: bytes) -> Sound | str:
    try:
        return decode_sound(data)
    except BadEntryError as error:
        return str(error)
