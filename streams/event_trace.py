"""What the records of each topic say about one interaction."""

import base64
import json
from collections.abc import Callable

import msgspec

from online import example_codec
from online.events import Cursor, ExampleRun
from online.state_codec import head
from streams.batch import decode
from streams.dead_letters import place, read_letter
from streams.event_ids import event_hash, event_id_of, log_key, origin_in, place_of
from streams.events import Recommendation
from streams.follower import Record
from streams.homes import FORWARDED_HEADER
from streams.publications import PROGRESS_KEY, decode_progress
from streams.topics import home_partition
from streams.tracing import Step, Trace, step, traced

_decode_list = msgspec.json.Decoder(Recommendation).decode


class EventTrace:
    """Looks for one event: give it `interactions` and `dead-letters` first, then the rest if it has a `home`.

    Args:
        event_id: The event's id; for an event without one, its place (`interactions-3-17-0`), or the id that it has
            in lists, which names the topic's id before its place.
        partitions: Of `interactions`.
        topic_id: Kafka's id of `interactions`.
        name: A topic's name on the cluster, from its base name.
    """

    def __init__(self, event_id: str, partitions: int, topic_id: str, name: Callable[[str], str]) -> None:
        self._event_id = event_id
        self._partitions = partitions
        self._name = name
        self._topic_id = topic_id
        self._ids = {event_id, f"{topic_id}:{event_id}"}
        """What the event may be called: one without an id was once called by its place alone."""
        self._needle = event_id.encode()
        self._steps: list[Step] = []
        self._refused: set[str] = set()
        """Places where it lies and cannot be used; its dead letter need not have what was refused."""
        self.user_id = ""
        self.home: Cursor | None = None
        """Where the event counts: its first place on its user's partition, once that was met."""

    def take_interaction(self, record: Record) -> None:
        """Takes a record of `interactions`."""
        topic = self._name("interactions")
        if not self._may_hold(topic, record):
            return
        decoded = decode(record.value)
        self._refused |= {
            place_of(topic, record.partition, record.offset, refusal.index)
            for refusal in decoded.refusals
            if self._is_of(refusal.value)
        }
        for index, interaction in decoded.events:
            place = place_of(topic, record.partition, record.offset, index)
            event_id = event_id_of(record, index, interaction, topic, self._topic_id)
            if self._ids.isdisjoint((event_id, place)):
                continue
            self._ids.add(event_id)
            self.user_id = interaction.user_id
            self._hash = event_hash(interaction.event_id or place)
            at_home = record.partition == home_partition(self.user_id, self._partitions)
            origin = record.headers.get(FORWARDED_HEADER)
            notes = [f"event {index} of the message"] if index else []
            if not at_home:
                notes.append("on a foreign partition")
            elif self.home is not None:
                notes.append("again, counts once unless the user was erased in between")
            else:
                self.home = Cursor(self._topic_id, record.partition, record.offset, index)
            if origin is None:
                self._add("sent", "client", "interactions", record, "; ".join(notes))
            else:
                notes.append(f"from {origin.decode(errors='replace')}")
                self._add("sent home", "recommend", "interactions", record, "; ".join(notes))

    def take_dead_letter(self, record: Record) -> None:
        """Takes a record of `dead-letters`."""
        letter = read_letter(record.value)
        if letter is None or letter.topic != self._name("interactions"):
            return
        lies = place(letter)
        if lies in (self._event_id, *self._refused) or self._is_of(base64.b64decode(letter.value_b64)):
            self._add("refused", "recommend", "dead-letters", record, f"{lies}: {letter.error}")

    def take_example(self, record: Record) -> None:
        """Takes a record of `examples`."""
        home = self.home
        if home is None or record.key != log_key(home.topic_id, home.partition):
            return
        run = example_codec.unpack(record.value or b"")
        hashes = {event_hash(event_id) for event_id in self._ids}
        if isinstance(run, ExampleRun) and any(
            one.event_hash in hashes and one.user_id == self.user_id for one in run.examples
        ):
            self._add("made an example", "recommend", "examples", record)

    def take_state(self, record: Record) -> None:
        """Takes a record of `users`."""
        if record.key == self.user_id.encode() and record.value is not None and self.home is not None:
            cursor = head(record.value).cursor
            if cursor is not None and cursor.reaches(self.home):
                self._add_once("in the user's state", "recommend", "users", record)

    def take_list(self, record: Record) -> None:
        """Takes a record of `recommendations`."""
        if record.key != self.user_id.encode() or record.value is None or self.home is None:
            return
        found = _decode_list(record.value)
        through = (found.through.partition, found.through.offset, found.through.index)
        if through[0] == self.home.partition and through[1:] >= (self.home.offset, self.home.index):
            self._add_once("listed", "recommend", "recommendations", record, f"list {found.list_id}")

    def take_progress(self, record: Record) -> None:
        """Takes a record of `model`."""
        if record.key != PROGRESS_KEY or record.value is None or self.home is None:
            return
        progress = decode_progress(record.value)
        here = (self.home.topic_id, self.home.partition)
        place = (self.home.offset, self.home.index)
        if any((one.topic_id, one.partition) == here and one.watermark >= place for one in progress.learned):
            self._add_once("learned", "learn", "model", record, f"model version {progress.version}")

    def trace(self) -> Trace:
        """What was found."""
        return traced(self._event_id, self._steps, {"listed": "answered", "refused": "refused"})

    def _may_hold(self, topic: str, record: Record) -> bool:
        """Whether it is worth decoding: JSON has an id as it is, or with backslashes."""
        value = record.value or b""
        lies = f"{topic}-{record.partition}-{record.offset}-"
        lay = origin_in(record.headers.items()) or "?"
        by_place = any(event_id.startswith((lies, f"{self._topic_id}:{lies}", lay)) for event_id in self._ids)
        return by_place or self._needle in value or b"\\" in value

    def _is_of(self, value: bytes) -> bool:
        """Whether a refused value is the event's, as far as it can be read."""
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            return json.dumps(self._event_id).encode() in value
        return isinstance(read, dict) and read.get("event_id") == self._event_id

    def _add(self, what: str, role: str, base: str, record: Record, note: str = "") -> None:
        self._steps.append(step(what, role, self._name(base), record, note))

    def _add_once(self, what: str, role: str, base: str, record: Record, note: str = "") -> None:
        if all(known.what != what for known in self._steps):
            self._add(what, role, base, record, note)
