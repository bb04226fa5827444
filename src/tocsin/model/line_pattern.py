"""What a reader looks for in log lines: a text, or a regular expression in RE2's syntax.

Pure. One way for both: RE2 knows upper and lower case of all alphabets, looks at megabytes in
milliseconds, and never takes longer than the length of what it looks at, whatever a reader asks
for. https://github.com/google/re2/wiki/Syntax
"""

import re

import re2

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.model.logline import clean_text

# Many lines are looked at in one go, so the ends of the text have to be those of a line.
_ENDS_OF_TEXT = {"A": "^", "z": "$"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class LinePattern:
    """Finds the lines that a text or a regular expression stands in."""

    def __init__(self, text: str, *, is_regex: bool, is_case_sensitive: bool) -> None:
        """Make it of what a reader has sent as `q`.

        Raises:
            Rejected: 422, it is no regular expression of this syntax.
        """
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        # Nothing that is found reaches into the next line.
        options.never_nl = True
        options.case_sensitive = is_case_sensitive
        said = clean_text(text)
        try:
            if is_regex:
                # By itself first: brackets that do not match could match those put around it.
                re2.compile(said, options)
                said = _ESCAPE.sub(_at_the_line, said)
            else:
                said = re2.escape(said)
            # It takes the rest of its line with it: a line is found once.
            self._found = re2.compile(f"(?m)(?:{said}).*", options)
        except re2.error as error:
            raise _no_expression(error) from error
        finally:
            # The library would keep what strangers sent, 8 MiB for each.
            re2.purge()

    def lines_in(self, text: bytes) -> list[int]:
        """Which lines of `text`, counted from 0, it stands in; the lines end in LF."""
        found: list[int] = []
        line = at = 0
        for match in self._found.finditer(text):
            begin = match.start()
            line += text.count(b"\n", at, begin)
            at = begin
            # What may be empty is found again at the end of the same line.
            if not found or found[-1] != line:
                found.append(line)
        return found


def _at_the_line(escape: re.Match[str]) -> str:
    return _ENDS_OF_TEXT.get(escape[1], escape[0])


def _no_expression(error: Exception) -> Rejected:
    said = error.args[0]
    detail = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    fault = FieldFault("q", f"expected a regular expression in RE2's syntax: {detail}")
    return Rejected(422, Reason.BAD_FIELD, f"q: {fault.message}", fields=(fault,))
