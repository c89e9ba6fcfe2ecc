//! Wallets that are contracts (ERC-1271, ERC-6492), asked over a JSON-RPC server that answers as
//! it should, wrongly, slowly, without end, with a redirect, and not at all.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use shared::clock::Clock;
use sqlx::PgPool;

use crate::app::{Answer, TestApp, Wallet};
use crate::chain::{Behaviour, Chain};

const MAGIC_ENDING: &str = "6492649264926492649264926492649264926492649264926492649264926492";

async fn start(db: &PgPool, chain: &Chain) -> TestApp {
    TestApp::start_with(db, &[("ETH_RPC_URLS", &format!("1={}", chain.url))], Clock::System).await
}

/// Signs in as a contract at `wallet`'s address, with a signature only the contract understands.
async fn sign_in(app: &TestApp, wallet: &Wallet, chain_id: u64, signature: &str) -> Answer {
    let body = json!({ "address": wallet.address(), "chainId": chain_id });
    let challenge = app.post("/auth/wallet/challenge", body).await;
    let message = challenge.body["message"].as_str().unwrap().to_owned();
    let body = json!({ "message": message, "signature": signature });
    app.post("/auth/wallet/verify", body).await
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_contract_signs_in_when_it_says_so_itself(db: PgPool) {
    let chain = Chain::start(1, Behaviour::Magic).await;
    let app = start(&db, &chain).await;
    let wallet = Wallet::random();
    let answer = sign_in(&app, &wallet, 1, "0x1234").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    // One of 65 bytes, as of a Safe with one owner.
    let other = Wallet::random().sign("x");
    assert_eq!(sign_in(&app, &wallet, 1, &other).await.status, StatusCode::OK);
    let calls = chain.calls();
    assert_eq!(calls[0]["method"], "eth_chainId");
    assert_eq!(calls[1]["params"][0]["to"], wallet.account().lower());
    assert!(calls[1]["params"][0]["data"].as_str().unwrap().starts_with("0x1626ba7e"));
    assert_eq!(calls.len(), 3, "the chain is asked for its id once");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_contract_that_is_not_deployed_is_asked_through_the_validator(db: PgPool) {
    let chain = Chain::start(1, Behaviour::One).await;
    let app = start(&db, &chain).await;
    let wrapped = format!("0x{}{MAGIC_ENDING}", "ab".repeat(96));
    let answer = sign_in(&app, &Wallet::random(), 1, &wrapped).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let call = &chain.calls()[1]["params"][0];
    assert_eq!(call.get("to"), None);
    assert!(call["data"].as_str().unwrap().starts_with("0x6080604052"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn anything_but_the_exact_answer_is_a_bad_signature(db: PgPool) {
    for behaviour in [
        Behaviour::OtherMagic,
        Behaviour::ShortMagic,
        Behaviour::Empty,
        Behaviour::One,
        Behaviour::Reverts,
    ] {
        let chain = Chain::start(1, behaviour).await;
        let app = start(&db, &chain).await;
        let answer = sign_in(&app, &Wallet::random(), 1, "0x1234").await;
        assert_eq!(answer.problem(), (400, "INVALID_SIGNATURE"), "{behaviour:?}");
    }
    // The wrapped kind has answers of its own.
    let chain = Chain::start(1, Behaviour::Magic).await;
    let app = start(&db, &chain).await;
    let wrapped = format!("0x{}{MAGIC_ENDING}", "ab".repeat(96));
    let answer = sign_in(&app, &Wallet::random(), 1, &wrapped).await;
    assert_eq!(answer.problem(), (400, "INVALID_SIGNATURE"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_endpoint_that_gives_no_answer_is_given_up_in_time(db: PgPool) {
    for behaviour in [
        Behaviour::Redirects,
        Behaviour::Endless,
        Behaviour::Garbage,
        Behaviour::Refuses,
        Behaviour::Hangs,
        Behaviour::Drips,
        Behaviour::ClosesAtOnce,
    ] {
        let chain = Chain::start(1, behaviour).await;
        let app = start(&db, &chain).await;
        let start = Instant::now();
        let answer = sign_in(&app, &Wallet::random(), 1, "0x1234").await;
        assert_eq!(answer.problem(), (503, "CHAIN_UNAVAILABLE"), "{behaviour:?}");
        assert!(start.elapsed() < Duration::from_secs(7), "{behaviour:?} {:?}", start.elapsed());
        assert!(!chain.was_followed(), "a redirect must not be followed");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_endpoint_of_another_chain_is_not_believed(db: PgPool) {
    let chain = Chain::start(5, Behaviour::Magic).await;
    let app = start(&db, &chain).await;
    let answer = sign_in(&app, &Wallet::random(), 1, "0x1234").await;
    assert_eq!(answer.problem(), (503, "CHAIN_UNAVAILABLE"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn without_an_endpoint_contracts_are_told_so_and_plain_wallets_do_not_care(db: PgPool) {
    let chain = Chain::start(1, Behaviour::Hangs).await;
    let app = start(&db, &chain).await;
    let answer = sign_in(&app, &Wallet::random(), 8453, "0x1234").await;
    assert_eq!(answer.problem(), (400, "CONTRACT_WALLETS_UNSUPPORTED"));
    app.sign_in(&Wallet::random()).await;
    assert!(chain.calls().is_empty());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_contract_at_the_same_address_on_another_chain_is_somebody_else(db: PgPool) {
    let (one, base) =
        (Chain::start(1, Behaviour::Magic).await, Chain::start(8453, Behaviour::Magic).await);
    let urls = format!("1={},8453={}", one.url, base.url);
    let app = TestApp::start_with(&db, &[("ETH_RPC_URLS", &urls)], Clock::System).await;
    let wallet = Wallet::random();
    assert_eq!(sign_in(&app, &wallet, 1, "0x1234").await.status, StatusCode::OK);
    let stranger = sign_in(&app, &wallet, 8453, "0x1234").await;
    assert_eq!(stranger.problem(), (400, "CONTRACT_OF_ANOTHER_CHAIN"));
    assert_eq!(sign_in(&app, &wallet, 1, "0x1234").await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_signature_of_a_megabyte_is_not_passed_on(db: PgPool) {
    let chain = Chain::start(1, Behaviour::Magic).await;
    let app = start(&db, &chain).await;
    let long = format!("0x{}", "ab".repeat(20_000));
    let answer = sign_in(&app, &Wallet::random(), 1, &long).await;
    assert_eq!(answer.problem(), (400, "INVALID_SIGNATURE"));
    assert!(chain.calls().is_empty());
}
