"""Large stacks: nested ones, and units that stay where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunsui.compile.split import MOST_RESOURCES, MOST_SIZE, RESOURCES, ROOT, SIZE, place
from bunsui.compile.stack import Unit
from bunsui.errors import DeclarationError

from .assemblies import found_templates, linted, many, of_type

SMALL = (12, SIZE)


def units(*names: str, resources: int = 2) -> list[Unit]:
    return [Unit(name, {f"{name}{n}": {"Type": "AWS::X"} for n in range(resources)}, {}) for name in names]


def counts(placement: Mapping[str, str], resources: int = 2) -> dict[str, int]:
    found: dict[str, int] = {}
    for stack in placement.values():
        found[stack] = found.get(stack, 0) + resources
    return found


FIXED = units("data", "logs")


def test_what_fits_stays_in_one_stack() -> None:
    assert place(FIXED, units("a", "b"), {}, (8, SIZE)) == {"a": ROOT, "b": ROOT}


def test_what_does_not_fit_is_nested() -> None:
    placement = place(FIXED, units("a", "b", "c", "d", "e", "f"), {}, (8, SIZE))
    assert placement == {"a": ROOT, "b": ROOT, "c": "nested-1", "d": "nested-1", "e": "nested-1", "f": "nested-1"}


def test_size_counts_as_well() -> None:
    big = [Unit(name, {name: {"Type": "AWS::X", "Properties": {"Text": "x" * 1000}}}, {}) for name in "abc"]
    placement = place(FIXED, big, {}, (RESOURCES, 2500))
    assert len(set(placement.values())) > 1


def test_a_pipeline_that_grows_past_the_limit_moves_nothing() -> None:
    before = place(FIXED, units("b", "c"), {}, (8, SIZE))
    after = place(FIXED, units("a", "b", "c"), before, (8, SIZE))
    assert after == {"a": "nested-1", "b": ROOT, "c": ROOT}


def test_an_emptied_stack_leaves_no_name_that_is_taken() -> None:
    before = {"a": ROOT, "b": ROOT, "c": "nested-2", "d": "nested-2", "e": "nested-2", "f": "nested-2"}
    after = place(FIXED, units(*"abcdefg"), before, (8, SIZE))
    assert after["g"] == "nested-1"
    assert {unit: after[unit] for unit in before} == before


def test_a_pipeline_that_shrinks_moves_nothing() -> None:
    before = place(FIXED, units(*"abcdef"), {}, (8, SIZE))
    after = place(FIXED, units("a", "f"), before, (8, SIZE))
    assert after == {"a": ROOT, "f": "nested-1"}


def test_room_that_became_free_is_used() -> None:
    before = {"a": ROOT, "b": ROOT, "f": "nested-1"}
    assert place(FIXED, units("a", "f", "g"), before, (9, SIZE))["g"] == ROOT


@given(st.lists(st.sampled_from([f"u{n}" for n in range(60)]), unique=True), st.data())
@settings(deadline=None)
def test_no_unit_ever_moves(names: list[str], data: st.DataObject) -> None:
    placement: dict[str, str] = {}
    current: list[str] = []
    for name in names:
        current.insert(data.draw(st.integers(0, len(current))), name)
        if len(current) > 2 and data.draw(st.integers(0, 4)) == 0:
            current.remove(data.draw(st.sampled_from(current)))
        after = place(FIXED, units(*current), placement, (8, SIZE))
        assert {name: stack for name, stack in after.items() if name in placement} == {
            name: stack for name, stack in placement.items() if name in after
        }
        assert all(count <= 8 for stack, count in counts(after).items() if stack != ROOT)
        placement = after


def test_what_cannot_be_placed_is_an_error() -> None:
    with pytest.raises(DeclarationError) as raised:
        place(units("data", resources=MOST_RESOURCES + 1), units("a"), {})
    assert raised.value.code == "BUN301"
    assert "CloudFormation allows 500" in raised.value.message
    assert "divide the pipeline in two" in raised.value.hint


# Whole pipelines


def test_past_four_hundred_resources_stacks_are_nested() -> None:
    found, placement, _ = found_templates(many(450))
    nested = sorted(set(placement.values()) - {ROOT})
    assert nested == ["nested-1", "nested-2"]
    assert list(found) == ["template.json", "nested/nested-1.json", "nested/nested-2.json"]
    total = 0
    for template in found.values():
        assert len(template["Resources"]) <= RESOURCES + len(nested)
        assert len(json.dumps(template, indent=2)) <= MOST_SIZE
        total += len(template["Resources"])
    titles = [title for template in found.values() for title in template["Resources"]]
    assert len(titles) == len(set(titles)) == total
    assert total == 2 + 2 + 9 * 2 + 450 * 2 + len(nested)


def test_four_hundred_resources_are_one_stack() -> None:
    found, _, _ = found_templates(many(190))
    assert list(found) == ["template.json"]
    assert len(found["template.json"]["Resources"]) == 2 + 2 + 4 * 2 + 190 * 2 <= RESOURCES


@pytest.mark.parametrize("at", ["before", "after"])
def test_an_operation_more_moves_no_unit(at: str) -> None:
    _, placement, _ = found_templates(many(12), limit=SMALL)
    _, after, _ = found_templates(many(12, **{at: ["extra"]}), before=placement, limit=SMALL)
    assert after.keys() - placement.keys() == {"worker/extra"}
    assert {unit: after[unit] for unit in placement} == placement


def test_placement_is_deterministic() -> None:
    first, second = (found_templates(many(12), limit=SMALL) for _ in range(2))
    assert first[:2] == second[:2]


def test_an_operation_more_leaves_the_other_stacks_as_they_are() -> None:
    found, placement, _ = found_templates(many(12), limit=SMALL)
    after, _, _ = found_templates(many(12, after=["extra"]), before=placement, limit=SMALL)
    same = [name for name in found if name != "template.json" and after[name] == found[name]]
    assert len(same) >= len(found) - 3


def test_nested_templates_are_valid() -> None:
    found, _, _ = found_templates(many(13), limit=SMALL)
    assert len(found) >= 3
    for template in found.values():
        assert linted(template) == []


def test_the_root_names_nested_templates_by_their_content() -> None:
    found, _, _ = found_templates(many(12), limit=SMALL)
    stacks = of_type(found["template.json"], "AWS::CloudFormation::Stack")
    assert len(stacks) == len(found) - 1
    urls = {one["Properties"]["TemplateURL"]["Fn::Sub"] for one in stacks.values()}
    assert len(urls) == len(stacks)
    prefix = "https://s3.${AWS::Region}.${AWS::URLSuffix}/bunsui-${AWS::AccountId}-${AWS::Region}/templates/"
    assert all(url.startswith(prefix) for url in urls)
    assert all(one["DependsOn"] == ["MachineLogs"] for one in stacks.values())


def test_data_and_the_pipelines_machine_stay_in_the_root() -> None:
    found, _, _ = found_templates(many(12), limit=SMALL)
    assert {"SessionMachine", "FunctionLogs", "MachineLogs"} <= found["template.json"]["Resources"].keys()
    for name, template in found.items():
        assert name == "template.json" or not of_type(template, "AWS::Logs::LogGroup")
