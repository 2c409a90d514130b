"""`docs/settings.md`: every setting, from the file that reads them."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from deploy.documents.docstrings import field_docs
from deploy.documents.markdown import NOTE, table
from streams import settings
from streams.settings import PREFIX, Settings

INTRODUCTION = f"""\
# Settings

{NOTE}

Environment variables; the same for every role, and for every verb of `freshet`. An unknown one with this prefix is an
error that names the nearest known one.
"""


def page() -> str:
    """The page as Markdown."""
    docs = field_docs(settings)["Settings"]
    rows = [
        (f"`{PREFIX}{name.upper()}`", kind(field.annotation), _default(field), docs[name])
        for name, field in Settings.model_fields.items()
    ]
    return f"{INTRODUCTION}\n{table(('variable', 'is', 'default', ''), rows)}"


def kind(annotation: Any) -> str:  # noqa: ANN401  # a type at run time
    """What a setting may be, in words."""
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(kind(part) for part in get_args(annotation) if part is not NoneType)
    if get_origin(annotation) is dict:
        return "JSON"
    words = {bool: "true or false", int: "whole number", float: "number", str: "text", SecretStr: "text"}
    return words.get(annotation, "path")


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr) or value in ("", None, {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
