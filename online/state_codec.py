"""User state as bytes: each id once, numbers in typed columns. The cursor can be read without the rest."""

from array import array
from collections.abc import Callable

import msgspec
from cramjam import lz4

from online.events import ACTIONS, Cursor, Erased, Past, lies_before
from online.state import Had, UserState

FORMAT = 1
_ACTION_NAMES = sorted(ACTIONS)
_ACTION_CODES = {name: code for code, name in enumerate(_ACTION_NAMES)}


class StateHead(msgspec.Struct, array_like=True):
    """The first fields of a packed state; decoding it skips the others."""

    format: int
    user_id: str
    cursor: Cursor | None
    applied_count: int
    applied_xor: int


class _Record(StateHead, array_like=True):
    body: bytes
    """The columns below, compressed: ids share prefixes, times are close together."""


class _Body(msgspec.Struct, array_like=True):
    set_count: int
    open_ms: int
    ids: list[str]
    recent: bytes
    had_ids: bytes
    had_counts: bytes
    had_s: bytes
    had_weights: bytes
    history: tuple[bytes, bytes, bytes, bytes]
    open: tuple[bytes, bytes, bytes, bytes]
    hidden: bytes
    standing: bytes
    current: bytes
    had_first_s: bytes = b""
    """Empty in states of earlier versions, which did not remember it."""
    erased: Erased | None = None
    minute: int = -1
    minute_count: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Record)
_body_decoder = msgspec.msgpack.Decoder(_Body)
_head_decoder = msgspec.msgpack.Decoder(StateHead)


class _Ids:
    """Numbers ids in the order of their first use."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def column(self, ids: list[str]) -> bytes:
        numbers = self.numbers
        return array("H", [numbers.setdefault(i, len(numbers)) for i in ids]).tobytes()


def pack(state: UserState) -> bytes:
    """The state as bytes; `unpack` gives an equal state."""
    ids = _Ids()
    had = state.had.values()
    body = _Body(
        set_count=state.set_count,
        open_ms=state.open_ms,
        ids=[],
        recent=state.recent.tobytes(),
        had_ids=ids.column(list(state.had)),
        had_counts=array("H", [h.set_count for h in had]).tobytes(),
        had_s=array("I", [h.last_s for h in had]).tobytes(),
        had_weights=array("f", [h.scaled_weight for h in had]).tobytes(),
        had_first_s=array("I", [h.first_s for h in had]).tobytes(),
        history=_pack_entries(state.history, ids),
        open=_pack_entries(state.open, ids),
        hidden=ids.column(list(state.hidden)),
        standing=ids.column(state.standing),
        current=ids.column(state.current),
        erased=state.erased,
        minute=state.minute,
        minute_count=state.minute_count,
    )
    body.ids = list(ids.numbers)
    compressed = bytes(lz4.compress_block(_encoder.encode(body)))
    return _encoder.encode(
        _Record(FORMAT, state.user_id, state.cursor, state.applied_count, state.applied_xor, compressed)
    )


def unpack(data: bytes) -> UserState:
    """The state that `pack` was given.

    Raises:
        ValueError: The bytes are of another format, or damaged.
    """
    record = _decoder.decode(data)
    if record.format != FORMAT:
        msg = f"user state of {record.user_id!r} has format {record.format}, this version reads {FORMAT}"
        raise ValueError(msg)
    p = _body_decoder.decode(bytes(lz4.decompress_block(record.body)))
    state = UserState(record.user_id)
    state.cursor = record.cursor
    state.applied_count, state.applied_xor = record.applied_count, record.applied_xor
    state.set_count, state.open_ms = p.set_count, p.open_ms
    state.recent = array("Q", p.recent)
    columns = zip(
        _column(p.had_ids, p.ids), array("H", p.had_counts), array("I", p.had_s), array("f", p.had_weights),
        array("I", p.had_first_s or p.had_s), strict=True,
    )  # fmt: skip
    state.had = {item_id: Had(count, last, weight, first) for item_id, count, last, weight, first in columns}
    state.history = _unpack_entries(p.history, p.ids)
    state.open = _unpack_entries(p.open, p.ids)
    state.hidden = dict.fromkeys(_column(p.hidden, p.ids))
    state.standing = _column(p.standing, p.ids)
    state.current = _column(p.current, p.ids)
    state.erased = p.erased
    state.minute, state.minute_count = p.minute, p.minute_count
    return state


def head(data: bytes) -> StateHead:
    """The state's user, cursor and counts, without unpacking it."""
    return _head_decoder.decode(data)


def is_older(data: bytes, known: bytes | None) -> bool:
    """Whether a packed state lies before the known one, if there is one, in the same log."""
    return known is not None and lies_before(head(data).cursor, head(known).cursor)


def item_ids(data: bytes) -> list[str]:
    """Every item that the packed state names."""
    return _body_decoder.decode(bytes(lz4.decompress_block(_decoder.decode(data).body))).ids


def moved(data: bytes, move: Callable[[Cursor], Cursor]) -> bytes:
    """The packed state with other cursors, for logs that lie elsewhere now; all else stays as it is."""
    record = _decoder.decode(data)
    if record.cursor is not None:
        record.cursor = move(record.cursor)
    body = _body_decoder.decode(bytes(lz4.decompress_block(record.body)))
    if body.erased is not None:
        body.erased = msgspec.structs.replace(body.erased, place=move(body.erased.place))
        record.body = bytes(lz4.compress_block(_encoder.encode(body)))
    return _encoder.encode(record)


def _column(data: bytes, ids: list[str]) -> list[str]:
    return [ids[number] for number in array("H", data)]


def _pack_entries(entries: list[Past], ids: _Ids) -> tuple[bytes, bytes, bytes, bytes]:
    values = [e.value for e in entries]
    return (
        ids.column([e.item_id for e in entries]),
        array("I", [e.timestamp_s for e in entries]).tobytes(),
        bytes([_ACTION_CODES[e.action] for e in entries]),
        # Most actions have no value of their own.
        array("f", values).tobytes() if any(v != 1.0 for v in values) else b"",
    )


def _unpack_entries(packed: tuple[bytes, bytes, bytes, bytes], ids: list[str]) -> list[Past]:
    numbers, seconds, actions, packed_values = packed
    values = array("f", packed_values) if packed_values else [1.0] * len(actions)
    columns = zip(_column(numbers, ids), array("I", seconds), actions, values, strict=True)
    return [Past(item_id, s, _ACTION_NAMES[code], value) for item_id, s, code, value in columns]
