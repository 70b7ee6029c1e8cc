"""What lies in S3 and is mapped over: the objects below a prefix, or the rows of a file.

Source of the formats: AWS Step Functions developer guide, "input-output-itemreader".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, SkipValidation

from bunsui.errors import DeclarationError
from bunsui.model import types
from bunsui.model.declaration import Declaration, refuse, show
from bunsui.model.references import Output, parts
from bunsui.model.resource import Access, access_of
from bunsui.model.step import Step
from bunsui.runtime.dataset import Dataset

Config = dict[str, Any]

DELIMITERS: Mapping[str, str] = {",": "COMMA", "|": "PIPE", ";": "SEMICOLON", " ": "SPACE", "\t": "TAB"}


def _place(value: object) -> object:
    """A part of a bucket, or an output that is a Dataset."""
    if isinstance(value, Step):
        return value.output
    return value if isinstance(value, Output) else _bucket(value)


def _bucket(value: object) -> object:
    access = access_of(value) if value is not None else None
    if value is not None and (access is None or access.resource.kind != "Bucket"):
        raise refuse(f"{show(value)} is no part of a bucket", "write lake / 'raw/orders.csv'", "BUN109")
    return access


class Items(Declaration):
    """The base of all kinds.

    Attributes:
        data: part of a bucket, or an output that is a `Dataset`.
        at: what has to be readable besides, or for a Dataset instead: by default all that its operation writes.
    """

    data: Annotated[SkipValidation[Access | Output], BeforeValidator(_place)]
    at: Annotated[SkipValidation[Access | None], BeforeValidator(_bucket)] = None

    textual: ClassVar[bool] = False
    """Whether its fields are text, whatever they mean."""
    listing: ClassVar[bool] = False
    """Whether the elements are objects, not what is in one."""

    def __init__(self, data: Any, /, **settings: Any) -> None:
        super().__init__(data=data, **settings)
        if self.place is not None and not self.place.path and not self.listing:
            raise DeclarationError(
                "BUN109",
                f"{type(self).__name__}({self.place.label}) is all of a bucket, not an object of it",
                where=self.where,
                hint=f"write {type(self).__name__}({self.place.resource.id} / 'path/of/the/object')",
            )

    @property
    def output(self) -> Output | None:
        """The output that says where the data lies."""
        return self.data if isinstance(self.data, Output) else None

    @property
    def place(self) -> Access | None:
        """The part of a bucket where it lies."""
        return self.data if isinstance(self.data, Access) else None

    @property
    def reads(self) -> tuple[Access, ...]:
        """What may be read: its place, `at=`, or all that the operation writes whose Dataset it is."""
        found = tuple(one for one in (self.place, self.at) if one is not None)
        if found or self.output is None:
            return found
        giver, _ = parts(self.output)
        return tuple(one for one in getattr(giver, "writes", ()) if one.resource.kind == "Bucket")

    @property
    def item_type(self) -> Any:
        """The type of one element."""
        return Any

    def takes(self, annotation: Any) -> bool:
        """Whether one element can be read as this type."""
        return types.fits(self.item_type, annotation)

    def config(self) -> Config:
        """The `ReaderConfig`."""
        raise NotImplementedError


class Objects(Items):
    """The objects below a prefix, each as a `Dataset`: `Objects(lake / "raw")`."""

    listing: ClassVar[bool] = True

    def __init__(self, data: Any, /, **settings: Any) -> None:
        super().__init__(data, **settings)

    @property
    def item_type(self) -> Any:
        """A pointer to the object."""
        return Dataset

    def config(self) -> Config:
        """A listing has no format."""
        return {}


class _Rows(Items):
    textual: ClassVar[bool] = True

    def __init__(self, data: Any, /, **settings: Any) -> None:
        super().__init__(data, **settings)

    @property
    def item_type(self) -> Any:
        """Columns, all of them text."""
        return dict[str, str]

    def takes(self, annotation: Any) -> bool:
        """Whether it is a record or mapping: numbers, dates and the like are read from text (bunsui.runtime.text)."""
        return any(types.fields_of(one) is not None or types.fits(dict, one) for one in types.members(annotation))


class Csv(_Rows):
    """The rows of a CSV file: `Csv(lake / "orders.csv")`.

    Attributes:
        headers: names of the columns; by default the first row has them.
        delimiter: between two columns.
    """

    headers: tuple[str, ...] = ()
    delimiter: Literal[",", "|", ";", " ", "\t"] = ","

    def __init__(self, data: Any, /, **settings: Any) -> None:
        super().__init__(data, **settings)

    def config(self) -> Config:
        """Where the names of the columns are, and what is between two."""
        given = {"CSVHeaders": list(self.headers)} if self.headers else {}
        delimiter = {"CSVDelimiter": DELIMITERS[self.delimiter]} if self.delimiter != "," else {}
        location = "GIVEN" if self.headers else "FIRST_ROW"
        return {"InputType": "CSV", "CSVHeaderLocation": location, **given, **delimiter}


def array(path: Iterable[str]) -> Config:
    """The `ReaderConfig` of an array in a JSON document, by its JSON pointer (RFC 6901)."""
    steps = [step.replace("~", "~0").replace("/", "~1") for step in path]
    pointer = {"ItemsPointer": "".join(f"/{step}" for step in steps)} if steps else {}
    return {"InputType": "JSON", **pointer}


class Json(Items):
    """An array in a JSON document: `Json(lake / "orders.json", path=["orders"])`.

    Attributes:
        path: names of the fields that lead to the array.
    """

    path: tuple[str, ...] = ()

    def __init__(self, data: Any, /, **settings: Any) -> None:
        super().__init__(data, **settings)

    def config(self) -> Config:
        """Where in the document it is."""
        return array(self.path)


class JsonLines(Items):
    """A file with one JSON value a line: `JsonLines(lake / "orders.jsonl")`."""

    def __init__(self, data: Any, /, **settings: Any) -> None:
        super().__init__(data, **settings)

    def config(self) -> Config:
        """The format."""
        return {"InputType": "JSONL"}


class Parquet(Items):
    """The rows of a Parquet file: `Parquet(lake / "orders.parquet")`."""

    def __init__(self, data: Any, /, **settings: Any) -> None:
        super().__init__(data, **settings)

    def config(self) -> Config:
        """The format."""
        return {"InputType": "PARQUET"}


class Manifest(_Rows):
    """The objects that an S3 inventory lists: `Manifest(lake / "inventory/2026-01-01T00-00Z/manifest.json")`.

    Its files lie beside the folder of the manifest, unless `at=` says where (Amazon S3 user guide,
    "storage-inventory-location").
    """

    def __init__(self, data: Any, /, **settings: Any) -> None:
        super().__init__(data, **settings)

    @property
    def reads(self) -> tuple[Access, ...]:
        """The manifest and the files that it names."""
        found = super().reads
        if self.place is None or self.at is not None:
            return found
        beside = Access(self.place.resource, "/".join(self.place.path.split("/")[:-2]))
        return (beside,) if beside.covers(self.place) else found

    def config(self) -> Config:
        """An inventory is always CSV."""
        return {"ManifestType": "S3_INVENTORY"}
