"""Writes the generated documents into `docs/`; the test of the folder says when that is due."""

from pathlib import Path

from deploy.documents import documents

FOLDER = Path(__file__).parents[2] / "docs"


def main() -> None:
    """Replaces the generated files; those written by hand stay."""
    for path, text in documents().items():
        file = FOLDER / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
