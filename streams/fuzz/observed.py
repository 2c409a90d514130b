"""What the topics hold of the workers' work, and what the workers say of themselves."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from streams.events import DeadLetter, Receipt, Recommendation, Response
from streams.fuzz.expected import Place
from streams.settings import Settings
from streams.soak.cluster import Cluster
from streams.status import metric_values, read_workers
from streams.stores.documents import CURSOR_HEADER, decode_cursor

INTERNAL = "internal"
_letter = msgspec.json.Decoder(DeadLetter).decode
_response = msgspec.json.Decoder(Response).decode
_receipt = msgspec.json.Decoder(Receipt).decode
_list = msgspec.json.Decoder(Recommendation).decode


class Observed:
    """One look at everything that the workers have written."""

    def __init__(self, settings: Settings) -> None:
        cluster, prefix = Cluster(settings), len(settings.topic_prefix)
        self.letters: dict[Place, tuple[str, str]] = {}
        """Code and path of each dead letter."""
        self.internal: Counter[str] = Counter()
        """What the workers themselves call a defect, and how often."""
        for record in cluster.read("dead-letters"):
            dead = _letter(record.value or b"")
            place = (dead.topic[prefix:], dead.partition, dead.offset, dead.index)
            self.letters[place] = (dead.error.code, dead.error.path)
            if dead.error.code == INTERNAL:
                self.internal[f"{dead.topic[prefix:]}: {dead.error.message}"] += 1
        self.answers: Counter[str] = Counter()
        """Responses, by id of the request."""
        for record in cluster.read("responses"):
            response = _response(record.value or b"")
            self.answers[response.request_id] += 1
            if (response.error or "").startswith(INTERNAL):
                self.internal[f"responses: {response.error}"] += 1
        receipts = [_receipt(record.value or b"") for record in cluster.read("erasure-receipts")]
        self.receipts = {(receipt.user_id, receipt.request_id) for receipt in receipts}
        self.documents: dict[str, tuple[int, int]] = {}
        """Of each item, partition and offset of the media event that its newest document goes through."""
        for record in cluster.read("items"):
            cursor = decode_cursor(dict(record.headers)[CURSOR_HEADER] or b"")
            self.documents[(record.key or b"").decode()] = (cursor.partition, cursor.offset)
        self.users = cluster.newest("users")
        """Packed states."""
        newest = {
            user_id: _list(value).through for user_id, value in cluster.newest("recommendations").items()
        }
        self.lists = {user_id: (through.partition, through.offset) for user_id, through in newest.items()}
        """Of each user, partition and offset of the event that their newest list goes through."""


def metric_total(settings: Settings, name: str) -> int:
    """The sum of a counter over all its labels and all workers.

    Raises:
        OSError: A worker does not answer.
    """
    return int(sum(metric_values(read_workers(settings), name)))


def tracebacks(lines: Iterable[str]) -> Counter[str]:
    """The errors that a log has a traceback of, each by the last line of it, and how often."""
    found: Counter[str] = Counter()
    is_within = False
    for line in lines:
        if line.startswith("Traceback"):
            is_within = True
        elif is_within and line[:1] not in ("", " ", "\n"):
            found[line.strip()[:300]] += 1
            is_within = False
    return found
