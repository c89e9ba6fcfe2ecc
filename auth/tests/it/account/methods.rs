//! The wallets of an account.

use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use super::{link, list_methods};
use crate::app::{Answer, TestApp, Wallet};

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_second_wallet_signs_in_to_the_same_account(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (first, second) = (Wallet::random(), Wallet::random());
    let session = app.sign_in(&first).await;

    let linked = link(&app, &session, &second).await;

    assert_eq!(linked.status, StatusCode::OK, "{}", linked.body);
    assert_eq!(linked.body["method"]["identifier"], second.account().lower());
    assert_eq!(linked.body["method"]["isPrimary"], false);
    assert_eq!(app.sign_in(&second).await.user.id, session.user.id);
    let list = list_methods(&app, &session).await;
    assert_eq!(list.len(), 2);
    assert_eq!(list[0]["identifier"], first.account().lower());
    assert_eq!((&list[0]["type"], &list[0]["provider"]), (&json!("wallet"), &json!("ethereum")));
    assert!(list[0]["lastUsedAt"].is_string());
    // Again: nothing changes.
    assert_eq!(link(&app, &session, &second).await.status, StatusCode::OK);
    assert_eq!(list_methods(&app, &session).await.len(), 2);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_wallet_of_another_account_and_a_message_of_another_wallet_are_refused(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (alice, bob) = (Wallet::random(), Wallet::random());
    let session = app.sign_in(&alice).await;
    app.sign_in(&bob).await;

    assert_eq!(link(&app, &session, &bob).await.problem(), (409, "WALLET_TAKEN"));
    let message = app.challenge(&bob).await.message.unwrap();
    let forged = json!({ "message": message, "signature": alice.sign(&message) });
    let answer = app.post_as(&session.access_token, "/account/methods/wallet", forged).await;
    assert_eq!(answer.problem().0, 400);
    assert_eq!(list_methods(&app, &session).await.len(), 1);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn two_accounts_that_link_one_wallet_at_once_get_it_once(db: PgPool) {
    let app = TestApp::start(&db).await;
    let sessions = [app.sign_in(&Wallet::random()).await, app.sign_in(&Wallet::random()).await];
    let wallet = Wallet::random();

    let both = sessions.iter().map(|session| link(&app, session, &wallet));
    let answers = futures_util::future::join_all(both).await;

    let mut statuses = answers.iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_last_wallet_stays_even_when_two_are_removed_at_once(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    let only = list_methods(&app, &session).await[0]["id"].as_str().unwrap().to_owned();
    let path = |id: &str| format!("/account/methods/{id}");
    let refused = app.delete_as(&session.access_token, &path(&only)).await;
    assert_eq!(refused.problem(), (400, "LAST_METHOD"));

    for _ in 0..5 {
        link(&app, &session, &Wallet::random()).await;
        let ids = list_methods(&app, &session).await;
        let paths = ids.iter().map(|method| path(method["id"].as_str().unwrap()));
        let paths = paths.collect::<Vec<_>>();
        let removals = paths.iter().map(|path| app.delete_as(&session.access_token, path));
        let answers = futures_util::future::join_all(removals).await;
        let mut statuses = answers.iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        let left = list_methods(&app, &session).await;
        assert_eq!((left.len(), &left[0]["isPrimary"]), (1, &json!(true)));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_unlinked_wallet_opens_another_account(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (first, second) = (Wallet::random(), Wallet::random());
    let session = app.sign_in(&first).await;
    let linked = link(&app, &session, &second).await;
    let id = linked.body["method"]["id"].as_str().unwrap();

    let path = format!("/account/methods/{id}");
    assert_eq!(app.delete_as(&session.access_token, &path).await.status, StatusCode::OK);

    assert_eq!(app.delete_as(&session.access_token, &path).await.problem(), (404, "NOT_FOUND"));
    assert_ne!(app.sign_in(&second).await.user.id, session.user.id);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn another_wallet_can_become_the_primary_one(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (first, second, stranger) = (Wallet::random(), Wallet::random(), Wallet::random());
    let session = app.sign_in(&first).await;
    let linked = link(&app, &session, &second).await;
    let id = linked.body["method"]["id"].as_str().unwrap();
    let other = app.sign_in(&stranger).await;
    let foreign = list_methods(&app, &other).await[0]["id"].as_str().unwrap().to_owned();
    let promote = |id: &str| {
        let path = format!("/account/methods/{id}/set-primary");
        let request = app.request(Method::POST, &path).bearer_auth(&session.access_token);
        Answer::of(request)
    };

    assert_eq!(promote(&foreign).await.problem(), (404, "NOT_FOUND"));
    assert_eq!(promote(id).await.status, StatusCode::OK);
    assert_eq!(promote(id).await.status, StatusCode::OK);

    let list = list_methods(&app, &session).await;
    assert_eq!(list[0]["identifier"], second.account().lower());
    assert_eq!((&list[0]["isPrimary"], &list[1]["isPrimary"]), (&json!(true), &json!(false)));
    let validated = app.validate(&session.access_token).await;
    assert_eq!(validated.body["walletAddress"], second.account().lower());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_account_has_a_bounded_number_of_wallets(db: PgPool) {
    let app = TestApp::start(&db).await;
    let session = app.sign_in(&Wallet::random()).await;
    for _ in 0..19 {
        assert_eq!(link(&app, &session, &Wallet::random()).await.status, StatusCode::OK);
    }
    let refused = link(&app, &session, &Wallet::random()).await;
    assert_eq!(refused.problem(), (400, "TOO_MANY_WALLETS"));
}
