//! Two processes of the program over one PostgreSQL and one Redis, as two replicas are: nothing that
//! one of them keeps in memory may give a caller more, or for longer, than one process would
//! (A8.4, A8.5, A8.6).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::api::{SignedIn, TokenLimits};
use sqlx::PgPool;

use crate::app::{Answer, Api, Wallet, settings};
use crate::process::Process;
use crate::redis_server::RedisServer;
use crate::session::{refresh, refreshed};
use crate::statements;
use crate::tokens::create;

/// Two processes, and the Redis that they share.
struct Pair {
    one: Process,
    two: Process,
    _redis: RedisServer,
}

impl Pair {
    async fn start(db: &PgPool, changes: &[(&'static str, &str)]) -> Self {
        let redis = RedisServer::start();
        let mut settings = settings(db);
        settings.insert("REDIS_URL", redis.url());
        settings.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let (one, two) = tokio::join!(Process::start(&settings), Process::start(&settings));
        Self { one, two, _redis: redis }
    }

    /// The one and the other by turns.
    fn on(&self, turn: usize) -> &Api {
        if turn.is_multiple_of(2) { &self.one } else { &self.two }
    }

    fn both(&self) -> [&Api; 2] {
        [&self.one, &self.two]
    }

    /// Asks the same of both by turns, `count` times at once.
    async fn at_once<'a, F>(&'a self, count: usize, ask: impl Fn(&'a Api) -> F) -> Vec<Answer>
    where
        F: Future<Output = Answer>,
    {
        join_all((0..count).map(|turn| ask(self.on(turn)))).await
    }
}

/// How many of `answers` have these statuses; there must be no others.
fn tally<const N: usize>(answers: &[Answer], statuses: [u16; N]) -> [usize; N] {
    for Answer { status, body, .. } in answers {
        assert!(statuses.contains(&status.as_u16()), "{status} {body}");
    }
    statuses.map(|status| answers.iter().filter(|answer| answer.status == status).count())
}

/// Waits until this process remembers `token`: asked for again, it costs no statement.
async fn warm(db: &PgPool, process: &Api, token: &str) {
    let start = Instant::now();
    loop {
        statements::reset(db).await;
        assert_eq!(process.validate(token).await.status, StatusCode::OK);
        if statements::counted(db).await.is_empty() {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "the token is never remembered");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Neither process takes anything of this session any more.
async fn assert_dead(pair: &Pair, session: &SignedIn) {
    for process in pair.both() {
        let access = process.validate(&session.access_token).await;
        assert_eq!(access.problem(), (401, "INVALID_TOKEN"));
        let next = refresh(process, &session.refresh_token).await;
        assert_eq!(next.problem(), (401, "INVALID_REFRESH_TOKEN"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn of_forty_uses_of_one_challenge_on_both_at_once_one_wins_a8_4(db: PgPool) {
    let pair = Pair::start(&db, &[]).await;
    for turn in 0..6 {
        let wallet = Wallet::random();
        let message = pair.on(turn).challenge(&wallet).await.message.unwrap();
        let body = json!({ "message": message, "signature": wallet.sign(&message) });

        let answers = pair.at_once(40, |on| on.post("/auth/wallet/verify", body.clone())).await;

        assert_eq!(tally(&answers, [200, 404]), [1, 39]);
        let lost = answers.iter().find(|answer| answer.status == StatusCode::NOT_FOUND).unwrap();
        assert_eq!(lost.problem(), (404, "CHALLENGE_NOT_FOUND"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn both_together_let_five_calls_pass_in_a_quarter_of_an_hour_a8_6(db: PgPool) {
    let pair = Pair::start(&db, &[("RATE_LIMIT_STRICT", "5/15m")]).await;

    let answers = pair.at_once(12, |on| on.post("/auth/wallet/challenge", json!({}))).await;

    assert_eq!(tally(&answers, [200, 429]), [5, 7]);
    for process in pair.both() {
        let after = process.post("/auth/wallet/challenge", json!({})).await;
        assert_eq!(after.problem(), (429, "RATE_LIMITED"));
        assert_eq!(after.headers["x-ratelimit-remaining"], "0");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn one_refresh_token_used_on_both_at_once_has_one_successor(db: PgPool) {
    let pair = Pair::start(&db, &[]).await;
    for turn in 0..4 {
        let first = pair.on(turn).sign_in(&Wallet::random()).await;

        let answers = pair.at_once(20, |on| refresh(on, &first.refresh_token)).await;

        // As after a lost answer: whoever asks within ten seconds is given the same.
        assert_eq!(tally(&answers, [200]), [20]);
        let second = answers.into_iter().map(Answer::ok::<SignedIn>).collect::<Vec<_>>();
        let successor = &second[0].refresh_token;
        assert_ne!(*successor, first.refresh_token);
        assert!(second.iter().all(|other| other.refresh_token == *successor));

        // The successor has been seen in use, so the first one is a thief's, on either process.
        let third = refreshed(pair.on(turn), successor).await;
        let theft = refresh(pair.on(turn + 1), &first.refresh_token).await;
        assert_eq!(theft.problem(), (401, "INVALID_REFRESH_TOKEN"));
        assert_dead(&pair, &third).await;
        assert_dead(&pair, &first).await;
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_used_refresh_token_that_comes_back_later_ends_its_session_on_both(db: PgPool) {
    let pair = Pair::start(&db, &[]).await;
    for turn in 0..4 {
        let first = pair.on(turn).sign_in(&Wallet::random()).await;
        let second = refreshed(pair.on(turn), &first.refresh_token).await;
        // Eleven seconds later.
        let later = "update auth.refresh_tokens set used_at = used_at - interval '11 seconds'";
        sqlx::query(later).execute(&db).await.unwrap();

        let answers = pair.at_once(8, |on| refresh(on, &first.refresh_token)).await;

        assert_eq!(tally(&answers, [401]), [8]);
        assert_dead(&pair, &second).await;
    }
    let reasons = "select distinct revoked_reason from auth.sessions";
    let reasons = sqlx::query_scalar::<_, Option<String>>(reasons).fetch_all(&db).await.unwrap();
    assert_eq!(reasons, [Some("reuse".to_owned())]);
}

/// The refresh tokens that these answers show.
fn shown(answers: Vec<Answer>) -> BTreeSet<String> {
    let shown = answers.into_iter().filter(|answer| answer.status == StatusCode::OK);
    shown.map(|answer| answer.ok::<SignedIn>().refresh_token).collect()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_old_and_a_new_refresh_token_racing_on_both_never_leave_two_live_ends(db: PgPool) {
    let pair = Pair::start(&db, &[]).await;
    for _ in 0..6 {
        let first = pair.one.sign_in(&Wallet::random()).await;
        let second = refreshed(&pair.two, &first.refresh_token).await;

        let (old, new) = tokio::join!(
            pair.at_once(6, |on| refresh(on, &first.refresh_token)),
            pair.at_once(6, |on| refresh(on, &second.refresh_token)),
        );

        // Who was first decides what is answered, and there is no third answer. Nobody gets beyond
        // one successor of the new one, and once that was shown the old one ends it all.
        tally(&old, [200, 401]);
        tally(&new, [200, 401]);
        let (old, new) = (shown(old), shown(new));
        assert!(old.iter().all(|token| *token == second.refresh_token), "{old:?}");
        assert_eq!(new.len(), 1, "{new:?}");
        refresh(&pair.one, &first.refresh_token).await;
        for token in old.iter().chain(&new) {
            assert_eq!(refresh(&pair.two, token).await.status, StatusCode::UNAUTHORIZED);
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_one_has_revoked_the_other_refuses_at_once_a8_5(db: PgPool) {
    let pair = Pair::start(&db, &[]).await;
    statements::install(&db).await;
    let wallet = Wallet::random();
    for turn in 0..12 {
        let (here, there) = (pair.on(turn), pair.on(turn + 1));
        let session = here.sign_in(&wallet).await;
        let other = there.sign_in(&wallet).await;
        let access = session.access_token.as_str();
        let created = create(here, access, json!({ "name": "ci" })).await;
        let pat = text(&created.body["token"]["token"]);
        let token = format!("/tokens/{}", text(&created.body["token"]["id"]));
        let shown = there.validate(&other.access_token).await;
        let device = format!("/auth/sessions/{}", text(&shown.body["sessionId"]));
        for process in [here, there] {
            warm(&db, process, &pat).await;
            warm(&db, process, &other.access_token).await;
            warm(&db, process, access).await;
        }

        assert_eq!(here.delete_as(access, &token).await.status, StatusCode::OK);
        assert_eq!(there.validate(&pat).await.problem(), (401, "INVALID_TOKEN"));
        assert_eq!(here.validate(&pat).await.problem(), (401, "INVALID_TOKEN"));

        assert_eq!(here.delete_as(access, &device).await.status, StatusCode::OK);
        assert_eq!(there.validate(&other.access_token).await.problem(), (401, "INVALID_TOKEN"));
        assert_eq!(here.validate(&other.access_token).await.problem(), (401, "INVALID_TOKEN"));

        // Nothing else was lost.
        assert_eq!(there.validate(access).await.status, StatusCode::OK);
        let answer = here.post_as(access, "/auth/logout", json!({})).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(there.validate(access).await.problem(), (401, "INVALID_TOKEN"));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn both_together_make_as_many_tokens_a_day_as_one_may(db: PgPool) {
    let pair = Pair::start(&db, &[("TOKEN_CREATION_LIMIT", "10/1d")]).await;
    let session = pair.one.sign_in(&Wallet::random()).await;
    let access = session.access_token.as_str();

    let answers = pair.at_once(30, |on| create(on, access, json!({ "name": "x" }))).await;

    assert_eq!(tally(&answers, [201, 429]), [10, 20]);
    for process in pair.both() {
        let limits = process.get_as(access, "/tokens/limits").await.ok::<TokenLimits>();
        assert_eq!((limits.rate_limit.remaining, limits.token_limit.active), (0, 10));
        let after = create(process, access, json!({ "name": "x" })).await;
        assert_eq!(after.problem(), (429, "RATE_LIMIT_EXCEEDED"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn both_together_have_as_many_live_tokens_as_one_may(db: PgPool) {
    let pair = Pair::start(&db, &[("TOKEN_ACTIVE_LIMIT", "4")]).await;
    let session = pair.one.sign_in(&Wallet::random()).await;
    let access = session.access_token.as_str();

    let answers = pair.at_once(20, |on| create(on, access, json!({ "name": "x" }))).await;

    assert_eq!(tally(&answers, [201, 400]), [4, 16]);
    let refused = answers.iter().find(|answer| answer.status == StatusCode::BAD_REQUEST).unwrap();
    assert_eq!(refused.problem(), (400, "MAX_TOKENS_EXCEEDED"));
}
