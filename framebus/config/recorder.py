"""What the [recorder] table of framebus.toml may say, and the defaults."""

from typing import Annotated

import msgspec


class RecorderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The [recorder] table."""

    folder: Annotated[str | None, msgspec.Meta(description="the path of a folder")] = None
    """Absolute, once the file is checked: by default the folder `recordings` in state_dir."""
    mount_point: Annotated[str | None, msgspec.Meta(description="the path of a folder")] = None
    """Absolute, once the file is checked."""
    keep_days: Annotated[float, msgspec.Meta(gt=0, le=36500, description="days, more than 0 and at most 36500")] = 14
    keep_gb: Annotated[float, msgspec.Meta(gt=0, le=1_000_000, description="GB, more than 0 and at most 1000000")] = 20
    leave_free_gb: Annotated[float, msgspec.Meta(ge=0, le=1_000_000, description="GB from 0 to 1000000")] = 2
    buffer_mb: Annotated[float, msgspec.Meta(ge=4, le=2000, description="MB from 4 to 2000")] = 64
