"""What the stream has said of items since lists were last looked through: what went, with the cause."""

from streams.events import Cause


class ItemChanges:
    """Notes of one reader of `items`, taken by whoever changes lists."""

    def __init__(self) -> None:
        self._gone: dict[str, Cause] = {}

    def document(self, cause: Cause, listed: bool) -> None:
        """The item of the cause has a new document, or none any more; `listed`: whether it may be in a list now."""
        item_id = cause.event_id
        if listed:
            self._gone.pop(item_id, None)
        else:
            self._gone[item_id] = cause

    def take_gone(self) -> dict[str, Cause]:
        """Items that may be in no list any more, by id."""
        gone, self._gone = self._gone, {}
        return gone
