import msgspec

from online import example_codec
from online.events import Cursor, Erased, Event, ExampleRun, UserErased
from online.fold import Learned
from online.state import UserState
from online.state_codec import head, pack, unpack
from streams.backup.folder import CopiedRecord
from streams.backup.manifest import FORMAT, Manifest, PartitionCopy, TopicCopy
from streams.backup.translate import Translation
from streams.events import Cause, Recommendation, Through
from streams.publications import PROGRESS_KEY, Progress, decode_progress, encode_progress
from streams.stores import snapshots
from streams.stores.documents import decode_cursor, document_headers

START = 100
"""The first offset that the copied partitions still had."""


def log(topic_id: str) -> TopicCopy:
    return TopicCopy(topic_id, False, [PartitionCopy(START, 50, [(START, 50)])])


def translation() -> Translation:
    topics = {
        "interactions": log("old-i"),
        "media": log("old-m"),
        "erasures": log("old-r"),
        "examples": log("old-e"),
        "items": TopicCopy("old-items", True, [PartitionCopy(3, 2)]),
    }
    ids = {base: f"new-{base}" for base in topics}
    return Translation(Manifest(FORMAT, "1", 5, "before-", topics, {}, []), ids, "after-")


def moved(base: str, value: bytes | None, **given: object) -> CopiedRecord:
    record = msgspec.structs.replace(CopiedRecord(5, 6, b"k", value, []), **given)
    return translation().record(base, 0, record)


def event(offset: int, topic_id: str = "old-i", user_id: str = "u") -> Event:
    return Event(user_id, f"i{offset}", "click", 1.0, 1000 * offset, offset, Cursor(topic_id, 0, offset, 2))


def test_a_state_knows_the_same_event_at_its_new_place_and_is_the_same_otherwise() -> None:
    state = UserState("u")
    state.apply(event(110))
    value = moved("users", pack(state)).value
    assert value is not None
    assert head(value).cursor == Cursor("new-interactions", 0, 10, 2)
    found = unpack(value)
    assert found.apply(event(10, "new-interactions")) is None
    found.cursor = state.cursor
    assert pack(found) == pack(state)


def test_events_without_an_id_keep_the_one_that_they_had_where_they_lay_first() -> None:
    restored = moved("interactions", b"{}", offset=120, headers=[("h", b"1")])
    assert restored.headers == [("h", b"1"), ("origin", b"old-i:before-interactions-0-120")]
    assert moved("interactions", b"{}", headers=restored.headers).headers == restored.headers


def test_a_state_of_another_log_or_none_stays() -> None:
    state = UserState("u")
    assert moved("users", pack(state)).value == pack(state)
    state.apply(event(110, topic_id="history-1"))
    assert moved("users", pack(state)).value == pack(state)
    assert moved("users", None).value is None


def test_an_erasure_is_the_same_one_in_stub_marker_and_what_was_learned() -> None:
    erased = Erased(Cursor("old-r", 0, 107, 0), 3, 4, 1, 1)
    there = Erased(Cursor("new-erasures", 0, 7, 0), 3, 4, 1, 1)
    stub = UserState("u")
    stub.cursor, stub.erased = Cursor("old-i", 0, 120, 0), erased
    found = unpack(moved("users", pack(stub)).value or b"")
    assert (found.cursor, found.erased) == (Cursor("new-interactions", 0, 20, 0), there)
    marker = moved("examples", example_codec.pack(UserErased("u", "r", "old-i", 0, erased)), key=b"u")
    assert marker.key == b"u"
    assert example_codec.unpack(marker.value or b"") == UserErased("u", "r", "new-interactions", 0, there)
    rows = [Learned("old-i", 0, (120, 3), 7, 8, erased.place)]
    given = snapshots.Manifest(2, 30, "old-e", 140)
    snapshot = translation().snapshot(given, {"learned": msgspec.msgpack.encode(rows)})
    assert snapshot is not None
    learned = msgspec.msgpack.decode(bytes(snapshot[1]["learned"]), type=list[Learned])
    assert learned == [Learned("new-interactions", 0, (20, 3), 7, 8, there.place)]


def test_a_run_of_examples_is_one_of_the_new_log_also_where_its_events_have_left_it() -> None:
    state = UserState("u")
    examples = [state.apply(event(offset)) for offset in (98, 99, 100)]
    run = ExampleRun("old-i", 0, (98, 2), (100, 2), [e for e in examples if e is not None])
    record = moved("examples", example_codec.pack(run))
    assert record.key == b"new-interactions-0"
    found = example_codec.unpack(record.value or b"")
    assert isinstance(found, ExampleRun)
    assert (found.topic_id, found.first, found.last) == ("new-interactions", (-2, 2), (0, 2))
    assert [e.offset for e in found.examples] == [-2, -1, 0]
    assert [e.item_id for e in found.examples] == ["i98", "i99", "i100"]


def test_a_list_says_through_which_event_of_the_new_log_it_knows_the_user() -> None:
    cause = Cause("interaction", "e", "before-interactions", 0, 120, 7)
    made = Recommendation("u", "l", 1, 2, cause, Through(0, 120, 0), "default", [])
    value = moved("recommendations", msgspec.json.encode(made)).value
    found = msgspec.json.decode(value or b"", type=Recommendation)
    assert found.through == Through(0, 20, 0)
    assert (found.cause.topic, found.cause.offset) == ("after-interactions", 20)
    # Compacted topics keep too few records for their places to be translated.
    made.cause = Cause("item", "i", "before-items", 0, 4, 7)
    value = moved("recommendations", msgspec.json.encode(made)).value
    assert msgspec.json.decode(value or b"", type=Recommendation).cause == made.cause


def test_a_document_knows_the_same_media_event() -> None:
    headers = document_headers(Cursor("old-m", 0, 101, 0), 9)
    found = dict(moved("items", b"{}", headers=headers).headers)
    assert decode_cursor(found["cursor"] or b"") == Cursor("new-media", 0, 1, 0)
    assert found["media_ms"] == b"9"


def test_a_snapshot_belongs_to_the_new_log_and_goes_on_at_the_same_example() -> None:
    rows = [Learned("old-i", 0, (120, 3), 7, 8), Learned("history-1", 0, (5, 0), 9, 1)]
    given = snapshots.Manifest(2, 30, "old-e", 140)
    found = translation().snapshot(given, {"learned": msgspec.msgpack.encode(rows), "other": b"x"})
    assert found is not None
    manifest, saved = found
    assert manifest == snapshots.Manifest(2, 30, "new-examples", 40)
    learned = msgspec.msgpack.decode(bytes(saved["learned"]), type=list[Learned])
    assert learned == [Learned("new-interactions", 0, (20, 3), 7, 8), rows[1]]
    assert saved["other"] == b"x"


def test_a_snapshot_whose_log_has_not_what_comes_after_it_is_left_out() -> None:
    empty = {"learned": msgspec.msgpack.encode([])}
    assert translation().snapshot(snapshots.Manifest(1, 1, "old-e", START - 1), dict(empty)) is None
    assert translation().snapshot(snapshots.Manifest(1, 1, "old-e", START), dict(empty)) is not None


def test_progress_names_the_restored_snapshot() -> None:
    progress = Progress(1, 2, 130, "old.npz", [Learned("old-i", 0, (120, 0))], None, None, 0, 5)
    made = translation()
    made.snapshots["old.npz"] = "new.npz"
    record = made.record("model", 0, CopiedRecord(1, 2, PROGRESS_KEY, encode_progress(progress), []))
    found = decode_progress(record.value or b"")
    assert (found.snapshot, found.examples_offset) == ("new.npz", 30)
    assert found.learned == [Learned("new-interactions", 0, (20, 0))]


def test_where_a_group_was_to_read_on_it_reads_on() -> None:
    assert translation().committed("interactions", 0, 120) == 20
    assert translation().committed("interactions", 0, START + 50) == 50
