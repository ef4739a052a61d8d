"""deploy/docker: as the tools read it. No container is run; nginx before two gateways is, without one."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from redis import Redis
from websockets.asyncio.client import connect
from websockets.typing import Origin

from bigboard.cli.main import cli
from bigboard.redis_link import RedisAddress
from bigboard.settings import Settings, load_settings
from deploy.nginx_server import NGINX, in_nginx, running_nginx
from ports import free_ports
from servers import DEADLINE_S, gateway, until_reads

_ROOT = Path(__file__).parents[2]
_DOCKER = _ROOT / "deploy" / "docker"
_DOCKERFILE = (_DOCKER / "Dockerfile").read_text(encoding="utf-8")
_OTHERS = {"redis", "nginx"}
KNOWN = set(Settings.__struct_fields__)


def _compose() -> list[str] | None:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    plugin = shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    )
    return ["docker", "compose"] if plugin and plugin.returncode == 0 else None


def _config(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What compose makes of the file; in another folder, so that nobody's .env is read."""
    compose = _compose()
    if compose is None:
        pytest.skip("docker-compose is not here: make test installs it")
    command = [*compose, "-f", str(_DOCKER / "compose.yaml"), "config"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BIGBOARD_", "REDIS_"))}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, cwd=folder, env=clean | environment
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made = _config(tmp_path_factory.mktemp("compose"), COMPOSE_PROFILES="tools")
    assert made.returncode == 0, made.stderr
    found: dict[str, Any] = yaml.safe_load(made.stdout)["services"]
    return found


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    told = subprocess.run([hadolint, _DOCKER / "Dockerfile"], capture_output=True, text=True, check=False, timeout=60)
    assert (told.returncode, told.stdout) == (0, "")


def test_what_the_image_is_made_from_is_there_and_reaches_the_build() -> None:
    rules = [
        line for line in (_DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
    ]
    copied = [source for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", _DOCKERFILE) for source in line.split()[:-1]]
    assert {"pyproject.toml", "hatch_build.py", "src", "requirements/run.txt", "web"} <= set(copied)
    for source in copied:
        assert (_ROOT / source).exists(), source
        assert not _ignored(source, rules), source
    for private in (
        ".git/config",
        "keys.json",
        "web/node_modules/x.js",
        "src/bigboard/gateway/page/index.html",
        "src/bigboard/gateway/_burst.abi3.so",
        "web/.env",
    ):
        assert _ignored(private, rules), private


def _ignored(path: str, rules: list[str]) -> bool:
    """The last rule that fits the path or a folder above it decides."""
    parts = path.split("/")
    names = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        fits = any(fnmatch.fnmatchcase(name, pattern) for name in names) or (
            anywhere != pattern and any(fnmatch.fnmatchcase(part, anywhere) for part in parts)
        )
        ignored = not rule.startswith("!") if fits else ignored
    return ignored


def test_what_runs_is_nobody_in_particular_and_has_no_tools_to_build_with() -> None:
    last = _DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"(?m)^USER [1-9]\d{3,}:\d+$", last)
    assert "pip install" not in last
    assert "node" not in last
    assert last.count("COPY --from=") == 1


def test_the_password_comes_by_files_alone(services: dict[str, Any]) -> None:
    text = (_DOCKER / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"\$\{\w*PASSWORD", text), "docker inspect would show it"
    has = {name: {each["source"] for each in service.get("secrets", [])} for name, service in services.items()}
    assert has.pop("redis") == {"redis_password"}
    assert {name for name, secrets in has.items() if secrets == {"bigboard"}} == {
        "collector", "aggregator-1", "aggregator-2", "gateway-1", "gateway-2"
    }  # fmt: skip
    assert not any(secrets - {"bigboard"} for secrets in has.values())


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """What make-secrets makes, in a folder of its own."""
    program = tmp_path / "make-secrets"
    shutil.copy(_DOCKER / "make-secrets", program)
    subprocess.run([program], check=True, timeout=10)
    assert subprocess.run([program], check=False, timeout=10, capture_output=True).returncode == 1, "it made them anew"
    return tmp_path / "secrets"


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="Redis is not here: make test installs it")
def test_redis_wants_the_password_and_is_healthy_only_as_long_as_it_answers(
    tmp_path: Path, secrets: Path, services: dict[str, Any]
) -> None:
    (port,) = free_ports(1)
    places = {
        "/etc/redis/redis.conf": str(_ROOT / "deploy/redis/redis.conf"),
        "/run/secrets/redis_password": str(secrets / "redis-password.conf"),
        "/data": str(tmp_path),
        "0.0.0.0": "127.0.0.1",  # noqa: S104 - what the container listens on
    }
    command = [places.get(word, word) for word in services["redis"]["command"]]
    kind, check = services["redis"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    check = check.replace("$$", "$").replace("redis-cli", f"redis-cli -p {port}")

    def is_well(password_file: Path) -> bool:
        command = check.replace("/run/secrets/redis_password", str(password_file))
        return subprocess.run(["sh", "-c", command], check=False, timeout=10, capture_output=True).returncode == 0

    assert not is_well(secrets / "redis-password.conf"), "nobody is there yet"
    process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + DEADLINE_S
        while not is_well(secrets / "redis-password.conf"):
            assert process.poll() is None
            assert time.monotonic() < deadline, "it is never well"
        wrong = tmp_path / "wrong"
        wrong.write_text("requirepass another\n", encoding="utf-8")
        assert not is_well(wrong), "it would be well, whatever it answers"
        url = RedisAddress.parse(load_settings(config=secrets / "bigboard.yaml", environment={}).redis or "")
        with Redis(port=port, password=url.password) as redis:
            assert redis.ping()
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE_S)


def test_every_role_is_there_and_those_that_must_not_fail_twice(services: dict[str, Any]) -> None:
    commands = [service["command"][0] for name, service in services.items() if name not in {*_OTHERS, "key"}]
    assert sorted(commands) == ["aggregator"] * 2 + ["collector", "feed"] + ["gateway"] * 2


def test_commands_take_what_they_are_given(services: dict[str, Any]) -> None:
    checked = set()
    for name, service in services.items():
        command, *arguments = [""] if name in {*_OTHERS, "key"} else service["command"]
        if command in cli.commands:
            # Parses, and runs nothing.
            cli.commands[command].make_context(command, arguments)
            checked.add(command)
    assert {"feed", "collector", "aggregator", "gateway"} <= checked


def test_everything_has_bounds_and_no_rights_that_it_does_not_need(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"]["max-size"], name
        # nginx begins as root, to become somebody else.
        assert name == "nginx" or service["cap_drop"] == ["ALL"], name


def test_only_nginx_is_reached_and_only_from_this_machine(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert set(published) == {"nginx"}
    assert re.search(r"127\.0\.0\.1", str(published["nginx"]))
    outside = {name for name, service in services.items() if "outside" in service["networks"]}
    assert outside == {"nginx", "feed"}


def test_every_setting_that_is_given_exists(services: dict[str, Any]) -> None:
    given = {name for service in services.values() for name in service.get("environment", {})}
    settings = {name.removeprefix("BIGBOARD_").lower() for name in given if name.startswith("BIGBOARD_")}
    assert "feed" in settings
    assert settings <= KNOWN


def test_whatever_may_stand_twice_has_a_name_of_its_own_that_outlives_its_container(services: dict[str, Any]) -> None:
    twice = [name for name in services if name.endswith(("-1", "-2"))]
    assert len(twice) == 4
    named = {name: services[name]["environment"].get("BIGBOARD_NAME") for name in twice}
    assert named == {name: name for name in twice}


def test_the_example_names_what_the_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (_DOCKER / "compose.yaml").read_text(encoding="utf-8")))
    named = set(re.findall(r"(?m)^#?([A-Z_]+)=", (_DOCKER / "env.example").read_text(encoding="utf-8")))
    assert named == asked


def test_files_that_are_mounted_are_there(services: dict[str, Any]) -> None:
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            assert not source.startswith("/") or Path(source).is_file(), source


@pytest.mark.slow
@pytest.mark.skipif(NGINX is None, reason="nginx is not here: make test installs it")
async def test_nginx_spreads_clients_over_both_gateways_and_goes_on_with_one(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    own = Origin(f"http://127.0.0.1:{port}")
    options: dict[str, Any] = {"trusted_proxies": ["127.0.0.1"], "allowed_origins": [own]}
    async with gateway(**options) as one, gateway(**options) as other:
        text = (_DOCKER / "nginx.conf").read_text(encoding="utf-8")
        for old, new in {
            "gateway-1:8000 resolve": f"127.0.0.1:{one.port}",
            "gateway-2:8000 resolve": f"127.0.0.1:{other.port}",
            "listen 8000;": f"listen 127.0.0.1:{port};",
            "172.30.84.1;": "127.0.0.1;",
        }.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        conf = await asyncio.to_thread(in_nginx, tmp_path, text)
        # It says in its log that a gateway is gone, as it should.
        async with running_nginx(conf, port, quiet=False):
            async with httpx.AsyncClient(base_url=own, trust_env=False) as http:
                for _ in range(6):
                    assert (await http.get("/health", headers={"X-Forwarded-For": "192.0.2.7"})).status_code == 200
            clients = [await connect(f"ws://127.0.0.1:{port}/ws", proxy=None, origin=own) for _ in range(6)]
            assert [len(served.hub.broadcaster.members) for served in (one, other)] == [3, 3]
            for client in clients:
                await client.send(json.dumps({"action": "subscribe", "subscriptions": ["risk"]}))
                await until_reads(client, "state_update")
                await client.close()
            other.stop()
            await asyncio.gather(*other.tasks)
            for _ in range(4):
                async with connect(f"ws://127.0.0.1:{port}/ws", proxy=None, origin=own) as client:
                    await client.send(json.dumps({"action": "subscribe", "subscriptions": ["risk"]}))
                    await until_reads(client, "state_update")
