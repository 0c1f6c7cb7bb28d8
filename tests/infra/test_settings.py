import os
from pathlib import Path

import pytest

from infra.settings import PREFIX, load_settings
from schemas.errors import InputError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder without `.env`, and none of our variables in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(PREFIX) or name == "RAY_ADDRESS"]:
        monkeypatch.delenv(name)


def test_without_any_setting_everything_is_here_and_local() -> None:
    settings = load_settings()

    assert (settings.lake, settings.milvus_uri) == ("./lake", "./lake/milvus.db")
    assert (settings.ray_address, settings.gpus, settings.cpus) == ("", "auto", None)


@pytest.mark.parametrize(
    ("lake", "index"),
    [
        ("shops", "shops/milvus.db"),
        ("/data/lake/", "/data/lake/milvus.db"),
        ("file:///data/my%20lake", "/data/my lake/milvus.db"),
        ("s3://bucket/lake?region=x", "./milvus.db"),
        ("gs://bucket/lake", "./milvus.db"),
    ],
)
def test_the_index_lies_beside_a_local_lake(lake: str, index: str) -> None:
    assert load_settings(lake=lake).milvus_uri == index


def test_the_command_line_counts_more_than_the_environment_and_that_more_than_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("VITRINE_LAKE=file\nVITRINE_CONTACT=ops@acme.test\nVITRINE_CPUS=3\nOTHER=x\n")
    monkeypatch.setenv("VITRINE_LAKE", "environment")
    monkeypatch.setenv("VITRINE_CPUS", "")

    assert load_settings(lake="given").lake == "given"
    assert load_settings(lake=None).lake == "environment"
    assert (load_settings().contact, load_settings().cpus) == ("ops@acme.test", 3)


@pytest.mark.parametrize("name", ["VITRINE_RAY_ADDRESS", "RAY_ADDRESS"])
def test_a_cluster_is_named_by_our_variable_or_rays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "10.0.0.1:6379")

    assert load_settings().ray_address == "10.0.0.1:6379"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VITRINE_LAKE", "ftp://host/lake"),
        ("VITRINE_MILVUS_URI", "somewhere"),
        ("VITRINE_GPUS", "many"),
        ("VITRINE_GPUS", "-1"),
        ("VITRINE_PIXEL_CACHE_GIB", "-1"),
        ("VITRINE_CPUS", "0"),
        ("VITRINE_CPUS", "two"),
        ("VITRINE_CONTACT", "nobody"),
        ("VITRINE_CONTACT", "a@b.test\r\nX-Evil: 1"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable_and_the_value(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(InputError) as refused:
        load_settings()

    assert refused.value.what == variable
    assert repr(value) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_MILVUS_TOKEN", "root:secret")

    settings = load_settings()

    assert settings.milvus_token == "root:secret"
    assert "secret" not in f"{settings} {settings!r}"


def test_a_file_that_is_no_text_is_named() -> None:
    Path(".env").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InputError, match=r"\.env"):
        load_settings()
