"""Whether a river has come through a run unharmed: every sentence it says names something that is wrong."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator

from online.rules.rule import parse
from streams.fuzz.expected import Expected
from streams.fuzz.messages import HONEST_USERS, Message
from streams.fuzz.observed import Observed, metric_total, tracebacks
from streams.fuzz.samples import STRUCTS
from streams.fuzz.sending import Sender
from streams.kafka import admin_client
from streams.settings import Settings
from streams.soak.cluster import Cluster
from streams.soak.reference import Reference
from streams.status import read_status

TOO_LARGE = "too_large"
"""The one code that the record alone does not foretell: what it would become has to be written too."""


def problems(
    settings: Settings, sender: Sender, errors: Iterable[str]
) -> tuple[list[str], Observed, Expected]:
    """Everything that is wrong, and what it was told by.

    Args:
        settings: The river's; its workers have nothing left to do, and still run.
        sender: What was sent.
        errors: The lines that the workers wrote to their log.
    """
    cluster, expected, reference = Cluster(settings), Expected(settings), Reference(settings)
    counts: dict[str, int] = {}
    for base in STRUCTS:
        records = cluster.read(base)
        counts[base] = len(records)
        expected.take(base, records)
        if base == "interactions":
            reference.apply(records)
    observed = Observed(settings)
    found = [
        *_refusals(expected, observed, sender.made),
        *_counted(expected, observed, counts, sender),
        *_states(reference, expected, observed),
        *_lists(sender, observed),
        *_missing("requests without an answer", (expected.answers - observed.answers).elements()),
        *_missing("erasures without a receipt", expected.receipts - observed.receipts),
        *_documents(expected, observed),
        *_learned(settings),
        *_counted_by_workers(settings, cluster),
        *(f"{count} times internal: {what}" for what, count in observed.internal.most_common()),
        *(f"{count} times in the log: {what}" for what, count in tracebacks(errors).most_common()),
    ]
    return found, observed, expected


def _missing(what: str, places: Iterable[object]) -> Iterator[str]:
    """One sentence for all of them, with the first few."""
    found = sorted(map(str, places))
    if found:
        yield f"{len(found):,} {what}: {', '.join(found[:3])}"


def _refusals(
    expected: Expected, observed: Observed, made: dict[tuple[str, int, int], Message]
) -> Iterator[str]:
    yield from _missing("refused events without a dead letter", expected.refused.keys() - observed.letters)
    unforeseen = {
        place: letter
        for place, letter in observed.letters.items()
        if place not in expected.refused and letter[0] != TOO_LARGE
    }
    yield from _missing("dead letters of events that are valid", unforeseen.items())
    other = {
        place: (letter, observed.letters[place])
        for place, letter in expected.refused.items()
        if observed.letters.get(place, letter) != letter
    }
    yield from _missing("dead letters with another code or path than the event", other.items())
    yield from _missing(
        "dead letters without a path", (p for p, (_, path) in observed.letters.items() if not path)
    )
    # What a mutation is known to do to a record does not depend on how records are decoded.
    places = {place[:3] for place in observed.letters}
    for place, message in made.items():
        kind = message.mutation
        if kind is None or kind.refused is None or (place in places) == kind.refused:
            continue
        if kind.refused or TOO_LARGE not in {
            observed.letters[p][0] for p in observed.letters if p[:3] == place
        }:
            yield f"{place}: made by {kind.name!r}, which has to be {'refused' if kind.refused else 'accepted'}"


def _counted(expected: Expected, observed: Observed, counts: dict[str, int], sender: Sender) -> Iterator[str]:
    """What lay astray has to lie at home too, so a topic holds what was sent and as many records more."""
    # What cannot be sent home has a dead letter instead.
    stayed = Counter(place[0] for place, (code, _) in observed.letters.items() if code == TOO_LARGE)
    for base, count in counts.items():
        came_home = count - sender.sent[base]
        lost = expected.astray[base] - stayed[base] - came_home
        if lost > 0:
            yield f"{base}: {lost:,} of {expected.astray[base]:,} events on a foreign partition never came home"


def _states(reference: Reference, expected: Expected, observed: Observed) -> Iterator[str]:
    """States as they have to be; those of users that were erased depend on when."""
    erased = {user_id for user_id, _ in expected.receipts}
    yield from _missing(
        "users whose state is not what their events make of it",
        (user_id for user_id in reference.differing(observed.users) if user_id not in erased),
    )


def _lists(sender: Sender, observed: Observed) -> Iterator[str]:
    behind = [u for u, place in sender.last_honest.items() if observed.lists.get(u, (0, -1)) < place]
    yield from _missing(f"of {HONEST_USERS} honest users whose list does not know their last event", behind)


def _documents(expected: Expected, observed: Observed) -> Iterator[str]:
    refused = {(partition, offset) for (base, partition, offset, _) in observed.letters if base == "media"}
    behind = [
        (item_id, place, observed.documents.get(item_id))
        for item_id, place in expected.documents.items()
        if observed.documents.get(item_id, (0, -1)) < place and place not in refused
    ]
    yield from _missing("items whose document does not know their last event", behind)


def _learned(settings: Settings) -> Iterator[str]:
    status = asyncio.run(read_status(admin_client(settings), settings))
    if status.applied != status.learned:
        yield f"applied and learned events differ: {status.applied}, {status.learned}"
    lags = [f"{row.role} of {row.topic}: {row.lag_events}" for row in status.lag if row.lag_events]
    yield from _missing("topics that are not worked to their end", lags)


def _counted_by_workers(settings: Settings, cluster: Cluster) -> Iterator[str]:
    try:
        yield from _said(settings)
        yield from _rules(settings, cluster)
    except OSError as exc:
        yield f"a worker does not say what it counted: {exc}"


def _said(settings: Settings) -> Iterator[str]:
    """What workers count as a defect."""
    for name, what in (
        ("freshet_list_failures_total", "lists could not be made"),
        ("freshet_too_large_total", "messages were given up as too large"),
    ):
        if count := metric_total(settings, name):
            yield f"{count:,} {what}"


def _rules(settings: Settings, cluster: Cluster) -> Iterator[str]:
    """Wrong rules have no dead letter: they are counted, and the ones before stay."""
    wrong = sum(_is_wrong(record.value) for record in cluster.read("rules"))
    counted = metric_total(settings, "freshet_rules_refused_total")
    if counted != wrong:
        yield f"{wrong} files of rules are wrong, {counted} were counted as refused"


def _is_wrong(rules: bytes | None) -> bool:
    try:
        parse((rules or b"").decode())
    except ValueError:
        return True
    return False
