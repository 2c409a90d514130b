"""Rows of a file, one by one and in order, whatever its format: JSON lines, CSV or Parquet."""

import csv
import io
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CELL_LIMIT_CHARS = 32 * 1024 * 1024
BATCH_ROWS = 4096
"""Parquet rows held in memory at a time."""


class RowsError(OSError):
    """The file cannot be read as rows; the message says which file, why, and what was expected."""


class _HeaderError(ValueError):
    """The columns have no names that tell them apart."""


class Row(NamedTuple):
    """One row: its line in the file (in Parquet: its number, from 1) and what it holds, by column."""

    line: int
    fields: dict[str, Any]


class BadRow(NamedTuple):
    """A row that cannot be read."""

    line: int
    reason: str


class RowFile(Protocol):
    """An open file of rows."""

    columns: Sequence[str] | None
    """The columns; None where each row has its own."""
    literal: bool
    """Whether a row is an event as the contract writes it, rather than columns to be converted."""

    def __iter__(self) -> Iterator[Row | BadRow]:
        """The rows, once."""

    def read_ratio(self) -> float | None:
        """How much of the file has been read, 0 to 1; None where nobody knows (a pipe)."""


@contextmanager
def open_rows(path: str) -> Iterator[RowFile]:
    """Opens a file of rows by its suffix; `-` is JSON lines from standard input.

    Raises:
        RowsError: The suffix is unknown, or the head of the file is not of that format.
        OSError: The file cannot be opened.
    """
    if path == "-":
        yield JsonLines(sys.stdin.buffer, None)
        return
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        msg = f"{path}: unknown kind of file, expected one of {' '.join(_FORMATS)}"
        raise RowsError(msg)
    with Path(path).open("rb") as stream:
        try:
            yield _FORMATS[suffix](stream, Path(path).stat().st_size)
        except (csv.Error, pa.ArrowException, _HeaderError) as exc:
            msg = f"{path}: cannot be read as {suffix[1:]}: {exc}"
            raise RowsError(msg) from None


class _ByPosition:
    """How much has been read, by the position in the stream."""

    def __init__(self, stream: BinaryIO, size_bytes: int | None) -> None:
        self._stream = stream
        self._size_bytes = size_bytes

    def read_ratio(self) -> float | None:
        return None if self._size_bytes is None else self._stream.tell() / max(1, self._size_bytes)


class JsonLines(_ByPosition):
    """One JSON object a line; empty lines are passed over, and so is a byte order mark."""

    columns: Sequence[str] | None = None
    literal = True

    def __iter__(self) -> Iterator[Row | BadRow]:
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        for line, raw in enumerate(self._stream, 1):
            text = raw.removeprefix(BOM_UTF8) if line == 1 else raw
            if not text.strip():
                continue
            try:
                yield Row(line, decode(text))
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
                yield BadRow(line, "nested too deeply" if isinstance(exc, RecursionError) else str(exc))


class Csv(_ByPosition):
    """Comma-separated UTF-8 with a header line; an empty cell is an absent field.

    Bytes that are not UTF-8 come as lone surrogates, so that they spoil their own row only.
    """

    literal = False

    def __init__(self, stream: BinaryIO, size_bytes: int | None) -> None:
        super().__init__(stream, size_bytes)
        csv.field_size_limit(CELL_LIMIT_CHARS)
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
        self._reader = csv.reader(text, strict=True)
        self.columns: Sequence[str] | None = _unique(next(self._reader, []))

    def __iter__(self) -> Iterator[Row | BadRow]:
        names = self.columns or ()
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as exc:
                yield BadRow(line, _reason(exc, self._reader.line_num - line))
                continue
            if len(cells) == len(names):
                yield Row(line, {name: cell for name, cell in zip(names, cells, strict=True) if cell})
            elif cells:
                yield BadRow(line, f"Expected {len(names)} cells as in the header, got {len(cells)}")


def _reason(error: csv.Error, lost: int) -> str:
    """Why a row cannot be read, which took the `lost` lines after its first for more of a quoted cell."""
    reason = str(error)
    if lost or reason == "unexpected end of data":
        reason = "the row opens a quote that is not closed in its place"
    return f"{reason}: the {lost:,} lines after this one were not read" if lost else reason


class Parquet:
    """Parquet; null and NaN are absent fields, timestamps and dates come as aware datetimes in UTC."""

    literal = False

    def __init__(self, stream: BinaryIO, _size_bytes: int | None) -> None:
        self._file = pq.ParquetFile(stream)
        self.columns: Sequence[str] | None = _unique(self._file.schema_arrow.names)
        self._read_count = 0

    def __iter__(self) -> Iterator[Row | BadRow]:
        names = self.columns or ()
        for batch in self._file.iter_batches(batch_size=BATCH_ROWS):
            for cells in zip(*map(_values, batch.columns), strict=True):
                self._read_count += 1
                fields = {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
                yield Row(self._read_count, fields)

    def read_ratio(self) -> float | None:
        """The share of rows read."""
        return self._read_count / max(1, self._file.metadata.num_rows)


def _values(column: "pa.Array[Any]") -> Iterable[Any]:
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        # Through integers: what has no time zone is UTC, and not this machine's time.
        since_epoch = column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
        column = since_epoch.cast(pa.timestamp("ms", tz="UTC"))
    elif pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    return column.to_pylist()


def _unique(names: Sequence[str]) -> Sequence[str]:
    if not names or len(set(names)) < len(names):
        msg = f"expected a header of different column names, got {','.join(names) or 'nothing'}"
        raise _HeaderError(msg)
    return names


_FORMATS: dict[str, type[JsonLines | Csv | Parquet]] = {
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".json": JsonLines,
    ".csv": Csv,
    ".parquet": Parquet,
}
