"""Reads a secret from the place that the configuration names, at the moment of use. Nothing is kept here
(security S1, S3).

The caller wraps the text at once in its secret type. A file that others could read is refused, because then
it is no secret any more; so is one that another user could have put there.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from streamsync.config.settings import Source
from streamsync.errors import ConfigError

SECRET_BYTES_MAX = 64 * 1024
CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"


def resolve(source: Source, environ: Mapping[str, str] | None = None) -> str:
    """The secret's text. Raises `ConfigError` with the source's name, never with its content."""
    environ = os.environ if environ is None else environ
    if source.env:
        value = environ.get(source.env, "")
        if not value:
            raise ConfigError(f"environment variable {source.env}", "It is not set, or empty.")
        return _clean(value, f"environment variable {source.env}")
    path = _find(source, environ)
    return _clean(_read(path), str(path))


def optional_secret(source: Source | None) -> str:
    """As `resolve`; an empty text where none is configured."""
    return "" if source is None else resolve(source)


def secrets(sources: Sequence[Source]) -> tuple[str, ...]:
    return tuple(resolve(source) for source in sources)


def _find(source: Source, environ: Mapping[str, str]) -> Path:
    """A relative path counts from systemd's credentials directory where the file is there, else from our
    folder."""
    path = Path(source.file)
    given = environ.get(CREDENTIALS_DIRECTORY, "")
    if not path.is_absolute() and given and (Path(given) / path).exists():
        return Path(given) / path
    return Path(source.folder) / path


def _read(path: Path) -> str:
    try:
        # Checked on the open file, so that it cannot be exchanged in between; a pipe must not make us wait.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as problem:
        raise ConfigError(str(path), f"The secret's file cannot be opened: {problem.strerror}.") from None
    try:
        refuse_open_file(path, os.fstat(handle))
        content = os.read(handle, SECRET_BYTES_MAX + 1)
    finally:
        os.close(handle)
    if len(content) > SECRET_BYTES_MAX:
        raise ConfigError(
            str(path), "The file is too long for a secret.", f"at most {SECRET_BYTES_MAX} bytes."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(str(path), "The secret is not text.", "UTF-8.") from None


def refuse_open_file(path: Path, found: os.stat_result) -> None:
    """Security S3. Kubernetes mounts secrets 0440 with our group: that is the one case in which the group may
    read."""
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError(str(path), "This is not a regular file.")
    if found.st_uid not in (os.geteuid(), 0):
        raise ConfigError(
            str(path),
            "The secret's file belongs to another user.",
            f"chown it to user {os.geteuid()} or root.",
        )
    if found.st_mode & stat.S_IRWXO:
        raise ConfigError(str(path), "Others can reach this secret.", "chmod 0600, or 0440 with our group.")
    ours = {os.getegid(), *os.getgroups()}
    if found.st_mode & stat.S_IRWXG and found.st_gid not in ours:
        raise ConfigError(str(path), "A group that is not ours can reach this secret.", "chmod 0600.")


def _clean(text: str, place: str) -> str:
    value = text.rstrip("\r\n")
    if not value.strip() or not value.isprintable():
        raise ConfigError(place, "The secret is empty or holds control characters.", "one line of text.")
    return value
