"""What tofu rendered from inputs.tfvars.json, read once for all checks.

RENDERED names the output of `tofu output -json`; scripts/tofu.sh makes it.
"""

import base64
import json
import os
import re
from pathlib import Path

import yaml

HERE = Path(__file__).parent
INPUTS = json.loads((HERE / "inputs.tfvars.json").read_text())
_outputs = {name: output["value"] for name, output in json.loads(Path(os.environ["RENDERED"]).read_text()).items()}

USER_DATA: str = _outputs["user_data"]
INSTALL: dict[str, str] = _outputs["install_scripts"]
MANIFESTS: str = _outputs["manifest_script"]


def files(script: str) -> dict[str, str]:
    """The files that a rendered script writes, by path."""
    found = re.findall(r"^  put '([^']+)' <<<'([^']*)'$", script, re.MULTILINE)
    return {path: base64.b64decode(content).decode() for path, content in found}


def settings(script: str) -> dict[str, str]:
    """The settings at the top of a rendered script."""
    return dict(re.findall(r"^readonly ([A-Z0-9_]+)='([^']*)'$", script, re.MULTILINE))


def expected(name: str) -> list:
    """The documents of a file in expected/."""
    return list(yaml.safe_load_all((HERE / "expected" / name).read_text()))
