"""Templates and assets on their way into the artefact bucket; what is there is not sent again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bunsui.aws.s3 import S3
from bunsui.deploy.events import Notify, Uploaded
from bunsui.deploy.protocols import Asset, Build
from bunsui.deploy.render import Rendered
from bunsui.model import names

PLATFORM = "bunsui-platform"
"""Metadata of an asset: the platform that its requirements were resolved for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, so that it can be taken back.

    Attributes:
        url: of the root template.
        keys: what was sent, not what was there already.
    """

    url: str = ""
    keys: Mapping[str, str | None] = field(default_factory=dict)


def send_templates(s3: S3, bucket: str, rendered: Rendered) -> Sent:
    """Put the templates where CloudFormation finds them; the result's keys carry the version of each object."""
    sent: dict[str, str | None] = {}
    root_key = names.template_key(rendered.root)
    for key, text in {**rendered.nested, root_key: rendered.root}.items():
        if s3.head(bucket, key) is None:
            sent[key] = s3.put(bucket, key, text.encode(), content_type="application/json")
    return Sent(f"{s3.endpoint()}/{bucket}/{root_key}", sent)


def take_back(s3: S3, bucket: str, sent: Sent) -> None:
    """Delete what was sent, and nothing else."""
    for key, version in sent.keys.items():
        s3.delete_version(bucket, key, version)


def send_assets(
    s3: S3, bucket: str, assets: Iterable[Asset], build: Build, platform: str, notify: Notify
) -> tuple[str, ...]:
    """Build and send the assets that are not there for this platform; returns the keys of those that were sent."""
    unique = sorted({asset.digest: asset for asset in assets}.items())
    sent: list[str] = []
    for number, (digest, asset) in enumerate(unique, start=1):
        key = names.asset_key(digest)
        there = s3.head(bucket, key)
        skipped = there is not None and there.metadata.get(PLATFORM, "") == platform
        size = 0
        if not skipped:
            path = build(asset)
            size = path.stat().st_size
            s3.upload(bucket, key, path, metadata={PLATFORM: platform} if platform else {})
            sent.append(key)
        notify(Uploaded(key=key, size=size, skipped=skipped, number=number, total=len(unique)))
    return tuple(sent)
