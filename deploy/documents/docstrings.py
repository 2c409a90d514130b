"""What is written beneath fields: Python forgets such strings, so they are read from the source."""

import ast
import inspect
from itertools import pairwise
from types import ModuleType


def sentences(text: str) -> str:
    """A docstring in one line."""
    return " ".join(text.split())


def field_docs(module: ModuleType) -> dict[str, dict[str, str]]:
    """The string beneath each annotated field, by class and field; fields without one are missing."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = _of_class(node)
    return found


def _of_class(node: ast.ClassDef) -> dict[str, str]:
    docs: dict[str, str] = {}
    for field, beneath in pairwise(node.body):
        text = _text(beneath)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and text is not None:
            docs[field.target.id] = text
    return docs


def constant_docs(module: ModuleType) -> dict[str, str]:
    """The string beneath each name that the module itself assigns; names without one are missing."""
    docs: dict[str, str] = {}
    body = ast.parse(inspect.getsource(module)).body
    for node, beneath in pairwise(body):
        text = _text(beneath)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and text is not None:
            docs[node.targets[0].id] = text
    return docs


def _text(node: ast.stmt) -> str | None:
    """The string that a statement consists of, in one line."""
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return sentences(node.value.value)
    return None
