"""Parts of a server without its trainers, and a server as a process of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# One thread is enough for a model of 59,000 parameters, and whoever shares the cores goes on.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path / "home") as bench:
        yield bench


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """For stories that only look: one trained student serves them all."""
    with Workbench(tmp_path_factory.mktemp("shared") / "home") as bench:
        yield bench
