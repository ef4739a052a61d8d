"""The rules of who may know whom, held against the imports of every source file.

A failure names the file, the line, the import and the rule that it breaks.
"""

from __future__ import annotations

import ast
import importlib
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parent.parent / "src"
PACKAGE = SOURCE / "bigboard"

EVERYONE = {"errors", "version"}
"""Modules that know nobody: anyone may import them."""
PLAIN = {"board/", "wire/"}
KNOWS: dict[str, set[str]] = {
    "board": set(),
    "wire": {"board/"},
    "broadcaster": PLAIN,
    "auth": PLAIN,
    "gateway": PLAIN | {"broadcaster/", "auth/"},
    **dict.fromkeys(("spine", "feed", "collector", "sources", "history", "alerts"), PLAIN),
    # The aggregator stands between the two: it knows their doors and contracts, never an adapter.
    "aggregator": PLAIN | {"sources", "sources.base", "spine", "spine.base"},
    "paper": PLAIN,
    "client": PLAIN,
    "tui": PLAIN | {"client/"},
    "load": PLAIN,
}
"""What each folder may import of the package beside itself: ``a/`` is all of that folder, ``a.b`` that module alone."""
FREE = {"cli", "runtime", "__main__", "__init__"}
"""The composition root and what stands above it know everything."""

IMPURE = {"asyncio", "socket", "ssl", "select", "time", "logging", "random", "os", "threading", "subprocess"}
PURE = ("board", "wire")

HEAVY = {
    "ccxt": ("ccxt",),
    "redis": ("redis",),
    "hiredis": ("redis",),
    "grpc": ("grpc",),
    "duckdb": ("duckdb",),
    "textual": ("tui",),
    "zmq": ("zmq", "zeromq"),
    "asyncpg": ("timescale", "postgres"),
    "psycopg": ("timescale", "postgres"),
    "nautilus_trader": ("nautilus",),
    "jwt": ("jwt",),
    "cryptography": ("jwt", "certificate"),
}
"""Libraries that may be missing, and the words one of which the name of their adapter, a file or a folder, starts with."""


@dataclass(frozen=True)
class Import:
    """One imported module, at the place where it stands."""

    path: Path
    line: int
    module: str
    types_only: bool

    @property
    def importer(self) -> tuple[str, ...]:
        """The parts of the importing module, without the package's own name."""
        return self.path.relative_to(PACKAGE).with_suffix("").parts

    def __str__(self) -> str:
        return f"{self.path.relative_to(SOURCE)}:{self.line} imports {self.module}"


class Reader(ast.NodeVisitor):
    """Collects the imports of a file, and which of them serve annotations alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[Import] = []
        self._types_only = False

    def visit_If(self, node: ast.If) -> None:
        before = self._types_only
        self._types_only = before or "TYPE_CHECKING" in ast.dump(node.test)
        for child in node.body:
            self.visit(child)
        self._types_only = before
        for child in node.orelse:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._note(node.lineno, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            package = ("bigboard", *self.path.relative_to(PACKAGE).parent.parts)
            module = ".".join([*package[: len(package) - node.level + 1], *filter(None, [module])])
        for alias in node.names:
            # `from bigboard import feed` names a folder; `from bigboard.errors import X` names the module itself.
            inner = f"{module}.{alias.name}"
            is_module = (SOURCE / Path(*inner.split("."))).is_dir() or (SOURCE / Path(*inner.split("."))).with_suffix(
                ".py"
            ).is_file()
            self._note(node.lineno, inner if module.startswith("bigboard") and is_module else module)

    def _note(self, line: int, module: str) -> None:
        self.found.append(Import(self.path, line, module, self._types_only))


def imports() -> Iterator[Import]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_pb2" not in path.name:
            reader = Reader(path)
            reader.visit(ast.parse(path.read_text(encoding="utf-8")))
            yield from reader.found


def broken(found: Import) -> str:
    """The rule that an import of the package's own modules breaks, or nothing."""
    package, _, target = found.module.partition(".")
    folder = found.importer[0]
    if package != "bigboard" or folder in FREE or (len(found.importer) > 1 and target.split(".")[0] == folder):
        return ""
    if folder == "errors":
        return "" if found.types_only else "errors knows nobody (types apart)"
    if target == "settings":
        return "settings are read by runtime and cli alone, the others get values"
    if target.split(".")[0] in EVERYONE or target in leaves():
        return ""
    return _beyond(folder, target, is_folder=len(found.importer) > 1)


def _beyond(folder: str, target: str, *, is_folder: bool) -> str:
    """The rule of a folder that this module is beyond, or nothing."""
    if folder not in KNOWS:
        return f"{folder}/ stands in no rule: add it to ARCHITECTURE and to this test" if is_folder else ""
    allowed = KNOWS[folder]
    if target in allowed or f"{target.split('.', maxsplit=1)[0]}/" in allowed:
        return ""
    return f"{folder} may know {', '.join(sorted(allowed)) or 'nothing else'} (and {', '.join(sorted(EVERYONE))})"


def leaves() -> set[str]:
    """Modules at the top of the package that import nothing of it but errors: as good as the standard library."""
    found = set()
    for path in PACKAGE.glob("*.py"):
        reader = Reader(path)
        reader.visit(ast.parse(path.read_text(encoding="utf-8")))
        own = {one.module for one in reader.found if one.module.startswith("bigboard")}
        if own <= {"bigboard.errors"} and path.stem not in FREE | {"settings"}:
            found.add(path.stem)
    return found


def test_every_part_knows_whom_it_may_know() -> None:
    faults = [f"{found}: {rule}" for found in imports() if (rule := broken(found))]
    assert not faults, "\n".join(faults)


def test_the_pure_parts_import_no_clock_no_network_and_no_chance() -> None:
    faults = [
        f"{found}: {found.importer[0]}/ is pure, and {found.module} is not"
        for found in imports()
        if found.importer[0] in PURE and not found.types_only and found.module.split(".")[0] in IMPURE
    ]
    assert not faults, "\n".join(faults)


def test_a_heavy_library_is_imported_in_its_own_adapter_alone() -> None:
    faults = []
    for found in imports():
        words = HEAVY.get(found.module.split(".")[0])
        if words is not None and not any(part.startswith(words) for part in found.importer):
            faults.append(f"{found}: only a module whose name starts with {' or '.join(words)} may")
    assert not faults, "\n".join(faults)


def test_a_rule_that_names_a_folder_is_still_needed() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    unknown = folders - set(KNOWS) - FREE
    assert not unknown, f"no rule says whom these may know: {', '.join(sorted(unknown))}"


def folders_with_a_door() -> list[str]:
    return sorted(
        ".".join(("bigboard", *path.parent.relative_to(PACKAGE).parts))
        for path in PACKAGE.rglob("__init__.py")
        if "__all__" in path.read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("name", folders_with_a_door())
def test_what_a_door_offers_is_what_it_has(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in HEAVY:
            raise
        pytest.skip(f"{name} needs {missing.name}, which is not installed")
    path = Path(str(module.__file__))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    offered = list(module.__all__)
    assert len(offered) == len(set(offered)), f"{name}.__all__ names something twice"
    absent = [item for item in offered if not hasattr(module, item)]
    assert not absent, f"{name}.__all__ names what is not there: {', '.join(absent)}"
    brought = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bigboard")
        for alias in node.names
    }
    hidden = sorted(item for item in brought - set(offered) if not item.startswith("_"))
    assert not hidden, f"{name} brings in what its __all__ does not name: {', '.join(hidden)}"


_MARKERS = re.compile("|".join(rf"\b{word[::-1]}\b" for word in ("ODOT", "EMXIF", "KCAH", "PIW", "X" * 3)))
"""Spelled backwards, so that this file passes its own test."""


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_nothing_is_left_for_later(folder: str) -> None:
    faults = [
        f"{path.relative_to(SOURCE.parent)}:{token.start[0]} leaves something: {token.string}"
        for path in sorted((SOURCE.parent / folder).rglob("*.py"))
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
        if token.type in {tokenize.COMMENT, tokenize.STRING} and _MARKERS.search(token.string)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("importer", "module", "fault"),
    [
        ("board/x.py", "bigboard.wire.codec", "board may know"),
        ("wire/x.py", "bigboard.spine", "wire may know"),
        ("feed/x.py", "bigboard.collector.row", "feed may know"),
        ("gateway/x.py", "bigboard.settings", "settings are read by"),
        ("aggregator/x.py", "bigboard.spine.redis", "aggregator may know"),
        ("tui/x.py", "bigboard.gateway", "tui may know"),
        ("newfolder/x.py", "bigboard.board", "stands in no rule"),
        ("errors.py", "bigboard.board", "errors knows nobody"),
        ("board/x.py", "bigboard.errors", ""),
        ("board/x.py", "bigboard.board.node", ""),
        ("aggregator/x.py", "bigboard.spine.base", ""),
        ("aggregator/x.py", "bigboard.spine", ""),
        ("tui/x.py", "bigboard.client", ""),
        ("runtime.py", "bigboard.gateway", ""),
        ("cli/x.py", "bigboard.settings", ""),
        ("feed/x.py", "msgspec", ""),
    ],
)
def test_the_rules_themselves(importer: str, module: str, fault: str) -> None:
    said = broken(Import(PACKAGE / importer, 1, module, types_only=False))
    assert said.startswith(fault) or fault in said
    assert bool(said) is bool(fault)
