"""DynamoDB, Lambda, S3 and messages in memory."""

import pytest

from bunsui.interpreter import S3, SNS, SQS, DynamoDB, EventBridge, Lambda, TaskFailed, execute


def one(resource, arguments, services, **fields):
    """The execution of a single Task."""
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "End": True, **fields}
    return execute({"QueryLanguage": "JSONata", "StartAt": "T", "States": {"T": state}}, services=services)


@pytest.fixture
def table():
    return DynamoDB({"t": ("pk", "sk")})


KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}


def dynamo(table, action, **arguments):
    return one(f"aws-sdk:dynamodb:{action}", {"TableName": "t", **arguments}, {"dynamodb": table})


def test_put_get_delete(table):
    assert dynamo(table, "putItem", Item={**KEY, "n": {"N": "1"}}).output == {}
    assert dynamo(table, "getItem", Key=KEY).output == {"Item": {**KEY, "n": {"N": "1"}}}
    assert dynamo(table, "deleteItem", Key=KEY, ReturnValues="ALL_OLD").output["Attributes"]["n"] == {"N": "1"}
    assert dynamo(table, "getItem", Key=KEY).output == {}


def test_a_condition_that_does_not_hold_is_an_error(table):
    def put():
        return dynamo(table, "putItem", Item=KEY, ConditionExpression="attribute_not_exists(pk)")

    assert put().status == "SUCCEEDED"
    assert put().error == "DynamoDb.ConditionalCheckFailedException"
    optimized = one(
        "dynamodb:putItem",
        {"TableName": "t", "Item": KEY, "ConditionExpression": "attribute_not_exists(pk)"},
        {"dynamodb": table},
    )
    assert optimized.error == "DynamoDB.ConditionalCheckFailedException"


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("SET n = n + :one", {":one": {"N": "1"}}, {"n": {"N": "6"}}),
        ("SET n = if_not_exists(x, :one)", {":one": {"N": "1"}}, {"n": {"N": "1"}}),
        ("ADD n :one", {":one": {"N": "2.5"}}, {"n": {"N": "7.5"}}),
        ("ADD tags :more", {":more": {"SS": ["c", "a"]}}, {"tags": {"SS": ["a", "b", "c"]}}),
        ("DELETE tags :less", {":less": {"SS": ["a"]}}, {"tags": {"SS": ["b"]}}),
        (
            "SET m.x = :one, l[0] = :one",
            {":one": {"N": "1"}},
            {"m": {"M": {"x": {"N": "1"}}}, "l": {"L": [{"N": "1"}]}},
        ),
        ("SET l = list_append(l, :l) REMOVE n", {":l": {"L": [{"N": "9"}]}}, {"l": {"L": [{"N": "0"}, {"N": "9"}]}}),
    ],
)
def test_updates(table, expression, values, expected):
    item = {**KEY, "n": {"N": "5"}, "tags": {"SS": ["a", "b"]}, "m": {"M": {}}, "l": {"L": [{"N": "0"}]}}
    dynamo(table, "putItem", Item=item)
    found = dynamo(
        table,
        "updateItem",
        Key=KEY,
        UpdateExpression=expression,
        ExpressionAttributeValues=values,
        ReturnValues="UPDATED_NEW",
    )
    assert found.output == {"Attributes": expected}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("n = :five", True),
        ("n > :five", False),
        ("n BETWEEN :one AND :five", True),
        ("n IN (:one, :five) AND NOT attribute_exists(x)", True),
        ("begins_with(s, :he) OR x = :one", True),
        ("contains(tags, :b)", True),
        ("size(s) > :five", False),
        ("attribute_type(s, :type)", True),
        ("#s <> :he", True),
        ("absent < :one", False),
    ],
)
def test_conditions(table, expression, holds):
    dynamo(table, "putItem", Item={**KEY, "n": {"N": "5"}, "s": {"S": "hello"}, "tags": {"SS": ["a", "b"]}})
    values = {
        ":one": {"N": "1"},
        ":five": {"N": "5.0"},
        ":he": {"S": "he"},
        ":b": {"S": "b"},
        ":type": {"S": "S"},
    }
    used = {name: value for name, value in values.items() if name in expression}
    names = {"ExpressionAttributeNames": {"#s": "s"}} if "#s" in expression else {}
    found = dynamo(
        table, "deleteItem", Key=KEY, ConditionExpression=expression, ExpressionAttributeValues=used, **names
    )
    assert (found.status == "SUCCEEDED") is holds


def test_a_wrong_expression_is_a_validation_error(table):
    found = dynamo(table, "updateItem", Key=KEY, UpdateExpression="SET a == :x")
    assert found.error == "DynamoDb.DynamoDbException"
    assert "Syntax error" in found.cause


def test_a_transaction_is_all_or_nothing(table):
    put = {"Put": {"TableName": "t", "Item": KEY}}
    check = {"ConditionCheck": {"TableName": "t", "Key": KEY, "ConditionExpression": "attribute_exists(n)"}}
    found = dynamo(table, "transactWriteItems", TransactItems=[put, check])
    assert found.error == "DynamoDb.TransactionCanceledException"
    assert "[None, ConditionalCheckFailed]" in found.cause
    assert table.tables["t"].items == {}
    assert dynamo(table, "transactWriteItems", TransactItems=[put]).status == "SUCCEEDED"


def test_a_transaction_that_is_wrong_in_itself_changes_nothing(table):
    put = {"Put": {"TableName": "t", "Item": KEY}}
    found = dynamo(table, "transactWriteItems", TransactItems=[put, {"Delete": {"TableName": "t", "Key": {}}}])
    assert found.error == "DynamoDb.DynamoDbException"
    assert table.tables["t"].items == {}


@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        (
            {"UpdateExpression": "SET status = :x", "ExpressionAttributeValues": {":x": {"S": "a"}}},
            "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status",
        ),
        (
            {"UpdateExpression": "SET a = :x", "ExpressionAttributeValues": {":x": {"S": "a"}, ":y": {"S": "a"}}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:y}",
        ),
        (
            {"ExpressionAttributeNames": {"#a": "a"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        ({"UpdateExpression": "SET a = :x"}, "Invalid UpdateExpression: An expression attribute value used in"),
        (
            {"UpdateExpression": "SET sk = :x", "ExpressionAttributeValues": {":x": {"S": "a"}}},
            "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key",
        ),
        (
            {"UpdateExpression": "SET a = b + :x", "ExpressionAttributeValues": {":x": {"N": "1"}}},
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        (
            {"UpdateExpression": "ADD tags :x", "ExpressionAttributeValues": {":x": {"NS": ["1"]}}},
            "An operand in the update expression has an incorrect data type",
        ),
        ({"UpdateExpression": "REMOVE a, a.b"}, "Invalid UpdateExpression: Two document paths overlap"),
        ({"Key": {"pk": {"S": "a"}}}, "The provided key element does not match the schema"),
        ({"Key": {"pk": {"S": ""}, "sk": {"S": "1"}}}, "One or more parameter values are not valid."),
        ({"Key": {"pk": {"T": "a"}, "sk": {"S": "1"}}}, "Supplied AttributeValue is empty"),
    ],
)
def test_what_dynamodb_turns_down(table, request_, cause):
    dynamo(table, "putItem", Item={**KEY, "tags": {"SS": ["a"]}})
    found = dynamo(table, "updateItem", **{"Key": KEY, **request_})
    assert found.error == "DynamoDb.DynamoDbException"
    assert found.cause.startswith(cause)


def test_a_number_has_to_be_written_as_text(table):
    found = dynamo(table, "putItem", Item={**KEY, "m": {"M": {"n": {"N": 1}}}})
    assert found.error == "States.Runtime"
    assert found.cause.endswith("could not be used to start the Task: [The value for the field 'N' must be a STRING]")
    assert "TaskScheduled" not in found.event_types


def test_a_projection_keeps_what_it_names(table):
    nested = {"m": {"M": {"a": {"S": "1"}, "b": {"S": "2"}}}, "l": {"L": [{"N": "0"}, {"N": "1"}]}, "x": {"S": ""}}
    dynamo(table, "putItem", Item={**KEY, **nested})
    found = dynamo(table, "getItem", Key=KEY, ProjectionExpression="m.a, l[1], y")
    assert found.output["Item"] == {"m": {"M": {"a": {"S": "1"}}}, "l": {"L": [{"N": "1"}]}}


def paged(table, action, **arguments):
    """The pages of a query or scan, followed to the end."""
    found, start = [], {}
    while True:
        page = dynamo(table, action, **arguments, **start).output
        found.append(page)
        if "LastEvaluatedKey" not in page:
            return found
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


@pytest.mark.parametrize("forward", [True, False])
def test_a_query_goes_on_where_the_last_page_ended(table, forward):
    for sort in "12345":
        dynamo(table, "putItem", Item={"pk": {"S": "a"}, "sk": {"S": sort}, "n": {"N": sort}})
    pages = paged(
        table,
        "query",
        KeyConditionExpression="pk = :a AND sk > :one",
        FilterExpression="n <> :three",
        ExpressionAttributeValues={":a": {"S": "a"}, ":one": {"S": "1"}, ":three": {"N": "3"}},
        ScanIndexForward=forward,
        Limit=2,
    )
    sorts = [[item["sk"]["S"] for item in page["Items"]] for page in pages]
    assert sorts == ([["2"], ["4", "5"], []] if forward else [["5", "4"], ["2"], []])
    assert [page["ScannedCount"] for page in pages] == [2, 2, 0]


def test_a_scan_in_pages(table):
    for sort in "123":
        dynamo(table, "putItem", Item={"pk": {"S": "a"}, "sk": {"S": sort}})
    pages = paged(table, "scan", Limit=2, Select="COUNT")
    assert [page["Count"] for page in pages] == [2, 1]
    assert "Items" not in pages[0]


def test_a_page_has_a_megabyte_at_most(table):
    for sort in "123":
        dynamo(table, "putItem", Item={"pk": {"S": "a"}, "sk": {"S": sort}, "x": {"S": "x" * 200_000}})
    item = {"pk": {"S": "a"}, "sk": {"S": "0"}, "x": {"S": "x" * 900_000}}
    table.tables["t"].items[table.tables["t"].place_of(item)] = item
    assert [page["Count"] for page in paged(table, "scan", ProjectionExpression="pk")] == [2, 2]


def test_an_index_has_the_items_with_its_key():
    table = DynamoDB()
    table.create_table("t", "id", {"by-day": ("day", "n"), "by-all": "kind"})
    for name, n in (("x", "10"), ("y", "9"), ("z", None)):
        more = {} if n is None else {"day": {"S": "mon"}, "n": {"N": n}}
        dynamo(table, "putItem", Item={"id": {"S": name}, **more})
    query = {"KeyConditionExpression": "#day = :mon", "ExpressionAttributeValues": {":mon": {"S": "mon"}}}
    names = {"ExpressionAttributeNames": {"#day": "day"}}
    found = dynamo(table, "query", IndexName="by-day", Limit=1, **query, **names).output
    assert [item["id"]["S"] for item in found["Items"]] == ["y"]
    assert found["LastEvaluatedKey"] == {"id": {"S": "y"}, "day": {"S": "mon"}, "n": {"N": "9"}}
    assert dynamo(table, "scan", IndexName="by-all").output["Count"] == 0
    assert "missed key schema element: id" in dynamo(table, "query", **query, **names).cause
    assert "does not have the specified index: no" in dynamo(table, "query", IndexName="no", **query, **names).cause


def test_a_query_is_sorted_by_the_sort_key(table):
    for sort in ("2", "1", "3"):
        dynamo(table, "putItem", Item={"pk": {"S": "a"}, "sk": {"S": sort}})
    dynamo(table, "putItem", Item={"pk": {"S": "b"}, "sk": {"S": "1"}})
    found = dynamo(
        table,
        "query",
        KeyConditionExpression="pk = :a",
        ExpressionAttributeValues={":a": {"S": "a"}},
        ScanIndexForward=False,
    )
    assert [item["sk"]["S"] for item in found.output["Items"]] == ["3", "2", "1"]


def test_a_function_that_raises_reports_as_lambda_does():
    def handler(event, context):
        raise KeyError(context.function_name)

    found = one("lambda:invoke", {"FunctionName": "f"}, {"lambda": Lambda({"f": handler})})
    assert found.error == "KeyError"
    assert '"errorType":"KeyError"' in found.cause
    assert "in handler" in found.cause


def test_a_function_that_does_not_exist():
    found = one("lambda:invoke", {"FunctionName": "f"}, {"lambda": Lambda({})})
    assert found.error == "Lambda.ResourceNotFoundException"


def test_a_stub_of_invoke_answers_function_arns_too():
    state = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    definition = {"StartAt": "T", "States": {"T": state}}
    stub = {"lambda:invoke": lambda given: {"Payload": given["Payload"]["n"] + 1}}
    assert execute(definition, {"n": 1}, services=stub).output == 2


def test_objects():
    s3 = S3({"b": {"k": "text"}})
    assert one("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"}, {"s3": s3}).output["Body"] == "text"
    assert one("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "x"}, {"s3": s3}).error == "S3.NoSuchKeyException"
    assert one("aws-sdk:s3:getObject", {"Bucket": "x", "Key": "x"}, {"s3": s3}).error == "S3.NoSuchBucketException"
    assert one("aws-sdk:s3:putObject", {"Bucket": "b", "Key": "n", "Body": {"a": 1}}, {"s3": s3}).status == "SUCCEEDED"
    assert s3.buckets["b"]["n"] == b'{"a":1}'


def test_a_head_has_no_body():
    s3 = S3({"b": {"k": "text"}})
    assert one("aws-sdk:s3:headObject", {"Bucket": "b", "Key": "k"}, {"s3": s3}).output["ContentLength"] == 4
    for bucket in ("b", "x"):
        lost = one("aws-sdk:s3:headObject", {"Bucket": bucket, "Key": "x"}, {"s3": s3})
        assert lost.error == "S3.NoSuchKeyException"


def test_a_listing_in_pages():
    s3 = S3({"b": dict.fromkeys(["a/1", "a/2", "b", "c/1", "d"], "")})

    def page(**given):
        return one("aws-sdk:s3:listObjectsV2", {"Bucket": "b", **given}, {"s3": s3}).output

    first = page(MaxKeys=2, Delimiter="/")
    assert (first["IsTruncated"], first["KeyCount"]) == (True, 2)
    assert ([e["Prefix"] for e in first["CommonPrefixes"]], [e["Key"] for e in first["Contents"]]) == (["a/"], ["b"])
    second = page(MaxKeys=2, Delimiter="/", ContinuationToken=first["NextContinuationToken"])
    assert (second["IsTruncated"], [e["Key"] for e in second["Contents"]]) == (False, ["d"])
    assert [entry["Key"] for entry in page(Prefix="a/", StartAfter="a/1")["Contents"]] == ["a/2"]
    none = page(Prefix="none")
    assert none["KeyCount"] == 0
    assert "Contents" not in none


def test_messages_are_kept():
    sqs, sns, bus = SQS(), SNS(), EventBridge()
    assert one("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": {"a": 1}}, {"sqs": sqs}).status == "SUCCEEDED"
    assert sqs.messages == {"q": ['{"a":1}']}
    assert one("sns:publish", {"TopicArn": "t", "Message": "hi"}, {"sns": sns}).status == "SUCCEEDED"
    assert sns.messages == {"t": ["hi"]}
    entries = [{"Source": "s", "DetailType": "d", "Detail": {"a": 1}}, {"Source": "s"}]
    found = one("events:putEvents", {"Entries": entries}, {"events": bus})
    assert found.error == "EventBridge.FailedEntry"
    assert bus.events == entries[:1]


def test_a_stub_may_say_what_goes_wrong():
    def refuse(given):
        raise TaskFailed("Glue.ConcurrentRunsExceededException", "later")

    found = one("glue:startJobRun.sync", {"JobName": "j"}, {"glue:startJobRun.sync": refuse})
    assert (found.error, found.cause) == ("Glue.ConcurrentRunsExceededException", "later")
    done = one(
        "glue:startJobRun.sync", {"JobName": "j"}, {"glue:startJobRun": lambda given: {"JobRunState": "SUCCEEDED"}}
    )
    assert done.event_types[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
