"""What ends a `freshet bench` early: one line on standard error, and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from streams.cli.ending import ended_in_order
from streams.cli.errors import one_line_errors


@contextmanager
def bench_errors() -> Iterator[None]:
    """As `one_line_errors`, ended in order; a measurement that fails exits with 1, one that is interrupted with 130."""
    from streams.bench.subjects import BenchError  # noqa: PLC0415  # keeps `freshet --help` fast

    with one_line_errors():
        try:
            with ended_in_order():
                yield
        except BenchError as exc:
            typer.echo(f"freshet: {exc}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
