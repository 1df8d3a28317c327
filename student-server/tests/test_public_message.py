"""What a client reads of a crash: what happened, and not where on the server."""

import pytest
from workbench import Workbench

from student_server.training.public_message import without_paths


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        ("OSError: [Errno 28] No space left on device: '/home/me/student/x.tmp'", "device: 'x.tmp'"),
        ("FileNotFoundError: '/home/my name/a b/config.json'", "FileNotFoundError: 'config.json'"),
        ('OSError: "/data/models/llama/" holds nothing', 'OSError: "llama" holds nothing'),
        ("No such file: file:///srv/x/y.bin, or /srv/z.", "No such file: y.bin, or z."),
        ("error:/srv/student/jobs (and /tmp/t.py:3)", "error:jobs (and t.py:3)"),
        ("see https://example.org/docs/errors, and/or 3/4", "see https://example.org/docs/errors, and/or 3/4"),
    ],
)
def test_of_a_path_the_last_name_stays(written: str, reported: str) -> None:
    assert without_paths(written).endswith(reported)


def test_a_file_that_is_gone_is_told_by_its_id(bench: Workbench) -> None:
    job = bench.create().json()
    (bench.home.files / job["training_file"]).unlink()
    bench.services.supervisor._validate(bench.services.jobs.get(job["id"]))
    assert bench.job(job["id"])["error"] == {
        "code": "invalid_training_file",
        "message": f"Invalid file {job['training_file']}: it is gone",
        "param": "training_file",
    }
