"""A script: stock Faust with its best settings, decoding each event and sending one small list for it.

`python plain_faust.py KAFKA SOURCE TARGET GROUP`. It knows nothing of Freshet; `take_events`, a gathered send, the
larger buffer, Cython's paths, uvloop, and no debug records, which are made only to be dropped, are what makes an
unchanged Faust fastest.
"""

import asyncio
import logging
import sys
from typing import Any, cast

import faust
import msgspec
from faust.types import StreamT
from mode.loop import use

LIST = [f"item-{n}" for n in range(10)]
EVENTS_AT_ONCE = 500

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def make_app(kafka: str, group: str) -> faust.App:
    """An app with stock parts only."""
    return faust.App(
        group,
        broker=f"kafka://{kafka}",
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=1,
        cython_optimizations=True,
        stream_buffer_maxsize=32_768,
        broker_max_poll_interval=1e6,
        consumer_auto_offset_reset="earliest",
        producer_linger=0.002,
        producer_max_batch_size=131_072,
        producer_request_timeout=60,
        web_enabled=False,
    )


def answers(event: Any) -> list[tuple[bytes, bytes]]:  # noqa: ANN401  # Faust's event, untyped
    """One list for each event of the message, as key and value."""
    message = event.message
    decoded = _decode(message.value)
    made = []
    for index, interaction in enumerate(decoded if isinstance(decoded, list) else [decoded]):
        through = {"partition": message.partition, "offset": message.offset, "index": index}
        user_id = interaction["user_id"]
        made.append((user_id.encode(), _encode({"user_id": user_id, "through": through, "items": LIST})))
    return made


def main(kafka: str, source: str, target: str, group: str) -> None:
    """Runs until SIGTERM."""
    app = make_app(kafka, group)
    lists = app.topic(target, key_serializer="raw", value_serializer="raw")

    async def answer(stream: StreamT[bytes]) -> None:
        async for events in cast(faust.Stream[bytes], stream).take_events(EVENTS_AT_ONCE, within=0.005):
            sent = [await lists.send(key=k, value=v) for event in events for k, v in answers(event)]
            await asyncio.gather(*sent)

    app.agent(app.topic(source, key_serializer="raw", value_serializer="raw"))(answer)
    logging.disable(logging.INFO)
    faust.Worker(app, loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    use("uvloop")
    main(*sys.argv[1:])
