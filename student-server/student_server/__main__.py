"""`python -m student_server --home DIR`: starts a server and prints its address."""

import asyncio
import logging
import os
import socket
import sys

import uvicorn

from .app import build_app
from .home import Home, HomeInUse
from .open_services import open_services
from .quantization import leave_out as leave_out_quantization
from .settings import Settings, SettingsError, read_settings


def main() -> int:
    # Before PyTorch is loaded: threads that spin while they wait starve other processes on the same cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    # What nf4 trained is served over the base as it is.
    leave_out_quantization()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = read_settings()
        Home(settings.home).claim()
        listening = _listen(settings)
    except (SettingsError, HomeInUse, OSError) as error:
        print(f"student-server: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    asyncio.run(_serve(settings, listening))
    return 0


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio sends without delay only where the protocol is named; else the second half of an answer waits for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((settings.host, settings.port))
    listening.listen(512)
    return listening


async def _serve(settings: Settings, listening: socket.socket) -> None:
    app = build_app(open_services(settings))
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=5, timeout_keep_alive=30, proxy_headers=False
    )
    server = uvicorn.Server(config)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        print(f"student server listens on http://{host}:{listening.getsockname()[1]}/v1", flush=True)
    await serving


if __name__ == "__main__":
    sys.exit(main())
