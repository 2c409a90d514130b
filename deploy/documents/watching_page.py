"""`docs/watching.md`: what each alert and each metric means, and what to do."""

import re
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.metrics import MetricWrapperBase

from deploy.documents.docstrings import constant_docs, sentences
from deploy.documents.markdown import NOTE, table
from streams import metrics

ALERTS = Path(__file__).parents[1] / "prometheus" / "alerts.yml"
INTRODUCTION = f"""\
# Alerts and metrics

{NOTE}

Alerts are in [`deploy/prometheus/alerts.yml`](../deploy/prometheus/alerts.yml), boards for Grafana in
[`deploy/grafana/boards/`](../deploy/grafana/boards). Every worker serves its metrics on `FRESHET_METRICS_PORT`;
`freshet bench metrics` measures what they cost.

Where there is no Grafana, `python -m deploy.dashboards.pictures --prometheus http://127.0.0.1:9090 --out FOLDER` draws
all boards from the same expressions, with matplotlib (the extra `plot`). This is one of them, of six minutes of
`freshet demo` on two busy cores, with requests, searches and new items beside it; it is no screenshot of Grafana:

![The board freshness: the promise, what is waiting, queues, where the time goes, items](pictures/freshness.png)
"""


def page() -> str:
    """The page as Markdown."""
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    alerts = [_alert(rule) for rule in rules if "alert" in rule]
    docs = constant_docs(metrics)
    rows = [
        _metric(metric, docs.get(name, ""))
        for name, metric in vars(metrics).items()
        if isinstance(metric, MetricWrapperBase)
    ]
    return "\n".join(
        [
            INTRODUCTION,
            "## Alerts\n",
            table(("alert", "severity", "says", "fires when", "what to do"), alerts),
            "## Metrics\n",
            table(("metric", "kind", "labels", "is", "what to do"), rows),
        ]
    )


def _alert(rule: dict[str, Any]) -> tuple[str, ...]:
    expression = f"`{sentences(rule['expr'])}`"
    lasting = f" for {rule['for']}" if "for" in rule else ""
    # A summary's values are known only when it fires.
    summary = re.sub(r"\{\{.*?\}\}", "…", sentences(rule["annotations"]["summary"]))
    remedy = sentences(rule["annotations"]["remedy"])
    return rule["alert"], rule["labels"]["severity"], summary, expression + lasting, remedy


def _metric(metric: MetricWrapperBase, remedy: str) -> tuple[str, ...]:
    kind = str(metric._type)
    ending = {"counter": "_total", "info": "_info"}.get(kind, "")
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"`{metric._name}{ending}`", kind, labels, metric._documentation, remedy
