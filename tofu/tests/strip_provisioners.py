"""Removes provisioner and connection blocks from a copy of the configuration.

`tofu test` runs provisioners even with a mocked provider; without them an apply touches
nothing, and what remains is what decides about replacing a resource.
"""

import re
import sys
from pathlib import Path

START = re.compile(r"^  (provisioner|connection)\b.*\{$")

removed = 0
for path in Path(sys.argv[1]).glob("*.tf"):
    kept, inside = [], False
    for line in path.read_text().splitlines(keepends=True):
        if START.match(line.rstrip("\n")):
            inside, removed = True, removed + 1
        if not inside:
            kept.append(line)
        if inside and line == "  }\n":
            inside = False
    path.write_text("".join(kept))

if removed == 0:
    sys.exit("no provisioner found: has the layout changed?")
