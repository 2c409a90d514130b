"""What `freshet bench encode` is made of: media, rounds, operations, and loops that do the same work."""

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from encoders.base import BadEntryError, unit_rows
from encoders.modalities import Modality
from encoders.registry import load
from encoders.text_hashing import HashingEncoder
from streams.bench.encoding.media import WORDS_LIMIT, made_media
from streams.bench.encoding.peak import Work, count_work, measured_peak
from streams.bench.encoding.plain import plain_loop
from streams.bench.encoding.report import notes, table
from streams.bench.encoding.rounds import Rate, rates
from streams.bench.encoding.run import Batch, Measured, measure
from tests.devices import DEVICE

FILES: tuple[Modality, ...] = ("text", "image", "audio", "video")


class Ticking:
    """A subject whose every step takes a known time by a clock of its own."""

    def __init__(self, prepare_s: float, embed_s: float) -> None:
        self.prepare_s, self.embed_s = prepare_s, embed_s
        self.now_s = 0.0
        self.sizes: list[int] = []

    def prepare(self, entry: object) -> object:
        self.now_s += self.prepare_s
        return entry

    def embed(self, prepared: Sequence[object]) -> NDArray[np.float32]:
        self.sizes.append(len(prepared))
        self.now_s += self.embed_s
        return np.ones((len(prepared), 2), np.float32)


@pytest.mark.parametrize("modality", FILES)
def test_made_media_can_be_encoded_and_are_fixed_by_their_seed(modality: Modality) -> None:
    made = made_media(modality, 2, 3)
    assert made == made_media(modality, 2, 3)
    assert made != made_media(modality, 2, 4)
    encoder = load(modality, "hashing" if modality == "text" else _default(modality), DEVICE)
    assert encoder.encode(made).errors == {}


def test_texts_differ_in_length_and_fit_a_window() -> None:
    lengths = [len(str(text).split()) for text in made_media("text", 200, 1)]
    assert min(lengths) < 20
    assert 80 < max(lengths) <= WORDS_LIMIT


def test_rates_are_those_of_the_clock() -> None:
    subject = Ticking(prepare_s=0.5, embed_s=2.0)
    found = rates({"one": subject}, range(6), batch=4, rounds=3, clock=lambda: subject.now_s)
    # Six entries: 3 s of preparing, and two calls of 2 s.
    assert found == {"one": Rate(prepare_per_s=2.0, embed_per_s=1.5, both_per_s=0.86)}
    assert subject.sizes == [4, 2] * 4  # a round more than counts


def test_subjects_take_turns_at_beginning() -> None:
    calls: list[str] = []

    class Named(Ticking):
        def __init__(self, name: str) -> None:
            super().__init__(0.0, 0.0)
            self.name = name

        def embed(self, prepared: Sequence[object]) -> NDArray[np.float32]:
            calls.append(self.name)
            return super().embed(prepared)

    rates({"a": Named("a"), "b": Named("b")}, [1], batch=1, rounds=3, clock=_ticks().__next__)
    assert calls == ["b", "a", "a", "b", "b", "a", "a", "b"]


def test_operations_of_a_product_are_known() -> None:
    left, right = torch.ones(3, 5), torch.ones(5, 7)
    work = count_work(lambda prepared: left @ right, [0])
    assert work is not None
    assert (work.flops, work.device, work.dtype) == (2 * 3 * 5 * 7, "cpu", "float32")


def test_what_torch_does_not_run_has_no_operations() -> None:
    assert count_work(HashingEncoder().embed, ["a text"]) is None


def test_a_peak_is_a_rate() -> None:
    assert measured_peak("cpu", "float32") > 1e9


@pytest.mark.parametrize(("modality", "name"), [("text", "minilm"), ("image", "efficientnet")])
def test_the_plain_loop_makes_the_same_vectors(modality: Modality, name: str) -> None:
    encoder = load(modality, name, DEVICE)
    plain = plain_loop(encoder, DEVICE)
    assert plain is not None
    entries = made_media(modality, 3, 5)
    own = encoder.encode(entries).vectors
    other = unit_rows(plain.embed([plain.prepare(entry) for entry in entries]))
    assert (own * other).sum(axis=1).min() > 0.999


@pytest.mark.parametrize(("modality", "name"), [("audio", "speech"), ("video", "frames")])
def test_the_plain_loop_tells_entries_apart(modality: Modality, name: str) -> None:
    encoder = load(modality, name, DEVICE)
    plain = plain_loop(encoder, DEVICE)
    assert plain is not None
    prepared = [plain.prepare(entry) for entry in made_media(modality, 2, 5)]
    both = plain.embed(prepared)
    assert both.shape[0] == 2
    np.testing.assert_allclose(both[1:], plain.embed(prepared[1:]), rtol=1e-3, atol=1e-4)
    assert not np.allclose(both[0], both[1], rtol=1e-2)


def test_encoders_without_a_plain_loop_are_measured_alone() -> None:
    found = measure(HashingEncoder(), plain_loop(HashingEncoder(), "cpu"), ["one", "", "two"], [1, 2], 1)
    assert (found.entries, found.left_out, found.cosine_to_plain) == (2, 1, None)
    batch = found.batches["2"]
    assert (batch.plain, batch.embed_ratio, batch.both_ratio, batch.peak_ratio) == (None, None, None, None)


def test_ratios_are_to_the_plain_loop_in_the_same_run() -> None:
    found = measure(HashingEncoder(), HashingEncoder(), ["one", "two"] * 8, [8], 5)
    assert found.cosine_to_plain == 1.0
    ratio = found.batches["8"].embed_ratio
    assert ratio is not None
    assert 0.2 < ratio < 5.0


def test_networks_reach_a_share_of_the_peak() -> None:
    encoder = load("image", "efficientnet", DEVICE)
    found = measure(encoder, None, made_media("image", 2, 5), [2], 1)
    assert found.flops_per_entry == pytest.approx(0.77e9, rel=0.02)
    share = found.batches["2"].peak_ratio
    assert share is not None
    assert 0.0 < share < 1.5


def test_nothing_to_measure_is_said() -> None:
    with pytest.raises(BadEntryError, match="none of 1 entries can be encoded; the last: the text is empty"):
        measure(HashingEncoder(), None, [""], [1], 1)


@pytest.mark.parametrize(("ratio", "word"), [(1.6, "met"), (1.4, "missed")])
def test_goals_are_judged_at_batch_32(ratio: float, word: str) -> None:
    rate = Rate(100.0, 50.0, 33.3)
    found = _measured({"8": Batch(rate, rate, 9.9, 9.9, None), "32": Batch(rate, rate, ratio, 1.0, 0.25)})
    assert [f"{word} with {ratio}" in line for line in notes([found])] == [True]
    assert table([found]).row_count == 2


def _measured(batches: dict[str, Batch]) -> Measured:
    return Measured(
        "text",
        "minilm",
        "v1",
        384,
        32,
        0,
        2e9,
        1e11,
        Work(64_000_000_000, "cpu", "bfloat16"),
        0.9998,
        batches,
    )


def _default(modality: Modality) -> str:
    return {"image": "efficientnet", "audio": "speech", "video": "frames"}[modality]


def _ticks() -> Iterator[float]:
    yield from map(float, count())
