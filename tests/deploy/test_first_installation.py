"""From nothing to a board that runs, as deploy/README.md says it: real processes, started as the units would be."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from certificates import Authority
from deploy.fake_systemctl import FakeSystemd
from deploy.releases import Checkout, changed
from ports import free_ports
from redis_servers import RedisServer, redis_server
from servers import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from certificates import Pair

_README = (Path(__file__).parents[2] / "deploy" / "README.md").read_text(encoding="utf-8")
_ROLES = {
    "bigboard-feed", "bigboard-collector", "bigboard-gateway@1", "bigboard-gateway@2",
    "bigboard-aggregator@1", "bigboard-aggregator@2",
}  # fmt: skip


class Machine:
    """A machine without Bigboard: a folder that takes its place, a Redis, and what systemd would do."""

    def __init__(self, root: Path, redis: RedisServer, checkout: Checkout) -> None:
        self.root = root
        self.redis = redis
        self.checkout = checkout
        self.systemd = FakeSystemd(root)
        self._path = self.systemd.install()
        self.ports = free_ports(5)
        self.tls: Pair | None = None
        """What its gateways show."""

    async def deploy(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Call deploy.sh with this machine's systemctl on the PATH."""
        on_path = {"PATH": f"{self._path}:{os.environ['PATH']}", "SYSTEMCTL": "systemctl"}
        return await asyncio.to_thread(self.checkout.deploy, self.root, *arguments, **on_path, **environment)

    async def systemctl(self, *arguments: str) -> None:
        """Call this machine's systemctl by hand."""
        await _run([self._path / "systemctl", *arguments], os.environ.copy())

    async def bigboard(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The installed program."""
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": sysconfig.get_path("purelib")}
        return await _run([self.root / "opt/bigboard/current/bin/bigboard", *arguments], clean | environment)

    def edit_settings(self) -> None:
        """The settings that are this machine's own; everything else stays as it was installed."""
        feed, *ports = self.ports
        self._write(
            "bigboard.env", BIGBOARD_REDIS=self.redis.url, BIGBOARD_FEED=f"tcp://127.0.0.1:{feed}", BIGBOARD_EXCHANGE=None,
            BIGBOARD_SYMBOLS="2", BIGBOARD_KEYS_FILE=str(self.keys),
        )  # fmt: skip
        for number, (port, hub_port) in enumerate([ports[:2], ports[2:]], 1):
            self._write(f"gateway-{number}.env", BIGBOARD_PORT=str(port), BIGBOARD_HUB_PORT=str(hub_port))
        if self.tls is not None:
            with (self.root / "etc/bigboard/bigboard.env").open("a", encoding="utf-8") as file:
                file.write(f"BIGBOARD_TLS_CERT={self.tls.certificate}\nBIGBOARD_TLS_KEY={self.tls.key}\n")

    async def make_key(self) -> str:
        """A key for everything."""
        made = await self.bigboard("key", "create", "--name", "a", "--permissions", "*", "--keys-file", str(self.keys))
        return made.stdout.strip()

    @property
    def keys(self) -> Path:
        """Where the keys are."""
        return self.root / "etc/bigboard/keys/keys.json"

    async def status(self, token: str) -> list[dict[str, Any]]:
        """The roles that the board knows of; none while no gateway tells."""
        url = f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.ports[2]}/ws"
        trust = ["--certificate", str(self.tls.certificate)] if self.tls else []
        told = await self.bigboard("status", "--json", "--url", url, *trust, BIGBOARD_TOKEN=token)
        roles: list[dict[str, Any]] = json.loads(told.stdout)["roles"] if told.returncode in (0, 3) else []
        return roles

    async def until_somebody_leads(self) -> None:
        """Wait until an aggregator has the lease."""
        async with asyncio.timeout(DEADLINE_S), self.redis.client() as redis:
            while not await redis.exists("{bigboard:main}:lease"):
                await asyncio.sleep(0.05)

    async def until_all_is_up(self, token: str) -> list[dict[str, Any]]:
        """Wait until the board knows every role and all are up."""
        async with asyncio.timeout(60):
            while True:
                roles = await self.status(token)
                kinds = sorted(role["role"] for role in roles if role["status"] == "up")
                if kinds == ["aggregator", "aggregator", "collector", "feed", "gateway", "gateway", "redis"]:
                    return roles
                await asyncio.sleep(0.2)

    def _write(self, name: str, **settings: str | None) -> None:
        file = self.root / "etc/bigboard" / name
        text = file.read_text(encoding="utf-8")
        for setting, value in settings.items():
            assert re.search(rf"(?m)^{setting}=", text), f"{name} has no {setting}"
            text = re.sub(rf"(?m)^{setting}=.*\n", "" if value is None else f"{setting}={value}\n", text)
        file.write_text(text, encoding="utf-8")


async def _run(command: list[Path | str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)

    return await asyncio.to_thread(run)


@pytest.fixture
async def machine(tmp_path: Path, checkout: Checkout) -> AsyncIterator[Machine]:
    async with redis_server() as redis:
        made = Machine(tmp_path, redis, checkout)
        try:
            yield made
        finally:
            await asyncio.to_thread(made.systemd.stop_all)


def _readme_steps() -> Iterator[str]:
    """The commands of the README, without what is there for a real machine only."""
    block = re.search(r"```\n(.+?)```", _README, re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        yield from (step.strip() for step in line.split("&&"))


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_readme_leads_to_a_board_that_runs(machine: Machine, wheel: Path) -> None:
    install, key, edit, start = _readme_steps()

    assert install.startswith("sudo deploy/deploy.sh ")
    done = await machine.deploy(str(wheel))
    assert done.returncode == 0, done.stderr
    # It has no key and nobody's settings yet: what is started now would fail, and be started again for ever.
    assert machine.systemd.running() == {}
    assert [call.split()[0] for call in machine.systemd.calls] == ["daemon-reload", "enable"]
    assert set(machine.systemd.calls[1].split()) >= _ROLES
    assert "systemctl start bigboard.target" in done.stderr

    words = re.search(r"bin/bigboard (key create .*)$", key)
    assert words is not None
    made = await machine.bigboard(*words[1].replace("'", "").split(), BIGBOARD_KEYS_FILE=str(machine.keys))
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()

    assert edit == "sudoedit /etc/bigboard/bigboard.env"
    machine.edit_settings()

    assert start == "sudo systemctl start bigboard.target"
    await machine.systemctl(*start.split()[2:])
    roles = await machine.until_all_is_up(token)
    assert set(machine.systemd.running()) == _ROLES
    host = socket.gethostname()
    assert {role["name"] for role in roles} >= {
        f"{kind}-{host}-{number}" for kind in ("aggregator", "gateway") for number in (1, 2)
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_an_upgrade_goes_role_by_role_with_the_leader_last_and_back_if_one_keeps_ending(
    machine: Machine, wheel: Path
) -> None:
    await machine.deploy(str(wheel))
    token = await machine.make_key()
    machine.edit_settings()
    # The second leads: restarted first, it would hand over twice.
    await machine.systemctl("start", "bigboard-aggregator@2")
    await machine.until_somebody_leads()
    await machine.systemctl("start", "bigboard.target")
    await machine.until_all_is_up(token)
    before = len(machine.systemd.calls)
    done = await machine.deploy(str(wheel), SETTLE_SECONDS="3")
    assert done.returncode == 0, done.stderr
    restarted = [call.split()[1] for call in machine.systemd.calls[before:] if call.startswith("restart")]
    assert restarted[:-2] == ["bigboard-feed", "bigboard-collector", "bigboard-gateway@1", "bigboard-gateway@2"]
    assert restarted[-2:] == ["bigboard-aggregator@1", "bigboard-aggregator@2"]
    second = (machine.root / "opt/bigboard/current").resolve().name
    assert machine.systemd.running() == dict.fromkeys(_ROLES, second)
    roles = {role["name"]: role for role in await machine.until_all_is_up(token)}
    host = socket.gethostname()
    assert roles[f"aggregator-{host}-2"]["detail"] == "stands by"
    assert (machine.root / "etc/bigboard/deploy.key").stat().st_mode & 0o777 == 0o600

    # It starts, and ends after a while: at most moments it is active.
    ends = """import time


class CollectorRole:
    def __init__(self, *_):
        time.sleep(1)
        raise SystemExit(1)
"""
    broken = changed(wheel, machine.root, "bigboard/runtime/collector_role.py", ends)
    done = await machine.deploy(str(broken), SETTLE_SECONDS="4", HEALTH_SECONDS="12")
    assert done.returncode == 1
    assert re.search("bigboard-collector does not (come up|stay)", done.stderr)
    assert f"{second} runs again" in done.stderr
    assert machine.systemd.running() == dict.fromkeys(_ROLES, second)
    await machine.until_all_is_up(token)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_leader_is_not_stopped_before_another_is_known_to_stand_by(machine: Machine, wheel: Path) -> None:
    await machine.deploy(str(wheel))
    await machine.make_key()
    machine.edit_settings()
    await machine.systemctl("start", "bigboard-aggregator@1")
    await machine.until_somebody_leads()
    await machine.systemctl("start", "bigboard.target")
    first = machine.systemd.running()
    # A key that opens nothing: the script cannot know.
    (machine.root / "etc/bigboard/deploy.key").write_text("bb_wrong\n", encoding="utf-8")
    done = await machine.deploy(str(wheel), SETTLE_SECONDS="1", HEALTH_SECONDS="12")
    assert done.returncode == 1
    assert "does not tell that bigboard-aggregator@2 leads or stands by" in done.stderr
    assert "deploy.key" in done.stderr
    assert "restart bigboard-aggregator@1" not in machine.systemd.calls
    assert machine.systemd.running() == first, "all others went back to its release"


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_gateways_with_tls_of_their_own_are_upgraded_too(machine: Machine, wheel: Path, tmp_path: Path) -> None:
    machine.tls = Authority(tmp_path).pair(host="desk.example", loopback=False)
    await machine.deploy(str(wheel))
    token = await machine.make_key()
    machine.edit_settings()
    await machine.systemctl("start", "bigboard.target")
    await machine.until_all_is_up(token)
    done = await machine.deploy(str(wheel), SETTLE_SECONDS="1")
    assert done.returncode == 0, done.stderr
    second = (machine.root / "opt/bigboard/current").resolve().name
    assert machine.systemd.running() == dict.fromkeys(_ROLES, second)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_an_upgrade_of_what_nobody_has_started_starts_nothing(machine: Machine, wheel: Path) -> None:
    for _ in range(2):
        done = await machine.deploy(str(wheel))
        assert done.returncode == 0, done.stderr
    assert machine.systemd.running() == {}
    assert len(list((machine.root / "opt/bigboard/releases").iterdir())) == 2
