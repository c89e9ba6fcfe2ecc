use serde_json::{Value, json};
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);
const LIFE: Duration = Duration::minutes(15);

fn secret(text: &str) -> Secret {
    text.parse().unwrap()
}

fn keys() -> Keys {
    Keys::new(&secret(&"s3cret-".repeat(6)), None)
}

/// Claims that pass, with some replaced (`null` removes one).
fn claims(changes: &Value) -> Value {
    let user = Uuid::from_u128(1);
    let iat = NOW.unix_timestamp();
    let mut claims = json!({
        "iss": AUTH, "aud": APP, "sub": user, "userId": user, "sessionId": Uuid::from_u128(2),
        "type": "access", "iat": iat, "nbf": iat, "exp": iat + 900, "jti": Uuid::from_u128(3),
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn check(keys: &Keys, changes: &Value) -> Result<Access, Refused> {
    keys.verify_access(&keys.sign(&claims(changes)).unwrap(), NOW)
}

#[test]
fn a_signed_token_verifies() {
    let keys = keys();
    let (user, session) = (Uuid::from_u128(1), Uuid::from_u128(2));

    let token = keys.sign_access(user, session, NOW, LIFE).unwrap();

    let access = keys.verify_access(&token, NOW).unwrap();
    assert_eq!((access.user_id, access.session_id), (user, session));
}

#[test]
fn two_tokens_of_one_second_differ() {
    let sign = || keys().sign_access(Uuid::nil(), Uuid::nil(), NOW, LIFE).unwrap();
    assert_ne!(sign(), sign());
}

#[test]
fn the_leeway_is_five_seconds_on_both_sides() {
    let keys = keys();
    let token = keys.sign_access(Uuid::nil(), Uuid::nil(), NOW, LIFE).unwrap();
    let at = |offset: i64| keys.verify_access(&token, NOW + Duration::seconds(offset)).map(|_| ());

    assert_eq!(at(-5), Ok(()));
    assert_eq!(at(-6), Err(Refused::Invalid));
    assert_eq!(at(900 + 4), Ok(()));
    assert_eq!(at(900 + 5), Err(Refused::Expired));
}

#[test]
fn every_claim_is_pinned() {
    let keys = keys();
    assert!(check(&keys, &json!({})).is_ok());
    for bad in [
        json!({"iss": "someone-else"}),
        json!({"iss": null}),
        json!({"aud": AUTH}),
        json!({"aud": null}),
        json!({"type": "refresh"}),
        json!({"type": "service"}),
        json!({"type": null}),
        json!({"sub": Uuid::from_u128(9)}),
        json!({"sub": "1 or 1=1"}),
        json!({"sessionId": null}),
        json!({"exp": null}),
        json!({"exp": 1.5}),
        json!({"exp": 1e300}),
        json!({"exp": "soon"}),
        json!({"iat": NOW.unix_timestamp() + 60}),
        json!({"nbf": NOW.unix_timestamp() + 60}),
        json!({"nbf": null}),
        json!({"jti": null}),
    ] {
        assert_eq!(check(&keys, &bad), Err(Refused::Invalid), "{bad}");
    }
    assert_eq!(check(&keys, &json!({"exp": 0})), Err(Refused::Expired));
    assert_eq!(check(&keys, &json!({"exp": i64::MIN})), Err(Refused::Expired));
}

#[test]
fn other_algorithms_and_unknown_keys_are_refused() {
    let keys = keys();
    let token = keys.sign(&claims(&json!({}))).unwrap();
    let [_, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let kid = &keys.current.kid;
    // Base64url of the headers, written out so that the test needs no encoder of its own.
    let encode = |header: &Value| {
        let header = header.to_string();
        let key = EncodingKey::from_secret(&[7; 32]);
        // A token whose *payload* is the header: its second part is what we want.
        let carrier = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &serde_json::from_str::<Value>(&header).unwrap(),
            &key,
        );
        carrier.unwrap().split('.').nth(1).unwrap().to_owned()
    };
    for header in [
        json!({"alg": "none", "kid": kid}),
        json!({"alg": "RS256", "kid": kid}),
        json!({"alg": "HS384", "kid": kid}),
        json!({"alg": "HS256"}),
        json!({"alg": "HS256", "kid": "../../dev/null"}),
        json!({"alg": "HS256", "kid": "' or 1=1 --"}),
    ] {
        let head = encode(&header);
        for signature in [signature, ""] {
            let forged = format!("{head}.{payload}.{signature}");
            assert_eq!(keys.verify_access(&forged, NOW), Err(Refused::Invalid), "{header}");
        }
    }
}

#[test]
fn the_previous_secret_verifies_and_the_new_one_signs_a5_5() {
    let (old, new) = (secret(&"old-one-".repeat(5)), secret(&"new-one-".repeat(5)));
    let before = Keys::new(&old, None);
    let during = Keys::new(&new, Some(&old));
    let after = Keys::new(&new, None);
    let sign = |keys: &Keys| keys.sign_access(Uuid::nil(), Uuid::nil(), NOW, LIFE).unwrap();

    assert!(during.verify_access(&sign(&before), NOW).is_ok());
    assert!(after.verify_access(&sign(&during), NOW).is_ok());
    assert_eq!(after.verify_access(&sign(&before), NOW), Err(Refused::Invalid));
}

#[test]
fn service_tokens_and_access_tokens_are_not_interchangeable() {
    let keys = keys();
    let service = keys.sign_service("alternatefutures-backend", NOW).unwrap();
    let access = keys.sign_access(Uuid::nil(), Uuid::nil(), NOW, LIFE).unwrap();

    assert_eq!(keys.verify_service(&service, NOW).unwrap().iss, "alternatefutures-backend");
    assert_eq!(keys.verify_access(&service, NOW), Err(Refused::Invalid));
    assert_eq!(keys.verify_service(&access, NOW), Err(Refused::Invalid));
    let late = NOW + SERVICE_LIFE + LEEWAY;
    assert_eq!(keys.verify_service(&service, late), Err(Refused::Expired));
}

#[test]
fn weak_secrets_are_refused() {
    for weak in ["", "short", &"a".repeat(64), "change-me-change-me-change-me-change-me"] {
        assert!(weak.parse::<Secret>().is_err(), "{weak}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_it_panic(token in "[A-Za-z0-9_.=-]{0,200}|.{0,100}") {
        proptest::prop_assert_eq!(keys().verify_access(&token, NOW), Err(Refused::Invalid));
    }
}

#[test]
fn a_tag_holds_for_its_parts_alone_and_outlives_one_rotation() {
    let (old, new) = (secret(&"older-".repeat(6)), secret(&"newer-".repeat(6)));
    let tag = Keys::new(&old, None).tag(&[b"cursor", b"12", b"3"]);

    let rotated = Keys::new(&new, Some(&old));

    assert!(rotated.is_tag(&[b"cursor", b"12", b"3"], &tag));
    assert!(!rotated.is_tag(&[b"cursor", b"1", b"23"], &tag));
    assert!(!rotated.is_tag(&[b"other", b"12", b"3"], &tag));
    assert!(!Keys::new(&new, None).is_tag(&[b"cursor", b"12", b"3"], &tag));
}

#[test]
fn an_exchanged_token_names_the_personal_access_token_it_stands_for() {
    let (user, token) = (Uuid::from_u128(1), Uuid::from_u128(9));

    let signed = keys().sign_exchanged(user, token, NOW, LIFE).unwrap();

    let claims = keys().verify_access(&signed, NOW).unwrap();
    assert_eq!((claims.user_id, claims.token_id), (user, Some(token)));
    let session = keys().sign_access(user, token, NOW, LIFE).unwrap();
    assert_eq!(keys().verify_access(&session, NOW).unwrap().token_id, None);
}
