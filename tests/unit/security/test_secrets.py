"""S1 and S3: where secrets come from, and which files are refused."""

import os
from pathlib import Path

import pytest

from streamsync.config import Source, optional_secret, resolve, secrets
from streamsync.config.credentials import refuse_open_file
from streamsync.errors import ConfigError


def secret_file(folder: Path, content: str = "canary\n", mode: int = 0o600) -> Source:
    path = folder / "secret"
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    return Source(file=str(path))


def test_s1_environment_and_file_are_read_when_asked(tmp_path: Path) -> None:
    assert resolve(Source(env="TOKEN"), {"TOKEN": "abc"}) == "abc"
    assert resolve(secret_file(tmp_path)) == "canary"
    (tmp_path / "secret").write_text("rotated\n", encoding="utf-8")
    assert resolve(secret_file(tmp_path, "rotated")) == "rotated"
    assert optional_secret(None) == ""
    assert secrets((secret_file(tmp_path),)) == ("canary",)


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}, {"TOKEN": "two\nlines"}])
def test_s1_a_missing_or_broken_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="environment variable TOKEN"):
        resolve(Source(env="TOKEN"), environ)


def test_s1_a_relative_path_is_looked_up_in_the_credentials_directory_first(tmp_path: Path) -> None:
    ours, given = tmp_path / "ours", tmp_path / "given"
    ours.mkdir()
    given.mkdir()
    secret_file(ours, "from our folder")
    source = Source(file="secret", folder=str(ours))
    assert resolve(source, {"CREDENTIALS_DIRECTORY": str(given)}) == "from our folder"
    secret_file(given, "from systemd")
    assert resolve(source, {"CREDENTIALS_DIRECTORY": str(given)}) == "from systemd"
    assert resolve(source, {}) == "from our folder"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601, 0o666])
def test_s3_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match="Others can reach") as caught:
        resolve(secret_file(tmp_path, mode=mode))
    assert "canary" not in str(caught.value)


def test_s3_our_own_group_may_read_a_foreign_one_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = secret_file(tmp_path, mode=0o440)
    assert resolve(source) == "canary"
    monkeypatch.setattr(os, "getegid", lambda: 54_321)
    monkeypatch.setattr(os, "getgroups", list)
    with pytest.raises(ConfigError, match="group that is not ours"):
        resolve(source)


def test_s3_the_file_of_another_user_is_refused_and_that_of_root_is_not(tmp_path: Path) -> None:
    path = Path(secret_file(tmp_path).file)
    values = list(path.stat())
    values[4] = 0
    refuse_open_file(path, os.stat_result(values))
    values[4] = os.geteuid() + 12_345
    with pytest.raises(ConfigError, match="another user"):
        refuse_open_file(path, os.stat_result(values))


def test_s3_only_a_regular_file_is_a_secret(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path in (pipe, tmp_path):
        with pytest.raises(ConfigError, match="not a regular file"):
            resolve(Source(file=str(path)))
    with pytest.raises(ConfigError, match="cannot be opened"):
        resolve(Source(file=str(tmp_path / "absent")))


def test_s3_a_link_to_a_good_file_is_followed_as_kubernetes_mounts_them(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(secret_file(tmp_path).file)
    assert resolve(Source(file=str(link))) == "canary"


@pytest.mark.parametrize("content", ["", "\n", "two\nlines", "bell\x07", "x" * 70_000])
def test_s1_a_file_that_is_no_secret_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(secret_file(tmp_path, content))
    assert "two" not in str(caught.value)
    assert "xxx" not in str(caught.value)


def test_s1_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="not text"):
        resolve(Source(file=str(path)))
