"""Writes webCRM: single POST and PUT, bulk PATCH, lines, Move, the delivery-number protocol.

Nothing here repeats a request. There is no way from here to a DELETE of more than the one line or catalogue
row named: `DELETE /QuotationLines/LinkedData` without an id would wipe the catalogue (webcrm-api §0.7).
"""

from collections.abc import Mapping, Sequence

import msgspec

from streamsync.errors import Bug, Refused, Rejected, SystemFault, Unknown
from streamsync.model import Action, Done, Kind, Lane, LineEdit, Write
from streamsync.systems.outcome import redact, texts_of
from streamsync.systems.transport import Reply
from streamsync.systems.webcrm.calls import Calls
from streamsync.systems.webcrm.fields import DASH, FIELDS, Form, id_field, wire
from streamsync.systems.webcrm.reading import ITEMS, LISTS, Reading

BULK_MAX = 100
_ITEM_EMPTY: Mapping[Form, object] = {Form.DASHED: DASH, Form.ENUM: "Product", Form.TEXT: ""}
NUMBER = "DeliveryNumber"
Answer = Done | SystemFault


class Writing:
    def __init__(self, calls: Calls, reading: Reading) -> None:
        self._calls = calls
        self._reading = reading

    async def send(self, write: Write, lane: Lane) -> Done:
        """One write of any sort. Raises a `SystemFault`."""
        match write.kind, write.action:
            case Kind.ITEM, Action.CREATE | Action.UPDATE:
                return await self._send_item(write, lane)
            case Kind.ITEM, Action.DELETE:
                await self._calls.write("DELETE", ITEMS + "/{id}", lane, write.rid)
                return Done(rid=write.rid)
            case Kind.DELIVERY, Action.LINES:
                [answer] = await self._send_lines([write], lane, bulk=False)
                if isinstance(answer, SystemFault):
                    raise answer
                return answer
            case Kind.DELIVERY, Action.MOVE:
                target = int(write.fields["DeliveryOrganisationId"])
                await self._calls.write(
                    "POST", "/Deliveries/{id}/Move", lane, write.rid, body={"NewOrganisationId": target}
                )
                return Done(rid=write.rid)
            case ((Kind.ORGANISATION | Kind.PERSON | Kind.DELIVERY), (Action.CREATE | Action.UPDATE)):
                return await self._send_record(write, lane)
            case _:
                raise Bug(f"webCRM has no {write.action} for a {write.kind}.", code="action")

    async def send_many(self, writes: Sequence[Write], lane: Lane) -> list[Answer]:
        """One bulk PATCH for writes of one kind and action. Raises if the request as a whole fails."""
        if writes[0].action is Action.LINES:
            return await self._send_many_lines(writes, lane)
        taken = await self._taken(writes, lane)
        free = [write for write in writes if write.rid not in taken]
        answers: dict[int, Answer] = {id(write): _number_taken() for write in writes if write.rid in taken}
        if free:
            body = [self._body(write) for write in free]
            reply = await self._calls.write("PATCH", LISTS[free[0].kind], lane, body=body)
            for write, text in zip(free, _texts(reply, len(free)), strict=True):
                answers[id(write)] = _row_answer(text, write.rid, texts_of(write.fields))
            doubled = await self._doubled(free, lane)
            answers |= {id(write): _number_doubled() for write in free if write.rid in doubled}
        return [answers[id(write)] for write in writes]

    async def _send_record(self, write: Write, lane: Lane) -> Done:
        path = LISTS[write.kind]
        if write.action is Action.CREATE:
            reply = await self._calls.write("POST", path, lane, body=self._body(write))
            return Done(rid=_new_id(reply, write.kind))
        if await self._taken([write], lane):
            raise _number_taken()
        await self._calls.write("PUT", path + "/{id}", lane, write.rid, body=self._body(write))
        if await self._doubled([write], lane):
            raise _number_doubled()
        return Done(rid=write.rid)

    def _body(self, write: Write) -> dict[str, object]:
        body: dict[str, object] = {id_field(write.kind): _key(write.rid, new=write.action is Action.CREATE)}
        for name, text in write.fields.items():
            body[name] = wire(write.kind, name, text or self._reading.defaults.get(name, ""))
        return body

    async def _send_item(self, write: Write, lane: Lane) -> Done:
        """A catalogue row is replaced as a whole, so the parts that we do not map are taken from what is
        there."""
        row: dict[str, object] = {}
        if write.action is Action.UPDATE:
            present = await self._reading.item_row(write.rid, lane)
            if present is None:
                raise Rejected("The catalogue row is gone.", code="404")
            row = present
        for name, field in FIELDS[Kind.ITEM].items():
            if name in write.fields:
                row[name] = wire(Kind.ITEM, name, write.fields[name])
            elif row.get(name) is None and field.form in _ITEM_EMPTY:
                row[name] = _ITEM_EMPTY[field.form]
        row = {name: value for name, value in row.items() if value is not None}
        if write.action is Action.CREATE:
            row[id_field(Kind.ITEM)] = 0
            reply = await self._calls.write("POST", ITEMS, lane, body=row)
            return Done(rid=_new_id(reply, Kind.ITEM))
        row[id_field(Kind.ITEM)] = int(write.rid)
        await self._calls.write("PUT", ITEMS + "/{id}", lane, write.rid, body=row)
        return Done(rid=write.rid)

    async def _send_many_lines(self, writes: Sequence[Write], lane: Lane) -> list[Answer]:
        """Line sets of several deliveries, in requests of at most `BULK_MAX` rows. What fails stops what
        follows."""
        answers: list[Answer] = []
        stopped = False
        for part in _by_rows(writes):
            if stopped:
                answers += [Refused("The batch was stopped before this set was sent.", code="stopped")] * len(
                    part
                )
                continue
            try:
                answers += await self._send_lines(part, lane, bulk=True)
            except SystemFault as wrong:
                answers += [wrong] * len(part)
                stopped = True
        return answers

    async def _send_lines(self, writes: Sequence[Write], lane: Lane, *, bulk: bool) -> list[Answer]:
        """Inserts and updates first, deletes last and one by one (semantics §4.11).

        An answer that never comes leaves the set unknown: the lines are then read again and compared as a
        whole."""
        saved = [(write, edit) for write in writes for edit in write.lines if edit.action != "delete"]
        texts: list[str] = []
        if saved and bulk:
            reply = await self._calls.write(
                "PATCH", LISTS[Kind.LINE], lane, body=[self._line(write, edit) for write, edit in saved]
            )
            texts = _texts(reply, len(saved))
        else:
            for done, (write, edit) in enumerate(saved):
                try:
                    texts.append(await self._save_line(write, edit, lane))
                except SystemFault as wrong:
                    raise _partly(wrong, done) from wrong
        answers: list[Answer] = []
        for write in writes:
            own = [(edit, text) for (owner, edit), text in zip(saved, texts, strict=True) if owner is write]
            answers.append(await self._finish_lines(write, own, lane))
        return answers

    async def _finish_lines(self, write: Write, saved: Sequence[tuple[LineEdit, str]], lane: Lane) -> Answer:
        results = [_row_answer(text, edit.key, texts_of(edit.fields)) for edit, text in saved]
        refused = [result for result in results if isinstance(result, SystemFault)]
        if refused:
            words = f"webCRM refused {len(refused)} of {len(saved)} lines. {refused[0]}"
            if len(refused) == len(saved) and all(isinstance(result, Rejected) for result in refused):
                return Rejected(words, code="lines", excerpt=refused[0].excerpt)
            # Some lines of the set were or may have been saved: only reading the set again can tell.
            return Unknown(words, code="lines")
        done = len(saved)
        try:
            for edit in write.lines:
                if edit.action == "delete":
                    await self._calls.write("DELETE", "/QuotationLines/{id}", lane, edit.key)
                    done += 1
        except SystemFault as wrong:
            return _partly(wrong, done)
        return Done(rid=write.rid, line_keys=tuple(text for edit, text in saved if edit.action == "insert"))

    async def _save_line(self, write: Write, edit: LineEdit, lane: Lane) -> str:
        body = self._line(write, edit)
        if edit.action == "insert":
            return _new_id(await self._calls.write("POST", LISTS[Kind.LINE], lane, body=body), Kind.LINE)
        await self._calls.write("PUT", "/QuotationLines/{id}", lane, edit.key, body=body)
        return edit.key

    def _line(self, write: Write, edit: LineEdit) -> dict[str, object]:
        body: dict[str, object] = {"QuotationLineId": _key(edit.key, new=edit.action == "insert")}
        if edit.action == "insert":
            body["QuotationLineOpportunityId"] = int(write.rid)
        for name, text in edit.fields.items():
            body[name] = wire(Kind.LINE, name, text)
        return body

    async def _holders(self, writes: Sequence[Write], lane: Lane) -> Mapping[str, set[str]]:
        """Number to the deliveries that hold it, for the numbers these writes give."""
        numbers = sorted({write.fields[NUMBER] for write in writes if write.fields.get(NUMBER)})
        found: dict[str, set[str]] = {number: set() for number in numbers}
        if numbers:
            want = frozenset((NUMBER,))
            for record in await self._reading.where(Kind.DELIVERY, NUMBER, numbers, want, lane):
                found.setdefault(record.fields[NUMBER], set()).add(record.rid)
        return found

    async def _taken(self, writes: Sequence[Write], lane: Lane) -> set[str]:
        """Deliveries whose number another one holds: writing it would lock both (quirk Q6)."""
        if not writes or writes[0].kind is not Kind.DELIVERY:
            return set()
        holders = await self._holders(writes, lane)
        given: dict[str, str] = {}
        out: set[str] = set()
        for write in writes:
            number = write.fields.get(NUMBER, "")
            if number and (holders[number] - {write.rid} or given.setdefault(number, write.rid) != write.rid):
                out.add(write.rid)
        return out

    async def _doubled(self, writes: Sequence[Write], lane: Lane) -> set[str]:
        """The look-up once more after the write: a person may have given the number away meanwhile (semantics
        §3.7).

        The write itself is done by then. Where this look gets no answer, the next poll is the one that shows
        two deliveries with one number."""
        try:
            return await self._taken([write for write in writes if write.fields.get(NUMBER)], lane)
        except SystemFault:
            return set()


def _key(rid: str, *, new: bool) -> int:
    """The id in a body. A bulk write takes 0 for a new record and anything else for one to be changed, so
    neither may stand for the other. Raises `Bug`."""
    if new == bool(rid) or not (new or (rid.isascii() and rid.isdigit() and int(rid[:20]) > 0)):
        raise Bug("A create has no key of its own, and an update needs one.", code="key")
    return int(rid or "0")


def _by_rows(writes: Sequence[Write]) -> list[list[Write]]:
    """Whole sets together, as long as they have at most `BULK_MAX` rows to save; a larger set goes alone."""
    parts: list[list[Write]] = []
    rows = BULK_MAX
    for write in writes:
        own = sum(edit.action != "delete" for edit in write.lines)
        if rows + own > BULK_MAX or not parts:
            parts.append([])
            rows = 0
        parts[-1].append(write)
        rows += own
    return parts


def _number_taken() -> Rejected:
    return Rejected("Another delivery holds this number.", code="number_taken")


def _number_doubled() -> Rejected:
    return Rejected(
        "Another delivery was given the same number meanwhile; webCRM lets nobody change either of them "
        "before one has another number.",
        code="number_taken",
    )


def _partly(wrong: SystemFault, done: int) -> SystemFault:
    """A definite no to a later part of a set is no definite no to the set."""
    return Unknown(f"The set was written in part: {wrong}", code=wrong.code) if done else wrong


def _row_answer(text: str, rid: str, hidden: frozenset[str]) -> Answer:
    """One member of a bulk answer: an id, or an error text (quirk Q22). `hidden`: what the row held."""
    if text.isascii() and text.isdigit() and text != "0":
        if rid not in ("", text):
            return Unknown("webCRM answered with another record's id.", code="row")
        return Done(rid=text)
    words = redact(text, hidden)
    if not text or text.isdigit() or "try again" in text.casefold():
        return Unknown(f"webCRM did not say what became of the record: {words}", code="row")
    return Rejected(f"webCRM refused the record: {words}", code="row", excerpt=words)


def _texts(reply: Reply, count: int) -> list[str]:
    try:
        texts = [str(found) for found in msgspec.json.decode(reply.body, type=list[str | int])]
    except (ValueError, RecursionError) as error:
        raise Unknown("webCRM answered a bulk write with something else.", code="malformed") from error
    if len(texts) != count:
        raise Unknown(f"webCRM answered {len(texts)} of {count} rows of a bulk write.", code="malformed")
    return texts


def _new_id(reply: Reply, kind: Kind) -> str:
    """The id of a new record: a number, a number as text, or an object that holds it (quirk Q1)."""
    text = ""
    try:
        found = msgspec.json.decode(reply.body)
        if isinstance(found, dict):
            found = found.get(id_field(kind))
        text = str(found).strip() if isinstance(found, int | str) else ""
    except (ValueError, RecursionError):
        text = ""
    if not (text.isascii() and text.isdigit()) or int(text[:20]) == 0:
        raise Unknown("webCRM did not name the new record.", code="malformed")
    return text
