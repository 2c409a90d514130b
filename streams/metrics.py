"""Every metric, in one typed file: what it counts, in which unit, and what to do when it looks bad.

Names follow Prometheus' conventions. Labels are bounded: topics, partitions, reasons and roles, never an id.
"""

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import Counter, Gauge, Histogram, Info, make_wsgi_app, start_http_server

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

LATENCY_BUCKETS_S = (0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.06, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)

EVENTS = Counter("freshet_events", "Valid events read, by topic.", ["topic"])
"""Flat while producers produce: look at freshet_refusals_total and freshet_lag_events."""

APPLIED = Counter("freshet_events_applied", "Events applied to user state for the first time.")
"""Less than freshet_events_total by the retries and replays."""

REFUSALS = Counter("freshet_refusals", "Events refused and kept in dead-letters.", ["topic", "code"])
"""Rising: `freshet dead-letters` names the field and the reason of each."""

FORWARDED = Counter(
    "freshet_forwarded", "Events sent home from a partition that is not their id's.", ["topic"]
)
"""Many: the producer should set partitioner=murmur2_random and key by the id."""

TOO_LARGE = Counter("freshet_too_large", "Messages given up because Kafka takes none so large.", ["topic"])
"""Above zero: the log names topic and key; the topic's max.message.bytes is smaller than its table says."""

NEWER_SCHEMA = Counter("freshet_newer_schema", "Events of a newer schema, unknown fields ignored.", ["topic"])
"""Rising after a producer's upgrade: upgrade the workers too."""

LISTS = Counter("freshet_lists", "Lists published, by what caused them.", ["cause"])

RULES_REFUSED = Counter("freshet_rules_refused", "Files of business rules refused, with the old ones kept.")
"""Above zero: the log names the line; `freshet rules check FILE` does before they are put."""

LISTS_HURRIED = Counter("freshet_lists_hurried", "Lists made from fewer candidates, as events waited.")
"""Most of freshet_lists_total for long: lists are a little worse than they could be; add recommend workers."""

LIST_FAILURES = Counter("freshet_list_failures", "Lists that could not be made; the log has the reason.")
"""Above zero: a defect; the user's next event tries again."""

EVENT_TO_LIST = Histogram(
    "freshet_event_to_list_seconds",
    "From the event's Kafka timestamp until its user's list was acknowledged by Kafka, by cause.",
    ["cause"],
    buckets=LATENCY_BUCKETS_S,
)
"""p99 above 0.1: see freshet_lag_events; add recommend workers. The log names the event of a list slower than 1 s."""

MEDIA_TO_LIST = Histogram(
    "freshet_media_to_list_seconds",
    "From a media event's Kafka timestamp, or an availability's end, until a list changed by it was acknowledged.",
    ["change"],
    buckets=LATENCY_BUCKETS_S,
)
"""`gone` above 1: lists show what may not be shown; add recommend workers."""

FIRST_IMPRESSIONS = Histogram(
    "freshet_first_impressions_seconds",
    "From a new item's media event until ten lists with it had stood when their users did something; as far as one"
    " learner saw both.",
    buckets=(1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400),
)
"""Days where items live for days: nobody sees what is new; try FRESHET_EXPLORE, or a rule with a share of new items."""

OLDEST_UNANSWERED = Gauge(
    "freshet_oldest_unanswered_seconds",
    "Age of the oldest event in this worker's hands whose user's list is not written yet; 0 with none.",
)
"""Above 1 while freshet_batch_events_count rises: a backlog is worked (see freshet_unread_seconds,
freshet_queue_depth). While that stands: a batch hangs; see the worker's log, and Kafka."""

REQUEST_TO_RESPONSE = Histogram(
    "freshet_request_to_response_seconds",
    "From the request's Kafka timestamp until its response was acknowledged by Kafka.",
    buckets=LATENCY_BUCKETS_S,
)
"""p99 above 0.1: requests share the worker with events; add recommend workers."""

LIST_SECONDS = Histogram(
    "freshet_list_seconds",
    "Time to make one list: candidates, their evidence, the ranking; of lists made together, the mean.",
    buckets=(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.5),
)
"""Grows with the items and their neighbours; one worker makes at most one over it lists a second."""

RETRIEVAL_SECONDS = Histogram(
    "freshet_retrieval_seconds",
    "Time to compare a search's vector with every item's, by modality.",
    ["modality"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
)
"""Grows with the items; lists wait meanwhile: fewer FRESHET_SEARCH_MODALITIES, or more recommend workers."""

LIST_COVERAGE = Gauge(
    "freshet_list_coverage_ratio", "Share of the items that this worker's last 1,024 lists hold together."
)
"""Falling for long: lists are becoming the same for everybody; see FRESHET_DIVERSITY and FRESHET_EXPLORE."""

LIST_NOVELTY = Gauge(
    "freshet_list_novelty_bits", "Mean self-information of what this worker's last 1,024 lists hold."
)
"""Each bit less: what is listed was had twice as often. Falling for long: as freshet_list_coverage_ratio."""

LIST_DIVERSITY = Gauge(
    "freshet_list_diversity_ratio", "Mean of 1 - cosine over the pairs of this worker's last 1,024 lists."
)
"""Near 0: lists hold the same thing ten times; see FRESHET_DIVERSITY. 1 means that no item has a vector."""

QUEUE = Gauge(
    "freshet_queue_depth",
    "What waits: `fetched` records for an agent, `producer` messages for Kafka, `networks` media for an encoder,"
    " `item_changes` items for lists, `owed_lists` users for their lists after a backlog.",
    ["queue"],
)
"""Growing: of `fetched`, `item_changes` and `owed_lists` add recommend workers, of `networks` encode workers; of
`producer` see whether Kafka takes writes.
"""

BATCH_EVENTS = Histogram(
    "freshet_batch_events", "Events worked as one batch.", ["role"], buckets=(1, 4, 16, 64, 256, 1024, 4096)
)
"""Of none where lists are made that are owed. No more while freshet_oldest_unanswered_seconds grows: one hangs."""

LAG_EVENTS = Gauge(
    "freshet_lag_events", "Records between the position read and the end.", ["topic", "partition"]
)
"""Growing: the role that reads the topic is too slow or stopped."""

UNREAD_SECONDS = Gauge(
    "freshet_unread_seconds",
    "At most so long the oldest record that is not committed has been waiting; 0 with none.",
    ["topic", "partition"],
)
"""Growing: see freshet_lag_events. Of examples up to FRESHET_SNAPSHOT_INTERVAL_S is right: snapshots commit them."""

LAG_SECONDS = Gauge("freshet_lag_seconds", "Age of the record worked last, when it was worked.", ["topic"])

EXAMPLES_FOLDED = Counter("freshet_examples_folded", "Examples folded into the statistics.")

MODEL_VERSION = Gauge("freshet_model_version", "Version of the learner's newest publication seen.")

MODEL_AGE = Gauge("freshet_model_age_seconds", "Seconds since the learner's newest publication seen.")
"""Growing: the learner stands; look at its log."""

SNAPSHOT_TIME = Gauge("freshet_snapshot_timestamp_seconds", "When this learner saved its newest snapshot.")
"""Older than a few FRESHET_SNAPSHOT_INTERVAL_S while examples come: the store refuses writes, or the learner stands."""

SNAPSHOT_FAILURES = Counter("freshet_snapshot_failures", "Snapshots that the store did not take.")
"""More than a few: the store's disk is full, or it is away. The learner's log says which; it goes on learning."""

RANKING_STEPS = Gauge("freshet_ranking_steps", "Steps that the learner's network has made in its life.")
"""Flat while lists are logged: the learner is more than ten seconds behind and sheds this work."""

RANKING_LOSS = Gauge("freshet_ranking_loss", "The network's listwise loss at its newest step.")
"""Rising for long, or not a number: the stream has changed its nature; the blend ranks until it falls again."""

RECIPROCAL_RANK = Gauge(
    "freshet_ranking_reciprocal_rank",
    "Mean reciprocal rank of what was had in recent lists, ranked before they were learned from.",
    ["by"],
)
"""`network` below `blend`: the blend ranks the lists until the network is better again."""

RANKING_SERVED = Gauge(
    "freshet_ranking_served",
    "Whether the learned network ranks this worker's lists (1) or the fixed blend (0).",
)
"""0 for long: the learner's network ranks worse than the blend of late, or it has seen too few lists."""

PRIVACY_EPSILON = Gauge(
    "freshet_privacy_epsilon",
    "Epsilon that the ranking's weights have spent of the user of whom they spent most; 0 without FRESHET_DP_EPSILON.",
)
"""At FRESHET_DP_EPSILON it stays: who has come so far is learned from no more."""

PRIVACY_EXHAUSTED = Gauge(
    "freshet_privacy_exhausted_ratio",
    "Share of the users learned from who have spent all of FRESHET_DP_EPSILON.",
)
"""Near 1 while freshet_ranking_steps is flat: the weights stay as they are until new users come, or epsilon is raised.
"""

DRIFT_ALARMS = Counter(
    "freshet_drift_alarms",
    "Times that the ranking was found to get worse all of a sudden, by kind of lists and measure.",
    ["segment", "measure"],
)
"""Rising: people, items or a producer have changed; `freshet status` says when, how much, and what the learner did."""

DEVICE_USED_BYTES = Gauge(
    "freshet_device_used_bytes", "Memory of a GPU in use, by all processes together.", ["device"]
)
"""Near freshet_device_bytes: a smaller FRESHET_ENCODE_BATCH_ITEMS, or fewer workers on the GPU."""

DEVICE_BYTES = Gauge("freshet_device_bytes", "Memory that a GPU has.", ["device"])

DEVICE_BUSY = Gauge(
    "freshet_device_busy_ratio",
    "Share of the last moments that a GPU worked, where its driver says so.",
    ["device"],
)
"""Low while freshet_media_waiting grows: fetching or decoding is slower than the networks; add encode workers."""

USERS = Gauge("freshet_users", "Users whose state is held by this worker.")

LOAD_SECONDS = Gauge("freshet_load_seconds", "Time the newest load of user states took, before any event.")
"""Lists wait for it after a start or a rebalance: more partitions and workers make it shorter."""

USER_STATE_BYTES = Gauge("freshet_user_state_bytes", "Bytes of packed user state held by this worker.")

LIST_BYTES = Gauge("freshet_list_bytes", "Bytes of packed lists held by this worker.")
"""About 1 kB a user; more means longer lists."""

ITEM_STORE_AGE = Gauge(
    "freshet_item_store_age_seconds", "Seconds since this worker took in the newest document or vector."
)
"""Growing while media events come: the encode workers stand, or this worker does not keep up with `items`."""

ITEMS = Gauge("freshet_items", "Items with a document known to this worker.")

ITEMS_WITH_VECTOR = Gauge(
    "freshet_items_with_vector",
    "Items that have a vector of a modality, as the learner knows them.",
    ["modality"],
)
"""Fewer than have such media: see freshet_encode_failures_total and freshet_media_waiting."""

ENCODED = Counter("freshet_encoded", "Vectors made, by modality.", ["modality"])

ENCODE_SKIPPED = Counter(
    "freshet_encode_skipped", "Documents published whose text and place were encoded before, or absent."
)

ENCODE_FAILURES = Counter(
    "freshet_encode_failures", "Media that got no vector; the document says why.", ["modality"]
)

FETCH_FAILURES = Counter(
    "freshet_fetch_failures", "Media that could not be fetched, by kind of reason.", ["kind"]
)
"""Rising: the item documents' encode_errors name the addresses; `address` means FRESHET_FETCH_ALLOWED_NETWORKS."""

FETCHED_BYTES = Counter("freshet_fetched_bytes", "Bytes of media fetched or taken from events.")

MEDIA_WAITING = Gauge("freshet_media_waiting", "Items whose files are waited for or have yet to be worked.")
"""Growing: more encode workers, or a GPU for them; but where fetches fail as `timeout`, a slow host, which holds up its
own items only. The items are recommendable by what else they have."""

ITEMS_BEHIND = Gauge(
    "freshet_items_behind",
    "Items that have yet to get a vector of the new encoder, by modality whose encoder is changing.",
    ["modality"],
)
"""Not falling: a worker still runs the old encoder (FRESHET_…_ENCODER, its version, FRESHET_…_DENOISE), or files
cannot be had any more; until it is 0 the old encoder's vectors are served, and new items have none."""

ITEM_FRESH = Histogram(
    "freshet_media_to_item_seconds",
    "From the media event's Kafka timestamp until a recommend worker had the item: its document, its vector.",
    ["part"],
    buckets=LATENCY_BUCKETS_S,
)

ENCODE_SECONDS = Histogram(
    "freshet_encode_seconds", "Time to encode one batch.", ["modality"], buckets=LATENCY_BUCKETS_S
)

STANDING_HITS = Gauge(
    "freshet_standing_hit_ratio",
    "Share of a slice's recent sets that the list at hand (top 10) hit.",
    ["slice", "list"],
)
"""`standing`, the user's own list, below `popularity`, the most popular items: in slice `all`, are actions, timestamps
and ids right? In `cold_items` or `media_…` alone, look at the encoders. `new_users` had fewer than five items, items
are cold below five events, `basket_2-4` are sets of so many items, `media_text+image` looks for items that have these.
"""

STANDING_NDCG = Gauge(
    "freshet_standing_ndcg",
    "Mean NDCG at 10 of the list at hand over a slice's recent sets.",
    ["slice", "list"],
)
"""As freshet_standing_hit_ratio, but early places count for more."""

STANDING_SETS = Gauge(
    "freshet_standing_sets", "Recent sets that a slice's ratios are of, at most 2,000.", ["slice"]
)
"""Below some hundred: the slice's ratios are chance."""

ARM_HITS = Gauge("freshet_arm_hit_ratio", "Share of an arm's sets that the list at hand hit.", ["arm"])
"""Since the comparison began; `freshet status --experiments` has the intervals."""

ARM_SETS = Gauge("freshet_arm_sets", "Sets of an arm's users that a list at hand met.", ["arm"])

REBALANCES = Counter("freshet_rebalances", "Assignments of partitions to this worker.")

LOWER_CURSORS = Counter("freshet_lower_cursors", "Late states of a former owner that were written over.")
"""Above zero: a worker was frozen longer than its session; nothing was lost."""

UNOWNED = Gauge("freshet_unowned_partitions", "Partitions of the role's topics that no worker owns.")
"""Above zero for longer than a rebalance: the worker that sees it leaves the group, to have them assigned."""

BUILD = Info("freshet_build", "Version of Freshet, role and process id of this worker.")


def serve(host: str, port: int, around: Callable[[Wsgi], Wsgi] = lambda served: served) -> int:
    """Serves the metrics over HTTP.

    Args:
        host: Address to serve on.
        port: 0 for a free one.
        around: Puts more answers around those of the metrics.

    Returns:
        The port, which is a free one where `port` is 0.

    Raises:
        OSError: The port is in use, or the address not this machine's; the message says which.
    """
    try:
        server, _ = start_http_server(port, addr=host)
    except OSError as exc:
        msg = f"the metrics' address {host}:{port} cannot be had: {exc.strerror}; set FRESHET_METRICS_PORT or …_HOST"
        raise OSError(msg) from None
    server.set_app(around(make_wsgi_app()))
    return int(server.server_port)
