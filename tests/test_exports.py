"""What every module offers: its ``__all__`` is there, exists and is the whole of it; and the package's own door is light."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import bigboard

PACKAGE = Path(str(bigboard.__file__)).parent
LIGHT = {"bigboard"}
HEAVY = {
    "asyncio",
    "fastapi",
    "msgspec",
    "pydantic",
    "starlette",
    "structlog",
    "uvicorn",
    "uvloop",
    "websockets",
    "yaml",
}


def _modules() -> list[str]:
    names = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("bigboard", *path.relative_to(PACKAGE).with_suffix("").parts)
        if path.stem != "__main__" and path.read_text(encoding="utf-8").strip():
            names.append(".".join(parts[:-1] if path.stem == "__init__" else parts))
    return names


def _defined(module: str) -> set[str]:
    """Public classes and functions that a module defines itself."""
    path = Path(str(importlib.import_module(module).__file__))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    definitions = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, definitions) and not node.name.startswith("_")}


@pytest.mark.parametrize("module", _modules())
def test_all_is_there_and_true(module: str) -> None:
    loaded = importlib.import_module(module)
    assert hasattr(loaded, "__all__"), f"{module} has no __all__"
    offered = list(loaded.__all__)
    assert len(set(offered)) == len(offered), "a name stands twice"
    missing = [name for name in offered if not hasattr(loaded, name)]
    assert not missing, f"__all__ names what is not there: {missing}"
    private = [name for name in offered if name.startswith("_") and name != "__version__"]
    assert not private, f"__all__ offers what is private: {private}"
    hidden = _defined(module) - set(offered)
    assert not hidden, f"public, and not in __all__: {sorted(hidden)}; name it or underscore it"


def test_the_door_gives_what_the_parts_have() -> None:
    for module, names in bigboard._HOMES.items():
        for name in names:
            attribute = "VERSION" if name == "__version__" else name
            assert getattr(bigboard, name) is getattr(importlib.import_module(module), attribute)
    assert sorted(bigboard._HOME_OF) == sorted(bigboard.__all__)
    assert dir(bigboard) == sorted(bigboard.__all__)


def test_types_and_names_of_the_door_agree() -> None:
    """What a type checker sees is what a program gets."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (checking,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        (node.module, alias.asname or alias.name)
        for node in checking.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {(module, name) for module, names in bigboard._HOMES.items() for name in names}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Bored'"):
        _ = bigboard.Bored


def _loaded(statement: str) -> set[str]:
    code = f"import json, sys\nbefore = set(sys.modules)\n{statement}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    return {name.partition(".")[0] for name in json.loads(run.stdout)}


def test_to_import_the_package_costs_nothing_heavy() -> None:
    assert not _loaded("import bigboard") & HEAVY
    assert not _loaded("from bigboard import Board, Cursor, Diff, Limits, Snapshot, Update, BigboardError") & HEAVY
    assert "fastapi" not in _loaded("from bigboard import BoardClient")


def test_help_needs_no_server() -> None:
    assert not _loaded("import bigboard.cli.main") & {"fastapi", "pydantic", "uvicorn"}
