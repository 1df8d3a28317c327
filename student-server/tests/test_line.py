"""Who waits for the engine, and who is sent away: over real connections, which a client can hang up."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from server import until
from workbench import BASE, Workbench


@contextmanager
def listening(bench: Workbench) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(bench.client.app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1/completions"
    finally:
        server.should_exit = True
        thread.join(30)


class Busy:
    """The engine at other work, until it is let go; counts the batches that come after."""

    def __init__(self, bench: Workbench) -> None:
        bench.complete(BASE, "x", max_tokens=1)
        self._go_on = threading.Event()
        self._batches = bench.services.engine.get()._batches  # type: ignore[attr-defined]
        self._rows = bench.services.metrics.batch_rows
        started = threading.Event()

        def wait(rows: list[int]) -> list[int]:
            started.set()
            self._go_on.wait(60)
            return rows

        self._batches.submit("other work", [0], wait, patient=False)
        assert started.wait(30)
        self._before = self._sum()

    def _sum(self) -> float:
        return next(sample.value for sample in next(iter(self._rows.collect())).samples if sample.name.endswith("_sum"))

    def waiting(self) -> int:
        return int(self._batches.waiting())

    def rows_since(self) -> float:
        return self._sum() - self._before

    def let_go(self) -> None:
        self._go_on.set()


ASKED = {"model": BASE, "prompt": ["a", "b"], "max_tokens": 2, "temperature": 0}


def test_what_a_client_has_given_up_is_not_computed(tmp_path: Path) -> None:
    with Workbench(tmp_path / "home") as bench, listening(bench) as url, ThreadPoolExecutor(1) as pool:
        busy = Busy(bench)
        patient = pool.submit(httpx.post, url, json=ASKED | {"prompt": "c"}, timeout=60)
        until(lambda: busy.waiting() == 1)
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(url, json=ASKED, timeout=1.5)
        # The three have left the line, and who stayed is answered.
        until(lambda: busy.waiting() == 1, seconds=10)
        busy.let_go()
        assert patient.result().status_code == 200
        assert busy.rows_since() == 1
        assert httpx.post(url, json=ASKED, timeout=60).status_code == 200


def test_a_full_line_says_when_to_come_again(tmp_path: Path) -> None:
    with (
        Workbench(tmp_path / "home", ("--max-waiting", "3")) as bench,
        listening(bench) as url,
        ThreadPoolExecutor(1) as pool,
    ):
        busy = Busy(bench)
        first = pool.submit(httpx.post, url, json=ASKED, timeout=60)
        until(lambda: busy.waiting() == 2)
        refused = httpx.post(url, json=ASKED, timeout=60)
        assert (refused.status_code, refused.json()["error"]["type"]) == (429, "rate_limit_error")
        assert int(refused.headers["Retry-After"]) > 0
        busy.let_go()
        assert first.result().status_code == 200
        # There is room again, and one that is larger than the line alone is not sent away for ever.
        many = httpx.post(url, json=ASKED | {"prompt": list("abcd")}, timeout=60)
        assert (many.status_code, len(many.json()["choices"])) == (200, 4)


def test_who_waits_longer_than_it_takes_to_be_watched_is_answered(tmp_path: Path) -> None:
    with Workbench(tmp_path / "home") as bench, listening(bench) as url, ThreadPoolExecutor(1) as pool:
        busy = Busy(bench)
        answer = pool.submit(httpx.post, url, json=ASKED, timeout=60)
        time.sleep(1.5)
        busy.let_go()
        assert answer.result().status_code == 200
