"""The compiled pipeline in the interpreter, with the delivery in memory: every way that a run can take."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from statelint.linter import Linter

from blueprints.invoices import pipeline as declared
from blueprints.invoices.pipeline import pipeline
from bunsui.simulate.stage import compiled, definitions
from bunsui.testing import PipelineRun, PipelineRunner, Reply
from tests.blueprints.invoices.conftest import DAY, OBJECTS, Tables

TOTAL = Decimal("63828.43")
GENEROUS = Decimal(100_000)
"""A limit that nothing exceeds."""

FILE = "payments/2026-03/20260331.xml"
PAID_STEPS = ("booked", "posted", "file")


def objects(runner: PipelineRunner, folder: str) -> dict[str, bytes]:
    bucket = runner.bucket("lake")
    found = {key: content for (name, key), content in runner.s3.objects.items() if name == bucket}
    return {key: content for key, content in found.items() if key.startswith(f"{folder}/")}


def deliver(runner: PipelineRunner, *files: str) -> PipelineRunner:
    """A delivery of some of the files."""
    return runner.put("lake", "inbox/delivery.json", json.dumps({"files": files}).encode())


def nothing_paid(run: PipelineRun, runner: PipelineRunner, fakes: Tables) -> bool:
    assert run.succeeded, (run.error, run.message)
    return (
        run.skipped.keys() >= set(PAID_STEPS)
        and not objects(runner, "payments")
        and not fakes["paid"].items
        and not fakes["journal"].items
        and run.outputs["report"].paid == 0
    )


def test_below_the_limit_nobody_is_asked(loaded: PipelineRunner, fakes: Tables) -> None:
    run = loaded.run(day=DAY, limit=GENEROUS)
    assert run.succeeded, (run.error, run.message)
    assert set(run.jobs.values()) == {"SUCCEEDED"}
    assert run.skipped == {"approval": "due.output.total > limit.value does not hold"}
    report = run.outputs["report"]
    assert (report.files, report.due, report.paid) == (25, TOTAL, TOTAL)
    assert (report.unpaid, report.approved, report.entry) == ("", "", "2026-03/20260331")
    assert report.rates == "European Central Bank, 2026-03-31"
    assert list(objects(loaded, "payments")) == [FILE]
    assert f"{report.file.bucket}/{report.file.key}" == f"{loaded.bucket('lake')}/{FILE}"


def test_what_the_tables_hold_then(loaded: PipelineRunner, fakes: Tables) -> None:
    loaded.run(day=DAY, limit=GENEROUS)
    assert len(fakes["orders"].items) == 22
    assert len(fakes["paid"].items) == 11
    assert fakes["paid"].items["S-2003", "R-5540"]["amount"] == Decimal("12586.14")
    entry = {"period": "2026-03", "reference": "20260331", "amount": TOTAL, "debit": "3300", "credit": "1800"}
    assert list(fakes["journal"].items.values()) == [entry]


def test_every_file_is_read_and_those_that_are_no_invoices_are_filed(loaded: PipelineRunner, fakes: Tables) -> None:
    run = loaded.run(day=DAY, limit=GENEROUS)
    assert (run.tries("parse"), run.tries("reject")) == (25, 3)
    filed = objects(loaded, "rejected")
    assert sorted(filed) == [
        "rejected/brenner-r4802.json",
        "rejected/brenner-r4802.json.txt",
        "rejected/polarkabel-55019.xml.txt",
        "rejected/zuerichsee-10240.xml",
        "rejected/zuerichsee-10240.xml.txt",
    ]
    assert filed["rejected/zuerichsee-10240.xml"] == OBJECTS["inbox/zuerichsee-10240.xml"]
    assert filed["rejected/zuerichsee-10240.xml.txt"] == b"zuerichsee-10240.xml has no number"
    assert filed["rejected/polarkabel-55019.xml.txt"] == b"polarkabel-55019.xml is announced, and was not delivered"
    kinds = [type(one).__name__ for one in run.outputs["parsed"]]
    assert (kinds.count("Invoice"), kinds.count("Rejection")) == (22, 3)
    text = objects(loaded, "reports")["reports/20260331.txt"].decode()
    assert "rejected zuerichsee-10240.xml: zuerichsee-10240.xml has no number" in text
    assert "refused papier-882.json: arithmetic: tax is 119.70, and comes to 44.10" in text


def test_a_program_that_fails_is_no_malformed_invoice(loaded: PipelineRunner) -> None:
    run = deliver(loaded, "lumen-F2026-118.xml").fail("parse", ZeroDivisionError("a mistake")).run(day=DAY)
    assert (run.status, run.error, run.tries("reject")) == ("FAILED", "ZeroDivisionError", 0)


def test_over_the_limit_people_are_asked(loaded: PipelineRunner, fakes: Tables) -> None:
    started = loaded.start(day=DAY)
    started.advance(60)
    (question,) = started.questions
    assert question["message"] == "Pay 63828.43 EUR to 11 suppliers on 2026-03-31?"
    assert not fakes["paid"].items
    run = started.answer("approval", "approve", "as planned")
    assert run.succeeded, (run.error, run.message)
    assert run.outputs["report"].approved == "approved by tester: as planned"
    assert (run.outputs["report"].paid, list(objects(loaded, "payments"))) == (TOTAL, [FILE])


@pytest.mark.parametrize(("limit", "asked"), [("63828.42", True), ("63828.43", False), ("63828.430", False)])
def test_the_limit_itself_is_paid_without_asking(loaded: PipelineRunner, limit: str, asked: bool) -> None:
    run = loaded.answer("approval", "approve").run(day=DAY, limit=Decimal(limit))
    assert run.succeeded
    assert ("approval" not in run.skipped) is asked


def test_whoever_says_no_keeps_it_from_being_paid(loaded: PipelineRunner, fakes: Tables) -> None:
    run = loaded.answer("approval", Reply("reject", "not this month", after=600)).run(day=DAY)
    assert nothing_paid(run, loaded, fakes)
    assert run.duration == pytest.approx(600, abs=1)
    assert run.outputs["report"].unpaid == "rejected by tester: not this month"
    assert "approval.output.approved" in run.skipped["booked"]
    assert all(run.skipped[name].startswith("because booked was skipped: ") for name in ("posted", "file"))


def test_silence_is_a_no(loaded: PipelineRunner, fakes: Tables) -> None:
    run = loaded.run(day=DAY)
    assert nothing_paid(run, loaded, fakes)
    assert run.duration == pytest.approx(3 * 86_400, abs=1)
    assert run.outputs["report"].unpaid == "rejected: no answer within 259,200 seconds"


def test_the_run_waits_for_the_delivery_note(loaded: PipelineRunner) -> None:
    note = loaded.s3.bucket(loaded.bucket("lake")).pop("inbox/delivery.json")
    started = loaded.start(day=DAY, limit=GENEROUS)
    assert started.advance(1000).status == "RUNNING"
    assert started.now.tries("parse") == 0
    loaded.put("lake", "inbox/delivery.json", note)
    run = started.finish()
    assert run.succeeded
    assert run.duration == pytest.approx(1200, abs=5)
    assert run.outputs["delivered"].key == "inbox/delivery.json"


def test_without_delivery_note_it_gives_up(pipeline_runner: Any, fakes: Tables) -> None:
    runner = pipeline_runner(pipeline).put("lake", "erp/orders/1.json", b'{"orders": [], "next": null}')
    run = runner.run(day=DAY)
    assert (run.status, run.error) == ("FAILED", "Bunsui.TimedOut")
    assert run.duration == pytest.approx(12 * 3600, abs=301)


@pytest.mark.parametrize(
    "rates", [b"<html>503</html>", OBJECTS["rates/eurofxref-daily.xml"].replace(b"-03-31", b"-02-27")]
)
def test_without_rates_of_the_day_those_that_were_planned_with_count(loaded: PipelineRunner, rates: bytes) -> None:
    run = loaded.put("lake", "rates/eurofxref-daily.xml", rates).run(day=DAY, limit=GENEROUS)
    assert run.succeeded
    assert run.tries("rates") == 1
    report = run.outputs["report"]
    assert report.rates == "planned for 2026, 2026-01-01"
    planned = {"S-3001": "9094.74", "S-3002": "5136.07", "S-3003": "5587.27", "S-3004": "5530.00"}
    found = {one.supplier: one.euros for one in run.outputs["due"].payments if one.currency != "EUR"}
    assert found == {supplier: Decimal(euros) for supplier, euros in planned.items()}
    assert report.paid == Decimal("38333.40") + sum(found.values())


def test_a_source_of_rates_that_is_throttled_is_asked_again(loaded: PipelineRunner) -> None:
    throttled = type("ClientError", (Exception,), {})("SlowDown")
    run = loaded.fail("rates", throttled, times=2).run(day=DAY, limit=GENEROUS)
    assert (run.tries("rates"), run.outputs["report"].rates) == (3, "European Central Bank, 2026-03-31")
    run = loaded.fail("rates", throttled).run(day=DAY, limit=GENEROUS)
    assert (run.tries("rates"), run.outputs["report"].rates) == (3, "planned for 2026, 2026-01-01")


def test_without_discounts_invoices_are_paid_in_full_when_they_are_due(loaded: PipelineRunner) -> None:
    run = loaded.put("lake", "terms/discounts.csv", b"supplier;rebate\nS-1001;3\n").run(day=DAY, limit=GENEROUS)
    assert run.skipped["discounts"] == "it failed with KeyError"
    assert run.outputs["report"].later == ["R-5540", "1217", "2026-0311", "2026-0327", "RE-881", "20260331"]
    assert run.outputs["report"].paid == TOTAL - Decimal("2725.99") - Decimal("12586.14")


def test_euros_alone_go_into_the_file_for_them(loaded: PipelineRunner) -> None:
    run = deliver(loaded, "lumen-F2026-118.xml", "dewit-26-0091.xml").run(day=DAY)
    assert run.succeeded
    assert "domestic" in run.order
    assert "international" not in run.order
    (content,) = objects(loaded, "payments").values()
    assert b"<Cd>SEPA</Cd>" in content
    assert b"<CtrlSum>10562.00</CtrlSum>" in content


def test_when_nothing_is_due_nothing_is_paid(loaded: PipelineRunner, fakes: Tables) -> None:
    run = deliver(loaded, "kurier-1217.csv", "papier-881.json").run(day=DAY)
    assert nothing_paid(run, loaded, fakes)
    assert run.skipped["booked"].startswith("due.output.suppliers > 0 and ")
    report = run.outputs["report"]
    assert (report.unpaid, report.later, report.due) == ("nothing is due", ["1217", "RE-881"], 0)


def test_an_empty_delivery(loaded: PipelineRunner, fakes: Tables) -> None:
    run = deliver(loaded).run(day=DAY)
    assert nothing_paid(run, loaded, fakes)
    assert run.outputs["parsed"] == []


def test_what_was_paid_once_is_not_paid_by_the_next_run(loaded: PipelineRunner, fakes: Tables) -> None:
    loaded.run(day=DAY, limit=GENEROUS)
    paid, journal = dict(fakes["paid"].items), dict(fakes["journal"].items)
    run = deliver(loaded, "lumen-F2026-118.xml", "wisla-FV-03-214.csv").run(day=DAY + datetime.timedelta(1))
    assert set(PAID_STEPS) <= run.skipped.keys()
    report = run.outputs["report"]
    assert (report.unpaid, report.paid) == ("nothing is due", 0)
    assert [(one.number, one.problems[0].detail) for one in report.refused] == [
        ("F2026-118", "F2026-118 of S-2001 is paid already"),
        ("FV/03/214", "FV/03/214 of S-3004 is paid already"),
    ]
    assert (fakes["paid"].items, fakes["journal"].items) == (paid, journal)


def test_the_next_run_pays_what_is_due_then(loaded: PipelineRunner, fakes: Tables) -> None:
    loaded.run(day=DAY, limit=GENEROUS)
    run = loaded.run(day=DAY + datetime.timedelta(1), limit=GENEROUS)
    assert run.outputs["report"].paid == Decimal("2054.80")
    assert list(fakes["journal"].items) == [("2026-03", "20260331"), ("2026-04", "20260401")]
    assert fakes["paid"].items["S-1004", "RE-881"]["run"] == "20260401"


def test_the_same_run_again_pays_nothing_more(loaded: PipelineRunner, fakes: Tables) -> None:
    first = loaded.run(day=DAY, limit=GENEROUS)
    before = {name: dict(table.items) for name, table in fakes.items()}, objects(loaded, "payments")
    second = loaded.run(day=DAY, limit=GENEROUS)
    assert first.outputs["report"] == second.outputs["report"]
    assert ({name: table.items for name, table in fakes.items()}, objects(loaded, "payments")) == before


def test_an_invoice_that_another_run_pays_meanwhile(loaded: PipelineRunner, fakes: Tables) -> None:
    started = loaded.start(day=DAY)
    started.advance(60)
    fakes["paid"].put_item({"supplier": "S-3003", "invoice": "55012", "run": "20260330", "amount": Decimal("61460.00")})
    run = started.answer("approval")
    assert (run.status, run.error) == ("FAILED", "PaidAlready")
    assert "55012 of S-3003 was paid by another run" in run.message
    assert not objects(loaded, "payments")


def test_closed_books_are_explained_by_the_pipeline_that_keeps_them(loaded: PipelineRunner, fakes: Tables) -> None:
    fakes["journal"].put_item({"period": "2026-03", "reference": "closed"})
    run = loaded.run(day=DAY, limit=GENEROUS)
    assert (run.status, run.error) == ("FAILED", "PeriodClosed")
    assert "the books of 2026-03 are closed: 20260331 over 63828.43 EUR cannot be entered" in run.message
    assert run.jobs["pay"] == "FAILED"
    assert not objects(loaded, "payments")


def test_after_the_books_are_open_again_the_same_run_goes_through(loaded: PipelineRunner, fakes: Tables) -> None:
    fakes["journal"].put_item({"period": "2026-03", "reference": "closed"})
    assert not loaded.run(day=DAY, limit=GENEROUS).succeeded
    fakes["journal"].items.clear()
    run = loaded.run(day=DAY, limit=GENEROUS)
    assert run.succeeded
    assert run.outputs["report"].paid == TOTAL


def test_pages_of_orders_are_fetched_until_there_is_none(loaded: PipelineRunner) -> None:
    run = loaded.run(day=DAY, limit=GENEROUS)
    pages = [one.inputs for one in run.invocations if one.operation == "order_page"]
    assert pages == [
        {"page": None, "known": 0},
        *({"page": str(page), "known": 5 * (page - 1)} for page in range(2, 6)),
    ]
    assert run.outputs["orders"].orders == 22


def test_an_export_without_end_is_given_up(loaded: PipelineRunner) -> None:
    run = loaded.put("lake", "erp/orders/5.json", b'{"orders": [], "next": "5"}').run(day=DAY)
    assert (run.status, run.error) == ("FAILED", "Bunsui.NotDone")
    assert run.tries("order_page") == declared.orders.at_most


@pytest.mark.parametrize("seed", [1, 2])
def test_no_interleaving_changes_the_outcome(pipeline_runner: Any, fakes: Tables, seed: int) -> None:
    runner = pipeline_runner(pipeline, seed=seed)
    for key, content in OBJECTS.items():
        runner.put("lake", key, content)
    operations = dict.fromkeys(("parse", "order_page", "rates", "discounts"), 1.0)
    run = runner.takes(**operations).run(day=DAY, limit=GENEROUS)
    assert run.outputs["report"].paid == TOTAL
    assert run.duration == pytest.approx(5, abs=0.01)  # five pages; everything else goes on beside them


def test_every_machine_is_one_for_step_functions() -> None:
    found = definitions(compiled(pipeline))
    assert {f"invoices-{job.name}" for job in pipeline.jobs} < found.keys()
    for definition in found.values():
        assert Linter.validate(definition) == []
