"""`freshet bench search`: whether sentences and altered pictures find their items, through Kafka, while events come."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.bench_errors import bench_errors
from streams.cli.chosen_encoder import one_line_media_errors
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from streams.bench.search import Sought


def search(
    items: Annotated[Path, typer.Argument(help="A table of items with a column item_id, CSV or Parquet.")],
    text: Annotated[
        str, typer.Option(help="Columns of an item's text, with commas between, the title first.")
    ] = "title,text",
    sentences: Annotated[str, typer.Option(help="The column whose sentences are searched for.")] = "text",
    images: Annotated[
        str | None, typer.Option(help="The items' pictures, as 'posters/{item_id}.jpg' beside the table.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Sentences, and pictures.")] = 500,
    rate: Annotated[float, typer.Option(min=0.1, help="Queries a second.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Decides what is searched for.")] = 1,
    json_file: JsonFile = None,
) -> None:
    """Search by sentences and by cropped, recoloured pictures while 100 events/s come: is their item among ten?"""
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams import settings  # noqa: PLC0415
    from streams.bench.processes import machine  # noqa: PLC0415
    from streams.bench.search import PLACES, measure_search  # noqa: PLC0415

    console = Console(stderr=json_file == "-", soft_wrap=True, highlight=False)
    where = machine()
    with bench_errors(), one_line_media_errors():
        media, sought = _prepared(items, text.split(","), sentences, images, count, seed)
        found = measure_search(settings.load(), seed, media, sought, rate)
    for modality, got in found.items():
        ms, ask = got.answered.latency_ms, got.answered
        console.print(
            f"{modality}: among {got.items:,} items {got.found} of {ask.asked} queries found theirs in the first "
            f"{PLACES}, {got.first} as the first; {ask.unanswered} unanswered, {ask.errors} errors; p50 "
            f"{ms['p50']} ms, p99 {ms['p99']} ms at {got.rate_held:g} a second, beside {got.events.rate_held:,} "
            f"events/s with a list after p99 {got.events.latency_ms['p99']} ms"
        )
    if json_file is not None:
        write_json(json_file, {"machine": where, "seed": seed, "search": found})


def _prepared(
    items: Path, columns: Sequence[str], sentences: str, images: str | None, count: int, seed: int
) -> "tuple[list[dict[str, Any]], dict[str, list[Sought]]]":
    """The items as media events, and by modality what is searched for."""
    from base64 import b64encode  # noqa: PLC0415  # keeps `freshet --help` fast

    from encoders.probes.search import altered, sentences_of  # noqa: PLC0415
    from online.evaluation.tables import ids_of, read_table, texts_of  # noqa: PLC0415
    from streams.bench.search import Sought  # noqa: PLC0415
    from streams.events import Medium, Query  # noqa: PLC0415

    table = read_table(items)
    ids = ids_of(items, table, "item_id")
    title, *rest = (texts_of(items, table, name) for name in columns)
    texts = ["\n".join(filter(None, parts)) for parts in zip(*rest, strict=True)] if rest else [""] * len(ids)
    media: list[dict[str, Any]] = [
        {"item_id": item_id, "title": name, "text": text}
        for item_id, name, text in zip(ids, title, texts, strict=True)
    ]
    drawn = sentences_of(texts_of(items, table, sentences), count, seed)
    sought = {"text": [Sought(ids[place], Query(text=sentence)) for place, sentence in drawn]}
    if images is not None:
        files = {n: items.parent / images.format(item_id=item_id) for n, item_id in enumerate(ids)}
        having = {n: path.read_bytes() for n, path in files.items() if path.is_file()}
        for n, data in having.items():
            media[n]["image"] = {"data": b64encode(data).decode()}
        chosen = list(having)[:: max(1, len(having) // count)][:count]
        sought["image"] = [
            Sought(ids[n], Query(image=Medium(data=b64encode(altered(having[n], seed + n)).decode())))
            for n in chosen
        ]
    return media, sought
