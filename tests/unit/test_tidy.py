"""Style is a test: the rules of `tests/tidy.py` over the whole tree, and each rule shown to bite."""

import importlib.metadata
import re
import tomllib
from collections.abc import Callable, Iterator

import pytest

from streamsync.observe.events import EVENTS, KEYS
from tests import tidy
from tests.tidy import ROOT, RULES, Source, imports, logged, sources

ENTRY_POINTS = {"streamsync.cli", "streamsync.__main__"}
OWN = {"streamsync"}
Rule = Callable[[Source], Iterator[str]]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_whole_tree_keeps_the_rule(rule: Rule) -> None:
    found = [f"{source.path}:{violation}" for source in sources() for violation in rule(source)]
    assert not found, "\n" + "\n".join(found)


BAD: dict[Rule, list[str]] = {
    tidy.size: ["x = 1\n" * 351, "x = " + "1" * 120, "def f():\n" + "    x = 1\n" * 60],
    tidy.names: ["class StoreManager:\n    x = 1\n"],
    tidy.contract: ["x = 1\n"],
    tidy.time_and_chance: [
        "t = time.time()\n",
        "d = datetime.now()\n",
        "random.random()\n",
        "time.sleep(1)\n",
    ],
    tidy.dangerous: ["eval('1')\n", "f(ssl=False)\n", "subprocess.run('x', shell=True)\n"],
    tidy.sql: ["conn.execute('SELECT 1')\n"],
    tidy.swallowed: [
        "try:\n    f()\nexcept ValueError:\n    pass\n",
        "with suppress(Exception):\n    f()\n",
    ],
    tidy.unfinished: [
        "x = 1  # " + "TO" + "DO\n",
        "x = 1  # noqa" + "\n",
        "x = 1  # type: " + "ignore[misc]\n",
    ],
    tidy.skipped: ["pytest.skip('no')\n", "@pytest.mark.xfail\ndef f(): ...\n"],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_bites(rule: Rule) -> None:
    for text in BAD[rule]:
        assert list(rule(Source("streamsync/example.py", text))), text
    good = '"""What it is for."""\n\nimport os\n\nx = random.Random(1)\n'
    assert not list(rule(Source("streamsync/example.py", good)))


def test_sql_in_the_store_is_made_of_constants() -> None:
    path = "streamsync/store/example.py"
    for bad in (
        "conn.execute(f'SELECT {name}')\n",
        "conn.execute('SELECT {}'.format(x))\n",
        "conn.execute('a' + f'{b}')\n",
    ):
        assert list(tidy.sql(Source(path, bad)))
    for good in ("conn.execute(f'SELECT {COLUMNS}')\n", "conn.execute(SELECT, (name,))\n"):
        assert not list(tidy.sql(Source(path, good)))


def test_no_file_is_dead() -> None:
    product = [source for source in sources() if source.product]
    used: set[str] = set().union(*(imports(source) for source in product))
    modules = {
        source.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): source
        for source in product
    }
    packages = {name.rpartition(".")[0] for name in modules}
    dead = [name for name in modules if name not in used | ENTRY_POINTS | packages]
    assert not dead, dead


def test_what_is_logged_stands_in_the_catalogue() -> None:
    wrong = []
    for source in sources():
        if source.product:
            for line, event, keys in logged(source):
                wrong += [f"{source.path}:{line}: event {event}"] * (
                    event not in EVENTS and not event.endswith("_")
                )
                wrong += [f"{source.path}:{line}: key {key}" for key in keys if key not in KEYS]
    assert not wrong, "\n" + "\n".join(wrong)


def locked() -> dict[str, tuple[str, int]]:
    """Name to version and number of hashes."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    found = {}
    for entry in entries:
        pinned = re.match(r"([a-z0-9._-]+)==(\S+)", entry)
        assert pinned is not None, entry[:40]
        name, version = pinned.groups()
        found[canonical(name)] = (version, entry.count("--hash=sha256:"))
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_c1_every_locked_package_has_hashes_and_nothing_else_is_installed() -> None:
    lock = locked()
    assert all(hashes > 0 for _, hashes in lock.values())
    installed = {canonical(found.name): found.version for found in importlib.metadata.distributions()}
    for name in OWN:
        installed.pop(name, None)
    assert installed == {name: version for name, (version, _) in lock.items()}


def test_the_lock_satisfies_the_project_and_each_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    decisions = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8")
    lock = locked()
    for requirement in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        wanted = re.match(r"([A-Za-z0-9_-]+)>=([0-9.]+)", requirement)
        assert wanted is not None, f"{requirement} has no floor"
        name, floor = wanted.groups()
        assert canonical(name) in lock, name
        assert numbers(lock[canonical(name)][0]) >= numbers(floor), name
        assert re.search(rf"\b{re.escape(name)}\b", decisions), (
            f"{name} is not in docs/decisions/0002-dependencies.md"
        )


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def test_the_changelog_keeps_its_form() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Changelog"
    releases = [line for line in lines if line.startswith("## ")]
    assert releases[0] == "## [Unreleased]"
    assert all(re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", line) for line in releases[1:])
    sections = {line for line in lines if line.startswith("### ")}
    assert sections <= {
        f"### {word}" for word in ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
    }
    entries = re.findall(r"^- (.*(?:\n  .*)*)", "\n".join(lines), flags=re.MULTILINE)
    assert entries
    assert all(re.match(r"[A-Z`]", entry) and entry.endswith(".") for entry in entries)


def test_decisions_have_their_four_parts() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert pages
    for number, page in enumerate(pages, 1):
        text = page.read_text(encoding="utf-8")
        assert page.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        missing = [
            part for part in ("Status:", "**Decision.**", "unner-up", "**Consequences.**") if part not in text
        ]
        assert not missing, (page.name, missing)
