"""Seeds for the random times of kills and signals, printed so that a failure can be repeated."""

from __future__ import annotations

import os
import random

import pytest


@pytest.fixture
def dice() -> random.Random:
    """Dice whose seed is printed; MEMBERCTL_TEST_SEED throws the same again."""
    seed = int(os.environ.get("MEMBERCTL_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed {seed}")
    return random.Random(seed)
