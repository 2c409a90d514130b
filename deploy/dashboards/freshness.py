"""Whether lists are fresh: the promise, what is being waited for, and where the time goes."""

from deploy.dashboards.board import CHOSEN, WINDOW, Board, Panel, Query, Row, gauge, quantiles, rate

_FAST = f'freshet_event_to_list_seconds_bucket{{le="0.1", {CHOSEN}}}'
_ALL = f"freshet_event_to_list_seconds_count{{{CHOSEN}}}"
_TIMES = '{le=~"0.01|0.03|0.1|0.5|2.0|15.0", '
_SPREAD = f"sum by (le) (rate(freshet_event_to_list_seconds_bucket{_TIMES}{CHOSEN}}}[{WINDOW}]))"

_PROMISE = Row(
    "The promise: 99 % of lists within 0.1 s of their event",
    (
        Panel(
            "Lists within 0.1 s",
            "Above 99 %, the promise; below it the error budget burns.",
            "percentunit",
            (Query(f"sum(rate({_FAST}[{WINDOW}])) / sum(rate({_ALL}[{WINDOW}]))", "within 0.1 s"),),
        ),
        Panel(
            "From event to list",
            "The median near 10 ms, the 99th percentile below 100 ms.",
            "s",
            quantiles("freshet_event_to_list_seconds", "cause"),
        ),
        Panel(
            "Share of lists by their time",
            "Most within 0.03 s, nearly all within 0.1 s.",
            "percentunit",
            (
                Query(
                    f"{_SPREAD} / ignoring (le) group_left () sum(rate({_ALL}[{WINDOW}]))",
                    "within {{le}} s",
                ),
            ),
        ),
    ),
)
_WAITING = Row(
    "What is waiting",
    (
        Panel(
            "Oldest unanswered event in hand",
            "Near zero, or as old as the backlog that is worked; else a batch hangs.",
            "s",
            (gauge("freshet_oldest_unanswered_seconds", "worker", roles="recommend"),),
        ),
        Panel(
            "Oldest unread record",
            "Below ten seconds (it is looked at every five); for examples up to a snapshot's interval.",
            "s",
            (gauge("freshet_unread_seconds", "topic"),),
        ),
        Panel(
            "Age of records when worked",
            "Below 0.1 s for interactions, below a second for examples.",
            "s",
            (gauge("freshet_lag_seconds", "topic"),),
        ),
    ),
)
_QUEUES = Row(
    "Queues",
    (
        Panel(
            "What waits in workers",
            "Each falls back to zero; `fetched` at 512 for long means that events come faster than lists.",
            "short",
            (gauge("freshet_queue_depth", "role, queue", legend="{{role}} {{queue}}"),),
        ),
        Panel(
            "Searching all vectors",
            "Below 20 ms: events wait meanwhile.",
            "s",
            quantiles("freshet_retrieval_seconds", "modality"),
            empty_because="nobody has searched",
        ),
    ),
)
_TIME = Row(
    "Where the time goes",
    (
        Panel(
            "Making one list",
            "A few milliseconds at the 99th percentile.",
            "s",
            quantiles("freshet_list_seconds"),
        ),
        Panel(
            "Lists made in a hurry",
            "Few: they are made from fewer candidates, as events waited.",
            "ops",
            (rate("freshet_lists_hurried_total", "worker", roles="recommend"),),
        ),
        Panel(
            "Events in a batch",
            "Small while workers keep up; batches of hundreds mean that they do not.",
            "short",
            quantiles("freshet_batch_events", "role"),
        ),
        Panel(
            "Loading of user states",
            "A few seconds after a start or a rebalance.",
            "s",
            (gauge("freshet_load_seconds", "worker", roles="recommend"),),
        ),
    ),
)
_ITEMS = Row(
    "Items and the model",
    (
        Panel(
            "From media event to item",
            "A document within 0.1 s; a vector within a second for text, within a few for files.",
            "s",
            quantiles("freshet_media_to_item_seconds", "part"),
            empty_because="no media event has come",
        ),
        Panel(
            "From media event to lists",
            "`gone`, lists freed of what may not be shown, below a second; new items within seconds.",
            "s",
            quantiles("freshet_media_to_list_seconds", "change"),
            empty_because="no item has changed in a way that changes lists",
        ),
        Panel(
            "From media event to ten impressions",
            "Far shorter than items live; else what is new is seen by nobody.",
            "s",
            quantiles("freshet_first_impressions_seconds"),
            empty_because="no new item has stood in ten lists yet",
        ),
        Panel(
            "Age of the item store",
            "Near zero while media events come; it grows while there are none.",
            "s",
            (gauge("freshet_item_store_age_seconds", "worker", roles="recommend"),),
        ),
        Panel(
            "Age of the model",
            "Below ten seconds.",
            "s",
            (gauge("freshet_model_age_seconds", "worker", roles="recommend"),),
        ),
        Panel(
            "Age of the newest snapshot",
            "Below twice FRESHET_SNAPSHOT_INTERVAL_S while examples come.",
            "s",
            (
                Query(
                    f"time() - max by (worker) (freshet_snapshot_timestamp_seconds{{{CHOSEN}}} > 0)",
                    "{{worker}}",
                ),
            ),
        ),
    ),
)

BOARD = Board("freshet-freshness", "Freshet: freshness", (_PROMISE, _WAITING, _QUEUES, _TIME, _ITEMS))
