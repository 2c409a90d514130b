"""A script: a quixstreams loop that decodes each event and sends one small list for it.

`python quix_loop.py KAFKA SOURCE TARGET GROUP`, on an interpreter that has quixstreams and nothing of Freshet. JSON is
read and written as quixstreams does it.
"""

import sys
from typing import Any

from quixstreams import (  # type: ignore[import-not-found]  # in an environment of its own
    Application,
    message_context,
)

LIST = [f"item-{n}" for n in range(10)]


def answers(decoded: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # any JSON
    """One list for each event of the message."""
    place = message_context()
    return [
        {
            "user_id": interaction["user_id"],
            "through": {"partition": place.partition, "offset": place.offset, "index": index},
            "items": LIST,
        }
        for index, interaction in enumerate(decoded if isinstance(decoded, list) else [decoded])
    ]


def main(kafka: str, source: str, target: str, group: str) -> None:
    """Runs until SIGTERM."""
    app = Application(
        broker_address=kafka,
        consumer_group=group,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        commit_interval=1.0,
        producer_extra_config={"linger.ms": 1},
        loglevel="WARNING",
    )
    events = app.topic(source, value_deserializer="json", key_deserializer="bytes")
    lists = app.topic(target, value_serializer="json", key_serializer="str")
    listed = app.dataframe(events).apply(answers, expand=True)
    listed.to_topic(lists, key=lambda made: made["user_id"])
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
