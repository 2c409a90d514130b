"""What passes by while the console runs: how much, how fast, by whom, and what was refused."""

import time
from collections import OrderedDict, deque
from contextlib import suppress

import msgspec

from streams.console.now import Active, Refused
from streams.console.rates import Latencies, Rate
from streams.decoding import EventDecoder
from streams.door import Door
from streams.events import Cause, Interaction, RefusalError
from streams.follower import Record
from streams.settings import Settings

ACTIVE = 30
REFUSED = 20

_decode_events = EventDecoder(Interaction).decode


class _Caused(msgspec.Struct):
    """The field of a list that latency needs."""

    cause: Cause


class _Letter(msgspec.Struct):
    """A dead letter's fields but for what it holds."""

    topic: str
    partition: int
    offset: int
    error: RefusalError
    timestamp_ms: int


_decode_caused = msgspec.json.Decoder(_Caused).decode
_decode_letter = msgspec.json.Decoder(_Letter).decode


class Activity:
    """Fed by those who follow the topics, in one event loop."""

    def __init__(self, settings: Settings) -> None:
        """`settings`: say which events workers refuse for their users' names."""
        self._door = Door(settings)
        self.events, self.lists, self.examples, self.dead_letters = Rate(), Rate(), Rate(), Rate()
        self.event_to_list = Latencies()
        self.refused: deque[Refused] = deque(maxlen=REFUSED)
        self._active: OrderedDict[str, Active] = OrderedDict()

    def take_interactions(self, record: Record) -> None:
        """Takes a message of `interactions` as it comes."""
        events = self._door.let_in(_decode_events(record.value), record.value).events
        self.events.add(len(events), time.monotonic())
        for _, event in events[-ACTIVE:]:
            self._note(Active(event.user_id, record.timestamp_ms, event.action, event.item_id))

    def take_list(self, record: Record, is_live: bool) -> None:
        """Takes a list: as it comes, or while the topic is read for the first time."""
        if record.value is None:
            return
        user_id = record.key.decode(errors="replace")
        if user_id not in self._active:
            self._note(Active(user_id, record.timestamp_ms))
        if is_live:
            now_s = time.monotonic()
            self.lists.add(1, now_s)
            with suppress(msgspec.DecodeError):  # no worker of this version wrote it
                cause = _decode_caused(record.value).cause
                if cause.kind == "interaction":
                    self.event_to_list.add(max(0, record.timestamp_ms - cause.timestamp_ms), now_s)

    def take_letter(self, record: Record) -> None:
        """Takes a dead letter as it comes."""
        self.dead_letters.add(1, time.monotonic())
        try:
            letter = _decode_letter(record.value or b"")
        except msgspec.DecodeError:  # no worker of this version wrote it
            return
        error = letter.error
        self.refused.append(
            Refused(
                letter.timestamp_ms, letter.topic, letter.partition, letter.offset,
                error.code, error.path, error.message,
            )
        )  # fmt: skip

    def active(self) -> list[Active]:
        """The last users, the last one first."""
        return list(reversed(self._active.values()))

    def _note(self, active: Active) -> None:
        self._active[active.user_id] = active
        self._active.move_to_end(active.user_id)
        if len(self._active) > ACTIVE:
            self._active.popitem(last=False)
