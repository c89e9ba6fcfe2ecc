use std::net::TcpListener;

use crate::platform::{Platform, command};

/// Runs it to its end; what it wrote to standard error, and whether it failed.
fn refused(mut command: std::process::Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_busy_port_is_named_with_the_variable_that_changes_it() {
    let folder = tempfile::tempdir().unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();

    for variable in ["HOME_PORT", "AUTH_PORT", "BACKEND_PORT"] {
        let mut command = command(folder.path(), &[]);
        command.env(variable, &port);
        let said = refused(command);
        assert_eq!(
            said,
            format!(
                "error: port {port} is taken by another process; set {variable} to a free one\n"
            )
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn a_data_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Platform::start(folder.path(), &[]);

    let said = refused(command(folder.path(), &[]));

    assert!(said.contains("is in use by another process"), "{said}");
}

#[test]
fn malformed_settings_are_all_named_at_once_and_their_values_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), &[]);
    command.envs([
        ("HOME_PORT", "hunter2"),
        ("DATABASE_URL", "mysql://hunter2"),
        ("LOG_FORMAT", "hunter2"),
    ]);

    let said = refused(command);

    assert_eq!(said.lines().count(), 3, "{said}");
    for variable in ["HOME_PORT", "DATABASE_URL", "LOG_FORMAT"] {
        assert!(said.contains(&format!("error: {variable} is malformed")), "{said}");
    }
    assert!(!said.contains("hunter2"));
}

#[test]
fn an_unreachable_database_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = command(folder.path(), &[]);
    command.env("DATABASE_URL", format!("postgres://someone:hunter2@{closed}/nowhere"));

    let said = refused(command);

    assert!(said.starts_with(&format!("error: cannot reach the database someone@{}", closed.ip())));
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_database_of_a_newer_build_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = runtime.block_on(newer_database());
    let mut command = command(folder.path(), &[]);
    command.env("DATABASE_URL", url);

    let said = refused(command);

    assert!(said.contains("29991231000000"), "{said}");
}

/// A database with all our migrations and one that this build does not know.
async fn newer_database() -> String {
    use sqlx::Connection as _;
    let server = shared::env::process("DATABASE_URL").expect("DATABASE_URL of a test server");
    let name = format!("newer_{}", std::process::id());
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    for statement in
        [format!("drop database if exists {name} with (force)"), format!("create database {name}")]
    {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
    }
    let mut url = reqwest::Url::parse(&server).unwrap();
    url.set_path(&name);
    shared::db::migrate(&url.as_str().parse().unwrap()).await.unwrap();
    let mut database = sqlx::PgConnection::connect(url.as_str()).await.unwrap();
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (29991231000000, 'from the future', true, '', 0)",
    )
    .execute(&mut database)
    .await
    .unwrap();
    url.to_string()
}
