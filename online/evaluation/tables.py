"""Tables and columns from CSV or Parquet, as they are needed; what can't be used is refused in one line."""

import csv
import io
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from online.evaluation.stream import LongArray

TimestampUnit = Literal["s", "ms"]
Column: TypeAlias = "pa.ChunkedArray[Any]"
LIST_SEPARATOR = "|"
"""Between the parts of a list that is taken as text."""
_LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_list_view)
_TEXTS = (pa.types.is_binary, pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
"""Whoever writes a file chooses how its lists and texts lie in memory: Polars writes large ones."""
AHEAD_S = 86_400
"""So far ahead may be the clock of who recorded what happened. Beside an event dated 2099 all others would be late."""
LARGEST = 1e12
"""Of numbers, as in the stream: statistics are in single precision, and one infinite sum would spoil all that is
learned of it."""


class InputError(ValueError):
    """The data cannot be used as it is; the message is one line that says what to change."""


def read_table(path: Path) -> pa.Table:
    """Reads a whole file: Parquet if its name ends so, otherwise CSV with a header, perhaps compressed (`.csv.gz`).

    What is in a CSV file stays the text it is, as bytes: 007 is not 7, and only what is used has to be UTF-8.

    Raises:
        InputError: There is no such file, or it is not of its kind.
    """
    if not path.is_file():
        msg = f"{path} is a folder, expected a file" if path.is_dir() else f"{path}: no such file"
        raise InputError(msg)
    kind = "Parquet" if path.suffix.lower() == ".parquet" else "CSV"
    try:
        return pyarrow.parquet.read_table(path) if kind == "Parquet" else _read_csv(path)
    except pa.ArrowInvalid as exc:
        msg = f"{path} is not readable as {kind}: {str(exc).splitlines()[0]}"
        raise InputError(msg) from exc


def _read_csv(path: Path) -> pa.Table:
    with pa.input_stream(str(path)) as stream:
        data = stream.read()
    if data.count(b'"') % 2:
        _check_quotes(path, data)
    header = next(csv.reader(_lines(data)), [])
    types = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.binary()))
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return pyarrow.csv.read_csv(io.BytesIO(data), convert_options=types, parse_options=parsing)


def _check_quotes(path: Path, data: bytes) -> None:
    """Arrow takes all that follows a quote which is never closed for one value, and says nothing."""
    rows, line = csv.reader(_lines(data), strict=True), 1
    while True:
        try:
            next(rows)
        except StopIteration:
            return
        except csv.Error:
            msg = f"{path} is not readable as CSV: the row of line {line} opens a quote that is not closed in its place"
            raise InputError(msg) from None
        line = rows.line_num + 1


def _lines(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", errors="replace", newline="")


def column_of(path: Path, table: pa.Table, name: str) -> Column:
    """A column by name.

    Raises:
        InputError: There is none, or more than one; the message names those there are.
    """
    if (count := table.column_names.count(name)) != 1:
        has = f"{count} columns" if count else "no column"
        msg = f"{path} has {has} {name!r}; its columns are {', '.join(table.column_names)}"
        raise InputError(msg)
    return table[name]


def texts_of(path: Path, table: pa.Table, name: str) -> list[str]:
    """A column as text, empty where it has nothing; a list's parts with `|` between them.

    Raises:
        InputError: There is no such column, or it is no text.
    """
    column = column_of(path, table, name)
    try:
        if any(is_list(column.type) for is_list in _LISTS):
            return [LIST_SEPARATOR.join(map(str, filter(None, parts or ()))) for parts in column.to_pylist()]
        return [found or "" for found in column.cast(pa.string()).to_pylist()]
    except pa.ArrowNotImplementedError:
        msg = f"{path}: column {name} is of type {column.type}, expected text or numbers"
        raise InputError(msg) from None
    except pa.ArrowInvalid:
        row = _first_wrong(column.to_pylist(), lambda found: (found or b"").decode())
        msg = f"{path}: row {row + 1}, {name} is not UTF-8; try: iconv -f latin1 -t utf-8"
        raise InputError(msg) from None


def ids_of(path: Path, table: pa.Table, name: str) -> list[str]:
    """A column of ids, as text.

    Raises:
        InputError: There is no such column, or a row of it is empty.
    """
    ids = texts_of(path, table, name)
    if "" in ids:
        msg = f"{path}: row {ids.index('') + 1} has no {name}"
        raise InputError(msg)
    return ids


def numbers_of(path: Path, table: pa.Table, name: str) -> list[float]:
    """A column of finite numbers, none beyond LARGEST.

    Raises:
        InputError: There is no such column, or a row of it is something else.
    """
    column = _as_text_or_is(path, table, name)
    numbers = _numbers(column)
    if numbers is None:
        given = column.to_pylist()
        row = _first_wrong(given, _finite)
        msg = f"{path}: row {row + 1} has {name} = {given[row]!r}, expected a finite number"
        raise InputError(msg)
    if len(beyond := np.flatnonzero(np.abs(numbers) > LARGEST)):
        row = int(beyond[0])
        given = column[row].as_py()
        msg = (
            f"{path}: row {row + 1} has {name} = {given}, expected a number from {-LARGEST:g} to {LARGEST:g}"
        )
        raise InputError(msg)
    found: list[float] = numbers.tolist()
    return found


def timestamps_of(path: Path, table: pa.Table, name: str, unit: TimestampUnit) -> LongArray:
    """A column of numbers in the unit, or of dates and times (UTC where they name no zone), in milliseconds since 1970.

    Raises:
        InputError: There is no such column, or a row of it is neither, or no time that anything can have happened at.
    """
    column = _as_text_or_is(path, table, name)
    if (numbers := _numbers(column)) is not None:
        times_ms = np.round(numbers * 1000 if unit == "s" else numbers)
    elif (times := _times(column)) is not None:
        times_ms, unit = times, "ms"
    else:
        _refuse_time(path, name, unit, column)
    never = np.flatnonzero((times_ms < 0) | (times_ms > (time.time() + AHEAD_S) * 1000))
    if len(never):
        row = int(never[0])
        hint = "; are these milliseconds (--timestamp-unit ms)?" if unit == "s" and times_ms[row] > 0 else ""
        msg = f"{path}: row {row + 1} has {name} = {column[row].as_py()}, expected a time from 1970 until now{hint}"
        raise InputError(msg)
    return np.asarray(times_ms, dtype=np.int64)


def _as_text_or_is(path: Path, table: pa.Table, name: str) -> Column:
    """The column; where it is text, without the spaces around it."""
    column = column_of(path, table, name)
    if not any(is_text(column.type) for is_text in _TEXTS):
        return column
    return pa.chunked_array([[text.strip() for text in texts_of(path, table, name)]], pa.string())


def _numbers(column: Column) -> np.ndarray | None:
    """[rows] float64, finite; None if a row is none."""
    is_time = pa.types.is_temporal(column.type)
    try:
        numbers = None if is_time or column.null_count else column.cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return numbers if numbers is not None and np.isfinite(numbers).all() else None


def _times(column: Column) -> np.ndarray | None:
    """[rows] milliseconds since 1970; None if a row is no date and time."""
    if column.null_count:
        return None
    for zone in (None, "UTC"):
        try:
            since_epoch = column.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64())
            return np.asarray(since_epoch.to_numpy() // 1000)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    try:
        return np.array([_time_ms(found) for found in column.to_pylist()])
    except (TypeError, ValueError):
        return None


def _time_ms(text: Any) -> int:  # noqa: ANN401  # whatever a column holds
    found = datetime.fromisoformat(text)
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _refuse_time(path: Path, name: str, unit: TimestampUnit, column: Column) -> NoReturn:
    """Names a row that is wrong if the others are right: one that is neither, or else the first that is not as most."""
    given = column.to_pylist()
    wrong = [sum(_is_wrong(found, read) for found in given) for read in (_finite, _time_ms)]
    row = _first_wrong(given, _finite if wrong[0] <= wrong[1] else _time_ms)
    expected = f"{'seconds' if unit == 's' else 'milliseconds'} since 1970 or an ISO date and time"
    msg = f"{path}: row {row + 1} has {name} = {given[row]!r}, expected {expected}"
    raise InputError(msg)


def _finite(found: Any) -> float:  # noqa: ANN401  # whatever a column holds
    number = float(found)
    if not math.isfinite(number):
        raise ValueError
    return number


def _first_wrong(given: Sequence[Any], read: Callable[[Any], object]) -> int:
    return next((row for row, found in enumerate(given) if _is_wrong(found, read)), 0)


def _is_wrong(found: Any, read: Callable[[Any], object]) -> bool:  # noqa: ANN401  # whatever a column holds
    try:
        read(found)
    except (TypeError, ValueError):
        return True
    return False
