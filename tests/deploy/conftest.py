"""One wheel and one checkout for every test of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.releases import Checkout, build_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of these sources."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Where deploy.sh is called from."""
    return Checkout(tmp_path_factory.mktemp("checkout"))
