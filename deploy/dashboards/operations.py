"""Operations: what is firing, which workers there are, and what they take of the machine."""

from deploy.dashboards.board import CHOSEN, WINDOW, Board, Panel, Query, Row, gauge, rate

_NOW = Row(
    "Now",
    (
        Panel(
            "Alerts that fire",
            "None; each alert's annotation says what to do.",
            "short",
            (
                Query(
                    'count by (alertname) (ALERTS{alertstate="firing", alertname=~"Freshet.*"})',
                    "{{alertname}}",
                ),
            ),
            empty_because="no alert fires",
        ),
        Panel(
            "Workers that answer",
            "As many as you run, of each role.",
            "short",
            (Query(f"sum by (role) (up{{{CHOSEN}}})", "{{role}}"),),
        ),
        Panel(
            "Versions",
            "One line, but during an upgrade.",
            "short",
            (gauge("freshet_build_info", "version", "count"),),
        ),
        Panel(
            "Refused files of rules",
            "None: the old rules hold, the log names the line.",
            "ops",
            (rate("freshet_rules_refused_total", "worker", roles="recommend"),),
        ),
        Panel(
            "Lists that could not be made",
            "None: each is a defect, with a traceback in the log.",
            "ops",
            (rate("freshet_list_failures_total", "worker", roles="recommend"),),
        ),
        Panel(
            "Snapshots that the store did not take",
            "None: its disk is full, or it is away. The learner goes on, and its log says which.",
            "ops",
            (rate("freshet_snapshot_failures_total", "worker", roles="learn"),),
        ),
    ),
)
_MACHINE = Row(
    "The machine",
    (
        Panel(
            "Time since the start",
            "Rises; a line that ends and one that begins are a restart.",
            "s",
            (
                Query(
                    f"time() - max by (role, worker) (process_start_time_seconds{{{CHOSEN}}})",
                    "{{role}} {{worker}}",
                ),
            ),
        ),
        Panel(
            "CPU",
            "Below 0.8 of a core in recommend and learn, which are bound to one.",
            "none",
            (rate("process_cpu_seconds_total", "role, worker", "{{role}} {{worker}}"),),
        ),
        Panel(
            "Memory",
            "Level after some hours: all state is bounded.",
            "bytes",
            (gauge("process_resident_memory_bytes", "role, worker", legend="{{role}} {{worker}}"),),
        ),
        Panel(
            "Open files",
            "Far below the limit.",
            "percentunit",
            (
                Query(
                    f"max by (role, worker) (process_open_fds{{{CHOSEN}}} / process_max_fds{{{CHOSEN}}})",
                    "{{role}} {{worker}}",
                ),
            ),
        ),
        Panel(
            "Full garbage collections",
            "Few: each holds the worker up.",
            "ops",
            (
                Query(
                    f'sum by (role, worker) (rate(python_gc_collections_total{{generation="2", {CHOSEN}}}[{WINDOW}]))',
                    "{{role}} {{worker}}",
                ),
            ),
        ),
    ),
)

BOARD = Board("freshet-operations", "Freshet: operations", (_NOW, _MACHINE))
