"""One learner after another: the one that has been succeeded ends, and starts again from what its successor left."""

from collections.abc import Callable

from streams.follower import Follower, Record
from streams.settings import Settings
from streams.topics import full_name


class SucceededError(RuntimeError):
    """Somebody publishes under a higher epoch: another learner, or `freshet model rollback`."""


async def watch_epochs(settings: Settings, own: Callable[[], int | None]) -> None:
    """Follows who publishes the model, for ever.

    Args:
        settings: Where.
        own: The epoch of this learner; None while it stands by.

    Raises:
        SucceededError: This learner is not the newest any more.
    """
    # Heavy, and every command looks for this module's error.
    from streams.publications import PROGRESS_KEY, decode_progress  # noqa: PLC0415

    highest = 0

    def take(record: Record) -> None:
        nonlocal highest
        if record.key != PROGRESS_KEY or record.value is None:
            return
        # Also of what is published while this learner takes over: its own records come after that, and are met here.
        highest = max(highest, decode_progress(record.value).epoch)
        epoch = own()
        if epoch is not None and highest > epoch:
            msg = f"this learner's epoch is {epoch}, but epoch {highest} publishes: it starts anew from there"
            raise SucceededError(msg)

    model = Follower(settings, full_name(settings, "model"))
    try:
        await model.assign({0: -1})
        await model.follow(take)
    finally:
        model.close()
