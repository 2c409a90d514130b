"""A script: a quixstreams loop that decodes each event and sends one small list for it.

`python quix_loop.py KAFKA SOURCE TARGET GROUP`, on an interpreter that has quixstreams and nothing of Freshet.
"""

import json
import sys
from typing import Any

from quixstreams import (  # type: ignore[import-not-found]  # in an environment of its own
    Application,
    message_context,
)

LIST = [f"item-{n}" for n in range(10)]


def answers(value: bytes) -> list[dict[str, Any]]:
    """One list for each event of the message; its key stays the message's, as these loops do no routing."""
    place = message_context()
    decoded = json.loads(value)
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
    events = app.topic(source, value_deserializer="bytes", key_deserializer="bytes")
    lists = app.topic(target, value_serializer="bytes", key_serializer="bytes")
    listed = app.dataframe(events).apply(answers, expand=True)
    listed.apply(lambda made: json.dumps(made).encode()).to_topic(lists)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
