"""Bulk writes of the webCRM adapter, answers of every odd shape, and when bulk writes are used at all."""

from typing import Any

import msgspec
import pytest

from streamsync.errors import Bug, Rejected, Unknown
from streamsync.model import Action, Done, Kind
from streamsync.systems.transport import Reply
from tests.unit.systems.webcrm_company import LIVE, Company, company, write

PROVEN = frozenset({"put", "patch"})


async def test_a_bulk_answer_is_read_position_by_position() -> None:
    async with company(proven=PROVEN) as crm:
        writes = [
            write(Kind.ORGANISATION, Action.UPDATE, {"OrganisationCity": "Ribe"}, rid="778800"),
            write(Kind.ORGANISATION, Action.UPDATE, {"OrganisationCity": "Hemmelig"}, rid="99"),
            write(Kind.ORGANISATION, Action.UPDATE, {"OrganisationType": "Hemmelig"}, rid="778800"),
        ]
        answers = await crm.held.send_many(writes, LIVE)
        assert [type(answer) for answer in answers] == [Done, Rejected, Rejected]
        for answer in answers[1:]:
            assert isinstance(answer, Rejected)
            assert "Hemmelig" not in str(answer) + answer.excerpt
        crm.world.settings.patch_update_answer = "empty"
        [answer] = await crm.held.send_many(writes[:1], LIVE)
        assert type(answer) is Unknown  # it says nothing: to be read back


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'["778800"]', [Done]),
        (b"[778800]", [Done]),
        (b'["778801"]', [Unknown]),  # another record's id
        (b'["0"]', [Unknown]),
        (b'["The new id is in use already. Please try again."]', [Unknown]),
        (b'["The name is too long."]', [Rejected]),
        ('["Fejl: \u0661"]'.encode(), [Rejected]),
    ],
)
async def test_each_text_of_a_bulk_answer(
    monkeypatch: pytest.MonkeyPatch, body: bytes, expected: list[type]
) -> None:
    async with company(proven=PROVEN) as crm:
        await answering(crm, monkeypatch, body)
        update = write(Kind.ORGANISATION, Action.UPDATE, {"OrganisationCity": "Ribe"}, rid="778800")
        answers = await crm.held.send_many([update], LIVE)
        assert [type(answer) for answer in answers] == expected


@pytest.mark.parametrize("body", [b"", b"[]", b'["1","2"]', b"{}", b"null", b"\xff", b"[[]]", b"[" * 100_000])
async def test_a_bulk_answer_of_another_shape_leaves_all_open(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    async with company(proven=PROVEN) as crm:
        await answering(crm, monkeypatch, body)
        update = write(Kind.ORGANISATION, Action.UPDATE, {"OrganisationCity": "Ribe"}, rid="778800")
        with pytest.raises(Unknown):
            await crm.held.send_many([update], LIVE)


@pytest.mark.parametrize("body", [b"", b"0", b'""', b"null", b"{}", b"[1]", b"1.5", b"true", b"\xff", b'"x"'])
async def test_a_create_whose_answer_names_no_record_is_open(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    async with company() as crm:
        await answering(crm, monkeypatch, body)
        with pytest.raises(Unknown):
            await crm.send(Kind.ORGANISATION, Action.CREATE, {"OrganisationName": "Ny"})


async def test_a_refusal_does_not_say_again_what_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of one record nor of a row of many; the words around it stay for the operator."""
    async with company(proven=PROVEN) as crm:
        update = write(Kind.ORGANISATION, Action.UPDATE, {"OrganisationCity": "Hemmelig By"}, rid="778800")
        await answering(crm, monkeypatch, b"The city HEMMELIG BY is not known.", 400)
        with pytest.raises(Rejected) as caught:
            await crm.held.send(update, "", LIVE)
        monkeypatch.undo()
        await answering(crm, monkeypatch, b'["The city Hemmelig By is not known."]')
        [answer] = await crm.held.send_many([update], LIVE)
        assert isinstance(answer, Rejected)
        for refusal in (caught.value, answer):
            assert refusal.excerpt == "The city … is not known."
            assert "hemmelig" not in str(refusal).casefold()


async def answering(crm: Company, monkeypatch: pytest.MonkeyPatch, body: bytes, status: int = 200) -> None:
    """From here on every write is answered by this body, whatever became of it."""
    await crm.held.identity(LIVE)  # the login is over
    whole = crm.held._transport.request

    async def request(method: str, url: str, **more: Any) -> Reply:
        reply = await whole(method, url, **more)
        return msgspec.structs.replace(reply, status=status, body=body)

    monkeypatch.setattr(crm.held._transport, "request", request)


PARTIES = (Kind.ORGANISATION, Kind.PERSON, Kind.DELIVERY)


async def test_writes_go_in_bulk_and_are_believed_only_after_the_probe() -> None:
    every = [(kind, action) for kind in Kind for action in Action]
    async with company() as crm:
        assert {crm.held.bulk(kind, action) for kind, action in every} == {1}
        assert not crm.held.assumed(Kind.ORGANISATION, Action.UPDATE)
    async with company(proven=PROVEN) as crm:
        assert {(kind, action) for kind, action in every if crm.held.bulk(kind, action) == 100} == {
            *((kind, action) for kind in PARTIES for action in (Action.CREATE, Action.UPDATE)),
            (Kind.DELIVERY, Action.LINES),
        }
        assert crm.held.assumed(Kind.ORGANISATION, Action.UPDATE)


@pytest.mark.parametrize(
    ("kind", "action", "rid"),
    [
        (Kind.ORGANISATION, Action.UPDATE, ""),
        (Kind.ORGANISATION, Action.UPDATE, "0"),
        (Kind.ORGANISATION, Action.UPDATE, "x"),
        (Kind.ORGANISATION, Action.CREATE, "778800"),
    ],
)
async def test_a_bulk_write_never_takes_a_new_record_for_an_old_one(
    kind: Kind, action: Action, rid: str
) -> None:
    """PATCH inserts where the id is 0 and updates where it is not."""
    async with company(proven=PROVEN) as crm:
        wrong = write(kind, action, {"OrganisationName": "Hemmelig"}, rid=rid)
        with pytest.raises(Bug):
            await crm.held.send_many([wrong], LIVE)
        with pytest.raises(Bug):
            await crm.held.send(wrong, "", LIVE)
        assert crm.calls("P") == 0
