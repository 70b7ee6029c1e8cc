"""Random definitions: well-formed ones that end, and ones with something wrong in them."""

import copy

from hypothesis import strategies as st

NAMES = [f"S{at}" for at in range(5)]
PATHS = ["$", "$.a", "$.b.c", "$.list[0]", "$.list[*].x", "$$.Execution.Name", "$.missing", "$v2", "$v1"]
JSONATA = [
    "{% $states.input %}",
    "{% $states.input.a %}",
    "{% $v2 %}",
    "{% $v1 %}",
    "{% $states.context.Execution.Name %}",
    "{% $count($states.input.list) + 1 %}",
    "{% $states.input.missing %}",
    "{% 1 / 0 %}",
    "{% $uuid() %}",
    "{% $map([1..3], function($i) { $i * 2 }) %}",
]
ERRORS = ["States.ALL", "States.TaskFailed", "States.Timeout", "Busy", "States.QueryEvaluationError"]

scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab{%$.", max_size=4)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcx"), inner, max_size=3),
    max_leaves=6,
)
inputs = st.fixed_dictionaries(
    {}, optional={"a": values, "b": st.fixed_dictionaries({"c": values}), "list": st.lists(values, max_size=4)}
)


def templates(jsonata):
    """A payload of literals and expressions."""
    if jsonata:
        return st.dictionaries(st.sampled_from("xyz"), scalars | st.sampled_from(JSONATA), max_size=2)
    entries = st.tuples(st.sampled_from("xyz"), st.sampled_from(PATHS)).map(lambda pair: (f"{pair[0]}.$", pair[1]))
    return st.lists(entries, max_size=2).map(dict)


def optional(draw, state, field, strategy):
    """Sometimes add a field."""
    if draw(st.booleans()):
        state[field] = draw(strategy)


@st.composite
def states(draw, jsonata, later, depth):
    """One state; it goes to a later one, or ends."""
    kinds = ["Pass", "Pass", "Wait", "Succeed", "Fail", "Task"] + (["Choice"] if later else [])
    kind = draw(st.sampled_from(kinds + (["Parallel", "Map"] if depth else [])))
    state = {"Type": kind}
    if kind in ("Pass", "Wait", "Task", "Parallel", "Map"):
        state.update({"Next": draw(st.sampled_from(later))} if later and draw(st.booleans()) else {"End": True})
        name = f"v{depth}"
        optional(
            draw,
            state,
            "Assign",
            st.sampled_from(JSONATA).map(lambda text: {name: text}) if jsonata else st.just({f"{name}.$": "$"}),
        )
    if kind not in ("Fail",):
        if jsonata:
            optional(draw, state, "Output", templates(True) | st.sampled_from(JSONATA))
        else:
            optional(draw, state, "InputPath", st.sampled_from(["$", "$.a", None]))
            optional(draw, state, "OutputPath", st.sampled_from(["$", "$.a", None]))
    EXTRAS[kind](draw, state, jsonata, later, depth)
    return state


def plain_extra(draw, state, jsonata, later, depth):
    if state["Type"] == "Pass" and not jsonata:
        optional(draw, state, "Parameters", templates(False))
        optional(draw, state, "Result", values)
        optional(draw, state, "ResultPath", st.sampled_from(["$", "$.r", "$.r.s", None]))


def fail_extra(draw, state, jsonata, later, depth):
    optional(draw, state, "Error", st.sampled_from(["Busy", "States.Runtime"]))
    optional(draw, state, "Cause", st.sampled_from(["because"] + (JSONATA if jsonata else [])))


def wait_extra(draw, state, jsonata, later, depth):
    state["Seconds"] = draw(st.integers(0, 100_000))


def choice_extra(draw, state, jsonata, later, depth):
    rules = []
    for _ in range(draw(st.integers(1, 3))):
        rule = {"Next": draw(st.sampled_from(later))}
        if jsonata:
            rule["Condition"] = draw(st.booleans() | st.sampled_from(["{% $states.input.a = 1 %}", *JSONATA]))
        else:
            rule["Variable"] = draw(st.sampled_from(PATHS))
            operator, operand = draw(
                st.sampled_from([("IsPresent", True), ("NumericEquals", 1), ("StringMatches", "a*"), ("IsNull", True)])
            )
            rule[operator] = operand
        rules.append(rule)
    state["Choices"] = rules
    optional(draw, state, "Default", st.sampled_from(later))


def handlers(draw, state, jsonata, later):
    if draw(st.booleans()):
        errors = draw(st.sampled_from(ERRORS))
        attempts = draw(st.integers(0, 3))
        state["Retry"] = [{"ErrorEquals": [errors], "MaxAttempts": attempts, "JitterStrategy": "FULL"}]
    if later and draw(st.booleans()):
        state["Catch"] = [{"ErrorEquals": [draw(st.sampled_from(ERRORS))], "Next": draw(st.sampled_from(later))}]


def task_extra(draw, state, jsonata, later, depth):
    state["Resource"] = "arn:aws:states:::" + draw(st.sampled_from(["lambda:invoke", "sns:publish"]))
    optional(draw, state, "Arguments" if jsonata else "Parameters", templates(jsonata))
    optional(draw, state, "TimeoutSeconds", st.integers(1, 100))
    handlers(draw, state, jsonata, later)


def parallel_extra(draw, state, jsonata, later, depth):
    state["Branches"] = draw(st.lists(machines(jsonata, depth - 1), min_size=1, max_size=3))
    handlers(draw, state, jsonata, later)


def map_extra(draw, state, jsonata, later, depth):
    state["ItemProcessor"] = draw(machines(jsonata, depth - 1))
    if draw(st.booleans()):
        state["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        optional(draw, state, "ToleratedFailurePercentage", st.integers(0, 100))
    items = ["{% $states.input.list %}", "{% [1..3] %}"] if jsonata else ["$.list", "$"]
    optional(draw, state, "Items" if jsonata else "ItemsPath", st.sampled_from(items))
    optional(draw, state, "MaxConcurrency", st.integers(0, 3))
    handlers(draw, state, jsonata, later)


EXTRAS = {
    "Pass": plain_extra,
    "Succeed": plain_extra,
    "Fail": fail_extra,
    "Wait": wait_extra,
    "Choice": choice_extra,
    "Task": task_extra,
    "Parallel": parallel_extra,
    "Map": map_extra,
}


@st.composite
def machines(draw, jsonata, depth):
    """A machine whose states are all reachable."""
    names = NAMES[: draw(st.integers(1, 4))]
    found = {name: draw(states(jsonata, names[at + 1 :], depth)) for at, name in enumerate(names)}
    return {"StartAt": "S0", "States": reachable(found)}


def reachable(found):
    """Only the states that can be reached from the first."""
    reached, queue = {"S0"}, ["S0"]
    while queue:
        state = found[queue.pop()]
        targets = [state.get("Next"), state.get("Default")]
        targets += [entry["Next"] for field in ("Choices", "Catch") for entry in state.get(field, ())]
        for target in targets:
            if target and target not in reached:
                reached.add(target)
                queue.append(target)
    return {name: state for name, state in found.items() if name in reached}


def renamed(machine, prefix=""):
    """The machine with names that no machine within it has."""
    states = {}
    for name, state in machine["States"].items():
        state = {**state}
        for field in ("Next", "Default"):
            if field in state:
                state[field] = prefix + state[field]
        for field in ("Choices", "Catch"):
            if field in state:
                state[field] = [{**entry, "Next": prefix + entry["Next"]} for entry in state[field]]
        within = f"{prefix}{name}."
        if "Branches" in state:
            state["Branches"] = [renamed(branch, f"{within}{at}.") for at, branch in enumerate(state["Branches"])]
        if "ItemProcessor" in state:
            state["ItemProcessor"] = renamed(state["ItemProcessor"], within)
        states[prefix + name] = state
    return {**machine, "StartAt": prefix + machine["StartAt"], "States": states}


@st.composite
def definitions(draw):
    """A whole definition of either language."""
    jsonata = draw(st.booleans())
    machine = renamed(draw(machines(jsonata, 2)))
    return {**machine, "QueryLanguage": "JSONata"} if jsonata else machine


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


@st.composite
def damaged(draw):
    """A definition with one part removed, replaced or added."""
    definition = copy.deepcopy(draw(definitions()))
    path = draw(st.sampled_from([place for place in places(definition) if place]))
    holder = definition
    for key in path[:-1]:
        holder = holder[key]
    how = draw(st.sampled_from(["remove", "replace", "add"]))
    if how == "remove":
        del holder[path[-1]]
    elif how == "replace" or not isinstance(holder, dict):
        holder[path[-1]] = draw(values)
    else:
        holder[draw(st.sampled_from(["Nexxt", "Result", "Items", "Retry", "States", "Type"]))] = draw(values)
    return definition
