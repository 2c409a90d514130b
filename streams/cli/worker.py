"""`freshet worker`: run the roles of the river."""

import os
import signal
from typing import Annotated, Literal

import typer

from streams.cli.errors import one_line_errors
from streams.cores import keep_memory, share_cores

Role = Literal["encode", "learn", "recommend", "all"]


def worker(
    role: Annotated[Role, typer.Argument(help="encode, learn, recommend, or all: one of each, supervised.")],
    recommend: Annotated[int, typer.Option(min=1, help="With all: how many recommend workers.")] = 1,
    learn: Annotated[int, typer.Option(min=1, help="With all: how many learners; all but one stand by.")] = 1,
    encode: Annotated[int, typer.Option(min=1, help="With all: how many encode workers.")] = 1,
    parent: Annotated[int | None, typer.Option(hidden=True, help="End when this process ends.")] = None,
) -> None:
    """Run a worker until SIGTERM or Ctrl-C; any number of each role may run."""
    # Until a worker takes it in its own way: a container's first process has no default that would end it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
    from streams import logs, settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.discovery import ready_file  # noqa: PLC0415
    from streams.liveness import end_with_parent  # noqa: PLC0415
    from streams.supervisor import supervise  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        logs.set_up(loaded)
        if role == "all":
            from streams.kafka import admin_client  # noqa: PLC0415
            from streams.topics import ensure  # noqa: PLC0415

            ensure(admin_client(loaded), loaded)
            counts = {"encode": encode, "learn": learn, "recommend": recommend}
            raise typer.Exit(
                supervise(counts, os.environ, lambda of, pid: ready_file(loaded, of, pid).exists())
            )
        if parent is not None:
            end_with_parent(parent)
        if role == "encode":
            share_cores()
            keep_memory()
        from streams.worker import run  # noqa: PLC0415

        run(role, loaded)
        # All is written. At the interpreter's own end libraries would say, line by line, that they leak what is frozen.
        os._exit(0)
