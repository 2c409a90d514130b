"""A console with a few lists, items and states."""

import base64
from pathlib import Path

import pytest

from online.events import Cursor, Event
from online.state import UserState
from online.state_codec import pack
from streams.events import ItemDocument, Medium
from tests.pictures import jpeg, picture
from tests.streams.console.served import Served, recommendation


def state(user_id: str, *item_ids: str) -> UserState:
    """Somebody who clicked these items, one a second."""
    made = UserState(user_id)
    for number, item_id in enumerate(item_ids):
        at_ms = 1_700_000_000_000 + 1000 * number
        made.apply(Event(user_id, item_id, "click", 1.0, at_ms, number, Cursor("t", 0, number, 0)))
    return made


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """Two users; a film with a picture inline, one with a picture at an address, one of which nothing is known."""
    served = Served(tmp_path)
    (tmp_path / "reef.jpg").write_bytes(jpeg(picture(2, (900, 600))))
    inline = Medium(data=base64.b64encode(jpeg(picture(1))).decode())
    outside = Medium(url=(tmp_path / "reef.jpg").as_uri())
    served.put(
        "items", "voyage", ItemDocument("voyage", "The Voyage", category="sea", image=inline, modalities=2)
    )
    served.put("items", "a/reef", ItemDocument("a/reef", "The Reef", image=outside))
    served.put("items", "plain", ItemDocument("plain", "No picture"))
    served.put("items", "broken", ItemDocument("broken", image=Medium(data="bm8gcGljdHVyZQ==")))
    served.put("recommendations", "ann", recommendation("ann", "voyage", "plain"))
    served.put("recommendations", "ann", recommendation("ann", "a/reef", "voyage"), 1_700_000_000_017)
    served.put("recommendations", "b/ob", recommendation("b/ob", "nameless"))
    served.put("users", "ann", pack(state("ann", "voyage", "plain")))
    return served
