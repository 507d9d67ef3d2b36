"""The three stories of the demonstration for real: processes, HTTP, everything read back from both stand-ins.
Each ends with 0 only if all of its steps happened."""

import subprocess
import sys
from typing import Any

import msgspec

SECONDS = 240  # a guard, not a promise: a story takes 20 to 45 s on two free cores
KNOWN = {
    "second-month": 9,
    "hands_off": 7,
    "messy go-live": 11,
}


def told(story: str, *more: str) -> dict[str, Any]:
    """The report of a story that went well."""
    done = subprocess.run(
        [sys.executable, "-m", "streamsync", "demo", "--once", "--json", "--story", story, *more],
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    shown = done.stderr.decode()
    assert done.returncode == 0, shown[-6000:]
    report: dict[str, Any] = msgspec.json.decode(done.stdout)
    assert len(report["steps"]) == KNOWN[story], shown
    return report


def said(report: dict[str, Any], system: str) -> str:
    return "\n".join(
        one["text"] for step in report["steps"] for one in step["told"] if one["system"] == system
    )


def test_the_second_month() -> None:
    report = told("second-month")
    crm, erp = said(report, "webCRM"), said(report, "Visma.net")
    assert "status Afventer, invoices 200315, booked Yes, paid No" in crm
    assert "status Afventer, invoices 200315, 200316, booked No, paid No" in crm
    assert "value -796.00" in crm
    assert "status Betalt, invoices 200315, 200316, booked Yes, paid Yes" in crm
    assert "write-off 500001 of 0.50 closes invoice 200316" in erp
    assert said(report, "asked") == "nothing: the inbox is empty"


def test_hands_off() -> None:
    report = told("hands_off")
    asked = said(report, "asked")
    for reason in ("period_closed", "customer_status", "locked_edit"):
        assert f"[{reason}]" in asked
    assert asked.endswith("nothing: the inbox is empty")
    assert "the order is not made again by itself" in said(report, "Visma.net")
    assert "line 1 has its 2 again" in said(report, "webCRM")


def test_the_messy_go_live_of_few_deliveries() -> None:
    deliveries = 300
    report = told("messy go-live", "--size", str(deliveries))
    asked = said(report, "asked")
    for reason in ("many_candidates", "weak_match", "outside_type", "key_contradiction"):
        assert f"[{reason}]" in asked
    assert f"{deliveries} old deliveries are filtered: before_start" in said(report, "webCRM")
    assert f"none of the {deliveries} old deliveries was sent" in said(report, "Visma.net")
    assert said(report, "both").count("no duplicate") == 2
    made, least = (sum(row[name] for row in report["calls"]) for name in ("made", "least"))
    assert made <= 1.5 * least
