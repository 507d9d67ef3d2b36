"""H1 to H3: a webhook is verified, never believed, and a flood of them is one poll."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from streamsync.clock import SystemClock
from streamsync.kernel.mailbox import Mailbox
from streamsync.model import Kind, Lane, Side
from streamsync.web.hooks import HookSecrets, routes, signed

SECRET = "hook-secret"
TOKEN = "0123456789abcdef0123456789abcdef"
BODY = b'{"eventType": "CUSTOMER_CHANGED", "entityId": "10042"}'


def signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


class Receiver:
    """The hook routes on a real server, with the mailbox that the webhook actor would empty."""

    def __init__(self, secrets: HookSecrets) -> None:
        self.hints: Mailbox[tuple[str, Side, Kind | None]] = Mailbox("hints", 16, SystemClock())
        self.refused: list[tuple[str, str]] = []
        self.suspects: list[tuple[str, Kind, str, Side]] = []
        self._secrets = {"kunde": secrets}
        self.session: aiohttp.ClientSession
        self.origin = ""

    async def __aenter__(self) -> "Receiver":
        def hint(name: str, side: Side, kind: Kind | None) -> None:
            self.hints.offer((name, side, kind), Lane.LIVE)

        app = web.Application()
        app.add_routes(
            routes(
                self._secrets,
                hint,
                SystemClock(),
                lambda *what: self.refused.append(what),
                lambda *what: self.suspects.append(what),
            )
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.origin = "http://{}:{}".format(*self._runner.addresses[0])
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        await self._runner.cleanup()

    async def post(self, path: str, body: bytes, **headers: str) -> int:
        async with self.session.post(self.origin + path, data=body, headers=headers) as reply:
            return reply.status

    async def visma(self, body: bytes, given: str, header: str = "X-Visma-Signature") -> int:
        return await self.post("/hooks/visma/kunde", body, **{header: given})


def with_receiver(secrets: HookSecrets, story: Callable[[Receiver], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with Receiver(secrets) as receiver:
            await story(receiver)

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("body", "given", "status"),
    [
        (BODY, signature(BODY), 204),
        (BODY, signature(BODY, "old-secret"), 204),
        (BODY, signature(BODY, "wrong"), 401),
        (BODY, signature(BODY)[:-4], 401),
        (BODY.replace(b" ", b""), signature(BODY), 401),
        (BODY, "", 401),
    ],
    ids=["good", "second secret", "wrong secret", "truncated", "body encoded anew", "none"],
)
def test_h1_visma_signature_is_checked_over_the_raw_body(body: bytes, given: str, status: int) -> None:
    async def story(receiver: Receiver) -> None:
        assert await receiver.visma(body, given) == status
        assert len(receiver.hints) == (1 if status == 204 else 0)
        assert receiver.refused == ([] if status == 204 else [("kunde", "visma")])

    with_receiver(HookSecrets(visma=(SECRET, "old-secret")), story)


def test_h1_the_header_name_is_a_setting() -> None:
    async def story(receiver: Receiver) -> None:
        assert await receiver.visma(BODY, signature(BODY)) == 401
        assert await receiver.visma(BODY, signature(BODY), "X-Hub-Signature-256") == 204

    with_receiver(HookSecrets(visma=(SECRET,), visma_header="X-Hub-Signature-256"), story)


def test_h1_without_a_secret_there_is_no_endpoint() -> None:
    async def story(receiver: Receiver) -> None:
        assert await receiver.visma(BODY, signature(BODY, "")) == 404

    with_receiver(HookSecrets(), story)


def test_h1_an_empty_secret_signs_nothing() -> None:
    assert not signed(BODY, signature(BODY, ""), ("",))


def test_h2_webcrm_needs_the_unguessable_path_and_its_body_only_names_what_to_look_at() -> None:
    async def story(receiver: Receiver) -> None:
        assert await receiver.post(f"/hooks/webcrm/kunde/{TOKEN[:-1]}0", BODY) == 404
        assert await receiver.post("/hooks/webcrm/other/" + TOKEN, BODY) == 404
        assert len(receiver.hints) == 0
        forged = b'{"itemResourceUrl": "https://evil.example/Deliveries/158", "DeliveryNumber": "1"}'
        assert await receiver.post("/hooks/webcrm/kunde/" + TOKEN, forged) == 204
        assert await receiver.hints.get() == ("kunde", Side.CRM, Kind.DELIVERY)

    with_receiver(HookSecrets(webcrm_token=TOKEN), story)


def test_h2_only_the_address_for_deletions_names_a_suspect() -> None:
    async def story(receiver: Receiver) -> None:
        body = b'{"itemResourceUrl": "https://api.webcrm.com/Persons/5120"}'
        assert await receiver.post("/hooks/webcrm/kunde/" + TOKEN, body) == 204
        assert await receiver.post("/hooks/webcrm/kunde/x?event=delete", body) == 404
        assert receiver.suspects == []
        assert await receiver.post(f"/hooks/webcrm/kunde/{TOKEN}?event=delete", body) == 204
        assert receiver.suspects == [("kunde", Kind.PERSON, "5120", Side.CRM)]
        assert await receiver.hints.get() == ("kunde", Side.CRM, Kind.PERSON)

    with_receiver(HookSecrets(webcrm_token=TOKEN), story)


def test_h2_without_a_token_configured_nothing_is_received() -> None:
    async def story(receiver: Receiver) -> None:
        assert await receiver.post("/hooks/webcrm/kunde/", BODY) in (404, 405)
        assert await receiver.post("/hooks/webcrm/kunde/x", BODY) == 404

    with_receiver(HookSecrets(), story)


def test_h2_a_deleted_order_is_a_suspect_if_the_body_can_be_read() -> None:
    async def story(receiver: Receiver) -> None:
        for said in (
            b'"SALESORDER_UPDATED", "entityId": "SO/000223"',
            b'"SALESORDER_DELETED", "entityId": 223',
        ):
            body = b'{"eventType": ' + said + b"}"
            assert await receiver.visma(body, signature(body)) == 204
        body = b'{"eventType": "SALESORDER_DELETED", "entityId": "so/000223"}'
        assert await receiver.visma(body, signature(body, "another")) == 401
        assert receiver.suspects == []
        assert await receiver.visma(body, signature(body)) == 204
        assert receiver.suspects == [("kunde", Kind.ORDER, "order:SO/000223", Side.ERP)]

    with_receiver(HookSecrets(visma=(SECRET,)), story)


def test_h3_a_flood_is_one_hint_and_a_large_body_is_refused() -> None:
    async def story(receiver: Receiver) -> None:
        for _ in range(40):
            statuses = await asyncio.gather(*(receiver.visma(BODY, signature(BODY)) for _ in range(50)))
            assert set(statuses) == {204}
        assert len(receiver.hints) == 1
        large = b"x" * (64 * 1024 + 1)
        assert await receiver.visma(large, signature(large)) == 413

    with_receiver(HookSecrets(visma=(SECRET,)), story)


def test_h3_the_same_delivery_twice_wakes_once() -> None:
    async def story(receiver: Receiver) -> None:
        body = b'{"notificationId": "5f0c0000-0000-0000-0000-000000000007"}'
        assert await receiver.visma(body, signature(body)) == 204
        assert await receiver.hints.get() == ("kunde", Side.ERP, None)
        assert await receiver.visma(body, signature(body)) == 204
        assert len(receiver.hints) == 0
        other = body.replace(b"7", b"8")
        assert await receiver.visma(other, signature(other)) == 204
        assert len(receiver.hints) == 1

    with_receiver(HookSecrets(visma=(SECRET,)), story)
