//! What is printed, and the file for scripts.

use std::io::Write as _;

use serde::Serialize;

use crate::folder::Folder;

const FILE: &str = "platform.json";

/// Where everything is; `platform.json` in the data folder while the platform runs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Platform {
    /// URL of the site.
    pub(crate) home: String,
    /// URL of auth.
    pub(crate) auth: String,
    /// URL of backend.
    pub(crate) backend: String,
    /// A Personal Access Token of the development wallet.
    pub(crate) token: String,
    /// The database. The embedded one serves a single connection, which the platform itself holds.
    pub(crate) database_url: String,
}

impl Platform {
    /// Writes `platform.json`.
    pub(crate) fn publish(&self, folder: &Folder) -> anyhow::Result<()> {
        folder.write(FILE, &serde_json::to_string_pretty(self)?)
    }

    /// Removes it.
    pub(crate) fn withdraw(folder: &Folder) {
        folder.remove(FILE);
    }

    /// Tells a person what they have and what to try first.
    pub(crate) fn print(&self, wallet: &str, place: &str) {
        let Self { home, auth, backend, token, .. } = self;
        say(&format!(
            "
Alternate Futures is running.

  site      {home}          (console: {home}/console)
  auth      {auth}          (reference: {auth}/docs)
  GraphQL   {backend}/graphql  (open it in a browser to explore)
  wallet    {wallet}
  token     {token}
  data      {place}

Try it:

curl -s {backend}/graphql -H 'authorization: Bearer {token}' -H 'content-type: application/json' -d '{{\"query\":\"{{ me {{ id walletAddress }} projects {{ totalCount }} }}\"}}'

Ctrl-C stops it."
        ));
    }
}

/// One line of progress.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Why the platform did not start: the chain of causes, one line each, to standard error.
pub(crate) fn failure(error: &anyhow::Error) {
    let causes = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    for line in causes.lines() {
        let _ = writeln!(std::io::stderr().lock(), "error: {line}");
    }
}
