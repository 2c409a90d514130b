"""One Faust app per role, and what its agents share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

import faust
from faust.auth import SASLCredentials, SSLCredentials
from faust.types import StreamT

from streams.kafka import bootstrap_servers, ssl_context
from streams.runs import FETCH_RECORDS, Fetch, FetchTopic, FetchTransport, Run
from streams.settings import Settings
from streams.topics import full_name, group_name


class Handle(Protocol):
    """An agent's work; its name is the agent's."""

    __name__: str

    async def __call__(self, runs: list[Run], acknowledge: Callable[[], object]) -> None:
        """Works the runs in order. When `acknowledge` is called, now or later, none of them comes again."""


def credentials(settings: Settings) -> SASLCredentials | SSLCredentials | None:
    """Faust's form of the TLS and SASL settings; certificates and host names are verified."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return None
    context = ssl_context(settings)
    if settings.kafka_security_protocol == "SSL":
        return SSLCredentials(context)
    return SASLCredentials(
        username=settings.kafka_sasl_username,
        password=settings.kafka_sasl_password.get_secret_value(),
        mechanism=settings.kafka_sasl_mechanism,
        ssl_context=context,
    )


def make_app(settings: Settings, role: str) -> faust.App:
    """The Faust app of a role: raw values, fetches as events, no tables, no web server."""
    data_folder = settings.home / "faust" / role
    data_folder.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        group_name(settings, role),
        broker=[f"kafka://{address.strip()}" for address in bootstrap_servers(settings).split(",")],
        broker_credentials=credentials(settings),
        store="memory://",
        datadir=str(data_folder),
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        # No tables, yet one standby: that alone selects the assignor which keeps a user's topics together.
        table_standby_replicas=1,
        cython_optimizations=True,
        broker_max_poll_records=FETCH_RECORDS,
        # A batch in work when partitions are revoked is waited for by streams/ownership.py; the learner's
        # records stay unacknowledged until a snapshot, which stock Faust would wait for.
        stream_wait_empty=False,
        broker_commit_interval=1.0,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 5,
        broker_rebalance_timeout=settings.session_timeout_s * 2,
        # An idle worker must stay in the group, to take over when another dies.
        broker_max_poll_interval=1e6,
        consumer_group_instance_id=settings.instance,
        consumer_max_fetch_size=17 * 1024 * 1024,
        consumer_auto_offset_reset="earliest",
        producer_request_timeout=60,
        web_enabled=False,
    )
    app.transport = FetchTransport(app.conf.broker, app, app.loop)
    # A fetch costs the broker and the worker as much as many records do, and no list waits for what is learned.
    app.transport.gathers = role == "learn"
    return app


def add_agent(
    app: faust.App, settings: Settings, base: str, handle: Handle, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that hands what is fetched of a topic to `handle`.

    Faust would acknowledge what raised. Here an exception is given to `fail` and nothing is acknowledged any more: the
    process ends, and its successor is given the same records.
    """
    topic = FetchTopic(
        app, topics=[full_name(settings, base)], key_serializer="raw", value_serializer="raw", acks=True
    )

    async def agent(stream: StreamT[Fetch]) -> None:
        # A stream acknowledges one offset of one partition; a fetch has those of many.
        async for event in cast(faust.Stream[Fetch], stream).noack().events():
            try:
                await handle(cast(Fetch, event.value).take(), event.ack)
            except Exception as exc:
                fail(exc)
                await asyncio.Future()

    app.agent(topic, name=handle.__name__)(agent)


def add_worker(
    app: faust.App,
    settings: Settings,
    base: str,
    name: str,
    work: Callable[[list[Run]], Awaitable[None]],
    fail: Callable[[BaseException], None],
) -> None:
    """Makes the agent `name` as `add_agent`; what is fetched is acknowledged as soon as `work` is done with it."""

    async def handle(runs: list[Run], acknowledge: Callable[[], object]) -> None:
        await work(runs)
        acknowledge()

    handle.__name__ = name
    add_agent(app, settings, base, handle, fail)
