import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("BUNSUI_SHARED") or Path(__file__).parents[2] / ".." / "shared")


@pytest.fixture(scope="session")
def shared_data():
    """The folder of recorded data; tests that need it are skipped without it."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip(f"no recorded data at {data}; set BUNSUI_SHARED")
    return data
