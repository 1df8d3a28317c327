"""Files: kept by content, whole or not at all."""

from pathlib import Path

from workbench import Workbench, jsonl, rows


def test_the_same_upload_twice_is_the_same_file(bench: Workbench) -> None:
    content = jsonl(rows())
    first, second = bench.upload(content), bench.upload(content)
    assert first == second
    assert [file["id"] for file in bench.client.get("/v1/files").json()["data"]] == [first]
    assert bench.client.get(f"/v1/files/{first}/content").content == content


def test_another_purpose_is_another_file(bench: Workbench) -> None:
    answer = bench.client.post("/v1/files", files={"file": ("a", b"x")}, data={"purpose": "batch"})
    assert answer.json()["id"] != bench.upload(b"x")
    listed = bench.client.get("/v1/files", params={"purpose": "batch"}).json()
    assert [file["purpose"] for file in listed["data"]] == ["batch"]


def test_a_file_that_an_open_job_needs_stays(bench: Workbench) -> None:
    job = bench.create().json()
    refused = bench.client.delete(f"/v1/files/{job['training_file']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "file_in_use")
    bench.client.post(f"/v1/fine_tuning/jobs/{job['id']}/cancel")
    assert bench.client.delete(f"/v1/files/{job['training_file']}").json()["deleted"] is True
    assert bench.client.get(f"/v1/files/{job['training_file']}").status_code == 404


def test_an_upload_without_its_file_or_purpose_is_refused(bench: Workbench) -> None:
    nothing = bench.client.post("/v1/files", data={"purpose": "fine-tune"})
    assert (nothing.status_code, nothing.json()["error"]["param"]) == (400, "file")
    assert bench.client.post("/v1/files", files={"file": ("a", b"x")}).json()["error"]["param"] == "purpose"


def test_what_a_killed_upload_left_is_swept_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "home" / "files" / ".unfinished-abc"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    with Workbench(tmp_path / "home"):
        assert not left.exists()
