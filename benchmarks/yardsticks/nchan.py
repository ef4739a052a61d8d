"""nginx with nchan, one worker; the publisher posts over HTTP on a connection that it keeps."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from yardsticks.base import Absent, Beats, Running
from yardsticks.broker import Broker, free_port
from yardsticks.publisher import start_publisher

__all__ = ["Nchan"]

_MODULES = (Path("/usr/lib/nginx/modules/ngx_nchan_module.so"), Path("/usr/lib64/nginx/modules/ngx_nchan_module.so"))

_CONFIGURATION = """
load_module {module};
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 12000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    keepalive_timeout 1h;
    nchan_shared_memory_size 64M;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /subscribe {{
            nchan_subscriber websocket;
            nchan_channel_id board;
            nchan_subscriber_first_message newest;
        }}
        location = /publish {{
            nchan_publisher http;
            nchan_channel_id board;
            nchan_message_buffer_length 64;
            nchan_message_timeout 10s;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Nchan:
    """See the module's docstring."""

    name: str = "nginx with nchan"

    def start(self, beats: Beats) -> Running:
        """See ``Yardstick``."""
        nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        module = next((path for path in _MODULES if path.exists()), None)
        if nginx is None or module is None:
            raise Absent("no nginx with nchan: on Debian, the packages nginx and libnginx-mod-nchan")
        port = free_port()
        # Only root may choose whom the worker runs as, and root's worker would else not reach the folder.
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""

        def configuration(folder: Path) -> str:
            return _CONFIGURATION.format(module=module, folder=folder, port=port, user=user)

        broker = Broker(lambda file: [nginx, "-c", str(file), "-e", "stderr"], configuration, port)
        publisher = start_publisher("nchan", port, beats)
        told = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
        version = told.strip().rpartition("/")[2]
        return Running(
            port, "/subscribe", version=version, servers=_with_worker(broker.pid), processes=[broker, publisher]
        )


def _with_worker(master: int) -> list[psutil.Process]:
    process = psutil.Process(master)
    while not (workers := process.children()):
        time.sleep(0.02)
    return [process, *workers]
