import asyncio
import logging
import subprocess
import sys
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.logs import HIDDEN, KNOWN_WARNINGS, Content, Formatter, Repeats, discreet

MARK = "ann@example.org"
OURS, THEIRS = "streams.batch", "mode.services"


def failed(error: Exception) -> Exception:
    try:
        raise error
    except Exception as exc:
        return exc


def line(content: bool, name: str, msg: str, *args: object, error: Exception | None = None) -> str:
    """What is written of a record that another handler has formatted before."""
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, msg, args, exc_info)
    whole = logging.Formatter().format(record)
    written = Formatter(content).format(record)
    assert logging.Formatter().format(record) == whole
    return written


@pytest.mark.parametrize("name", [OURS, THEIRS])
def test_of_an_error_there_is_the_kind_and_where_it_arose(name: str) -> None:
    error = failed(KeyError(MARK))
    written = line(False, name, "no list", error=error)
    assert MARK not in written
    assert written.splitlines()[0].endswith(f"ERROR {name}: no list")
    assert "in failed" in written
    assert written.endswith(f"KeyError: {HIDDEN}")
    assert line(True, name, "no list", error=error).endswith(f"KeyError: '{MARK}'")


def test_what_an_error_came_of_is_told_as_discreetly() -> None:
    try:
        try:
            raise ValueError(MARK)
        except ValueError as exc:
            raise KeyError(MARK) from exc
    except KeyError as exc:
        told = discreet(exc)
    assert MARK not in told
    assert told.index("ValueError") < told.index("which led to") < told.index("KeyError")
    assert discreet(None) == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("CUDA out of memory"), "RuntimeError: CUDA out of memory"),
        (ModuleNotFoundError("No module named 'x'"), "ModuleNotFoundError: No module named 'x'"),
        (KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN)), "_ALL_BROKERS_DOWN"),
        (TimeoutError("no answer"), "TimeoutError: no answer"),
        (FileNotFoundError(2, "No such file or directory", MARK), "FileNotFoundError: No such file or directory"),
        (UnicodeEncodeError("ascii", MARK + "é", 15, 16, "x"), f"UnicodeEncodeError: {HIDDEN}"),
    ],
)  # fmt: skip
def test_words_that_say_nothing_of_events_stay(error: Exception, words: str) -> None:
    told = discreet(failed(error))
    assert words in told
    assert MARK not in told


def test_content_is_an_argument_of_its_own() -> None:
    assert line(False, OURS, "too large, key %s", Content(MARK)).endswith(f"too large, key {HIDDEN}")
    assert line(True, OURS, "too large, key %s", Content(MARK)).endswith(f"too large, key {MARK}")
    # Also where nothing was set up.
    assert f"{Content(MARK)}" == HIDDEN


def test_errors_in_lines_of_libraries_are_their_kinds() -> None:
    error = KeyError(MARK)
    assert line(False, THEIRS, "Crashed reason=%r", error).endswith("Crashed reason='KeyError'")
    assert MARK in line(True, THEIRS, "Crashed reason=%r", error)
    assert line(False, OURS, "trying again: %s", TimeoutError("slow")).endswith("trying again: slow")


def test_a_task_that_nobody_waited_for_is_not_written_out() -> None:
    lines: list[str] = []

    class Said(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    async def fail() -> None:
        raise KeyError(MARK)

    async def forget() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task

    handler, logger = Said(), logging.getLogger("asyncio")
    handler.setFormatter(Formatter(content=False))
    logger.addHandler(handler)
    try:
        asyncio.run(forget())
    finally:
        logger.removeHandler(handler)
    (written,) = lines
    assert MARK not in written
    assert "Task exception was never retrieved" in written


def test_what_a_library_warns_of_again_and_again_is_said_now_and_then_and_counted() -> None:
    repeats, formatter, lines = Repeats(), Formatter(content=False), []

    def log(second: float, name: str, level: int, msg: str, *args: object) -> None:
        record = logging.LogRecord(name, level, __file__, 1, msg, args, None)
        record.created = second
        if repeats.filter(record):
            lines.append(formatter.format(record).partition(": ")[2])

    for tenth in range(250):
        log(tenth / 10, "aiokafka", logging.ERROR, "no node %d", tenth)
        log(tenth / 10, "aiokafka", logging.INFO, "trying")
        log(tenth / 10, OURS, logging.WARNING, "ours")
    log(30.0, "aiokafka", logging.WARNING, "another")
    assert [said for said in lines if said not in ("trying", "ours")] == [
        "no node 0",
        "no node 100 (and 99 more like it since the last)",
        "no node 200 (and 99 more like it since the last)",
        "another",
    ]
    assert (lines.count("trying"), lines.count("ours")) == (250, 250)


def test_words_that_are_never_the_same_take_no_memory_for_ever() -> None:
    repeats = Repeats()
    for number in range(3 * KNOWN_WARNINGS):
        repeats.filter(logging.LogRecord(THEIRS, logging.ERROR, __file__, 1, f"word {number}", (), None))
    assert len(repeats._said) <= KNOWN_WARNINGS


PROGRAM = """
import logging, sys, threading
from streams import logs
from streams.settings import Settings
logs.set_up(Settings(log_level="DEBUG", log_content=sys.argv[1] == "True"))
logging.getLogger("aiokafka.conn").debug("Response: ann@example.org")
logging.getLogger("aiokafka.conn").info("connected")
logging.getLogger("streams.batch").debug("worked")
logging.getLogger("streams.batch").error("%d and %d", "ann@example.org")
error = KeyError("ann@example.org")
def fail():
    raise error  # from Python 3.13 on this line is in the traceback
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


@pytest.mark.parametrize("content", [False, True])
def test_a_process_says_what_it_may_to_its_end(content: bool) -> None:
    done: Any = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(content)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert (MARK in done.stderr) == content
    assert done.stderr.count("KeyError") == 2
    assert all(said in done.stderr for said in ("aiokafka.conn: connected", "streams.batch: worked"))
