//! Two instances in one process, over one PostgreSQL and one Redis. What else holds for two is tested
//! beside what holds for one: polls in `cli`, token limits in `tokens`, revocations in `revocation`,
//! rate limits in `limits`. Two processes of the program are in `two_processes`.

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use crate::app::{TestApp, Wallet};

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_challenge_of_one_instance_is_answered_on_the_other_and_once_in_all(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    for _ in 0..5 {
        let wallet = Wallet::random();
        let message = one.challenge(&wallet).await.message.unwrap();
        let body = json!({ "message": message, "signature": wallet.sign(&message) });
        let on = |n: usize| if n.is_multiple_of(2) { &one } else { &two };

        let answers =
            join_all((0..20).map(|n| on(n).post("/auth/wallet/verify", body.clone()))).await;

        let ok = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
        let lost = answers.iter().filter(|answer| answer.status == StatusCode::NOT_FOUND).count();
        assert_eq!((ok, lost), (1, 19));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn first_sign_ins_on_two_instances_make_one_user(db: PgPool) {
    let (one, two) = (TestApp::start(&db).await, TestApp::start(&db).await);
    for _ in 0..10 {
        let wallet = Wallet::random();
        let (a, b) = tokio::join!(one.sign_in(&wallet), two.sign_in(&wallet));
        assert_eq!(a.user.id, b.user.id);
    }
    let users = sqlx::query_scalar!("select count(*) from auth.users").fetch_one(&db).await;
    assert_eq!(users.unwrap(), Some(10));
}
