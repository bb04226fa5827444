"""An application's calls to Feishu: messages, images, and the token that they need.

https://open.feishu.cn/document/server-docs/im-v1/message/create
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from tocsin.edge.outbound import Answer
from tocsin.errors import Reason, TryLater
from tocsin.model.message import Image
from tocsin.notify.channel import Reach, Token
from tocsin.notify.platforms.answers import Answers, gone, later, never, with_token
from tocsin.notify.platforms.multipart import Upload, form

# A new token is given when less than 30 minutes are left of one; asked before, the same.
_RENEWED_S = 1_440.0
_TOKEN_CODES = frozenset({99991661, 99991663, 99991668})
# A message that was recalled, is older than 14 days, or deleted.
_NOT_REPLACED = frozenset({230011, 230031, 230110})
_CARD_REFUSED = 230099

ANSWERS = Answers(
    platform="Feishu",
    code="code",
    text="msg",
    wait_headers=("retry-after", "x-ogw-ratelimit-reset"),
    meanings={
        9499: never(Reason.REFUSED, "The call is malformed or too large."),
        11232: later(Reason.RATE_LIMITED),
        19001: never(Reason.BAD_CREDENTIALS, "The address is of no bot."),
        19021: never(Reason.BAD_SIGNATURE),
        19022: never(Reason.NOT_ALLOWED, "The bot takes calls of some addresses only."),
        19024: never(Reason.KEYWORD_MISSING, "The bot asks for a keyword."),
        19036: never(Reason.TOO_LARGE),
        230002: gone(Reason.GONE, "The bot is not in the group."),
        232009: gone(Reason.GONE, "The group is dissolved."),
        99991400: later(Reason.RATE_LIMITED, is_accounts=True),
        230020: later(Reason.RATE_LIMITED),
        230025: never(Reason.TOO_LARGE),
        **dict.fromkeys((10003, 10014, *_TOKEN_CODES), never(Reason.BAD_CREDENTIALS)),
        **dict.fromkeys((230022, 230028), never(Reason.CONTENT_REFUSED)),
        **dict.fromkeys((230029, 230034, 230053), never(Reason.NO_RECIPIENT)),
        **dict.fromkeys(
            (99991672, 230006, 230013, 230018, 230027, 230035),
            never(Reason.NOT_ALLOWED, "See the application's permissions and its groups."),
        ),
    },
)
"""How Feishu answers, a custom bot too."""


@dataclass(frozen=True, slots=True)
class App:
    """An application at `api`, Feishu's address or Lark's."""

    api: str
    id: str
    secret: str
    reach: Reach

    async def create(self, receive_id_type: str, message: Mapping[str, Any]) -> str | None:
        """Send a message; its id if one is told, or None when the card in it is refused."""
        path = f"/open-apis/im/v1/messages?receive_id_type={receive_id_type}"
        answer = await self._call("POST", path, json=message)
        if ANSWERS.code_of(answer) == _CARD_REFUSED and message["msg_type"] == "interactive":
            return None
        return self._text_in(answer, "message_id") or ""

    async def replace(self, message_id: str, content: Mapping[str, Any]) -> bool:
        """Put another card in a message's place; False when that cannot be done any more."""
        path = f"/open-apis/im/v1/messages/{quote(message_id, safe='')}"
        answer = await self._call("PATCH", path, json={"content": orjson.dumps(content).decode()})
        if ANSWERS.code_of(answer) in _NOT_REPLACED:
            return False
        ANSWERS.read(answer, self.reach.now())
        return True

    async def upload(self, image: Image) -> str:
        """Have an image kept; the key by which messages show it."""
        upload = form({"image_type": "message"}, Upload("image", image.name, image.png))
        path = "/open-apis/im/v1/images"
        answer = await self._call("POST", path, body=upload.body, headers=upload.headers)
        key = self._text_in(answer, "image_key")
        if key is None:
            raise _without("image_key")
        return key

    async def _call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **sent: Any
    ) -> Answer:
        """Call with the token; with a new one once, when Feishu does not take it."""

        async def call(token: str) -> Answer:
            bearer = {**(headers or {}), "Authorization": f"Bearer {token}"}
            return await self.reach.call(method, self.api + path, headers=bearer, **sent)

        async def token(refused: str) -> str:
            return await self.reach.token(f"{self.api} {self.id}", self._new_token, refused=refused)

        return await with_token(call, token, lambda told: ANSWERS.code_of(told) in _TOKEN_CODES)

    async def _new_token(self) -> Token:
        url = f"{self.api}/open-apis/auth/v3/tenant_access_token/internal"
        account = {"app_id": self.id, "app_secret": self.secret}
        answer = await self.reach.call("POST", url, json=account)
        given = ANSWERS.read(answer, self.reach.now())
        text, good_for_s = given.get("tenant_access_token"), given.get("expire")
        if not isinstance(text, str) or not isinstance(good_for_s, int):
            raise _without("access token")
        return Token(text, good_for_s - _RENEWED_S)

    def _text_in(self, answer: Answer, name: str) -> str | None:
        data = ANSWERS.read(answer, self.reach.now()).get("data")
        text = data.get(name) if isinstance(data, dict) else None
        return text if isinstance(text, str) else None


def _without(name: str) -> TryLater:
    return TryLater(f"Feishu's answer has no {name}.", reason=Reason.BAD_ANSWER)
