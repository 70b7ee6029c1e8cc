"""The bucket that every image lies in."""

from __future__ import annotations

from bunsui import Bucket

lake = Bucket("lake")
