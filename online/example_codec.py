"""Records of the log of examples as bytes (msgpack); a shared history is written once."""

import msgspec

from online.events import ExampleRun, ItemDeleted, Past, UserErased

LogRecord = ExampleRun | ItemDeleted | UserErased

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[LogRecord] = msgspec.msgpack.Decoder(LogRecord)


def pack(record: LogRecord) -> bytes:
    """The record as bytes. The examples of a run are changed: shared histories are taken out."""
    if isinstance(record, ExampleRun):
        newest: dict[str, int] = {}
        for example in record.examples:
            shared = id(example.history)
            if newest.get(example.user_id) == shared:
                example.history = example.standing = None
            else:
                newest[example.user_id] = shared
    return _encoder.encode(record)


def unpack(data: bytes) -> LogRecord:
    """The record, every example with its history.

    Raises:
        msgspec.DecodeError: The bytes are damaged, or of a newer format.
    """
    record = _decoder.decode(data)
    if isinstance(record, ExampleRun):
        newest: dict[str, tuple[list[Past], list[str]]] = {}
        for example in record.examples:
            if example.history is None:
                example.history, example.standing = newest[example.user_id]
            else:
                newest[example.user_id] = example.history, example.standing or []
    return record
