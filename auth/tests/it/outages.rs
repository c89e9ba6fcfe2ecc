//! What the service does while Redis or PostgreSQL is away, and that it mends by itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use crate::app::{Answer, settings};
use crate::gate::Gate;
use crate::process::Process;
use crate::redis_server::RedisServer;

/// No answer may take longer, whatever is away: it is the pool's patience and some.
const PATIENCE: Duration = Duration::from_secs(5);

fn with(db: &PgPool, changes: &[(&'static str, String)]) -> BTreeMap<&'static str, String> {
    let mut settings = settings(db);
    settings.extend(changes.iter().cloned());
    settings
}

async fn post(process: &Process, path: &str) -> Answer {
    let request = process.client.post(format!("{}{path}", process.url));
    let start = Instant::now();
    let answer = Answer::of(request.json(&json!({}))).await;
    assert!(start.elapsed() < PATIENCE, "{path} took {:?}", start.elapsed());
    assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}: {}", answer.body);
    answer
}

async fn health(process: &Process) -> (u16, String, String) {
    let answer = Answer::of(process.client.get(format!("{}/health", process.url))).await;
    let text = |place: &str| answer.body.pointer(place).unwrap().as_str().unwrap().to_owned();
    (answer.status.as_u16(), text("/status"), text("/checks/redis"))
}

/// Asks for challenges until one comes.
async fn recovers(process: &Process) -> Answer {
    let start = Instant::now();
    loop {
        let answer = post(process, "/auth/wallet/challenge").await;
        if answer.status == StatusCode::OK {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "no recovery: {}", answer.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn policy(answer: &Answer) -> &str {
    answer.headers["ratelimit-policy"].to_str().unwrap()
}

fn count(log: &[String], words: &str) -> usize {
    log.iter().filter(|line| line.contains(words)).count()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_killed_redis_means_stricter_limits_and_no_sign_in_until_it_is_back(db: PgPool) {
    let mut redis = RedisServer::start();
    let strict = "8/1h".to_owned();
    let changes = [("REDIS_URL", redis.url()), ("RATE_LIMIT_STRICT", strict)];
    let process = Process::start(&with(&db, &changes)).await;
    assert_eq!(policy(&post(&process, "/auth/wallet/challenge").await), "\"challenge\";q=8;w=3600");
    assert_eq!(health(&process).await, (200, "ok".to_owned(), "ok".to_owned()));

    redis.kill();

    // Half of the limit: two replicas that cannot count together give out no more than one limit.
    for _ in 0..4 {
        let answer = post(&process, "/auth/wallet/challenge").await;
        assert_eq!(answer.problem(), (503, "SERVICE_UNAVAILABLE"));
        assert_eq!(policy(&answer), "\"challenge\";q=4;w=3600");
    }
    assert_eq!(post(&process, "/auth/wallet/challenge").await.problem(), (429, "RATE_LIMITED"));
    // What needs no nonce goes on, under a limit.
    for status in [200, 200, 200, 200, 429] {
        assert_eq!(post(&process, "/auth/cli/start").await.status, status);
    }
    assert_eq!(health(&process).await, (200, "degraded".to_owned(), "unreachable".to_owned()));
    tokio::time::sleep(Duration::from_secs(2)).await;

    redis.start_again();

    let answer = recovers(&process).await;
    assert_eq!(policy(&answer), "\"challenge\";q=8;w=3600");
    assert_eq!(health(&process).await, (200, "ok".to_owned(), "ok".to_owned()));
    let log = process.stop().await;
    assert_eq!((count(&log, "Redis is lost"), count(&log, "Redis is back")), (1, 1), "{log:#?}");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_redis_that_does_not_answer_delays_nobody_for_long(db: PgPool) {
    let redis = RedisServer::start();
    // So small that no permit is taken ahead: each challenge asks Redis for its own.
    let changes = [("REDIS_URL", redis.url()), ("RATE_LIMIT_STRICT", "200/1m".to_owned())];
    let process = Process::start(&with(&db, &changes)).await;
    recovers(&process).await;

    redis.freeze();

    let first = post(&process, "/auth/wallet/challenge").await;
    assert_eq!(first.problem(), (503, "SERVICE_UNAVAILABLE"));
    // By now it is known to be away, and nobody waits for it any more.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(post(&process, "/auth/wallet/challenge").await.status, 503);
        assert_eq!(post(&process, "/auth/cli/start").await.status, StatusCode::OK);
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());

    redis.thaw();
    recovers(&process).await;
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn challenges_that_ask_nobody_end_within_two_seconds_of_a_redis_that_is_away(db: PgPool) {
    let redis = RedisServer::start();
    let process = Process::start(&with(&db, &[("REDIS_URL", redis.url())])).await;
    recovers(&process).await;

    redis.freeze();

    let start = Instant::now();
    while post(&process, "/auth/wallet/challenge").await.status != 503 {
        assert!(start.elapsed() < Duration::from_secs(2));
    }
    for _ in 0..20 {
        assert_eq!(post(&process, "/auth/wallet/challenge").await.status, 503);
    }

    redis.thaw();
    recovers(&process).await;
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_redis_that_is_away_at_the_start_stops_no_start(db: PgPool) {
    let mut redis = RedisServer::start();
    redis.kill();
    let process = Process::start(&with(&db, &[("REDIS_URL", redis.url())])).await;

    assert_eq!(health(&process).await, (200, "degraded".to_owned(), "unreachable".to_owned()));
    assert_eq!(post(&process, "/auth/wallet/challenge").await.status, 503);

    redis.start_again();
    recovers(&process).await;
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_database_that_is_away_is_503_and_needs_no_restart_a6_4_a8_3(db: PgPool) {
    let options = db.connect_options();
    let mut gate = Gate::open(options.get_host(), options.get_port()).await;
    let (user, database) = (options.get_username(), options.get_database().unwrap());
    let url = format!("postgres://{user}@{}/{database}", gate.address());
    let process = Process::start(&with(&db, &[("DATABASE_URL", url)])).await;
    assert_eq!(post(&process, "/auth/cli/start").await.status, StatusCode::OK);

    gate.close().await;

    assert_eq!(post(&process, "/auth/cli/start").await.problem(), (503, "SERVICE_UNAVAILABLE"));
    assert_eq!(health(&process).await.0, 503);
    // Challenges need Redis alone.
    assert_eq!(post(&process, "/auth/wallet/challenge").await.status, StatusCode::OK);

    gate.reopen().await;

    let start = Instant::now();
    while post(&process, "/auth/cli/start").await.status != StatusCode::OK {
        assert!(start.elapsed() < Duration::from_secs(10), "no recovery");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(health(&process).await.0, 200);
}
