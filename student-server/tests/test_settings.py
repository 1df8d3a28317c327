"""What a server is started with: all problems together, before anything starts."""

from pathlib import Path

import pytest

from student_server.devices import find_devices
from student_server.home import Home, HomeInUse
from student_server.settings import SettingsError, read_settings
from student_server.training.recipe import Recipe


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    recipes = tmp_path / "recipes.toml"
    recipes.write_text('[mine]\nadapter = "lora"\nrank = 0\nspeed = 3\n')
    words = ["--home", str(tmp_path), "--base", "tiny-llama:huge", "--base", "mine=./nowhere", "--host", "0.0.0.0"]
    with pytest.raises(SettingsError) as raised:
        read_settings([*words, "--recipes", str(recipes), "--max-batch", "0"])
    reported = str(raised.value)
    for part in ("tiny-llama:huge", "./nowhere", "STUDENT_SERVER_API_KEY", "mine.rank", "mine.speed", "--max-batch 0"):
        assert part in reported


def test_a_recipe_of_ones_own_starts_from_the_reference_values(tmp_path: Path) -> None:
    recipes = tmp_path / "recipes.toml"
    recipes.write_text('[mine]\nrank = 4\nschedule = "linear"\n')
    settings = read_settings(["--home", str(tmp_path), "--recipes", str(recipes)])
    assert settings.recipes["mine"] == Recipe(rank=4, schedule="linear")


def test_two_servers_do_not_share_a_home(tmp_path: Path) -> None:
    Home(tmp_path).claim()
    with pytest.raises(HomeInUse):
        Home(tmp_path).claim()


def test_the_cpu_build_of_pytorch_trains_on_the_cpu_whatever_else_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    for build, devices in (
        ("2.13.0+cpu", ["cpu"]),
        ("2.13.0+cu130", ["cuda:0", "cuda:1"]),
        ("2.13.0", ["cuda:0", "cuda:1"]),
    ):
        monkeypatch.setattr("student_server.devices.version", lambda _, build=build: build)
        assert find_devices() == devices
