"""Documents that follow from the code: the contract, the settings, the alerts and the metrics."""

import json

from deploy.documents import asyncapi, events_page, schemas, settings_page, watching_page
from deploy.documents.channels import CHANNELS


def documents() -> dict[str, str]:
    """The text of every generated document, by its path below `docs`."""
    described = {f"schemas/{c.record.__name__}.json": schemas.document(c.record) for c in CHANNELS}
    described["asyncapi.json"] = asyncapi.document()
    texts = {
        path: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for path, value in described.items()
    }
    return texts | {
        "events.md": events_page.page(),
        "settings.md": settings_page.page(),
        "watching.md": watching_page.page(),
    }
