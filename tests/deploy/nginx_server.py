"""A real nginx with a configuration of deploy/, on free ports."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from servers import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["NGINX", "in_nginx", "running_nginx"]

NGINX = os.environ.get("NGINX") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
"""Where it is, or which one NGINX names; ``None`` if it is not here."""


def in_nginx(folder: Path, text: str) -> Path:
    """A file of conf.d in the least configuration around it that nginx takes."""
    (folder / "bigboard.conf").write_text(text)
    temporary = "\n".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    around = folder / "nginx.conf"
    around.write_text(
        f"daemon off; master_process off; pid {folder / 'pid'}; error_log {folder / 'error.log'} warn;\n"
        f"events {{}}\nhttp {{ access_log off;\n{temporary}\ninclude {folder / 'bigboard.conf'};\n}}\n"
    )
    return around


@asynccontextmanager
async def running_nginx(conf: Path, port: int, *, quiet: bool = True) -> AsyncIterator[None]:
    """nginx, answering on this port; ``quiet`` if it has to have nothing to complain of."""
    assert NGINX is not None
    process = await asyncio.create_subprocess_exec(
        NGINX, "-p", str(conf.parent), "-c", str(conf), "-e", str(conf.parent / "error.log"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                assert process.returncode is None, (conf.parent / "error.log").read_text()
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.01)
                    continue
                writer.close()
                break
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(DEADLINE_S):
            await process.communicate()
    assert not quiet or (conf.parent / "error.log").read_text() == ""
