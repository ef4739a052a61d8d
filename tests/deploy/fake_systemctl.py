"""What deploy.sh asks of systemctl, where there is no systemd: it writes down each call, and runs units as they are written.

Nothing watches the processes between two calls: a unit that ended is found at the next one, and started again then, once its
``RestartSec`` has passed. Of a unit it reads what decides which program runs with which settings; rights and bounds are
left to systemd.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["FakeSystemd"]

_PATIENCE_S = 20.0


class FakeSystemd:
    """The units below a folder, and what became of them; all state is in files, so each call may be a process of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._units = root / "etc/systemd/system"
        self._state = root / "fake-systemd"

    def install(self) -> Path:
        """Make a program `systemctl` that works on this folder; gives the folder to put on the PATH."""
        program = self._state / "bin" / "systemctl"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {__file__} {self._root} "$@"\n', encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program.parent

    @property
    def calls(self) -> list[str]:
        """Every call that changes something or could."""
        log = self._state / "calls"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def call(self, *arguments: str) -> int:
        """Do what systemctl does for these arguments; its exit code."""
        self._state.mkdir(exist_ok=True)
        verb, *rest = arguments
        if verb not in ("is-active", "show"):
            with (self._state / "calls").open("a", encoding="utf-8") as log:
                log.write(" ".join(arguments) + "\n")
        options = [word for word in rest if word.startswith("-")]
        units = [word for word in rest if word.startswith("bigboard")]
        properties = [word for word in rest if word not in options and word not in units]
        if verb in ("start", "restart", "stop"):
            for unit in units:
                self._change(verb, unit)
        elif verb == "enable":
            (self._state / "enabled").write_text("\n".join(units), encoding="utf-8")
        elif verb == "is-active":
            return 0 if all(self._look(unit)["ActiveState"] == "active" for unit in units) else 3
        elif verb == "show":
            for name in ",".join(properties).split(","):
                sys.stdout.write(f"{name}={self._look(units[0])[name]}\n")
        else:
            assert verb == "daemon-reload", arguments
        return 0

    def running(self) -> dict[str, str]:
        """Which release each process that runs is of, by its unit."""
        processes = {file.stem: json.loads(file.read_text())["MainPID"] for file in self._state.glob("*.json")}
        return {unit: Path(f"/proc/{id_}/cwd").readlink().name for unit, id_ in processes.items() if _alive(id_)}

    def stop_all(self) -> None:
        """End every process, by its id."""
        for file in self._state.glob("*.json"):
            self._stop(file.stem)

    def _change(self, verb: str, unit: str) -> None:
        if unit == "bigboard.target":
            enabled = (self._state / "enabled").read_text(encoding="utf-8").split()
            (self._state / "target").write_text("inactive" if verb == "stop" else "active", encoding="utf-8")
            # PartOf= passes on a stop and a restart, WantedBy= a start.
            for each in enabled:
                if each != unit:
                    self._change(verb, each)
            return
        if verb == "start" and self._look(unit)["ActiveState"] == "active":
            return
        self._stop(unit)
        if verb != "stop":
            self._start(unit, restarts=0)

    def _look(self, unit: str) -> dict[str, object]:
        if unit == "bigboard.target":
            target = self._state / "target"
            return {"ActiveState": target.read_text(encoding="utf-8") if target.exists() else "inactive"}
        file = self._state / f"{unit}.json"
        if not file.exists():
            return {"ActiveState": "inactive", "MainPID": 0, "NRestarts": 0}
        known: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        if _alive(int(str(known["MainPID"]))):
            return known
        pause_s = float(str(known["RestartSec"]))
        if known["ActiveState"] == "active":
            known |= {"ActiveState": "activating", "MainPID": 0, "ended": time.time()}
            file.write_text(json.dumps(known), encoding="utf-8")
        elif time.time() - float(str(known["ended"])) >= pause_s:
            self._start(unit, restarts=int(str(known["NRestarts"])) + 1)
            return self._look(unit)
        return known

    def _start(self, unit: str, restarts: int) -> None:
        lines = self._lines(unit)
        # What a release needs is found where the tests have it.
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": sysconfig.get_path("purelib")}
        for kind, value in lines:
            if kind == "Environment":
                environment.update(_settings(shlex.split(value)))
        for kind, value in lines:
            if kind == "EnvironmentFile":
                text = (self._root / value.lstrip("/")).read_text(encoding="utf-8")
                environment.update(_settings(text.splitlines()))
        program, *arguments = shlex.split(next(value for kind, value in lines if kind == "ExecStart"))
        program = str((self._root / program.lstrip("/")).resolve())
        with (self._state / f"{unit}.log").open("ab") as journal:
            process = subprocess.Popen(
                [program, *arguments], env=environment, cwd=Path(program).parents[1], stdin=subprocess.DEVNULL,
                stdout=journal, stderr=journal, start_new_session=True,
            )  # fmt: skip
        pause = next(value for kind, value in lines if kind == "RestartSec").removesuffix("s")
        known = {"ActiveState": "active", "MainPID": process.pid, "NRestarts": restarts, "RestartSec": pause}
        (self._state / f"{unit}.json").write_text(json.dumps(known), encoding="utf-8")

    def _lines(self, unit: str) -> list[tuple[str, str]]:
        """The unit's settings and then those of its drop-in, with what ``%`` stands for."""
        name, at, instance = unit.partition("@")
        files = [self._units / f"{name}{at}.service", *(self._units / "bigboard-.service.d").glob("*.conf")]
        text = "\n".join(file.read_text(encoding="utf-8") for file in files)
        text = text.replace("%i", instance).replace("%H", socket.gethostname())
        return [(kind, value) for kind, is_, value in (line.partition("=") for line in text.splitlines()) if is_]

    def _stop(self, unit: str) -> None:
        file = self._state / f"{unit}.json"
        if not file.exists():
            return
        process = int(json.loads(file.read_text(encoding="utf-8"))["MainPID"])
        with suppress(ProcessLookupError):
            if process:
                os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_S
        while _alive(process):
            assert time.monotonic() < deadline, f"{unit} does not end"
            time.sleep(0.02)
        file.unlink()


def _settings(lines: list[str]) -> dict[str, str]:
    return {name: value for name, is_, value in (line.partition("=") for line in lines) if is_ and name[:1] != "#"}


def _alive(process: int) -> bool:
    """Whether it runs; one that ended and that nobody has asked about (a zombie) does not."""
    if not process:
        return False
    with suppress(ChildProcessError):
        os.waitpid(process, os.WNOHANG)
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


if __name__ == "__main__":
    sys.exit(FakeSystemd(Path(sys.argv[1])).call(*sys.argv[2:]))
