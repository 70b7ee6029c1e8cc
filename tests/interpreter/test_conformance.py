"""Executions recorded on AWS agree with ours, but for those that are listed by name with a reason."""

import pytest

from tests.interpreter.conformance import JUDGES, named, table, verdicts

ENOUGH = {"result": 0.98, "cause": 0.95, "types": 0.95}


@pytest.fixture(scope="module", params=JUDGES)
def group(request, shared_data):
    return request.param, verdicts(shared_data, request.param)


def test_only_named_cases_disagree(group):
    name, found = group
    known = named().get(name, {})
    unnamed = {verdict.name: verdict.note for verdict in found if not verdict.agrees and verdict.name not in known}
    assert unnamed == {}


def test_named_cases_still_disagree(group):
    name, found = group
    agreeing = {verdict.name for verdict in found if verdict.agrees}
    assert agreeing & named().get(name, {}).keys() == set()


def test_named_cases_exist_and_have_a_reason(group):
    name, found = group
    known = named().get(name, {})
    assert known.keys() <= {verdict.name for verdict in found}
    assert all(known.values())


@pytest.mark.parametrize("part", ENOUGH)
@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_pure_cases_agree_in_both_languages(shared_data, language, part):
    found = [verdict for verdict in verdicts(shared_data, "pure") if verdict.language == language]
    judged = [getattr(verdict, part) for verdict in found if getattr(verdict, part) is not None]
    assert sum(judged) >= ENOUGH[part] * len(judged) > 0


def test_the_table_has_a_line_for_every_group(shared_data):
    text = table(verdicts(shared_data, "validation"))
    assert "validation" in text
    assert "100.0 %" in text
