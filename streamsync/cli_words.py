"""What the looking commands print: the daemon's answers as lines for a person. Pure.

Sentences come from the catalogue (`sync/reasons.py`); the lines around them are in its languages too.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from streamsync.sync import reasons
from streamsync.sync.words import fields

Answer = Mapping[str, Any]
NAMES: Mapping[str, tuple[str, str]] = {
    "empty": ("Nothing waits for a person.", "Intet venter på et menneske."),
    "one": ("1 record waits for a person.", "1 post venter på et menneske."),
    "many": ("{n} records wait for a person.", "{n} poster venter på et menneske."),
    "more": ("… and {n} more", "… og {n} mere"),
    "answers": ("Answer with:", "Svar med:"),
    "rest": ("{options} instead of --pair: all {n} of them", "{options} i stedet for --pair: alle {n}"),
    "agreed": ("agreed", "aftalt"),
    "pair": ("pair", "par"),
    "since": ("since", "siden"),
    "missing": ("not known there", "findes ikke dér"),
    "gone": ("deleted there", "slettet dér"),
    "base": ("What both sides agreed on last:", "Hvad begge sider sidst var enige om:"),
    "conflicts": ("Open:", "Åbent:"),
    "findings": ("To know:", "Værd at vide:"),
    "decided": ("Decided by people:", "Afgjort af mennesker:"),
    "op": ("Write under way:", "Skrivning i gang:"),
    "history": ("Values that moved (newest first):", "Værdier, der flyttede sig (nyeste først):"),
    "audit": ("What was done (newest first):", "Hvad der er gjort (nyeste først):"),
    "candidates": ("Could be:", "Kunne være:"),
    "line": ("line", "linje"),
}
_COMMANDS = frozenset(("retry", "exclude", "unlink"))
HISTORY_SHOWN = 20


def status(answer: Answer, waiting: Mapping[str, list[Answer]], language: str) -> Iterator[str]:
    """`waiting`: what `/api/v1/parked` says of each connection to show."""
    yield f"streamsync is {answer['status']}"
    for problem in answer["degraded"]:
        yield f"  ! {problem}"
    for name in waiting:
        found = answer["connections"][name]
        yield ""
        yield (
            f"{name}: {'open' if found['open'] else 'not open'}, "
            f"{'plan accepted' if found['accepted'] else 'plan not accepted'}, "
            f"rules version {found['rules_version']}"
        )
        for notice in found["notices"]:
            yield f"  note: {notice}"
        for pause in found.get("paused", ()):
            side = fields.SIDES.get(pause["side"], "both systems")
            yield f"  paused: {pause['entity'] or 'everything'} into {side}, by {pause['who']}"
        for held in found.get("braked", ()):
            side = fields.SIDES.get(held["side"], held["side"])
            yield f"  waits for `approve brake`: {held['count']} {held['entity']} ({held['mass']}) in {side}"
        for entity, counts in found["entities"].items():
            yield f"  {entity:<13}" + "  ".join(f"{word} {number}" for word, number in counts.items())
        for row in waiting[name]:
            yield f"  - {_record(row, language)}: {_sentence(row, language)}"
            yield f"    -> {_remedy(row, language)}"


def plan(answer: Answer, language: str) -> Iterator[str]:
    accepted = "accepted" if answer["accepted"] else "not accepted yet"
    yield f"Plan of {answer['connection']} over {answer['records']} records ({accepted})"
    for entity, counts in answer["counts"].items():
        yield f"  {entity}: " + ", ".join(f"{what} {number}" for what, number in counts.items())
        for row in answer["rows"].get(entity, []):
            yield from _row_count(row)
    if answer["confirm"]:
        yield f"  to accept it: --confirm {answer['confirm']}, the number of values it would overwrite"
    for change in answer["changes"]:
        yield ""
        name = _record(change, language)
        if "action" in change:
            yield f"{name}: {change['action']} {change['system']}"
        else:
            yield f"{name}: {change['outcome']} {change['reason']}".rstrip()
        if change["reason"]:
            yield f"    {_sentence(change, language)}"
            yield f"    -> {_remedy(change, language)}"
        for path, (before, after) in change.get("fields", {}).items():
            yield f"    {path}: {before!r} -> {after!r}"
        for line in change.get("lines", []):
            yield f"    line {line['key'] or 'new'}: {line['action']}"
            for path, text in line["fields"].items():
                yield f"        {path}: {text!r}"


def _row_count(row: Answer) -> Iterator[str]:
    """What linking does to one row, with a few samples."""
    yield f"    row {row['row']} in {row['system']}: fills {row['fills']}, overwrites {row['overwrites']}"
    for sample in row["samples"]:
        for path, (before, after) in sample["fields"].items():
            yield f"      {sample['webcrm']} / {sample['visma']} {path}: {before!r} -> {after!r}"


def inbox(
    answer: Answer, language: str, *, connection: str = "", entity: str = "", limit: int = 10
) -> Iterator[str]:
    """`connection` and `entity`: as the person typed them, so that the commands shown carry them too."""
    total = int(answer["total"])
    what = "empty" if not total else "one" if total == 1 else "many"
    tail = f" --connection {connection}" if connection else ""
    yield f"{answer['connection']}: {_say(what, language).format(n=total)}"
    for group in answer["groups"]:
        yield ""
        yield f"{group['title']} ({group['cause']}, {group['count']})"
        yield f"  -> {group['remedy']}"
        shown = group["records"][:limit]
        for record in shown:
            yield from _entry(record, group["remedy"], tail, language)
        if rest := int(group["count"]) - len(shown):
            yield f"  {_say('more', language).format(n=rest)}"
        yield from _answers(group, tail, entity, language)


def _entry(record: Answer, remedy: str, tail: str, language: str) -> Iterator[str]:
    yield f"  {_say('pair', language)} {record['pair']}: {_record(record, language)}"
    yield f"      {record['sentence']}"
    if record["remedy"] != remedy:
        yield f"      -> {record['remedy']}"
    yield from _rows(record["fields"], language)
    for candidate in record["candidates"]:
        called = f" ({candidate['name']})" if candidate["name"] not in ("", candidate["rid"]) else ""
        yield f"      {_say('candidates', language)} {candidate['rid']}{called}"
        yield f"          streamsync link --pair {record['pair']} --to {candidate['rid']}{tail}"


def _rows(rows: list[Answer], language: str) -> Iterator[str]:
    for row in rows:
        yield (
            f"      {reasons.field_name(row['row'], language)} [{_key(row)}]: webCRM {row['webcrm']!r},"
            f" Visma.net {row['visma']!r}, {_say('agreed', language)} {row['base']!r}"
        )


def _key(row: Answer) -> str:
    """What to type after `--row`: `O6`, or `L3@9001` for a line."""
    return f"{row['row']}@{row['line']}" if row["line"] else str(row["row"])


def _answers(group: Answer, tail: str, entity: str, language: str) -> Iterator[str]:
    """Every choice with the command to type, for the first record that it fits, and for all."""
    records, count = group["records"], int(group["count"])
    if not records or not group["choices"]:
        return
    yield f"  {_say('answers', language)}"
    commands = [
        (command(one["choice"], _fitting(one["choice"], group["cause"], records)) + tail, one["label"])
        for one in group["choices"]
    ]
    width = max(len(typed) for typed, _ in commands)
    for typed, label in commands:
        yield f"    {typed:<{width}}  {label}"
    every = [one["choice"] for one in group["choices"] if one["choice"] not in ("link", "value", "approve")]
    if count > 1 and every:
        options = f"--cause {group['cause']}" + (f" --entity {entity}" if entity else "")
        yield f"    {_say('rest', language).format(options=options, n=count)}"


def command(choice: str, record: Answer) -> str:
    """What to type to give this answer for this record."""
    pair = f"--pair {record['pair']}"
    if choice in _COMMANDS:
        return f"streamsync {choice} {pair}"
    if choice == "approve":
        return f"streamsync approve brake --entity {record['entity']}"
    if choice == "link":
        rid = record["candidates"][0]["rid"] if record["candidates"] else "ID"
        return f"streamsync link {pair} --to {rid}"
    if choice == "value":
        rows = [_key(row) for row in record["fields"]]
        return f"streamsync resolve value {pair} --row {rows[0] if rows else 'ROW'} --value TEXT"
    return f"streamsync resolve {choice} {pair}"


def _fitting(choice: str, cause: str, records: list[Answer]) -> Answer:
    for record in records:
        if any(
            one.choice == choice
            for one in reasons.choices(cause, record["entity"], "en", record.get("detail", {}))
        ):
            return record
    return records[0]


def shown(answer: Answer, language: str) -> Iterator[str]:
    """One pair, the sides first, then what is open, then what was."""
    pair, sides = answer["pair"], (answer["webcrm"], answer["visma"])
    name = next((str(side["name"]) for side in sides if side and side.get("name")), "")
    yield f"{_say('pair', language)} {pair['id']}: {_record({**pair, 'name': name}, language)}"
    yield (
        f"  {pair['state']}, {pair['outcome']} {pair['reason']}".rstrip()
        + f", {_say('since', language)} {_time(pair['since_ms'])}"
    )
    if pair["reason"]:
        yield f"  {_sentence(pair, language)}"
        yield f"  -> {_remedy(pair, language)}"
    for system, side in (("webCRM", sides[0]), ("Visma.net", sides[1])):
        yield ""
        yield from _side(system, side, language)
    yield from _part("conflicts", list(_rows(answer["conflicts"], language)), language)
    told = [
        f"      {reasons.finding(one['code'], one['field'], one['text'], language)}"
        for one in answer["findings"]
    ]
    yield from _part("findings", told, language)
    yield from _part(
        "decided", [f"      {key}: {_value(of)}" for key, of in answer["decided"].items()], language
    )
    if answer["op"]:
        op = answer["op"]
        problem = f" ({op['error']})" if op.get("error") else ""
        told = [f"      {op['id']}: {op['action']} {op['kind']} {op['side']}, {op['state']}{problem}"]
        yield from _part("op", told, language)
    base = [
        f"      {reasons.field_name(row['row'], language)} [{row['row']}]: webCRM {row['webcrm']!r},"
        f" Visma.net {row['visma']!r}"
        for row in answer["base"]
    ]
    yield from _part("base", base, language)
    moved = [
        f"      {_time(one['at_ms'])} {one['event']} {fields.SIDES.get(one['side'], one['side'])}"
        f" {one['field']}: {one['before']!r} -> {one['after']!r}"
        for one in answer["history"][:HISTORY_SHOWN]
    ]
    yield from _part("history", moved, language)
    done = [
        f"      {_time(one['at_ms'])} {one['event']} {' '.join(one['fields'])} {one['actor']}".rstrip()
        for one in answer["audit"][:HISTORY_SHOWN]
    ]
    yield from _part("audit", done, language)


def _part(what: str, lines: list[str], language: str) -> Iterator[str]:
    if lines:
        yield ""
        yield f"  {_say(what, language)}"
        yield from lines


def _side(system: str, side: Answer | None, language: str) -> Iterator[str]:
    if side is None:
        yield f"  {system}: {_say('missing', language)}"
        return
    gone = f" ({_say('gone', language)})" if side.get("missing") else ""
    yield f"  {system} {side['rid']}{gone}"
    for path, text in side["fields"].items():
        yield f"      {path}: {text!r}"
    for line in side.get("lines", ()):
        told = ", ".join(f"{path} {text!r}" for path, text in line["fields"].items() if text)
        yield f"      {_say('line', language)} {line['key']}: {told}"


def _value(of: object) -> str:
    if isinstance(of, Mapping):
        return f"{of.get('value', '')} ({of.get('who', '')}, {_time(int(of.get('at_ms', 0)))})"
    return str(of)


def _record(row: Answer, language: str) -> str:
    return reasons.record_name(
        row["entity"], row["webcrm"] or "", row["visma"] or "", row.get("name") or "", language
    )


def _sentence(row: Answer, language: str) -> str:
    return reasons.sentence(row["reason"], row["detail"], language)


def _remedy(row: Answer, language: str) -> str:
    return reasons.remedy(row["reason"], row["detail"], language)


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC") if at_ms else "-"


def _say(what: str, language: str) -> str:
    english, danish = NAMES[what]
    return danish if language == "da" else english
