"""Whom a robot may mention in its group: options that those of DingTalk and WeCom have alike."""

from typing import Annotated

from pydantic import Field

UserIds = Annotated[
    tuple[str, ...],
    Field(
        title="Mention by user id",
        description="Members of the group.",
        examples=[["zhangsan"]],
        max_length=100,
    ),
]
Mobiles = Annotated[
    tuple[str, ...],
    Field(
        title="Mention by mobile number",
        description="Members of the group.",
        examples=[["13800000000"]],
        max_length=100,
    ),
]
Everybody = Annotated[bool, Field(title="Mention everybody", description="Everybody in the group.")]
