"""Builds the one part that is written in C, if there is a compiler; without it everything works, and sends more slowly."""

import os
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = "src/bigboard/gateway/native/burst.c"
MODULE = "src/bigboard/gateway/_burst.abi3.so"


class NativeBuildHook(BuildHookInterface[Any]):
    """Puts the module beside the Python that imports it, for an editable installation and into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        """See ``BuildHookInterface``."""
        if self.target_name != "wheel":
            return
        module = Path(self.root, MODULE)
        # Beside it first: what runs from this tree must find the whole module or none.
        fresh = module.with_name(f".{module.name}.{os.getpid()}")
        failure = self._compile(fresh)
        if failure:
            module.unlink(missing_ok=True)
            self.app.display_warning(f"Bigboard will send from Python alone, which is slower: {failure}")
            return
        fresh.replace(module)
        # Not tied to one version of Python, but to the system and the processor.
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"cp311-abi3-{platform}"

    def _compile(self, module: Path) -> str:
        """Why it could not be built, or nothing."""
        compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
        flags = ["-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-I", sysconfig.get_path("include")]
        command = [*compiler, *flags, "-o", str(module), str(Path(self.root, SOURCE))]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - the system's own compiler
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        except subprocess.CalledProcessError as error:
            return str(error.stderr, errors="replace").strip()[-500:]
        return ""
