"""The encoders: what they make, how long it takes, what waits for them and what fails."""

from deploy.dashboards.board import CHOSEN, WINDOW, Board, Panel, Query, Row, gauge, quantiles, rate

_WORK = Row(
    "Work",
    (
        Panel(
            "Vectors made",
            "As many as there are new media.",
            "ops",
            (rate("freshet_encoded_total", "modality"),),
        ),
        Panel(
            "Time of a batch",
            "Below half a second; text and places wait as long.",
            "s",
            quantiles("freshet_encode_seconds", "modality"),
            empty_because="no media event has come",
        ),
        Panel(
            "Share of time spent in networks",
            "Below 0.8 of one thread a worker; near 1, more workers or a GPU are due.",
            "percentunit",
            (rate("freshet_encode_seconds_sum", "worker, modality", "{{worker}} {{modality}}"),),
        ),
        Panel(
            "Nothing to encode",
            "Documents whose text and place were encoded before, or absent: cheap.",
            "ops",
            (rate("freshet_encode_skipped_total", "worker", roles="encode"),),
        ),
    ),
)
_WAITING = Row(
    "What waits",
    (
        Panel(
            "Items that wait for their files",
            "Falls back to zero after each burst.",
            "short",
            (gauge("freshet_media_waiting", "worker", roles="encode"),),
        ),
        Panel(
            "Items behind the newest encoder",
            "Zero, but during a change of encoder, when it falls steadily.",
            "short",
            (gauge("freshet_items_behind", "modality"),),
        ),
        Panel(
            "Media that wait for a network",
            "Falls back to zero after each burst.",
            "short",
            (Query(f'max by (worker) (freshet_queue_depth{{queue="networks", {CHOSEN}}})', "{{worker}}"),),
        ),
        Panel(
            "Media fetched",
            "Follows the media events that name files.",
            "Bps",
            (rate("freshet_fetched_bytes_total", "worker", roles="encode"),),
        ),
    ),
)
_DEVICES = Row(
    "GPUs",
    (
        Panel(
            "Memory in use",
            "Below 95 % of each GPU, level after a while.",
            "percentunit",
            (
                Query(
                    "max by (worker, device)"
                    f" (freshet_device_used_bytes{{{CHOSEN}}} / freshet_device_bytes{{{CHOSEN}}})",
                    "{{worker}} GPU {{device}}",
                ),
            ),
            empty_because="no encoder runs on a GPU",
        ),
        Panel(
            "Memory",
            "As each GPU has; what is in use stays below.",
            "bytes",
            (
                gauge(
                    "freshet_device_used_bytes", "worker, device", legend="{{worker}} GPU {{device}} in use"
                ),
                gauge("freshet_device_bytes", "worker, device", legend="{{worker}} GPU {{device}}"),
            ),
            empty_because="no encoder runs on a GPU",
        ),
        Panel(
            "Share of time at work",
            "High while media wait; low then means that fetching or decoding holds the networks up.",
            "percentunit",
            (gauge("freshet_device_busy_ratio", "worker, device", legend="{{worker}} GPU {{device}}"),),
            empty_because="no encoder runs on a GPU, or its driver does not say",
        ),
    ),
)
_FAILURES = Row(
    "What fails",
    (
        Panel(
            "Media without a vector",
            "Below one in a hundred; the items' encode_errors say why.",
            "ops",
            (rate("freshet_encode_failures_total", "modality"),),
        ),
        Panel(
            "Files that could not be fetched",
            "Few; `address` is an address that is not allowed.",
            "ops",
            (rate("freshet_fetch_failures_total", "kind"),),
            empty_because="every file could be fetched, or no media event named one",
        ),
        Panel(
            "Share of media that failed",
            "Below 1 %.",
            "percentunit",
            (
                Query(
                    f"sum by (modality) (rate(freshet_encode_failures_total{{{CHOSEN}}}[{WINDOW}]))"
                    f" / (sum by (modality) (rate(freshet_encode_failures_total{{{CHOSEN}}}[{WINDOW}]))"
                    f" + sum by (modality) (rate(freshet_encoded_total{{{CHOSEN}}}[{WINDOW}])))",
                    "{{modality}}",
                ),
            ),
            empty_because="no media event has come",
        ),
    ),
)

BOARD = Board("freshet-encoders", "Freshet: encoders", (_WORK, _WAITING, _DEVICES, _FAILURES))
