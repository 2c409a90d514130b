from online import example_codec
from online.events import Cursor, Event, Example, ExampleRun, ItemDeleted
from online.state import UserState


def examples() -> list[Example]:
    users = {name: UserState(name) for name in "ab"}
    found = []
    for number in range(12):
        user = users["ab"[number % 2]]
        place = Cursor("t", 0, number, 0)
        example = user.apply(
            Event(user.user_id, f"i{number}", "click", 1.0, number // 6 * 1000, number + 1, place)
        )
        assert example is not None
        found.append(example)
    return found


def test_shared_histories_are_written_once_and_come_back() -> None:
    wanted = examples()
    data = example_codec.pack(ExampleRun("t", 0, (0, 0), (11, 0), examples()))
    run = example_codec.unpack(data)
    assert isinstance(run, ExampleRun)
    assert run.examples == wanted
    assert run.last == (11, 0)


def test_sharing_makes_runs_smaller() -> None:
    alone = sum(len(example_codec.pack(ExampleRun("t", 0, (0, 0), (0, 0), [e]))) for e in examples()[6:])
    together = len(example_codec.pack(ExampleRun("t", 0, (0, 0), (0, 0), examples()[6:])))
    assert together < alone * 0.6


def test_markers_travel_in_the_same_log() -> None:
    assert example_codec.unpack(example_codec.pack(ItemDeleted("i"))) == ItemDeleted("i")
