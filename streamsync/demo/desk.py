"""The desk of the person who answers: what the daemon asks, in its very words, and what is answered.

Reads `GET /api/v1/inbox` and sends the answers to the daemon's address, as the command line does. What an
answer did is never read here: a step looks at both stand-ins for that.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streamsync.demo.config_file import CONNECTION
from streamsync.demo.scene import LOOK_SECONDS, STEP_SECONDS, Missed, Scene
from streamsync.demo.stage import Stage

ASKED, ANSWERED = "asked", "answered"
WHO = "demo"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One record in the inbox. `choices` are the words that answer it, `fields` what both sides say."""

    pair: int
    entity: str
    reason: str
    sentence: str
    webcrm: str = ""
    visma: str = ""
    name: str = ""
    remedy: str = ""
    fields: list[Mapping[str, Any]] = []
    candidates: list[Mapping[str, Any]] = []
    choices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def about(self, entity: str, *, webcrm: object = "", visma: object = "") -> bool:
        """Whether it is about this record; an empty key counts as any."""
        return (
            self.entity == entity
            and str(webcrm or self.webcrm) == self.webcrm
            and str(visma or self.visma) == self.visma
        )


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """The inbox: how many wait, and how many by cause; the questions are at most 50 of each cause."""

    total: int
    causes: dict[str, int]
    titles: dict[str, str]
    questions: list[Question]


async def inbox(stage: Stage) -> Box:
    """What waits for a person now. Raises Unreachable."""
    found = await stage.admin.get("/api/v1/inbox", connection=CONNECTION)
    questions = []
    for group in found["groups"]:
        choices = tuple(str(one["choice"]) for one in group["choices"])
        labels = tuple(str(one["label"]) for one in group["choices"])
        for row in group["records"]:
            known = {
                name: row[name] if row[name] is not None else ""
                for name in Question.__struct_fields__
                if name in row and name not in ("choices", "labels")
            }
            questions.append(
                msgspec.convert({**known, "choices": choices, "labels": labels}, Question, strict=False)
            )
    return Box(
        total=int(found["total"]),
        causes={str(group["cause"]): int(group["count"]) for group in found["groups"]},
        titles={str(group["cause"]): str(group["title"]) for group in found["groups"]},
        questions=questions,
    )


async def asked(
    scene: Scene, fits: Callable[[Question], bool], what: str, *, seconds: float = STEP_SECONDS
) -> Question:
    """Waits for a question and tells it as the person reads it; `what` completes "Nobody was asked …".
    Raises Missed."""
    deadline = scene.clock.monotonic() + seconds
    while True:
        box = await inbox(scene.stage)
        for question in box.questions:
            if fits(question):
                tell(scene, question)
                return question
        if scene.clock.monotonic() > deadline:
            others = ", ".join(f"{cause} {count}" for cause, count in box.causes.items()) or "empty"
            raise Missed(f"Nobody was asked within {seconds:.0f} s {what} (the inbox: {others}).")
        await asyncio.sleep(LOOK_SECONDS)


def tell(scene: Scene, question: Question) -> None:
    scene.tell(ASKED, f"[{question.reason}] {question.name}: {question.sentence}")
    for row in question.fields:
        line = f" of line {row['line']}" if row.get("line") else ""
        scene.tell(
            "", f"{row.get('row', '')}{line}: webCRM {row.get('webcrm')!r}, Visma.net {row.get('visma')!r}"
        )
    for candidate in question.candidates:
        scene.tell("", f"could be {candidate.get('rid')} {candidate.get('name', '')}".rstrip())
    if question.remedy and question.remedy not in question.sentence:
        scene.tell("", question.remedy)
    if question.labels:
        scene.tell("", "Choices: " + " | ".join(question.labels))


async def answer(scene: Scene, verb: str, words: str, **body: object) -> None:
    """Sends an answer to `/api/v1/<verb>`. Raises Missed if it changed nothing, Unreachable if refused."""
    sent = {"connection": CONNECTION, "who": WHO, **body}
    reply = await scene.stage.admin.post(f"/api/v1/{verb}", sent)
    scene.tell(ANSWERED, words)
    if not reply["changed"]:
        raise Missed(f"The answer {verb!r} changed nothing.")


async def gone(scene: Scene, fits: Callable[[Question], bool], what: str) -> None:
    """Until the question has left the inbox. Raises Missed."""
    deadline = scene.clock.monotonic() + STEP_SECONDS
    while any(fits(question) for question in (await inbox(scene.stage)).questions):
        if scene.clock.monotonic() > deadline:
            raise Missed(f"It is still asked {what}.")
        await asyncio.sleep(LOOK_SECONDS)


async def nobody_asked(scene: Scene) -> None:
    """Raises Missed when something waits for a person."""
    box = await inbox(scene.stage)
    for question in box.questions:
        tell(scene, question)
    if box.total:
        raise Missed(f"{box.total} records wait for a person.")
    scene.tell(ASKED, "nothing: the inbox is empty")
