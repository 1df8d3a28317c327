"""What stands before every route: key, size, shape of errors."""

import tracemalloc
from pathlib import Path

import pytest
from workbench import BASE, Workbench


def test_with_a_key_every_request_needs_it_but_a_look_at_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDENT_SERVER_API_KEY", "secret")
    with Workbench(tmp_path / "home") as bench:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}):
            refused = bench.client.get("/v1/models", headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
        assert bench.client.get("/v1/models", headers={"Authorization": "Bearer secret"}).status_code == 200
        assert bench.client.get("/health").json()["status"] == "ok"


HERE = [{"Host": "localhost:8100"}, {"Host": "127.0.0.1"}, {"Host": "[::1]:8100"}, {"Origin": "http://LOCALHOST:3000"}]
ELSEWHERE = [
    {"Host": "rebound.example:8100"},
    {"Host": "127.0.0.1.example"},
    {"Host": "localhost@rebound.example"},
    {"Host": "192.168.0.7"},
    {"Host": ""},
    {"Host": "[::1"},
    {"Origin": "https://page.example"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("path", ["/health", "/v1/models"])
def test_without_a_key_no_web_page_gets_in_whatever_its_name_resolves_to(shared_bench: Workbench, path: str) -> None:
    for headers in HERE:
        assert shared_bench.client.get(path, headers=headers).status_code == 200
    for headers in ELSEWHERE:
        refused = shared_bench.client.get(path, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_loopback"), headers


def test_with_a_key_a_server_has_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDENT_SERVER_API_KEY", "secret")
    with Workbench(tmp_path / "home") as bench:
        for headers in ELSEWHERE:
            known = {**headers, "Authorization": "Bearer secret"}
            assert bench.client.get("/v1/models", headers=known).status_code == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with Workbench(tmp_path / "home", ("--max-body", "1", "--max-file", "1")) as bench:
        large = b"x" * (3 << 20)
        said = bench.client.post("/v1/completions", content=large, headers={"Content-Type": "application/json"})
        assert (said.status_code, said.json()["error"]["code"]) == (413, "request_too_large")

        def unsaid():  # type: ignore[no-untyped-def]
            yield large

        streamed = bench.client.post("/v1/completions", content=unsaid(), headers={"Content-Type": "application/json"})
        assert streamed.status_code == 413
        file = bench.client.post("/v1/files", files={"file": ("a", large)}, data={"purpose": "fine-tune"})
        assert file.status_code == 413
        assert bench.client.get("/v1/files").json()["data"] == []


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[1, 2", b'{"model": NaNN}'])
def test_malformed_json_is_told_in_openais_shape(shared_bench: Workbench, body: bytes) -> None:
    answer = shared_bench.client.post("/v1/completions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_unknown_paths_and_methods_have_the_same_shape(shared_bench: Workbench) -> None:
    for method, path, status in (("GET", "/v1/nothing", 404), ("PUT", "/v1/models", 405)):
        answer = shared_bench.client.request(method, path)
        assert answer.status_code == status
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_metrics_count_requests_by_route(bench: Workbench) -> None:
    bench.client.get("/v1/models/nothing")
    bench.create()
    text = bench.client.get("/metrics").text
    assert 'student_requests_total{route="/v1/models/{model:path}",status="404"} 1.0' in text
    assert 'student_jobs{status="validating_files"} 1.0' in text


def test_a_base_cannot_be_removed(bench: Workbench) -> None:
    refused = bench.client.delete(f"/v1/models/{BASE}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "model_not_deletable")


def test_metrics_count_what_failed(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no disk")

    monkeypatch.setattr(bench.services.models, "oldest_first", broken)
    assert bench.client.get("/v1/models").status_code == 500
    text = bench.client.get("/metrics").text
    assert 'student_requests_total{route="/v1/models",status="500"} 1.0' in text


def many(part: str) -> str:
    return f"[{','.join([part] * 200_000)}]"


ASKED = f'{{"model": "{BASE}", "max_tokens": 1, '
USER = '{"role": "user", "content": '


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("completions", f'"prompt": {many("1.5")}', ("invalid_value", "prompt", "prompt: ")),
        ("completions", f'"prompt": {many("[1.5]")}', ("invalid_value", "prompt", "prompt: ")),
        ("completions", f'"prompt": [{many("1.5")}]', ("invalid_value", "prompt", "prompt: ")),
        ("completions", f'"n": 128, "prompt": {many("[0]")}', ("invalid_value", "prompt", "at most 2048")),
        ("completions", f'"n": 128, "prompt": [{",".join(["[0]"] * 33)}]', ("invalid_value", "n", "more than 4096")),
        ("completions", f'"prompt": "{"x" * 200_000}"', ("context_length_exceeded", "prompt", "200000 characters")),
        ("chat/completions", f'"messages": {many("1")}', ("invalid_value", "messages", "messages: ")),
        ("chat/completions", f'"messages": [{USER}{many("1")}}}]', ("invalid_value", "messages", "messages: ")),
        (
            "chat/completions",
            f'"messages": [{USER}"{"x" * 200_000}"}}]',
            ("context_length_exceeded", "prompt", "200000 characters"),
        ),
        ("tokenize", f'"messages": {many("1")}', ("invalid_value", "messages", "messages: ")),
        ("tokenize", f'"prompt": "{"x" * 200_000}"', ("context_length_exceeded", "prompt", "200000 characters")),
    ],
)
def test_a_small_body_does_not_make_much_of_itself(
    shared_bench: Workbench, path: str, body: str, expected: tuple[str, str, str]
) -> None:
    """Each of these is much more in memory than on the wire, up to the size that a body may have."""
    content = f"{ASKED}{body}}}".encode()
    # What a first prompt opens stays.
    shared_bench.complete(BASE, "x", max_tokens=1)
    tracemalloc.start()
    answer = shared_bench.client.post(f"/v1/{path}", content=content, headers={"Content-Type": "application/json"})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, *expected[:2])
    assert expected[2] in error["message"]
    # The body, some times over, and what JSON makes of it: 100 bytes for a short list.
    assert most < 5 * len(content) + 200_000 * 150
