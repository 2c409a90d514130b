"""What may stand in a field that has one of a few values, for whoever sent another."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import chain
from typing import Any

from msgspec.inspect import LiteralType, Metadata, StructType, Type, UnionType, type_info

_WRONG = re.compile(r"Invalid enum value (.*?)( - at `\$\.(\w+)`)?", re.DOTALL)


def told(error: Exception, expected: Any, field: str | None = None) -> str:  # noqa: ANN401  # any type
    """The error's words; of a value that is none of the choices, with all that there are.

    The choices come before what the event said, so that dead letters that quote nothing have them too.

    Args:
        error: Why it is no `expected`.
        expected: A record, or any other type.
        field: The record's field that was read alone, where the error names none.
    """
    text = str(error)
    found = _WRONG.fullmatch(text)
    values = _choices(expected).get(found[3] or field) if found else None
    if found is None or values is None:
        return text
    return f"Expected one of {' '.join(values)}, got {found[1]}{found[2] or ''}"


@cache
def _choices(expected: Any) -> dict[str | None, tuple[str, ...]]:  # noqa: ANN401  # any type
    """The values of each field that has choices, sorted."""
    info = type_info(expected)
    return {
        field.encode_name: tuple(map(str, kind.values))
        for field in (info.fields if isinstance(info, StructType) else ())
        for kind in _alternatives(field.type)
        if isinstance(kind, LiteralType)
    }


def _alternatives(kind: Type) -> Iterable[Type]:
    """What a value may be: the parts of a union, without what is only said of them."""
    if isinstance(kind, Metadata):
        return _alternatives(kind.type)
    return chain(*map(_alternatives, kind.types)) if isinstance(kind, UnionType) else (kind,)
