"""The river at a glance: one row for each arrow of ARCHITECTURE.md's picture, in its order."""

from deploy.dashboards.board import Board, Panel, Row, gauge, quantiles, rate, rate_where

_MEDIA = Row(
    "media → items, embeddings (encode)",
    (
        Panel(
            "Media events",
            "As many as your producers send.",
            "ops",
            (rate_where("freshet_events_total", 'topic="media"', "media"),),
        ),
        Panel(
            "Vectors made",
            "Follows the media events; text at once, files a little later.",
            "ops",
            (rate("freshet_encoded_total", "modality"),),
        ),
        Panel(
            "From media event to item",
            "A document within 0.1 s; a vector within a second for text, within a few for files.",
            "s",
            quantiles("freshet_media_to_item_seconds", "part"),
            empty_because="no media event has come",
        ),
    ),
)
_EXAMPLES = Row(
    "examples → model (learn)",
    (
        Panel(
            "Examples folded",
            "The learner and every recommend worker fold as many as there are events applied.",
            "ops",
            (
                rate(
                    "freshet_examples_folded_total", "role, worker", "{{role}} {{worker}}", "learn|recommend"
                ),
            ),
        ),
        Panel(
            "Age of the model",
            "A sawtooth below ten seconds: the learner publishes every two.",
            "s",
            (gauge("freshet_model_age_seconds", "worker", roles="recommend"),),
        ),
        Panel(
            "Version of the model",
            "Rises for ever, the same in every worker.",
            "none",
            (
                gauge(
                    "freshet_model_version",
                    "role, worker",
                    legend="{{role}} {{worker}}",
                    roles="learn|recommend",
                ),
            ),
        ),
    ),
)
_INTERACTIONS = Row(
    "interactions → recommendations (recommend)",
    (
        Panel(
            "Events",
            "Applied follows valid, less the producers' retries.",
            "ops",
            (
                rate_where("freshet_events_total", 'topic="interactions"', "valid"),
                rate("freshet_events_applied_total", "role", "applied"),
            ),
        ),
        Panel(
            "Lists",
            "At most one for each event, one for all that a user did within a batch.",
            "ops",
            (rate("freshet_lists_total", "cause"),),
        ),
        Panel(
            "From event to list",
            "The 99th percentile stays below 0.1 s.",
            "s",
            quantiles("freshet_event_to_list_seconds"),
        ),
    ),
)
_REQUESTS = Row(
    "requests → responses (recommend)",
    (
        Panel(
            "Requests",
            "As many as your clients send.",
            "ops",
            (rate_where("freshet_events_total", 'topic="requests"', "requests"),),
        ),
        Panel(
            "From request to response",
            "The 99th percentile stays below 0.1 s.",
            "s",
            quantiles("freshet_request_to_response_seconds"),
        ),
    ),
)
_DEAD_LETTERS = Row(
    "whatever can't be read → dead-letters",
    (
        Panel(
            "Refused events",
            "None; each is in `dead-letters`, with the field and the reason.",
            "ops",
            (rate("freshet_refusals_total", "topic, code", "{{topic}} {{code}}"),),
            empty_because="no event has been refused yet",
        ),
        Panel(
            "Sent home",
            "None, or as many as a producer with another partitioner sends.",
            "ops",
            (rate("freshet_forwarded_total", "topic"),),
            empty_because="no event has come on a foreign partition yet",
        ),
        Panel(
            "Events of a newer schema",
            "None once all workers are of the producers' version.",
            "ops",
            (rate("freshet_newer_schema_total", "topic"),),
            empty_because="no event of a newer schema has come yet",
        ),
    ),
)

BOARD = Board("freshet-river", "Freshet: river", (_MEDIA, _EXAMPLES, _INTERACTIONS, _REQUESTS, _DEAD_LETTERS))
