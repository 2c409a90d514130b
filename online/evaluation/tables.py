"""Tables and columns from CSV or Parquet, as they are needed; what can't be used is refused in one line."""

import math
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from online.evaluation.stream import LongArray

TimestampUnit = Literal["s", "ms"]
Column: TypeAlias = "pa.ChunkedArray[Any]"


class InputError(ValueError):
    """The data cannot be used as it is; the message is one line that says what to change."""


def read_table(path: Path, id_columns: list[str]) -> pa.Table:
    """Reads a whole file, Parquet if its name ends so, otherwise CSV with a header.

    Args:
        path: The file.
        id_columns: Columns that stay text even where they look like numbers.

    Raises:
        InputError: There is no such file, or it is not of its kind.
    """
    if not path.is_file():
        msg = f"{path}: no such file"
        raise InputError(msg)
    try:
        if path.suffix == ".parquet":
            return pyarrow.parquet.read_table(path)
        # Ids stay the text they are: 007 is not 7.
        types = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(id_columns, pa.string()))
        parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
        return pyarrow.csv.read_csv(path, convert_options=types, parse_options=parsing)
    except pa.ArrowInvalid as exc:
        kind = "Parquet" if path.suffix == ".parquet" else "CSV"
        msg = f"{path} is not readable as {kind}: {str(exc).splitlines()[0]}"
        raise InputError(msg) from exc


def column_of(path: Path, table: pa.Table, name: str) -> Column:
    """A column by name.

    Raises:
        InputError: There is none; the message names those there are.
    """
    if name not in table.column_names:
        msg = f"{path} has no column {name!r}; its columns are {', '.join(table.column_names)}"
        raise InputError(msg)
    return table[name]


def strings(column: Column) -> list[str]:
    """The column as text, empty where it has nothing."""
    return [found or "" for found in column.cast(pa.string()).to_pylist()]


def ids_of(path: Path, table: pa.Table, name: str) -> list[str]:
    """A column of ids, as text.

    Raises:
        InputError: There is no such column, or a row of it is empty.
    """
    ids = strings(column_of(path, table, name))
    for row, found in enumerate(ids):
        if not found:
            msg = f"{path}: row {row + 1} has no {name}"
            raise InputError(msg)
    return ids


def texts_of(path: Path, table: pa.Table, name: str) -> list[str]:
    """A column as text, empty where it has nothing.

    Raises:
        InputError: There is no such column.
    """
    return strings(column_of(path, table, name))


def numbers_of(path: Path, table: pa.Table, name: str) -> list[float]:
    """A column of finite numbers.

    Raises:
        InputError: There is no such column, or a row of it is something else.
    """
    values = []
    for row, found in enumerate(column_of(path, table, name).to_pylist()):
        if not isinstance(found, int | float) or not math.isfinite(found):
            msg = f"{path}: row {row + 1} has {name} = {found!r}, expected a finite number"
            raise InputError(msg)
        values.append(float(found))
    return values


def as_timestamps_ms(path: Path, column: Column, name: str, unit: TimestampUnit) -> LongArray:
    """Numbers in the unit, or dates and times (UTC where they name no zone), as milliseconds since 1970.

    Raises:
        InputError: A row is neither.
    """
    if pa.types.is_timestamp(column.type):
        column, unit = column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64()), "ms"
    if column.null_count or not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        _refuse_timestamp(path, column, name, unit)
    numbers = column.to_numpy()
    if not np.isfinite(numbers).all():
        _refuse_timestamp(path, column, name, unit)
    return np.asarray(np.round(numbers * 1000) if unit == "s" else numbers, dtype=np.int64)


def _refuse_timestamp(path: Path, column: Column, name: str, unit: TimestampUnit) -> NoReturn:
    for row, found in enumerate(column.to_pylist()):
        if not _is_number(found):
            expected = f"{'seconds' if unit == 's' else 'milliseconds'} since 1970 or an ISO date and time"
            msg = f"{path}: row {row + 1} has {name} = {found!r}, expected {expected}"
            raise InputError(msg)
    msg = f"{path}: column {name} is of type {column.type}, expected numbers or dates and times"
    raise InputError(msg)


def _is_number(found: object) -> bool:
    try:
        return math.isfinite(float(str(found)))
    except ValueError:
        return False
