from typing import Any

import msgspec
import pytest

from streams.choices import told
from streams.events import Id, Interaction, Request

ACTIONS = "cart click dislike hide impression like play purchase rate save share skip view"
EVENT = {"user_id": "u", "item_id": "i", "action": "view"}


@pytest.mark.parametrize(
    ("expected", "given", "said"),
    [
        (
            Interaction,
            EVENT | {"action": "bought"},
            f"Expected one of {ACTIONS}, got 'bought' - at `$.action`",
        ),
        (
            Interaction,
            EVENT | {"action": "x' - at `$.user_id`"},
            f'Expected one of {ACTIONS}, got "x\' - at `$.user_id`" - at `$.action`',
        ),
        (
            Request,
            {"request_id": "r", "kind": "similar", "modality": "smell"},
            "Expected one of audio image location text video, got 'smell' - at `$.modality`",
        ),
        (Interaction, EVENT | {"action": 5}, "Expected `str`, got `int` - at `$.action`"),
        (Interaction, EVENT | {"bought": 5}, "Object contains unknown field `bought`"),
        (Id, "", "Expected `str` of length >= 1"),
    ],
)
def test_of_a_wrong_choice_all_that_there_are_are_said(expected: Any, given: object, said: str) -> None:  # noqa: ANN401  # any type
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(given, expected)
    assert told(caught.value, expected) == said


def test_a_field_that_was_read_alone_is_named_by_who_read_it() -> None:
    error = msgspec.ValidationError("Invalid enum value 'dear'")
    assert told(error, Interaction, "action") == f"Expected one of {ACTIONS}, got 'dear'"
    assert told(error, Interaction, "value") == str(error)
