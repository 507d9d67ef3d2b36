"""The reference material beside the repository: read in place, never copied. Where it is absent that is a
visible skip; in CI it is a failure."""

import os
from pathlib import Path

import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"


def needed(path: Path) -> Path:
    """The path, if it is there. Fails under `STREAMSYNC_CI`, skips anywhere else."""
    if not path.exists():
        if os.environ.get("STREAMSYNC_CI"):
            pytest.fail(f"The reference folder is not here: {path}")
        pytest.skip(f"The reference folder is not here: {path}")
    return path
