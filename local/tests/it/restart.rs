use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::platform::Platform;

#[test]
fn data_wallet_and_token_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = Platform::start(folder.path(), &[]);
    first.graphql(r#"mutation { createProject(data: {name: "Keeps"}) { id } }"#);
    let token = first.get("token").to_owned();
    assert!(first.stop("INT").success());
    assert!(!folder.path().join("platform.json").exists());

    let second = Platform::start(folder.path(), &[]);

    assert_eq!(second.get("token"), token);
    let projects = second.graphql("{ projects { data { name } } }");
    assert_eq!(projects.pointer("/data/projects/data"), Some(&json!([{ "name": "Keeps" }])));
    assert!(second.stop("TERM").success());
}

#[test]
fn an_ephemeral_run_leaves_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    fs::create_dir(&folder).unwrap();
    let platform = Platform::start(&folder, &["--ephemeral"]);

    assert!(platform.stop("TERM").success());

    assert!(!folder.exists());
}

#[test]
fn secrets_on_disk_are_readable_by_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let _platform = Platform::start(folder.path(), &[]);

    for name in ["jwt-secret", "wallet.key", "token", "platform.json"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
