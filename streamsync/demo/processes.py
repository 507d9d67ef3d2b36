"""Starts and stops the real processes of the demonstration."""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp
import msgspec

WEBCRM_TOKEN = "demo-webcrm-token"
VISMA_SECRET = "demo-visma-secret"
READY_SECONDS = 60.0
LOOK_SECONDS = 0.1


class Process:
    """A child process whose output goes to a file."""

    def __init__(self, name: str, child: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._child = child

    @property
    def returncode(self) -> int | None:
        return self._child.returncode

    async def stop(self) -> int:
        """SIGTERM, and SIGKILL only if that is not heeded within 40 s."""
        if self._child.returncode is None:
            with suppress(ProcessLookupError):
                self._child.terminate()
            try:
                await asyncio.wait_for(self._child.wait(), 40)
            except TimeoutError:
                self._child.kill()
        return await self._child.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def stand_in(system: str, folder: Path, *, seed: int, size: int, options: Mapping[str, object]) -> tuple[Process, str]:
    """A stand-in in a process of its own; its origin."""
    log = folder / f"{system}.log"
    with log.open("wb") as errors:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streamsync", "simulate", system, "--port", "0", "--seed", str(seed), "--size", str(size),
            "--options", msgspec.json.encode(options).decode(), stdout=asyncio.subprocess.PIPE, stderr=errors)
    if child.stdout is None:
        raise RuntimeError("the stand-in has no output to read its port from")
    line = await asyncio.wait_for(child.stdout.readline(), READY_SECONDS)
    if not line:
        raise RuntimeError(f"the stand-in for {system} did not start; see {log}")
    port = msgspec.json.decode(line)["port"]
    return Process(system, child, log), f"http://127.0.0.1:{port}"


async def daemon(folder: Path, config: Path) -> Process:
    log = folder / "daemon.log"
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streamsync", "run", "--config", str(config), stdout=output, stderr=output,
            env={**os.environ, "WEBCRM_TOKEN": WEBCRM_TOKEN, "VISMA_SECRET": VISMA_SECRET})
    return Process("daemon", child, log)


async def wait_for(session: aiohttp.ClientSession, url: str, process: Process) -> None:
    """Until the address answers 200; a process that ends meanwhile is an error with the place of its log."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"{process.name} ended with {process.returncode}; see {process.log}")
            with suppress(aiohttp.ClientError):
                async with session.get(url) as reply:
                    if reply.status == 200:
                        return
            await asyncio.sleep(LOOK_SECONDS)
