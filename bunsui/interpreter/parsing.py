"""From the JSON of a definition to `Machine`: validation first, then every expression is compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bunsui.interpreter import definition as model
from bunsui.interpreter import fields, validation
from bunsui.interpreter.choice_rules import RuleError, condition
from bunsui.interpreter.diagnostics import Diagnostic, InvalidDefinition, wrong
from bunsui.interpreter.expressions import Constant, Evaluate, ExpressionSyntaxError
from bunsui.interpreter.loading import loaded
from bunsui.interpreter.queries import is_jsonata, jsonata, typed
from bunsui.interpreter.templates import TemplateError, template


def parse(definition: Any, workflow_type: str = "STANDARD") -> model.Machine:
    """Check and compile a definition: JSON text or the parsed object.

    Raises:
        InvalidDefinition: with every problem and its place.
    """
    value = loaded(definition)
    problems = list(validation.check(value, workflow_type))
    compiler = Compiler(problems)
    machine = None if problems else compiler.machine(value, "", False)
    if problems or machine is None:
        raise InvalidDefinition(tuple(problems))
    return machine


def diagnose(definition: Any, workflow_type: str = "STANDARD") -> tuple[Diagnostic, ...]:
    """The problems of a definition, as ValidateStateMachineDefinition lists them."""
    try:
        parse(definition, workflow_type)
    except InvalidDefinition as error:
        return error.diagnostics
    return ()


class Compiler:
    """Turns checked JSON into the model and collects what cannot be compiled."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self._problems = problems

    @contextmanager
    def _at(self, location: str) -> Iterator[None]:
        """Note the problems of one field and go on."""
        try:
            yield
        except TemplateError as error:
            self._problems.append(wrong(str(error), location + error.place))
        except RuleError as error:
            self._problems.append(wrong(str(error), location + error.place))
        except ExpressionSyntaxError as error:
            self._problems.append(wrong(f"Value is not a valid expression: {error}", location))

    def _field(
        self, value: Mapping[str, Any], name: str, path: str, compile_: Callable[[Any, str], Evaluate]
    ) -> Evaluate | None:
        """One field, or None where it is absent."""
        if name not in value:
            return None
        with self._at(f"{path}/{name}"):
            return compile_(value[name], name)
        return None

    def _template(
        self, value: Mapping[str, Any], name: str, path: str, jsonata_: bool, within: str = ""
    ) -> Evaluate | None:
        """A payload template; `within` is where in its state the field is, for the messages of errors."""
        if name not in value:
            return None
        language = "JSONata" if jsonata_ else "JSONPath"
        return self._field(value, name, path, lambda content, field: template(language, content, within + field))

    def machine(self, value: Mapping[str, Any], path: str, jsonata_: bool) -> model.Machine:
        """A definition, branch or item processor."""
        if "QueryLanguage" in value:
            jsonata_ = value["QueryLanguage"] == "JSONata"
        states = {
            name: self.state(name, content, f"{path}/States/{name}", jsonata_)
            for name, content in value["States"].items()
        }
        return model.Machine(
            start_at=value["StartAt"], states=states, timeout=value.get("TimeoutSeconds"), jsonata=jsonata_
        )

    def state(self, name: str, value: Mapping[str, Any], path: str, jsonata_: bool) -> model.State:
        """One state."""
        if "QueryLanguage" in value:
            jsonata_ = value["QueryLanguage"] == "JSONata"
        kind = value["Type"]
        shared: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "jsonata": jsonata_,
            "next": value.get("Next"),
        }
        for field, target in (("Output", "output"), ("Assign", "assign")):
            if field in value:
                shared[target] = self._template(value, field, path, jsonata_)
        if kind in {"Task", "Parallel", "Map"}:
            shared["retry"] = tuple(retrier(entry) for entry in value.get("Retry", ()))
            shared["catch"] = tuple(
                self.catcher(entry, f"{path}/Catch[{at}]", jsonata_) for at, entry in enumerate(value.get("Catch", ()))
            )
        if jsonata_ and "Arguments" in value:
            shared["parameters"] = self._template(value, "Arguments", path, True)
        elif not jsonata_ and kind != "Fail":
            shared |= self.paths(value, path)
        builder: Callable[..., model.State] = getattr(self, f"_{kind.lower()}")
        return builder(value, path, jsonata_, shared)

    def paths(self, value: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The fields by which JSONPath states shape their data."""
        found: dict[str, Any] = {}
        for name, target in (("InputPath", "input_path"), ("OutputPath", "output_path")):
            if name in value:
                found[target] = self._field(value, name, path, whole_or_path)
        if "Parameters" in value and (value.get("Type") != "Map" or "ItemProcessor" in value):
            found["parameters"] = self._template(value, "Parameters", path, False)
        if "ResultSelector" in value:
            found["result_selector"] = self._template(value, "ResultSelector", path, False)
        if "ResultPath" in value:
            with self._at(f"{path}/ResultPath"):
                found["result_path"] = fields.result_path(value["ResultPath"])
        return found

    def catcher(self, value: Mapping[str, Any], path: str, jsonata_: bool) -> model.Catcher:
        """One entry of Catch."""
        within = path[path.rindex("/") + 1 :] + "/"
        where: model.Steps | None = ()
        if "ResultPath" in value:
            with self._at(f"{path}/ResultPath"):
                where = fields.result_path(value["ResultPath"])
        return model.Catcher(
            errors=tuple(value["ErrorEquals"]),
            next=value["Next"],
            result_path=where,
            output=self._template(value, "Output", path, jsonata_, within),
            assign=self._template(value, "Assign", path, jsonata_, within),
        )

    def _pass(self, value: Any, path: str, jsonata_: bool, shared: dict[str, Any]) -> model.State:
        return model.PassState(**shared, result=value.get("Result"), has_result="Result" in value)

    def _succeed(self, value: Any, path: str, jsonata_: bool, shared: dict[str, Any]) -> model.State:
        return model.SucceedState(**shared)

    def _fail(self, value: Any, path: str, jsonata_: bool, shared: dict[str, Any]) -> model.State:
        error, cause = (self._failure(value, name, path, jsonata_) for name in ("Error", "Cause"))
        return model.FailState(**shared, error=error, cause=cause)

    def _failure(self, value: Any, name: str, path: str, jsonata_: bool) -> Evaluate | None:
        """Error or Cause of a Fail, by itself or by its `...Path` twin."""
        if f"{name}Path" in value:
            return self._field(value, f"{name}Path", path, fields.text_reference)
        return self._field(value, name, path, fields.text if jsonata_ else lambda text, field: Constant(text))

    def _wait(self, value: Any, path: str, jsonata_: bool, shared: dict[str, Any]) -> model.State:
        ways: Mapping[str, Callable[[Any, str], Evaluate]] = {
            "Seconds": lambda content, field: fields.seconds_from_now(fields.number(content, field)),
            "SecondsPath": lambda content, field: fields.seconds_path(content),
            "Timestamp": lambda content, field: fields.timestamp(content),
            "TimestampPath": lambda content, field: fields.timestamp_path(content),
        }
        name = next(way for way in ways if way in value)
        return model.WaitState(**shared, until=self._field(value, name, path, ways[name]) or Constant(0))

    def _choice(self, value: Any, path: str, jsonata_: bool, shared: dict[str, Any]) -> model.State:
        rules = []
        for at, entry in enumerate(value["Choices"]):
            within = f"Choices[{at}]/"
            place = f"{path}/Choices[{at}]"
            test: Evaluate = Constant(False)
            with self._at(place):
                test = jsonata_condition(entry["Condition"], within) if jsonata_ else condition(entry)
            rules.append(
                model.Rule(
                    condition=test,
                    next=entry["Next"],
                    output=self._template(entry, "Output", place, jsonata_, within),
                    assign=self._template(entry, "Assign", place, jsonata_, within),
                )
            )
        return model.ChoiceState(**shared, rules=tuple(rules), default=value.get("Default"))

    def _number(self, value: Any, name: str, path: str) -> Evaluate | None:
        """A number, by itself or by its `...Path` twin."""
        if f"{name}Path" in value:
            compile_ = fields.percentage_path if name.endswith("Percentage") else fields.integer_path
            return self._field(value, f"{name}Path", path, compile_)
        return self._field(value, name, path, fields.number)

    def _task(self, value: Any, path: str, jsonata_: bool, shared: dict[str, Any]) -> model.State:
        return model.TaskState(
            **shared,
            resource=fields.resource(value["Resource"]),
            timeout=self._number(value, "TimeoutSeconds", path),
            heartbeat=self._number(value, "HeartbeatSeconds", path),
            credentials=self._template(value, "Credentials", path, jsonata_),
        )

    def _parallel(self, value: Any, path: str, jsonata_: bool, shared: dict[str, Any]) -> model.State:
        branches = tuple(
            self.machine(branch, f"{path}/Branches[{at}]", jsonata_) for at, branch in enumerate(value["Branches"])
        )
        return model.ParallelState(**shared, branches=branches)

    def _map(self, value: Any, path: str, jsonata_: bool, shared: dict[str, Any]) -> model.State:
        name = "Iterator" if "Iterator" in value else "ItemProcessor"
        config = value[name].get("ProcessorConfig") or {}
        distributed = config.get("Mode") == "DISTRIBUTED"
        selector = "ItemSelector" if "ItemSelector" in value or jsonata_ else "Parameters"
        shared.pop("parameters", None)
        items = (
            self._field(value, "Items", path, entries_expression if distributed else items_expression)
            if jsonata_
            else self._field(value, "ItemsPath", path, fields.data_path)
        )
        return model.MapState(
            **shared,
            processor=self.machine(value[name], f"{path}/{name}", jsonata_),
            distributed=distributed,
            express=config.get("ExecutionType") == "EXPRESS",
            label=value.get("Label"),
            items=items,
            items_path=value.get("ItemsPath", "$"),
            item_selector=self._template(value, selector, path, jsonata_),
            max_concurrency=self._number(value, "MaxConcurrency", path),
            reader=self.reader(value.get("ItemReader"), f"{path}/ItemReader", jsonata_),
            batcher=self.batcher(value.get("ItemBatcher"), f"{path}/ItemBatcher", jsonata_),
            writer=self.writer(value.get("ResultWriter"), f"{path}/ResultWriter", jsonata_),
            tolerated_count=self._number(value, "ToleratedFailureCount", path),
            tolerated_percentage=self._number(value, "ToleratedFailurePercentage", path),
        )

    def reader(self, value: Any, path: str, jsonata_: bool) -> model.ItemReader | None:
        """ItemReader."""
        if not value:
            return None
        config = value.get("ReaderConfig") or {}
        given = self._template(value, "Arguments" if jsonata_ else "Parameters", path, jsonata_)
        return model.ItemReader(
            resource=fields.resource(value["Resource"]),
            parameters=given or Constant({}),
            config=config,
            max_items=self._max_items(config, f"{path}/ReaderConfig"),
        )

    def _max_items(self, config: Any, path: str) -> Evaluate | None:
        """MaxItems, whose path may name any number: the reader refuses those it cannot use."""
        if "MaxItemsPath" in config:
            return self._field(config, "MaxItemsPath", path, fields.any_integer_path)
        return self._field(config, "MaxItems", path, fields.number)

    def batcher(self, value: Any, path: str, jsonata_: bool) -> model.ItemBatcher | None:
        """ItemBatcher."""
        if value is None:
            return None
        return model.ItemBatcher(
            max_items=self._number(value, "MaxItemsPerBatch", path),
            max_bytes=self._number(value, "MaxInputBytesPerBatch", path),
            batch_input=self._template(value, "BatchInput", path, jsonata_),
        )

    def writer(self, value: Any, path: str, jsonata_: bool) -> model.ResultWriter | None:
        """ResultWriter."""
        if value is None:
            return None
        return model.ResultWriter(
            resource=fields.resource(value["Resource"]) if "Resource" in value else None,
            parameters=self._template(value, "Arguments" if jsonata_ else "Parameters", path, jsonata_),
            config=value.get("WriterConfig") or {},
        )


def whole_or_path(value: Any, field: str) -> Evaluate:
    """InputPath and OutputPath: null stands for an empty object."""
    return fields.empty if value is None else fields.data_path(value, field)


def items_expression(value: Any, field: str) -> Evaluate:
    """Items of a JSONata Map: an array, or what makes one."""
    expression = template("JSONata", value, field)
    return typed(expression, value, field, "array") if is_jsonata(value) else expression


def entries_expression(value: Any, field: str) -> Evaluate:
    """Items of a Distributed Map, which also takes an object apart."""
    expression = template("JSONata", value, field)
    return typed(expression, value, field, "array", also="object") if is_jsonata(value) else expression


def jsonata_condition(value: Any, within: str) -> Evaluate:
    """Condition of a JSONata rule."""
    field = f"{within}Condition"
    return typed(jsonata(value, field), value, field, "boolean") if is_jsonata(value) else Constant(value)


def retrier(value: Mapping[str, Any]) -> model.Retrier:
    """One entry of Retry."""
    return model.Retrier(
        errors=tuple(value["ErrorEquals"]),
        interval=value.get("IntervalSeconds", 1),
        attempts=value.get("MaxAttempts", 3),
        rate=value.get("BackoffRate", 2.0),
        max_delay=value.get("MaxDelaySeconds"),
        jitter=value.get("JitterStrategy") == "FULL",
    )
