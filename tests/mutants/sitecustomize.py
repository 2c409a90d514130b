"""Breaks one guarantee in the workers of a soak, to show that the soak notices: `make mutants`.

Python imports this file at the start of every process that has its folder on PYTHONPATH. Only worker processes
are changed; the soak itself, which knows what should have come out, is not.
"""

import os
import sys
import traceback
from typing import Any


def replace(owner: Any, name: str, by: Any) -> Any:
    """Puts something else in the place of an attribute; returns what it was."""
    before = getattr(owner, name)
    setattr(owner, name, by)
    return before


def cursor() -> None:
    """A replayed event is applied again, unless its id is among the user's recent ones."""
    from online.state import UserState

    def apply_again(self: Any, event: Any) -> Any:
        self.cursor = None
        return apply(self, event)

    apply = replace(UserState, "apply", apply_again)


def watermark() -> None:
    """A reader of the log learns a run again that it has learned before."""
    from online.fold import ExampleFold

    def learn_again(self: Any, run: Any) -> Any:
        learned = self.learned.get((run.topic_id, run.partition))
        if learned is not None:
            learned.watermark = (-1, -1)
        return unseen(self, run)

    unseen = replace(ExampleFold, "_unseen", learn_again)


def zombie_guard() -> None:
    """A worker that was frozen for longer than its session goes on writing.

    `make mutants` leaves it out: readers prefer the higher cursor and owners write over what comes late, so that the
    soak notices it in one of seven tries only.
    """
    from streams.liveness import Liveness

    replace(Liveness, "check", lambda _self: None)


def produce_order() -> None:
    """States are written, and the crash may come, before lists and examples."""
    from streams.interactions_to_lists import InteractionsToLists
    from streams.producer import BatchProducer

    async def backwards(self: Any, batch: Any, touched: Any) -> None:
        held: list[list[Any]] = []

        async def hold(_producer: Any, messages: Any, _check: Any) -> None:
            held.append(list(messages))

        deliver = replace(BatchProducer, "deliver", hold)
        try:
            await publish(self, batch, touched)
        finally:
            replace(BatchProducer, "deliver", deliver)
        for messages in reversed(held):
            await self._producer.deliver(messages, self._check)

    publish = replace(InteractionsToLists, "_publish", backwards)


if os.environ.get("MUTANT") and "worker" in sys.orig_argv:
    try:
        globals()[os.environ["MUTANT"]]()
    except BaseException:
        # Python would go on without this file, and the soak would pass a worker that is not broken at all.
        traceback.print_exc()
        os._exit(2)
