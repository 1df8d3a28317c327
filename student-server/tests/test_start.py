"""Starting a server: quickly, with its address, and never two in one home."""

import subprocess
import sys
from pathlib import Path

from server import PACKAGE, Server


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
