"""One clear line for what an operator can mend, and an exit code that says so."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import typer

EXIT_CONFIGURATION = 2
"""Something has to be changed first; a supervisor gives up."""
EXIT_UNAVAILABLE = 3
"""Kafka or the store does not answer, or not now, a disk is full, or another learns; a supervisor tries again."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def one_line_errors(*own: type[Exception]) -> Iterator[None]:
    """Turns errors of configuration and surroundings into one line on standard error and an exit code.

    `own` are the command's own errors, which an operator can mend too.
    """
    from confluent_kafka import KafkaError, KafkaException  # noqa: PLC0415  # keeps `freshet --help` fast

    from deploy.embedded_kafka import BrokerError  # noqa: PLC0415
    from online.rules.rule import RulesError  # noqa: PLC0415
    from online.saved import CapacityError  # noqa: PLC0415
    from streams.follower import LogGapError  # noqa: PLC0415
    from streams.kafka import DENIALS, AccessDeniedError, KafkaUnavailableError  # noqa: PLC0415
    from streams.settings import SettingsError  # noqa: PLC0415
    from streams.stores import StoreError, StoreUnavailableError  # noqa: PLC0415
    from streams.succession import SucceededError  # noqa: PLC0415
    from streams.topics import TopicsError  # noqa: PLC0415

    known: tuple[type[Exception], ...] = (
        AccessDeniedError, BrokerError, LogGapError, RulesError, SettingsError, StoreError, TopicsError, *own,
    )  # fmt: skip
    code = EXIT_CONFIGURATION
    try:
        yield
    except (KafkaUnavailableError, StoreUnavailableError, SucceededError) as exc:
        line, code = str(exc), EXIT_UNAVAILABLE
    except CapacityError as exc:
        line = f"{exc}: set FRESHET_ITEM_CAPACITY to {exc.needed} or more, for every worker"
    except known as exc:
        line = str(exc)
    except KafkaException as exc:
        error = exc.args[0]
        if error.code() in DENIALS:
            # Brokers say it in their own words, to which they may add the whole request.
            what = KafkaError(error.code()).str()
            line = f"Kafka refused: {what}; `freshet topics acls` says what to grant"
        else:
            line, code = f"Kafka refused: {error.str()}", EXIT_UNAVAILABLE
    except BrokenPipeError:
        raise  # whoever reads the output has seen enough, as `head` has: typer ends quietly then
    except (ConnectionError, TimeoutError) as exc:
        line, code = f"no answer, or too late: {str(exc) or repr(exc)}", EXIT_UNAVAILABLE
    except OSError as exc:
        line = f"{exc.strerror or exc}: {exc.filename}" if exc.filename else str(exc)
        code = EXIT_UNAVAILABLE if exc.errno in _FULL else EXIT_CONFIGURATION
    else:
        return
    typer.echo(f"freshet: {line}", err=True)
    raise typer.Exit(code)
