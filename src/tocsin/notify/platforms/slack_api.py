"""How Slack answers, in words; and the calls of an app's bot: messages, and images in three steps.

https://docs.slack.dev/apis/web-api, /messaging/sending-messages-using-incoming-webhooks
A webhook's word is its whole answer, the API's stands in JSON and may come with status 200. A word
that is known decides, then the status.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn
from urllib.parse import urlencode

from tocsin.edge.outbound import Answer
from tocsin.errors import Reason
from tocsin.model.message import Image
from tocsin.notify.channel import Reach
from tocsin.notify.drawing.layout import one_line
from tocsin.notify.platforms.answers import (
    Meaning,
    certain_meaning,
    failure,
    gone,
    later,
    never,
    object_in,
    wait_s,
)

PUBLIC_URL = "https://slack.com"
MAX_ALT_CHARS = 1_000
# Slack counts its calls for each channel, and those of other methods for the whole workspace.
_BY_CHANNEL = "chat.postMessage"

_WORD = re.compile(r"[a-z][a-z_]{1,60}")
# These are JSON's and nobody's in particular.
_OF_JSON = frozenset({"null", "true", "false"})
_FORBIDDEN = gone(Reason.NOT_ALLOWED, "The workspace lets nobody post there like this.")
_GONE = gone(Reason.GONE, "The webhook or its channel is gone.")
_OLD = never(Reason.GONE, "The message that was to be replaced is gone.")
_WORDS: Mapping[str, Meaning] = {
    word: meaning
    for meaning, words in (
        (later(Reason.RATE_LIMITED), "ratelimited rate_limited"),
        (later(Reason.BUSY), "rollup_error internal_error fatal_error service_unavailable"),
        (later(Reason.TIMED_OUT), "request_timeout"),
        (never(Reason.TOO_LARGE), "msg_too_long msg_blocks_too_long"),
        (never(Reason.REFUSED), "invalid_payload user_not_found no_text invalid_blocks"),
        (never(Reason.REFUSED), "too_many_attachments invalid_arguments"),
        (_OLD, "message_not_found cant_update_message edit_window_closed"),
        (never(Reason.NOT_ALLOWED, "Invite the bot into the channel."), "not_in_channel"),
        (never(Reason.NOT_ALLOWED, "Give the app the scope that it lacks."), "missing_scope"),
        (
            gone(Reason.BAD_CREDENTIALS, "Give it a new token."),
            "invalid_token invalid_auth not_authed account_inactive token_revoked token_expired",
        ),
        (_FORBIDDEN, "action_prohibited posting_to_general_channel_denied"),
        (_GONE, "channel_not_found channel_is_archived is_archived"),
        (_GONE, "no_service no_service_id no_active_hooks no_team team_disabled"),
    )
    for word in words.split()
}


def read_webhook(answer: Answer, reach: Reach) -> None:
    """See that a webhook has taken a message.

    Raises:
        DeliveryFailed: it has not; its word says what follows.
    """
    text = answer.body.decode(errors="replace").strip()
    if answer.status != 200 or text != "ok":
        _fail(answer, reach, str(object_in(answer).get("error") or text))


def _read(answer: Answer, reach: Reach, method: str) -> dict[str, Any]:
    body = object_in(answer)
    if answer.status != 200 or body.get("ok") is not True:
        is_accounts = method != _BY_CHANNEL
        _fail(answer, reach, str(body.get("error") or ""), is_accounts=is_accounts)
    return body


def _fail(answer: Answer, reach: Reach, said: str, *, is_accounts: bool = False) -> NoReturn:
    word = said if _WORD.fullmatch(said) and said not in _OF_JSON else ""
    by_status = never(Reason.REFUSED) if word and answer.status == 200 else None
    meaning = _WORDS.get(word) or by_status or certain_meaning(answer.status)
    meaning = replace(meaning, is_accounts=is_accounts)
    asked = answer.headers.get("retry-after") or str(object_in(answer).get("retry_after"))
    raise failure("Slack", word or answer.status, meaning, wait_s(asked, reach.now()))


@dataclass(frozen=True, slots=True)
class Api:
    """Slack's Web API with a bot's token."""

    token: str
    reach: Reach

    async def call(self, method: str, json: Any = None, form: Any = None) -> dict[str, Any]:
        """What a method answers when all is well.

        Raises:
            DeliveryFailed: it is not.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        body = urlencode(form).encode() if form else None
        url = f"{PUBLIC_URL}/api/{method}"
        answer = await self.reach.call("POST", url, json=json, body=body, headers=headers)
        return _read(answer, self.reach, method)

    async def upload(self, image: Image) -> dict[str, str]:
        """The first two steps: a file that is there, and seen by nobody until it is shown."""
        alt = one_line(image.alt, MAX_ALT_CHARS)
        asked = {"filename": image.name, "length": len(image.png), "alt_txt": alt}
        given = await self.call("files.getUploadURLExternal", form=asked)
        url, file_id = str(given.get("upload_url", "")), str(given.get("file_id", ""))
        self.reach.hide(url)
        headers = {"Content-Type": "application/octet-stream"}
        answer = await self.reach.call("POST", url, body=image.png, headers=headers)
        if answer.status != 200:
            _fail(answer, self.reach, "")
        return {"id": file_id, "title": alt or image.name}

    async def show(self, files: Sequence[Mapping[str, str]], channel_id: str) -> None:
        """The last step, by which people see them."""
        shown = {"files": list(files), "channel_id": channel_id}
        await self.call("files.completeUploadExternal", shown)
