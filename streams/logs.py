"""What logs say, and what they never do unless it is allowed: whom an event is of, and what it says.

Lines name places in topics. Of an error there is the kind and where in the code it arose; its words are there where
they cannot be an event's. What libraries print at DEBUG has whole records in it, so they are heard from INFO on; what
they warn of again and again, as for each try to reach a Kafka that is down, is said now and then.
"""

import logging
import math
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from confluent_kafka import KafkaException

from streams.settings import Settings

OWN = ("streams", "online", "encoders", "deploy")
"""Loggers whose lines are known to quote nothing but `Content`."""
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
HIDDEN = "(see FRESHET_LOG_CONTENT)"
REPEATED_S = 10.0
"""One warning of a library stands for all of the same words, whatever their arguments, in this time."""
KNOWN_WARNINGS = 1_000
"""Words that are remembered: a library may write its arguments into them."""

_TELLING = (ArithmeticError, ImportError, KafkaException, MemoryError, OSError, RuntimeError)
"""Errors whose words, but for names of files, say nothing of the data that was worked."""


class Content:
    """An argument of a log line that is written only where content is allowed."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __str__(self) -> str:
        return HIDDEN


class Repeats:
    """Holds back what libraries warn of again and again, and counts it."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, object], tuple[float, int]] = {}
        """When words were said last, and how often they were held back since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is to be said; one that is knows how many were not."""
        if record.levelno < logging.WARNING or _is_own(record.name):
            return True
        words = record.name, record.msg
        said_s, held_back = self._said.get(words, (-math.inf, 0))
        if record.created - said_s < REPEATED_S:
            self._said[words] = said_s, held_back + 1
            return False
        if len(self._said) >= KNOWN_WARNINGS:
            self._said.clear()
        self._said[words] = record.created, 0
        record.held_back = held_back
        return True


class Formatter(logging.Formatter):
    """Formats lines with or without content."""

    def __init__(self, content: bool) -> None:
        super().__init__(FORMAT)
        self._content = content

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it the error."""
        told = logging.makeLogRecord(record.__dict__)
        # Another handler's words of the error, which may be all of them.
        told.exc_text = None
        if isinstance(told.args, tuple):
            told.args = tuple(self._argument(value, told.name) for value in told.args)
        if not self._content and not _is_own(told.name):
            # asyncio writes the task, and with it the error, below what it says.
            told.msg, told.args = told.getMessage().partition("\n")[0], ()
        if held_back := getattr(told, "held_back", 0):
            told.msg, told.args = f"{told.getMessage()} (and {held_back} more like it since the last)", ()
        return super().format(told)

    def formatException(self, ei: Any) -> str:  # noqa: ANN401  # as logging has it
        """The error."""
        return super().formatException(ei) if self._content else discreet(ei[1])

    def _argument(self, value: object, name: str) -> object:
        if isinstance(value, Content):
            return value.value if self._content else value
        if isinstance(value, BaseException) and not self._content and not _is_own(name):
            return _kind(value)
        return value


def set_up(settings: Settings) -> None:
    """Has everything logged to standard error from now on, also what ends the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(settings.log_content))
    handler.addFilter(Repeats())
    level = logging.getLevelName(settings.log_level)
    logging.basicConfig(level=level if settings.log_content else max(level, logging.INFO), handlers=[handler])
    for name in OWN:
        logging.getLogger(name).setLevel(level)
    # Of a line that cannot be formatted, logging itself would print the arguments.
    logging.raiseExceptions = settings.log_content
    if not settings.log_content:
        sys.excepthook = _ended
        threading.excepthook = _thread_ended


def discreet(error: BaseException | None) -> str:
    """An error and what it came of, innermost first: kinds, places in the code, and words that quote nothing."""
    said: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        stack = "".join(traceback.format_tb(error.__traceback__))
        said.append(f"Traceback (most recent call last):\n{stack}{_kind(error)}: {_words(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich led to\n\n".join(reversed(said))


def _ended(_kind: type[BaseException], error: BaseException, _place: TracebackType | None) -> None:
    sys.stderr.write(discreet(error) + "\n")


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    sys.stderr.write(f"a thread ended: {discreet(args.exc_value)}\n")


def _kind(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return error.strerror or ""
    return str(error) if isinstance(error, _TELLING) else HIDDEN


def _is_own(name: str) -> bool:
    return name.partition(".")[0] in OWN
