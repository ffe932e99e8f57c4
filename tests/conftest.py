"""What holds for all tests: no time limits, the same examples wherever a result must not depend on luck, no cache."""

import os

from hypothesis import settings

# The first call of a kernel compiles it: a time limit would say more about the machine than about the code. Where
# CI is set, examples are derived from the test alone, so that a change is never refused for another one's bug.
settings.register_profile("firth", deadline=None, derandomize=os.environ.get("CI", "").lower() in ("1", "true"))
settings.load_profile("firth")

os.environ.pop("FIRTH_CACHE", None)  # a corpus that the developer has prepared is none that a test has
