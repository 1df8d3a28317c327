"""Starting a server: quickly, with its address, and never two in one home."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

from server import PACKAGE, Server

from student_server.__main__ import _listen
from student_server.settings import read_settings


def test_the_api_layer_starts_without_pytorch() -> None:
    code = "import sys, student_server.__main__; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PACKAGE, check=False).returncode == 0


def test_a_second_server_in_the_same_home_says_why_it_does_not_start(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        assert server.client.get("/health".replace("/", "../", 1)).json()["status"] == "ok"
        words = [sys.executable, "-m", "student_server", "--home", str(tmp_path)]
        second = subprocess.run(words, cwd=PACKAGE, capture_output=True, text=True, check=False)
        assert (second.returncode, "Another student server" in second.stderr) == (1, True)
    # And the home is free again.
    with Server(tmp_path):
        pass


def test_wrong_words_are_wrong_use(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "student_server", "--home", str(tmp_path), "--base", "tiny-llama:huge"]
    wrong = subprocess.run(words, cwd=PACKAGE, capture_output=True, text=True, check=False)
    assert (wrong.returncode, "tiny-llama:small" in wrong.stderr) == (2, True)


def test_the_second_half_of_an_answer_waits_for_nobody(tmp_path: Path) -> None:
    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def look(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = _listen(read_settings(["--home", str(tmp_path)]))
        async with await asyncio.start_server(look, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            without_delay = await found
            writer.close()
        return without_delay

    assert asyncio.run(accepted()) != 0
