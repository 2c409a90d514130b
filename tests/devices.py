"""On which device the tests' encoders run: `FRESHET_DEVICE=cuda make unit` runs them on a GPU."""

import os

DEVICE = os.environ.get("FRESHET_DEVICE", "cpu")
