"""A file into its topic: every good row is sent, every bad one reported, and all are acknowledged."""

import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Literal

from msgspec import Struct

from streams.events import Interaction, Media
from streams.kafka import admin_client
from streams.loading.events import RefusedRowError, RowEvents
from streams.loading.fields import FieldMap, RowFields
from streams.loading.packing import Message, Packer
from streams.loading.rows import BadRow, Row, RowFile, open_rows
from streams.loading.sender import Pace, Sender
from streams.pseudonyms import load_pseudonyms
from streams.settings import Settings
from streams.topics import full_name, partition_count, table

Kind = Literal["interactions", "media"]
Refuse = Callable[[int, str], None]
"""Is told the line of a bad row and why it is refused."""
Track = Callable[[RowFile], Iterable[Row | BadRow]]
"""Passes the rows on, and may watch them go by."""

HEAD_BYTES = 4096
"""Room for a message's key and for what Kafka adds, within the topic's limit."""


class Options(Struct, frozen=True):
    """How a file is sent."""

    fields: FieldMap = FieldMap()
    packed: int = 1
    """The most events in a message."""
    rate: float | None = None
    """Events per second; None: as many as it can."""
    limit: int | None = None
    """Rows to stop after."""


class Outcome(Struct):
    """What became of a file."""

    event_count: int
    message_count: int
    seconds: float
    ignored: list[str]
    """Columns that fill no field."""
    interrupted: bool
    """Whether Ctrl-C ended it early; what was read before is sent all the same."""


def produce_file(
    settings: Settings, kind: Kind, file: str, options: Options, refuse: Refuse, track: Track
) -> Outcome:
    """Sends a file's rows and waits until Kafka has acknowledged all of them.

    Raises:
        OSError: The file cannot be read, Kafka cannot be reached, or a message was not acknowledged.
        SettingsError: A field, a column or a constant is wrong.
        TopicsError: The topic is missing.
    """
    topic = table(settings)[kind]
    event_type = Interaction if kind == "interactions" else Media
    interrupted = False
    name = load_pseudonyms(settings).of_row
    with open_rows(file) as rows:
        literal = rows.literal and not options.fields.columns
        fields = RowFields(event_type, options.fields, rows.columns, literal=literal)
        events = RowEvents(event_type, fields, Path(file).name, topic.max_message_bytes - HEAD_BYTES, name)
        packer = Packer(partition_count(admin_client(settings), settings, kind), options.packed)
        sender = Sender(settings, full_name(settings, kind), topic.max_message_bytes)
        started_s = time.perf_counter()
        try:
            chosen = islice(track(rows), options.limit)
            send_rows(chosen, events, packer, Pace(options.rate), sender.send, refuse)
        except KeyboardInterrupt:
            interrupted = True
        for message in packer.flush():
            sender.send(message)
        sender.finish()
    seconds = round(time.perf_counter() - started_s, 3)
    return Outcome(sender.event_count, sender.message_count, seconds, sorted(fields.ignored), interrupted)


def send_rows(
    rows: Iterable[Row | BadRow],
    events: RowEvents,
    packer: Packer,
    pace: Pace,
    send: Callable[[Message], None],
    refuse: Refuse,
) -> None:
    """Sends the rows' events in order; those that the packer still holds are left to the caller."""
    for row in rows:
        if isinstance(row, BadRow):
            refuse(row.line, row.reason)
            continue
        try:
            event = events.event(row)
        except RefusedRowError as exc:
            refuse(row.line, str(exc))
            continue
        pace.wait()
        for message in packer.add(event):
            send(message)
