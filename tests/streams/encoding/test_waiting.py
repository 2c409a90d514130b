from streams.encoding.waiting import Waiting


def waiting(*pairs: str) -> Waiting:
    """Items such as `a1`, the first of host `a`."""
    found = Waiting()
    for name in pairs:
        found.put(name[0], name, 0)
    return found


def drained(found: Waiting, *busy: str) -> list[str]:
    return [taken.item_id for taken in iter(lambda: found.take(busy), None)]


def test_hosts_take_turns_and_the_items_of_each_keep_their_order() -> None:
    found = waiting("a1", "a2", "a3", "b1", "b2", "c1", "a1")
    assert len(found) == 6
    assert drained(found) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert len(found) == 0


def test_a_busy_host_is_passed_over_and_keeps_what_waits_for_it() -> None:
    found = waiting("a1", "a2", "b1", "b2")
    assert found.count_except(["a", "unknown"]) == 2
    assert drained(found, "a") == ["b1", "b2"]
    assert drained(found) == ["a1", "a2"]


def test_an_item_waits_for_each_host_of_its_files() -> None:
    found = waiting("a1")
    found.put("b", "a1", 3)
    found.drop("a", "a1")
    found.drop("a", "a1")
    found.drop("c", "a1")
    assert not found.holds("a", "a1")
    assert found.holds("b", "a1")
    assert found.take([]) == ("b", "a1", 3)
    assert (len(found), found.take([])) == (0, None)
