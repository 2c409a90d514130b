"""One worker process of one role: its app, its agents, and what runs beside them."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from typing import Any, Literal, cast

import uvloop
from confluent_kafka.admin import AdminClient

from streams import metrics
from streams.access import ensure_access
from streams.app import make_app
from streams.device_metrics import watch_devices
from streams.discovery import announce, host_here, ready_file
from streams.fetched_batches import read_any_batches
from streams.holders import Holders
from streams.kafka import admin_client, bootstrap_servers
from streams.lag import await_coordinator
from streams.liveness import Liveness
from streams.ownership import Ownership
from streams.producer import BatchProducer
from streams.roles.worker import Worker
from streams.runs import FetchConsumer
from streams.settings import Settings
from streams.topics import await_leaders, ensure
from streams.watchdog import watch_group

Role = Literal["encode", "learn", "recommend"]
ROLES: tuple[Role, ...] = ("encode", "learn", "recommend")
SetUp = Callable[[Worker], Coroutine[Any, Any, None]]


def _set_up_of(role: Role) -> SetUp:
    """How a worker of the role is made; what it is made of takes seconds to import, so only its own."""
    if role == "encode":
        from streams.roles import encode  # noqa: PLC0415  # explained above

        return encode.set_up
    if role == "learn":
        from streams.roles import learn  # noqa: PLC0415  # as above

        return learn.set_up
    from streams.roles import recommend  # noqa: PLC0415  # as above

    return recommend.set_up


async def _serve(
    role: Role, settings: Settings, admin: AdminClient, port: int, holders: Holders, set_up: SetUp
) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    liveness = Liveness(settings.session_timeout_s / 2)
    producer = BatchProducer(settings, liveness.check)
    worker = Worker(settings, admin, make_app(settings, role), producer, liveness, loop.create_future())
    stopped = asyncio.create_task(stopping.wait())
    being_set_up = asyncio.create_task(set_up(worker))
    # Compiling, or loading a large encoder, takes seconds; SIGTERM must not wait for it.
    await asyncio.wait({being_set_up, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if stopping.is_set():
        os._exit(0)
    await being_set_up
    worker.beside += [liveness.watch(), watch_group(settings, role), watch_devices()]
    metrics.QUEUE.labels(queue="producer").set_function(producer.waiting)
    # Hundreds of thousands of objects that stay, most of them the libraries': looking through them all for cycles,
    # as the collector would again and again, holds lists up for a third of a second.
    gc.collect()
    gc.freeze()
    await worker.app.start()
    holders.start(role, worker.holds, worker.holds_items)
    metrics.QUEUE.labels(queue="fetched").set_function(cast(FetchConsumer, worker.app.consumer).waiting_count)
    with announce(settings, role, port):
        saying = asyncio.create_task(_say_when_ready(role, settings, port, worker.ownership))
        await _run_until_stopped(worker, stopping)
        saying.cancel()


async def _say_when_ready(role: Role, settings: Settings, port: int, ownership: Ownership | None) -> None:
    """Says, once, that the worker works, or stands by where all partitions are others'; and has its file there."""
    assert ownership is not None, role
    await ownership.loaded.wait()
    tenant = f" of {settings.topic_prefix}" if settings.topic_prefix else ""
    does = "is ready" if ownership.partitions else "stands by"
    # No line of a log, whose level is the operator's: whoever starts a worker by hand waits for this.
    sys.stderr.write(
        f"freshet: {role} worker {os.getpid()}{tenant} {does}: Kafka at {bootstrap_servers(settings)}, "
        f"metrics at http://{host_here(settings.metrics_host)}:{port}/metrics\n"
    )
    ready_file(settings, role, os.getpid()).touch()


async def _run_until_stopped(worker: Worker, stopping: asyncio.Event) -> None:
    beside = [asyncio.create_task(coroutine) for coroutine in worker.beside]
    crash = asyncio.create_task(worker.app.wait_until_stopped())
    stop = asyncio.create_task(stopping.wait())
    ends: set[asyncio.Future[Any]] = {*beside, crash, stop, worker.failed}
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in done:
            end.result()
        if worker.app.crash_reason is not None:
            raise worker.app.crash_reason
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        if worker.ownership is not None:
            await worker.ownership.let_go()
        cast(FetchConsumer, worker.app.consumer).leave_at_stop()
        await asyncio.wait_for(worker.app.stop(), worker.settings.session_timeout_s)
        await worker.producer.close()


def run(role: Role, settings: Settings) -> None:
    """Runs one worker until SIGTERM, SIGINT or an error.

    Raises:
        KafkaUnavailableError: No broker answers.
        AccessDeniedError: The cluster does not let this client in, or not do what the role needs.
        TopicsError: Topics are missing or wrong.
        SucceededError: This learner is not the newest any more: another is to be started.
        OSError: The metrics port is in use, or a folder cannot be written.
    """
    admin = admin_client(settings)
    await_coordinator(settings, role)
    ensure_access(admin, settings, role)
    ensure(admin, settings)
    await_leaders(admin, settings)
    set_up, holders = _set_up_of(role), Holders()
    port = metrics.serve(settings.metrics_host, settings.metrics_port, holders.around)
    read_any_batches()
    metrics.BUILD.info({"version": version("freshet"), "role": role, "worker": str(os.getpid())})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(role, settings, admin, port, holders, set_up))
