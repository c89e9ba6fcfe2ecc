//! Limits by the client's address, and every way to get around them (A8.6).

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::json;
use shared::clock::Clock;
use sqlx::PgPool;

use crate::app::{Answer, TestApp, Wallet};
use crate::redis_server::RedisServer;

const STRICT: (&str, &str) = ("RATE_LIMIT_STRICT", "5/15m");
const BEHIND_PROXY: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8");
const CHALLENGE: &str = "/auth/wallet/challenge";

/// An instance with a Redis of its own: all tests come from the same address.
async fn start(db: &PgPool, changes: &[(&'static str, &str)]) -> (TestApp, RedisServer) {
    let redis = RedisServer::start();
    (instance(db, &redis, changes).await, redis)
}

async fn instance(db: &PgPool, redis: &RedisServer, changes: &[(&'static str, &str)]) -> TestApp {
    let url = redis.url();
    let mut all = vec![("REDIS_URL", url.as_str())];
    all.extend(changes);
    TestApp::start_with(db, &all, Clock::System).await
}

/// Asks for a challenge, with these lines of `X-Forwarded-For`.
async fn ask(app: &TestApp, forwarded: &[&str]) -> Answer {
    let request = app.request(Method::POST, CHALLENGE).json(&json!({}));
    let with =
        |request: reqwest::RequestBuilder, line: &&str| request.header("x-forwarded-for", *line);
    Answer::of(forwarded.iter().fold(request, with)).await
}

/// How many of `count` calls pass, each with its own lines of `X-Forwarded-For`.
async fn passed(app: &TestApp, count: usize, forwarded: impl Fn(usize) -> Vec<String>) -> usize {
    let mut passed = 0;
    for turn in 0..count {
        let lines = forwarded(turn);
        let lines = lines.iter().map(String::as_str).collect::<Vec<_>>();
        passed += usize::from(ask(app, &lines).await.status == StatusCode::OK);
    }
    passed
}

fn number(headers: &HeaderMap, name: &str) -> u64 {
    headers[name].to_str().unwrap().parse().unwrap()
}

/// Reads `"name";a=1;b=2`, the one shape of a structured list that is used here.
fn item(headers: &HeaderMap, name: &str) -> (String, Vec<(char, u64)>) {
    let text = headers[name].to_str().unwrap();
    let (quoted, parameters) = text.split_once(';').unwrap();
    let name = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
    assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'));
    let parameter = |text: &str| {
        let (key, value) = text.split_once('=').unwrap();
        assert_eq!(key.len(), 1);
        (key.chars().next().unwrap(), value.parse().unwrap())
    };
    (name.to_owned(), parameters.split(';').map(parameter).collect())
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_sixth_call_is_refused_and_every_answer_says_where_the_caller_stands(db: PgPool) {
    let (app, _redis) = start(&db, &[STRICT]).await;

    for left in (0..5).rev() {
        let answer = ask(&app, &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
        let name = "challenge".to_owned();
        let policy = item(&answer.headers, "ratelimit-policy");
        assert_eq!(policy, (name.clone(), vec![('q', 5), ('w', 900)]));
        let (bucket, state) = item(&answer.headers, "ratelimit");
        assert_eq!((bucket, state[0]), (name, ('r', left)));
        assert!(state[1].0 == 't' && state[1].1 <= 900);
        assert_eq!(number(&answer.headers, "x-ratelimit-limit"), 5);
        assert_eq!(number(&answer.headers, "x-ratelimit-remaining"), left);
        assert_eq!(number(&answer.headers, "x-ratelimit-reset"), state[1].1);
        assert!(!answer.headers.contains_key("retry-after"));
    }
    let refused = ask(&app, &[]).await;

    assert_eq!(refused.problem(), (429, "RATE_LIMITED"));
    let wait = number(&refused.headers, "retry-after");
    assert!((170..=180).contains(&wait), "{wait}");
    assert_eq!(refused.body["retryAfter"], wait);
    assert_eq!(refused.body["message"], refused.body["detail"]);
    assert_eq!(number(&refused.headers, "x-ratelimit-remaining"), 0);
    // The draft: `t` must not be before `Retry-After`.
    assert!(item(&refused.headers, "ratelimit").1[1].1 >= wait);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn retry_after_shrinks_is_never_0_and_asking_on_does_not_extend_it(db: PgPool) {
    let (app, _redis) = start(&db, &[("RATE_LIMIT_STRICT", "2/6s")]).await;
    assert_eq!(passed(&app, 2, |_| vec![]).await, 2);

    let start = std::time::Instant::now();
    let mut waits = Vec::new();
    let freed = loop {
        let answer = ask(&app, &[]).await;
        if answer.status == StatusCode::OK {
            break start.elapsed();
        }
        waits.push(number(&answer.headers, "retry-after"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    };

    assert!(waits.is_sorted_by(|a, b| a >= b), "{waits:?}");
    assert_eq!((waits[0], *waits.last().unwrap()), (3, 1));
    // 3 s after the burst, although the caller has asked some fifty times meanwhile.
    assert!(freed < Duration::from_millis(3_600), "{freed:?}");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_stranger_cannot_claim_another_address(db: PgPool) {
    let (app, _redis) = start(&db, &[STRICT]).await;
    assert_eq!(passed(&app, 9, |turn| vec![format!("198.51.100.{turn}")]).await, 5);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn behind_a_proxy_the_rightmost_untrusted_hop_counts_whatever_stands_left_of_it(db: PgPool) {
    let (app, _redis) = start(&db, &[STRICT, BEHIND_PROXY]).await;
    let spoofs = [
        vec!["198.51.100.1".to_owned()],
        vec!["6.6.6.6, 198.51.100.1".to_owned()],
        vec!["7.7.7.7".to_owned(), "198.51.100.1, 10.1.2.3".to_owned()],
        vec!["unknown, _hidden, 198.51.100.1:4711".to_owned()],
        vec![format!("{}198.51.100.1", "8.8.8.8,".repeat(99))],
        vec!["::ffff:198.51.100.1".to_owned()],
        vec!["[::ffff:198.51.100.1]:443".to_owned()],
        vec!["<script>, 198.51.100.1".to_owned()],
    ];

    assert_eq!(passed(&app, spoofs.len(), |turn| spoofs[turn].clone()).await, 5);
    // Another client behind the same proxy has its own count.
    assert_eq!(passed(&app, 6, |_| vec!["198.51.100.2".to_owned()]).await, 5);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn two_addresses_of_one_64_share_a_count_and_two_64s_do_not(db: PgPool) {
    let (app, _redis) = start(&db, &[STRICT, BEHIND_PROXY]).await;
    let one = |turn: usize| vec![format!("2001:db8:0:1:{turn:x}::{turn:x}")];
    let many = |turn: usize| vec![format!("2001:db8:0:{:x}::1", 0x10 + turn)];

    assert_eq!(passed(&app, 12, one).await, 5);
    assert_eq!(passed(&app, 12, many).await, 12);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn two_instances_share_one_limit_exactly(db: PgPool) {
    let (first, redis) = start(&db, &[("RATE_LIMIT_STRICT", "40/1h")]).await;
    let second = instance(&db, &redis, &[("RATE_LIMIT_STRICT", "40/1h")]).await;

    let calls = (0..120).map(|turn| ask(if turn % 2 == 0 { &first } else { &second }, &[]));
    let answers = futures_util::future::join_all(calls).await;

    let passed = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((passed, refused), (40, 80));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn each_route_has_its_own_count_and_health_has_none(db: PgPool) {
    let (app, _redis) = start(&db, &[STRICT, ("RATE_LIMIT_STANDARD", "3/1h")]).await;
    assert_eq!(passed(&app, 6, |_| vec![]).await, 5);

    let start = app.post("/auth/cli/start", json!({})).await;
    assert_eq!(start.status, StatusCode::OK);
    for path in ["/account/profile", "/account/audit", "/account/methods"] {
        for status in [401, 401, 401, 429, 429] {
            let answer = Answer::of(app.request(Method::GET, path)).await;
            assert_eq!(answer.status, status, "{path}");
        }
    }
    for path in ["/health", "/livez", "/openapi.json", "/docs"] {
        for _ in 0..20 {
            let answer = Answer::of(app.request(Method::GET, path)).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_flood_for_a_wallet_does_not_lock_its_owner_out(db: PgPool) {
    let (app, _redis) = start(&db, &[STRICT, BEHIND_PROXY]).await;
    let wallet = Wallet::random();
    let body = json!({ "address": wallet.address() });
    let from = |address: &str| {
        let request = app.request(Method::POST, CHALLENGE).json(&body);
        Answer::of(request.header("x-forwarded-for", address.to_owned()))
    };
    for turn in 0..60 {
        from(&format!("203.0.113.{turn}")).await;
        from("203.0.113.250").await;
    }

    assert_eq!(from("198.51.100.77").await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn only_a_service_of_ours_is_not_counted(db: PgPool) {
    let (app, _redis) = start(&db, &[STRICT]).await;
    let now = Clock::System.now();
    let service = app.state.keys.sign_service("alternatefutures-backend", now).unwrap();
    let old = now - time::Duration::minutes(10);
    let expired = app.state.keys.sign_service("alternatefutures-backend", old).unwrap();
    let id = uuid::Uuid::now_v7();
    let life = time::Duration::minutes(5);
    let access = app.state.keys.sign_access(id, id, now, life).unwrap();
    let ask_with = |token: &str| {
        let request = app.request(Method::POST, CHALLENGE).json(&json!({}));
        Answer::of(request.header("x-service-token", token.to_owned()))
    };

    for _ in 0..20 {
        let answer = ask_with(&service).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.headers.contains_key("ratelimit"));
    }
    let mut statuses = Vec::new();
    for token in [&*expired, &*access, "", "a.b.c", &*expired, &*access, "x"] {
        statuses.push(ask_with(token).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn permits_taken_ahead_by_two_instances_never_exceed_the_quota(db: PgPool) {
    let large = [("RATE_LIMIT_STRICT", "3000/1h")];
    let (first, redis) = start(&db, &large).await;
    let second = instance(&db, &redis, &large).await;

    let (start, mut passed) = (std::time::Instant::now(), 0);
    for _ in 0..40 {
        let calls = (0..90).map(|turn| ask(if turn % 2 == 0 { &first } else { &second }, &[]));
        let answers = futures_util::future::join_all(calls).await;
        passed += answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    }

    // A permit comes back every 1.2 s. Those taken ahead and not used in time are lost: fewer than
    // one in a hundred.
    let most = 3_000 + usize::try_from(start.elapsed().as_millis() / 1_200).unwrap();
    assert!((2_970..=most).contains(&passed), "{passed}, at most {most}");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_caller_far_from_a_huge_quota_costs_few_calls_to_redis(db: PgPool) {
    let (app, redis) = start(&db, &[("RATE_LIMIT_STRICT", "10000000/1m")]).await;

    for _ in 0..40 {
        futures_util::future::join_all((0..50).map(|_| ask(&app, &[]))).await;
    }

    let mut connection = redis.client().get_multiplexed_async_connection().await.unwrap();
    let stats = redis::cmd("INFO").arg("commandstats").query_async::<String>(&mut connection).await;
    let stats = stats.unwrap();
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    let calls = calls.unwrap().split(',').next().unwrap().parse::<usize>().unwrap();
    assert!(calls < 1_000, "{calls} calls for 2000 requests");
}
