"""The rules of the numbers: pure functions from frame to frame, in the order of the data's way.

label -> price -> classify -> aggregate by day -> attribute -> total. None of them reads a file, a clock or a
setting. RULES_VERSION names the rules: it changes whenever the same input would give other numbers.
"""

from typing import Final

RULES_VERSION: Final = "3"
