"""What a grading leaves behind beside the verdict: pictures and numbers for people to look at.

Nothing here earns or costs a point.  Pictures are encoded on the trusted side, from pixels that crossed the wire
as an array; numbers come from a submission only where they are marked as its own account.
"""

from __future__ import annotations

from typing import Literal

import msgspec

MediaType = Literal["image/png", "application/json", "text/plain"]


class Artefact(msgspec.Struct, frozen=True):
    """One of them.

    Attributes:
        check: Id of the check it comes from; empty for the submission as a whole.
        name: What it is: `figure`, `curves`, `confusion`, `examples`, `source`, `place`.
        media_type: How `data` is to be read.
        data: The bytes.
    """

    check: str
    name: str
    media_type: MediaType
    data: bytes
