"""State and plans are encrypted (A1.9), shown with the real tofu and this configuration's versions.tf."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SECRET = "visible-if-not-encrypted"
MAIN = f"""
variable "state_passphrase" {{
  type      = string
  sensitive = true
}}

resource "terraform_data" "secret" {{
  input = "{SECRET}"
}}
"""


class Encryption(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ["versions.tf", ".terraform.lock.hcl"]:
            shutil.copy(Path(os.environ["CONFIGURATION"], name), self.folder)
        (self.folder / "main.tf").write_text(MAIN)
        self.state = self.folder / "terraform.tfstate"
        self.tofu("init", "-input=false", "-lockfile=readonly")

    def tofu(self, *arguments: str, passphrase: str = "a passphrase for tests, 0123456789", works: bool = True) -> str:
        environment = {**os.environ, "TF_VAR_state_passphrase": passphrase}
        result = subprocess.run(["tofu", *arguments, "-no-color"], cwd=self.folder, env=environment, capture_output=True, text=True)
        self.assertEqual(result.returncode == 0, works, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def test_the_state_shows_nothing(self):
        self.tofu("apply", "-auto-approve", "-input=false")
        self.assertIn("encrypted_data", json.loads(self.state.read_text()))
        self.assertNotIn(SECRET, self.state.read_text())
        self.assertIn(SECRET, self.tofu("show"))

    def test_a_saved_plan_shows_nothing(self):
        self.tofu("plan", "-out=saved.tfplan", "-input=false")
        saved = (self.folder / "saved.tfplan").read_bytes()
        self.assertIn(b"encrypted_data", saved)
        self.assertNotIn(SECRET.encode(), saved)
        self.tofu("apply", "-input=false", "saved.tfplan")

    def test_another_passphrase_opens_nothing(self):
        self.tofu("apply", "-auto-approve", "-input=false")
        self.assertIn("decryption", self.tofu("show", passphrase="another passphrase, 0123456789", works=False))

    def test_a_passphrase_that_is_too_short_is_refused(self):
        self.tofu("plan", "-input=false", passphrase="short", works=False)

    def test_a_setting_that_would_write_in_the_clear_is_refused(self):
        versions = self.folder / "versions.tf"
        for block in ["state", "plan"]:
            sound = versions.read_text()
            broken = sound.replace(f"    {block} {{\n      method   = method.aes_gcm.state", f"    {block} {{\n      method   = method.unencrypted.clear")
            broken = broken.replace("    state {", '    method "unencrypted" "clear" {}\n\n    state {')
            versions.write_text(broken)
            self.assertNotEqual(broken, sound)
            self.assertIn("encrypted", self.tofu("plan", "-input=false", "-out=saved.tfplan", works=False))
            versions.write_text(sound)

    def test_a_state_in_the_clear_is_refused(self):
        self.state.write_text('{"version": 4, "terraform_version": "1.12.6", "serial": 1, "lineage": "x", "outputs": {}, "resources": []}')
        self.assertIn("unencrypted", self.tofu("plan", "-input=false", works=False))


if __name__ == "__main__":
    unittest.main()
