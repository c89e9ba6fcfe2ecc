//! Sign-in with a wallet, and every way to cheat at it (A8.4).

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use shared::api::{Challenge, SignedIn};
use shared::clock::Clock;
use sqlx::PgPool;
use time::macros::datetime;

use crate::app::{Answer, TestApp, Wallet};

async fn verify(app: &TestApp, message: &str, signature: &str) -> Answer {
    let body = json!({ "message": message, "signature": signature });
    app.post("/auth/wallet/verify", body).await
}

/// A message issued for `wallet`, changed by `change`, signed over the changed text.
async fn altered(app: &TestApp, wallet: &Wallet, change: impl Fn(String) -> String) -> Answer {
    let message = change(app.challenge(wallet).await.message.unwrap());
    verify(app, &message, &wallet.sign(&message)).await
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_wallet_signs_in_and_its_session_is_stored_with_its_end_a8_4(db: PgPool) {
    let clock = Clock::manual(datetime!(2026-11-24 12:00 UTC));
    let app = TestApp::start_with(&db, &[], clock).await;
    let wallet = Wallet::random();

    let challenge = app.challenge(&wallet).await;
    assert_eq!(challenge.expires_in, 900);
    let message = challenge.message.unwrap();
    let signed_in = verify(&app, &message, &wallet.sign(&message)).await.ok::<SignedIn>();

    assert_eq!(signed_in.user.wallet_address.as_deref(), Some(&*wallet.account().lower()));
    assert_eq!(signed_in.expires_in, 900);
    let ends = sqlx::query_scalar!("select expires_at from auth.sessions").fetch_one(&db).await;
    assert_eq!(ends.unwrap(), datetime!(2027-02-22 12:00 UTC));
    let me = app.get_as(&signed_in.access_token, "/auth/me").await;
    assert_eq!(me.body["user"]["id"], signed_in.user.id.to_string());
    assert_eq!(me.body["user"]["lastLoginAt"], "2026-11-24T12:00:00Z");
    assert_eq!(me.body["organizations"], json!([]));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_signed_message_works_once(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let message = app.challenge(&wallet).await.message.unwrap();
    let signature = wallet.sign(&message);

    assert_eq!(verify(&app, &message, &signature).await.status, StatusCode::OK);
    let again = verify(&app, &message, &signature).await;
    assert_eq!(again.problem(), (404, "CHALLENGE_NOT_FOUND"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn of_fifty_uses_at_once_one_wins(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let message = app.challenge(&wallet).await.message.unwrap();
    let signature = wallet.sign(&message);

    let answers = join_all((0..50).map(|_| verify(&app, &message, &signature))).await;

    let ok = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    let lost = answers.iter().filter(|answer| answer.status == StatusCode::NOT_FOUND).count();
    assert_eq!((ok, lost), (1, 49));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn two_first_sign_ins_at_once_make_one_user(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();

    let sessions = join_all((0..8).map(|_| app.sign_in(&wallet))).await;

    let users = sqlx::query_scalar!("select count(*) from auth.users").fetch_one(&db).await;
    assert_eq!(users.unwrap(), Some(1));
    assert!(sessions.iter().all(|session| session.user.id == sessions[0].user.id));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_nonce_is_of_the_wallet_it_was_issued_for(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (alice, mallory) = (Wallet::random(), Wallet::random());
    let message = app.challenge(&alice).await.message.unwrap();
    let stolen = message.replace(&alice.address(), &mallory.address());

    let answer = verify(&app, &stolen, &mallory.sign(&stolen)).await;

    assert_eq!(answer.problem(), (400, "ADDRESS_MISMATCH"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_issued_message_must_come_back_byte_for_byte(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let refused = |answer: Answer, code: &str| {
        let problem = answer.problem();
        assert_eq!(problem, (400, code));
    };
    let statement = "Sign in to Alternate Futures";
    let other = |message: String| message.replace(statement, "Send all my money");
    refused(altered(&app, &wallet, other).await, "MESSAGE_NOT_ISSUED");
    let page = |message: String| {
        message.replace("URI: https://app.example.org", "URI: https://app.example.org/x")
    };
    refused(altered(&app, &wallet, page).await, "MESSAGE_NOT_ISSUED");
    let chain = |message: String| message.replace("Chain ID: 1\n", "Chain ID: 10\n");
    refused(altered(&app, &wallet, chain).await, "MESSAGE_NOT_ISSUED");
    let more = |message: String| format!("{message}\nResources:\n- https://example.org");
    refused(altered(&app, &wallet, more).await, "MESSAGE_NOT_ISSUED");
    let lower = |message: String| message.replace(&wallet.address(), &wallet.account().lower());
    refused(altered(&app, &wallet, lower).await, "MESSAGE_NOT_ISSUED");
    let domain = |message: String| message.replace("app.example.org wants", "evil.example wants");
    refused(altered(&app, &wallet, domain).await, "WRONG_SITE");
    let twice = |message: String| format!("{message}\nNonce: AAAAAAAAAAAAAAAAA");
    refused(altered(&app, &wallet, twice).await, "INVALID_MESSAGE");
    let crlf = |message: String| message.replace('\n', "\r\n");
    refused(altered(&app, &wallet, crlf).await, "INVALID_MESSAGE");
    let hidden = |message: String| message.replace(statement, "Nonce: AAAAAAAAAAAAAAAAA");
    refused(altered(&app, &wallet, hidden).await, "MESSAGE_NOT_ISSUED");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_challenge_is_over_after_fifteen_minutes(db: PgPool) {
    let clock = Clock::manual(datetime!(2026-11-24 12:00 UTC));
    let app = TestApp::start_with(&db, &[], clock.clone()).await;
    let wallet = Wallet::random();
    let message = app.challenge(&wallet).await.message.unwrap();

    clock.advance(time::Duration::minutes(15));

    let late = verify(&app, &message, &wallet.sign(&message)).await;
    assert_eq!(late.problem(), (400, "CHALLENGE_EXPIRED"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_wallet_may_write_the_message_itself(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let challenge = app.post("/auth/wallet/challenge", json!({})).await;
    let challenge = challenge.ok::<Challenge>();
    assert_eq!(challenge.message, None);
    let now = app.state.clock.now().replace_nanosecond(0).unwrap();
    let issued = now.format(&time::format_description::well_known::Rfc3339).unwrap();
    let message = format!(
        "app.example.org wants you to sign in with your Ethereum account:\n{}\n\n\n\
         URI: https://app.example.org/login\nVersion: 1\nChain ID: 8453\nNonce: {}\nIssued At: {issued}",
        wallet.account().lower(),
        challenge.nonce,
    );

    let signed_in = verify(&app, &message, &wallet.sign(&message)).await.ok::<SignedIn>();

    // The same user as by an issued message: the case of the address does not matter.
    assert_eq!(app.sign_in(&wallet).await.user.id, signed_in.user.id);
    let again = verify(&app, &message, &wallet.sign(&message)).await;
    assert_eq!(again.problem(), (404, "CHALLENGE_NOT_FOUND"));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_challenge_takes_an_address_of_any_case_but_a_wrong_one(db: PgPool) {
    let app = TestApp::start(&db).await;
    let ask = |body| app.post("/auth/wallet/challenge", body);
    let address = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
    for good in [address, &address.to_lowercase(), "0xD8DA6BF26964AF9D7EED9E03E53415D37AA96045"] {
        let challenge = ask(json!({ "address": good })).await.ok::<Challenge>();
        assert!(challenge.message.unwrap().contains(address));
        assert!(challenge.nonce.len() > 16);
        assert!(challenge.nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    let wrong = ask(json!({ "address": address.replace('A', "a") })).await;
    assert_eq!(wrong.problem(), (400, "INVALID_ADDRESS"));
    for bad in ["", "0x", "vitalik.eth", "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"] {
        let answer = ask(json!({ "address": bad })).await;
        assert_eq!(answer.problem(), (400, "INVALID_BODY"), "{bad}");
        assert_eq!(answer.body["field"], "address");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_challenge_takes_allowed_chains_only(db: PgPool) {
    let app = TestApp::start(&db).await;
    let ask = async |chain| {
        let body = json!({ "address": Wallet::random().address(), "chainId": chain });
        app.post("/auth/wallet/challenge", body).await
    };
    assert!(ask(json!(8453)).await.ok::<Challenge>().message.unwrap().contains("Chain ID: 8453\n"));
    assert_eq!(ask(json!(0)).await.problem(), (400, "CHAIN_NOT_ALLOWED"));
    assert_eq!(ask(json!(2)).await.problem(), (400, "CHAIN_NOT_ALLOWED"));
    for bad in [json!(-1), json!(1.5), json!(18_446_744_073_709_551_616_f64), json!("1"), json!([])]
    {
        let answer = ask(bad.clone()).await;
        assert_eq!(answer.problem(), (400, "INVALID_BODY"), "{bad}");
        assert_eq!(answer.body["field"], "chainId");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn no_signature_but_the_wallets_own_is_accepted(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (wallet, other) = (Wallet::random(), Wallet::random());
    let good = wallet.sign("x");
    let pair = &good[2..130];
    let bad = [
        String::new(),
        "0x".to_owned(),
        "0xzz".to_owned(),
        "0x123".to_owned(),
        format!("0x{}", "00".repeat(65)),
        format!("0x{}", "ff".repeat(65)),
        format!("0x{pair}"),
        format!("0x{pair}00"),
        format!("0x{pair}01"),
        format!("0x{pair}1d"),
        format!("0x{pair}1b00"),
        other.sign("x"),
    ];
    for signature in bad {
        let message = app.challenge(&wallet).await.message.unwrap();
        let answer = verify(&app, &message, &signature).await;
        let (status, code) = answer.problem();
        assert_eq!(status, 400, "{signature}");
        assert!(["INVALID_SIGNATURE", "CONTRACT_WALLETS_UNSUPPORTED"].contains(&code), "{code}");
    }
    // v of 0 or 1, as some hardware wallets write it, without the prefix.
    let message = app.challenge(&wallet).await.message.unwrap();
    let signature = wallet.sign(&message);
    let v = if signature.ends_with("1b") { "00" } else { "01" };
    let answer = verify(&app, &message, &format!("{}{v}", &signature[2..130])).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_address_beside_the_message_must_be_the_same(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let send = async |address: String| {
        let message = app.challenge(&wallet).await.message.unwrap();
        let signature = wallet.sign(&message);
        let body = json!({ "message": message, "signature": signature, "address": address });
        app.post("/auth/wallet/verify", body).await
    };
    assert_eq!(send(wallet.account().lower()).await.status, StatusCode::OK);
    let other = send(Wallet::random().address()).await;
    assert_eq!(other.problem(), (400, "ADDRESS_MISMATCH"));
    assert_eq!(send("me".to_owned()).await.status, StatusCode::BAD_REQUEST);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_challenge_for_somebody_elses_wallet_takes_nothing_from_its_owner(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let message = app.challenge(&wallet).await.message.unwrap();
    for _ in 0..20 {
        app.challenge(&wallet).await;
    }
    assert_eq!(verify(&app, &message, &wallet.sign(&message)).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_wallet_can_be_answered_with_a_personal_access_token_a8_4(db: PgPool) {
    let app = TestApp::start(&db).await;
    let wallet = Wallet::random();
    let message = app.challenge(&wallet).await.message.unwrap();
    let body = json!({ "message": message, "signature": wallet.sign(&message), "name": "laptop",
        "expiresAt": "2035-01-01T00:00:00Z" });

    let answer = app.post("/api/auth/siwe", body.clone()).await;

    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let token = answer.body["token"]["token"].as_str().unwrap();
    assert_eq!(answer.body["token"]["expiresAt"], "2035-01-01T00:00:00Z");
    let validated = app.validate(token).await;
    assert_eq!(validated.body["userId"], answer.body["user"]["id"]);
    assert_eq!(validated.body["type"], "pat");
    let again = app.post("/api/auth/siwe", body).await;
    assert_eq!(again.problem(), (404, "CHALLENGE_NOT_FOUND"));
}
