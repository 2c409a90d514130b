"""A script: Freshet's own consumer and producer, doing no more than the plain loops: decode, send one small list.

`python bare_freshet.py KAFKA SOURCE TARGET GROUP`. What Freshet does above this is what its lists cost.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faust
import msgspec
from mode.loop import use

from streams.app import add_agent, make_app
from streams.producer import BatchProducer, Outgoing
from streams.runs import Run
from streams.settings import Settings

BASE = "interactions"
LIST = [f"item-{n}" for n in range(10)]

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def answers(runs: list[Run], target: str) -> Iterator[Outgoing]:
    """One list for each event of the runs."""
    for record in (record for run in runs for record in run):
        decoded: Any = _decode(record.value or b"[]")
        for index, interaction in enumerate(decoded if isinstance(decoded, list) else [decoded]):
            through = {"partition": record.partition, "offset": record.offset, "index": index}
            user_id = interaction["user_id"]
            value = _encode({"user_id": user_id, "through": through, "items": LIST})
            yield Outgoing(target, user_id.encode(), value)


def main(kafka: str, source: str, target: str, group: str) -> None:
    """Runs until SIGTERM."""
    settings = Settings(kafka=kafka, topic_prefix=source.removesuffix(BASE), home=Path.cwd() / group)
    app, producer = make_app(settings, "bare"), BatchProducer(settings)

    async def answer(runs: list[Run], acknowledge: Callable[[], object]) -> None:
        await producer.deliver(answers(runs, target), lambda: None)
        acknowledge()

    def fail(exc: BaseException) -> None:
        raise SystemExit(str(exc))

    add_agent(app, settings, BASE, answer, fail)
    logging.disable(
        logging.INFO
    )  # as Freshet's workers: Faust's own would make records of aiokafka's, and drop them
    faust.Worker(app, loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    use("uvloop")
    main(*sys.argv[1:])
