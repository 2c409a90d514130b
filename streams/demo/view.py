"""What the demo shows: who just bought what, their list and why, and how fresh and good the lists are."""

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams.demo.watch import Shopper, Watch, percentile
from streams.events import ListItem, Media

SHOPPERS_SHOWN = 4
ITEMS_SHOWN = 5


def headline(watch: Watch, elapsed_s: float) -> str:
    """One line: rates, latency and hits."""
    p50, p99 = percentile(watch.recent_ms, 0.5), percentile(watch.recent_ms, 0.99)
    latency = "no list yet" if p50 is None else f"event to list p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    progress = watch.progress
    hits = "hits: not yet scored"
    if progress is not None and progress.standing_hit_ratio is not None:
        hits = (
            f"standing lists hit {progress.standing_hit_ratio:.3f} of the last baskets, "
            f"popularity {progress.popularity_hit_ratio:.3f}"
        )
    rate = watch.sent_count / max(elapsed_s, 0.001)
    return f"{elapsed_s:4.0f} s  {rate:.0f} events/s  {len(watch.latencies_ms):,} lists  {latency}  {hits}"


def screen(watch: Watch, media: dict[str, Media], elapsed_s: float) -> Group:
    """The whole view."""
    shoppers = [s for s in list(watch.shoppers.values()) if s.recommendation is not None]
    panels = [_shopper(s, media) for s in shoppers[: -SHOPPERS_SHOWN - 1 : -1]]
    return Group(Text(headline(watch, elapsed_s), style="bold"), *panels)


def plain(shopper: Shopper, media: dict[str, Media]) -> str:
    """A shopper in one line, for output that is no terminal."""
    items = shopper.recommendation.items[:ITEMS_SHOWN] if shopper.recommendation else []
    listed = "; ".join(f"{_title(i.item_id, media)} [{i.source}]" for i in items)
    return f"{shopper.user_id} took {_title(shopper.bought[0], media)} -> {listed}"


def _shopper(shopper: Shopper, media: dict[str, Media]) -> Panel:
    table = Table(box=None, show_header=False, padding=(0, 1))
    items = shopper.recommendation.items if shopper.recommendation else []
    for item in items[:ITEMS_SHOWN]:
        table.add_row(str(item.rank), _title(item.item_id, media), item.source, _why(item, media))
    # Copied in one step: the feed's thread may add to it meanwhile.
    bought = ", ".join(_title(i, media) for i in list(shopper.bought))
    return Panel(table, title=f"{shopper.user_id} just bought {bought}", title_align="left")


def _why(item: ListItem, media: dict[str, Media]) -> str:
    because = [r.item_id for r in item.reasons if r.item_id is not None]
    return f"because of {_title(because[0], media)}" if because else ""


def _title(item_id: str, media: dict[str, Media]) -> str:
    known = media.get(item_id)
    return known.title if known is not None and isinstance(known.title, str) else item_id
