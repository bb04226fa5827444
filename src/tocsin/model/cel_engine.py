"""The library for CEL, without the command line that comes with it.

To import `cel` is to import `cel.cli`, and with it a whole terminal: 130 files and 5 MB that a
server never uses. With an empty module in its place the rest is as it was, so all others have the
library from here.
"""

import sys
from types import ModuleType

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))

import cel  # noqa: E402 - with that in place

__all__ = ["cel"]
