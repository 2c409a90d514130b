"""Kafka and state: how far roles are behind, who owns what, and what workers hold."""

from deploy.dashboards.board import CHOSEN, WINDOW, Board, Panel, Query, Row, gauge, rate

_LAG = Row(
    "Behind",
    (
        Panel(
            "Records behind, by topic",
            "Returns to zero within seconds; of examples to zero with each snapshot.",
            "short",
            (
                Query(
                    f"sum by (topic) (max by (topic, partition) (freshet_lag_events{{{CHOSEN}}}))",
                    "{{topic}}",
                ),
            ),
        ),
        Panel(
            "The five partitions furthest behind",
            "No partition stays far above the others: that would be one hot key or one stuck worker.",
            "short",
            (
                Query(
                    f"topk(5, max by (topic, partition) (freshet_lag_events{{{CHOSEN}}}) > 0)",
                    "{{topic}} {{partition}}",
                ),
            ),
            empty_because="no partition is behind",
        ),
        Panel(
            "Oldest unread record, by topic",
            "Below ten seconds (it is looked at every five); for examples up to a snapshot's interval.",
            "s",
            (gauge("freshet_unread_seconds", "topic"),),
        ),
    ),
)
_GROUPS = Row(
    "Groups",
    (
        Panel(
            "Assignments",
            "Some when a worker comes or goes, else none.",
            "short",
            (Query(f"sum by (role) (increase(freshet_rebalances_total{{{CHOSEN}}}[{WINDOW}]))", "{{role}}"),),
        ),
        Panel(
            "Partitions without an owner",
            "Zero, but for a moment during a rebalance.",
            "short",
            (gauge("freshet_unowned_partitions", "role"),),
        ),
        Panel(
            "Late states written over",
            "None: each is a worker that was frozen longer than its session.",
            "ops",
            (rate("freshet_lower_cursors_total", "worker", roles="recommend"),),
        ),
        Panel(
            "Messages too large for Kafka",
            "None; the log names topic and key.",
            "ops",
            (rate("freshet_too_large_total", "topic"),),
            empty_because="every message was small enough",
        ),
    ),
)
_STATE = Row(
    "State",
    (
        Panel(
            "Users",
            "Shared about evenly among the workers.",
            "short",
            (gauge("freshet_users", "worker", roles="recommend"),),
        ),
        Panel(
            "Bytes of user state",
            "About 2 kB a user; grows with the users and no further.",
            "bytes",
            (gauge("freshet_user_state_bytes", "worker", roles="recommend"),),
        ),
        Panel(
            "Bytes of lists",
            "About 1 kB a user; grows with the users and no further.",
            "bytes",
            (gauge("freshet_list_bytes", "worker", roles="recommend"),),
        ),
        Panel(
            "Items",
            "As many as the catalogue has, the same in every worker.",
            "short",
            (gauge("freshet_items", "worker", roles="recommend"),),
        ),
        Panel(
            "Items with a vector, by modality",
            "Near the items that have such media.",
            "short",
            (gauge("freshet_items_with_vector", "modality"),),
        ),
    ),
)

BOARD = Board("freshet-kafka", "Freshet: Kafka and state", (_LAG, _GROUPS, _STATE))
