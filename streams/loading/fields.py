"""Columns of a file to fields of an event: mapped, named alike or constant, and of the field's type."""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec.inspect import IntType, ListType, StrType, StructType, Type, UnionType, type_info

from streams.choices import told
from streams.settings import SettingsError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DIGITS = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
"""How a date is written as a number of so many digits."""


class MappingError(SettingsError):
    """A mapping of columns or a constant cannot be right for any row; the message names it."""


class FieldMap(NamedTuple):
    """Where fields come from. A dot leads into a nested field: `location.lat`, `attributes.brand`."""

    columns: Mapping[str, str] = {}
    """Columns, by the field they fill."""
    constants: Mapping[str, str] = {}
    """Values, as text, by the field that has them in every row."""
    timestamp_unit_ms: int = 1
    """What a number in a field that ends in `_ms` counts: 1 for milliseconds, 1000 for seconds."""


class RowFields:
    """Makes an event's fields of a row.

    A column that no field is mapped to is taken where it is called like a field, and otherwise left out and
    gathered in `ignored`. Literal rows (JSON lines without mapped columns) have the contract's own shape:
    every field is taken, an unknown one for the contract to refuse, and no type is converted.
    """

    def __init__(
        self,
        event_type: type[msgspec.Struct],
        given: FieldMap,
        columns: Sequence[str] | None,
        *,
        literal: bool,
    ) -> None:
        """`columns`: those of the file; None where each row has its own.

        Raises:
            MappingError: There is no such field or column, or a constant is wrong.
        """
        self.literal = literal
        self.ignored: set[str] = set()
        """Columns met so far that fill no field."""
        self._event_type = event_type
        self._types = {field.name: field.type for field in msgspec.structs.fields(event_type)}
        self._tidy = _tidiers(event_type, given.timestamp_unit_ms)
        self._times = [name for name in self._types if name.endswith("_ms")]
        self._columns = given.columns
        self._check(given, columns)
        self._constants = [(path, self._constant(path, text)) for path, text in given.constants.items()]
        self._targets: dict[str, list[str]] = {}

    def fields(self, row: dict[str, Any]) -> dict[str, Any]:
        """The fields of a row, not validated yet."""
        if self.literal:
            times = [name for name in self._times if isinstance(row.get(name), int | float)]
            fields = row | {name: self._tidy[name](row[name]) for name in times}
        else:
            fields = self._converted(row)
        for path, value in self._constants:
            _put(fields, path, value)
        return fields

    def _converted(self, row: dict[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for column, read in row.items():
            value = _number(read) if isinstance(read, Decimal) else read
            if column not in self._targets:
                self._targets[column] = self._find_targets(column)
            for path in self._targets[column]:
                tidy = self._tidy.get(path)
                _put(fields, path, value if tidy is None else tidy(value))
        return fields

    def column(self, path: str, row: dict[str, Any]) -> str | None:
        """The column, or of a literal row the name, that a field or a part of it is filled from; None if unknown."""
        if any(path == constant for constant, _ in self._constants):
            return None
        if self.literal:
            name = path.split(".", maxsplit=1)[0]
            return name if name in row else None
        filled = (column for column in row if path in self._targets.get(column, ()))
        return next(filled, self._columns.get(path))

    def _find_targets(self, column: str) -> list[str]:
        mapped = [field for field, source in self._columns.items() if source == column]
        if mapped:
            return mapped
        if column.split(".", maxsplit=1)[0] in self._types and column not in self._columns:
            return [column]
        self.ignored.add(column)
        return []

    def _check(self, given: FieldMap, columns: Sequence[str] | None) -> None:
        for path in (*given.columns, *given.constants):
            name = path.split(".")[0]
            if name not in self._types:
                near = difflib.get_close_matches(name, self._types, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._types)}"
                msg = f"there is no field {path}: {hint}"
                raise MappingError(msg)
        for path, column in given.columns.items():
            if columns is not None and column not in columns:
                msg = f"{path}={column}: the file has no column {column}; it has {', '.join(columns)}"
                raise MappingError(msg)

    def _constant(self, path: str, text: str) -> object:
        """The constant, of the field's type; the parts of a nested field are validated row by row."""
        if path not in self._types:
            return text
        tidy = self._tidy.get(path)
        try:
            value = msgspec.convert(text if tidy is None else tidy(text), self._types[path], strict=False)
        except msgspec.ValidationError as exc:
            msg = f"{path}={text}: {told(exc, self._event_type, path)}"
            raise MappingError(msg) from None
        return msgspec.to_builtins(value)


def _put(fields: dict[str, Any], path: str, value: object) -> None:
    """Sets a field or a part of one; where something else is in the way, that is left to be refused."""
    *outer, name = path.split(".")
    for part in outer:
        inner: object = fields.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        fields = inner
    fields[name] = value


def _tidiers(event_type: type[msgspec.Struct], unit_ms: int) -> dict[str, Callable[[Any], object]]:
    """What is done to a value before it is validated, by field."""
    info = type_info(event_type)
    tidiers: dict[str, Callable[[Any], object]] = {}
    for field in info.fields if isinstance(info, StructType) else ():
        kinds = {type(kind) for kind in _alternatives(field.type)}
        if field.name.endswith("_ms"):
            tidiers[field.name] = partial(_to_ms, field.name, unit_ms)
        elif ListType in kinds:
            tidiers[field.name] = _to_list
        elif StrType in kinds and IntType not in kinds:
            tidiers[field.name] = _to_text
    return tidiers


def _alternatives(kind: Type) -> Iterable[Type]:
    return kind.types if isinstance(kind, UnionType) else (kind,)


def _number(decimal: Decimal) -> float:
    """A database's number as an event's: whole ones, which may be ids, to the last digit."""
    is_whole = decimal.is_finite() and decimal == decimal.to_integral_value()
    return int(decimal) if is_whole else float(decimal)


def _to_list(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part for part in map(str.strip, value.split("|")) if part]


def _to_text(value: object) -> object:
    """Ids that a file keeps as whole numbers; any other number is no text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _to_ms(name: str, unit_ms: int, value: object) -> object:
    """Milliseconds since the epoch, of a number in the given unit, ISO 8601 text (UTC) or a datetime.

    Raises:
        msgspec.ValidationError: The number is a date as one would read it, such as 20250131, or the text is no time.
    """
    if isinstance(value, str):
        value = _parsed_time(value)
    if isinstance(value, str):
        unit = "seconds" if unit_ms > 1 else "milliseconds"
        msg = f"Expected a time such as 2025-01-31T09:00:00Z, or {unit} since 1970 - at `$.{name}`"
        raise msgspec.ValidationError(msg)
    if isinstance(value, datetime):
        return _since_epoch_ms(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return value
    if date := _spelt_date(value):
        since_epoch = _since_epoch_ms(date) // unit_ms
        msg = (
            f"{value:.0f} looks like a date written as a number: write it as {date:%Y-%m-%dT%H:%M:%S}, "
            f"or in JSON lines as {since_epoch} - at `$.{name}`"
        )
        raise msgspec.ValidationError(msg)
    scaled = value * unit_ms
    # Fractions of a second are meant; a fraction of a millisecond says that the unit is wrong.
    return round(scaled) if unit_ms > 1 or scaled == int(scaled) else value


def _since_epoch_ms(time: datetime) -> int:
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def _spelt_date(number: float) -> datetime | None:
    """The date from 1990 to 2099 that the digits spell. As a time they would be one of 1970, or of after 2600."""
    digits = str(number).removesuffix(".0")
    if len(digits) not in _DIGITS or not "1990" <= digits[:4] < "2100":
        return None
    try:
        return datetime.strptime(digits, _DIGITS[len(digits)]).replace(tzinfo=UTC)
    except ValueError:
        return None


def _parsed_time(text: str) -> object:
    for parse in (int, float, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    return text
