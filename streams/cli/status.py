"""`freshet status`: lag, versions, and what was applied and learned."""

import asyncio
from datetime import UTC, datetime
from math import hypot
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from streams.status import Refusals, Status

SHOWN_ALARMS = 5
"""Of drift, the last."""


def status(
    experiments: Annotated[
        bool, typer.Option("--experiments", help="Only how the arms of FRESHET_ARMS compare.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Show how the river runs: versions, lag by role, the model, events applied and learned by partition."""
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.kafka import admin_client  # noqa: PLC0415
    from streams.status import read_status  # noqa: PLC0415
    from streams.topics import ensure  # noqa: PLC0415
    from streams.worker_versions import ask_versions  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        admin = admin_client(loaded)
        ensure(admin, loaded)
        result = asyncio.run(read_status(admin, loaded))
        ask_versions(result.workers)
        if json_file is not None:
            write_json(json_file, result)
        if json_file != "-":
            if experiments:
                _show_arms(result)
            else:
                _show(result)


def _show_arms(status: "Status") -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.table import Table  # noqa: PLC0415

    if status.model is None or not status.model.arms:
        Console().print("Nothing is compared: set FRESHET_ARMS for the workers, and let the learner publish")
        return
    first = status.model.arms[0]
    table = Table("arm", "sets", "hit ratio", f"against {first.arm}", title="Arms, with 95 % intervals")
    for result in status.model.arms:
        change, half_width = result.hit_ratio - first.hit_ratio, hypot(result.half_width, first.half_width)
        against = "" if result is first else f"{change:+.4f} ± {half_width:.4f}"
        shown = f"{result.hit_ratio:.4f} ± {result.half_width:.4f}"
        table.add_row(result.arm, f"{result.sets:,}", shown, against)
    Console().print(table)


def _show(status: "Status") -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast
    from rich.table import Table  # noqa: PLC0415

    from streams.lag import READS  # noqa: PLC0415

    console = Console()
    lag = Table("role", "topic", "behind", "records", title="Lag")
    for row in status.lag:
        lag.add_row(row.role, row.topic, f"{row.lag_events:,}", f"{row.end_events:,}")
    console.print(lag)
    for role in READS:
        if role not in status.running:
            console.print(f"No {role} worker is running: try `freshet worker {role}`, or `all`")
    _show_refusals(console, status.refusals)
    if status.model is None:
        console.print("The learner has published nothing yet: is a learn worker running?")
    else:
        model = status.model
        hits = "no sets scored yet"
        if model.standing_hit_ratio is not None:
            hits = (
                f"standing lists hit {model.standing_hit_ratio:.3f} of recent sets, "
                f"popularity {model.popularity_hit_ratio:.3f}; {model.sets_scored:,} scored since it started"
            )
        console.print(f"Model version {model.version} (epoch {model.epoch}), {model.age_s} s old; {hits}")
        for modality, behind in model.items_behind.items():
            console.print(
                f"The {modality} encoder is changing: {behind:,} items have no vector of the new one yet"
            )
        for alarm in model.drift_alarms[-SHOWN_ALARMS:]:
            when = datetime.fromtimestamp(alarm.timestamp_ms / 1000, UTC).isoformat(" ", "seconds")[:19]
            console.print(
                f"Drift {when}: {alarm.measure} of {alarm.segment} {alarm.usual:.3f}, then {alarm.now:.3f} "
                f"({alarm.test}); {alarm.action}"
            )
    learned = {row.partition: row for row in status.learned}
    table = Table("partition", "applied", "learned", "equal", title=f"Events of {status.users:,} users")
    for counted in status.applied:
        other = learned.get(counted.partition)
        equal = other is not None and (other.count, other.xor) == (counted.count, counted.xor)
        count = f"{other.count if other else 0:,}"
        table.add_row(str(counted.partition), f"{counted.count:,}", count, "yes" if equal else "no")
    console.print(table)
    console.print(f"Freshet {status.version}")
    for worker in status.workers:
        runs = "does not answer" if worker.version is None else f"Freshet {worker.version}"
        console.print(f"{worker.role} worker {worker.worker}: {runs}, {worker.metrics}")


def _show_refusals(console: "Console", refusals: "Refusals") -> None:
    from streams.cli.list_table import plain  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.cli.times import local  # noqa: PLC0415
    from streams.dead_letters import place  # noqa: PLC0415

    if not refusals.count:
        return
    letter, said = refusals.newest, f"{refusals.count:,} events were refused"
    if letter is not None:
        said += f"; the last at {local(letter.timestamp_ms)}, {place(letter)}: {letter.error}"
    console.print(plain(said))
