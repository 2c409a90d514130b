"""What rules make of a ranked list. Pure: the same list, rules and items give the same list."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from online.item import Item
from online.ranking.explain import RankedItem, Reason
from online.rules.rule import Rule

RULE: Literal["rule"] = "rule"
"""The source of an item that a rule gave its place, and the kind of the reason that names the rule."""


class Items(msgspec.Struct):
    """What rules ask of items."""

    document: Callable[[str], Item | None]
    may_pin: Callable[[str], bool]
    """Whether an item may be in this list although it was not ranked: available, and not hidden by the user."""
    is_new: Callable[[str], bool]


def apply(ranked: Sequence[RankedItem], rules: Sequence[Rule], k: int, items: Items) -> list[RankedItem]:
    """The list as the rules want it, the k places first, then what would come next.

    What is blocked is in no place, pinned or not. Pins stand in their places, the earlier rule's first where two want
    one, as far as the list reaches. Caps count pins, and all that comes next: whatever is taken out of the list and
    replaced from there, they hold. Where caps leave enough new items their share is kept in the last places.
    """
    of = _of(items)
    free = [
        item for item in ranked if not any(r.do == "block" and r.match.fits(of(item.item_id)) for r in rules)
    ]
    pins = _pins(ranked, rules, items)
    pinned = {item.item_id for _, item in pins}
    free = _moved([item for item in free if item.item_id not in pinned], rules, of)
    free = list(_capped(free, [item for _, item in pins], rules, of))
    free = _with_new(free, pins, rules, k, items)
    for place, item in sorted(pins, key=lambda pin: pin[0]):
        free.insert(place - 1, item)
    return free


def _of(items: Items) -> Callable[[str], Item]:
    return lambda item_id: items.document(item_id) or Item(item_id)


def _pins(ranked: Sequence[RankedItem], rules: Sequence[Rule], items: Items) -> list[tuple[int, RankedItem]]:
    """Places and items that are pinned."""
    scores = {item.item_id: item.score for item in ranked}
    of, taken, pins = _of(items), set[int](), dict[str, tuple[int, RankedItem]]()
    for rule in rules:
        item_id = (rule.match.item_ids or [""])[0]
        if rule.do != "pin" or item_id in pins or not rule.match.fits(of(item_id)):
            continue
        blocked = any(r.do == "block" and r.match.fits(of(item_id)) for r in rules)
        if blocked or not (item_id in scores or items.may_pin(item_id)):
            continue
        place = rule.place or 1
        while place in taken:
            place += 1
        taken.add(place)
        reasons = [Reason(RULE, None, None, 1.0, rule.name)]
        pins[item_id] = (place, RankedItem(item_id, scores.get(item_id, 0.0), RULE, reasons))
    return list(pins.values())


def _moved(ranked: list[RankedItem], rules: Sequence[Rule], of: Callable[[str], Item]) -> list[RankedItem]:
    """Puts each boosted or buried item before the first other one that scores no more; the others keep their order."""
    movers = [rule for rule in rules if rule.factor is not None]
    moved: list[tuple[float, RankedItem]] = []
    stay: list[RankedItem] = []
    for item in ranked:
        hits = [rule for rule in movers if rule.match.fits(of(item.item_id))]
        factor = math.prod(rule.factor or 1.0 for rule in hits)
        if factor == 1.0:
            stay.append(item)
        else:
            moved.append((item.score * factor, _boosted(item, hits[0], factor)))
    for score, item in sorted(moved, key=lambda pair: pair[0]):
        at = next((n for n, other in enumerate(stay) if other.score <= score), len(stay))
        stay.insert(at, item)
    return stay


def _boosted(item: RankedItem, rule: Rule, factor: float) -> RankedItem:
    if factor < 1:
        return item
    reasons = [msgspec.structs.replace(reason, weight=reason.weight / factor) for reason in item.reasons]
    because = Reason(RULE, None, None, 1 - 1 / factor, rule.name)
    return msgspec.structs.replace(item, source=RULE, reasons=[because, *reasons])


def _capped(
    ranked: Sequence[RankedItem],
    pinned: Sequence[RankedItem],
    rules: Sequence[Rule],
    of: Callable[[str], Item],
) -> Iterator[RankedItem]:
    caps = [rule for rule in rules if rule.do == "cap"]
    counts: Counter[tuple[str, str]] = Counter()
    for item in pinned:
        counts.update(key for rule in caps for key in _counted(rule, of(item.item_id)))
    for item in ranked:
        keys = [(rule, key) for rule in caps for key in _counted(rule, of(item.item_id))]
        if all(counts[key] < (rule.at_most or 0) for rule, key in keys):
            counts.update(key for _, key in keys)
            yield item


def _counted(rule: Rule, item: Item) -> list[tuple[str, str]]:
    """What an item is counted as by a cap."""
    if not rule.match.fits(item):
        return []
    if rule.each == "tag":
        return [(rule.name, tag) for tag in dict.fromkeys(item.tags)]
    if rule.each == "category":
        return [(rule.name, item.category)] if item.category else []
    return [(rule.name, "")]


def _with_new(
    ranked: list[RankedItem],
    pins: Sequence[tuple[int, RankedItem]],
    rules: Sequence[Rule],
    k: int,
    items: Items,
) -> list[RankedItem]:
    """Moves new items up into the last places, until their share is reached or there are none."""
    room = max(0, k - sum(place <= k for place, _ in pins))
    of = _of(items)
    for rule in (rule for rule in rules if rule.share is not None):

        def is_new(item: RankedItem, rule: Rule = rule) -> bool:
            return items.is_new(item.item_id) and rule.match.fits(of(item.item_id))

        listed, rest = ranked[:room], ranked[room:]
        have = sum(map(is_new, listed)) + sum(place <= k and is_new(item) for place, item in pins)
        more = [item for item in rest if is_new(item)][: max(0, math.ceil((rule.share or 0) * k) - have)]
        old = [n for n, item in enumerate(listed) if not is_new(item)]
        given_up = set(old[len(old) - min(len(more), len(old)) :])
        more = more[: len(given_up)]
        raised = [
            msgspec.structs.replace(item, source=RULE, reasons=[Reason(RULE, None, None, 1.0, rule.name)])
            for item in more
        ]
        raised_ids = {item.item_id for item in more}
        kept = [item for n, item in enumerate(listed) if n not in given_up]
        dropped = [listed[n] for n in sorted(given_up)]
        ranked = kept + raised + dropped + [item for item in rest if item.item_id not in raised_ids]
    return ranked
