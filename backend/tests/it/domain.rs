//! Domains: which names, whose, and proof by a TXT record that is really looked up.

use std::time::{Duration, Instant};

use backend::{Error, EventBus};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::dns_server::{DnsServer, silent};
use crate::owner::{Owner, state, text};

const CREATE: &str = "mutation($input: CreateDomainInput!) {
    createDomain(input: $input) {
        hostname verified verificationStatus txtRecordName lastCheckedAt isPrimary
    }
}";
const VERIFY: &str = "mutation($id: ID!) { verifyDomain(domainId: $id) }";
const SHOW: &str = "query($id: ID!) { domain(id: $id) {
    verified verificationStatus txtRecordName txtRecordValue lastCheckedAt isPrimary
} }";

/// An owner with a site, on a service that asks this resolver.
async fn set_up(db: &PgPool, resolver: &str) -> (Owner, String) {
    let owner = Owner::on(&state(db, &[("DNS_RESOLVER", resolver)], EventBus::Database)).await;
    let site = owner.site(&owner.project("Shop").await, "Front").await;
    (owner, site)
}

async fn show(owner: &Owner, id: &str) -> Value {
    owner.ask(SHOW, json!({ "id": id })).await["domain"].clone()
}

async fn verify(owner: &Owner, id: &str) -> Value {
    owner.ask(VERIFY, json!({ "id": id })).await["verifyDomain"].clone()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_hostname_is_kept_in_lower_case_ascii_and_once_per_owner(db: PgPool) {
    let (owner, site) = set_up(&db, "127.0.0.1:9").await;

    let input = json!({ "hostname": "WWW.Bücher.Example.org.", "siteId": site });
    let made = owner.ask(CREATE, json!({ "input": input })).await;

    insta::assert_json_snapshot!(made, @r#"
    {
      "createDomain": {
        "hostname": "www.xn--bcher-kva.example.org",
        "isPrimary": false,
        "lastCheckedAt": null,
        "txtRecordName": "_alternatefutures.www.xn--bcher-kva.example.org",
        "verificationStatus": "PENDING",
        "verified": false
      }
    }
    "#);
    let again = json!({ "hostname": "www.xn--bcher-kva.example.org", "siteId": site });
    assert_eq!(owner.refused(CREATE, json!({ "input": again })).await.code(), "CONFLICT");
    for hostname in ["", "localhost", "127.0.0.1", "[::1]", "a b.org", "x.local", "a\0.org"] {
        let input = json!({ "hostname": hostname, "siteId": site });
        let error = owner.refused(CREATE, json!({ "input": input })).await;
        assert!(matches!(error, Error::BadInput { field, .. } if field == "hostname"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn the_right_answer_verifies(db: PgPool) {
    let dns = DnsServer::start().await;
    let (owner, site) = set_up(&db, &dns.address.to_string()).await;
    let id = owner.domain(&site, "shop.example.org").await;
    let domain = show(&owner, &id).await;
    let value = text(&domain["txtRecordValue"]);
    let name = text(&domain["txtRecordName"]);
    // Among other records, and in pieces, as long values are.
    dns.text(&name, &["v=spf1 -all"]).await;
    dns.text(&name, &[&value[..20], &value[20..]]).await;

    assert_eq!(verify(&owner, &id).await, true);

    let domain = show(&owner, &id).await;
    assert_eq!(
        (&domain["verified"], &domain["verificationStatus"]),
        (&json!(true), &json!("VERIFIED"))
    );
    assert!(domain["lastCheckedAt"].is_string());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn an_alias_is_followed(db: PgPool) {
    let dns = DnsServer::start().await;
    let (owner, site) = set_up(&db, &dns.address.to_string()).await;
    let id = owner.domain(&site, "shop.example.org").await;
    let domain = show(&owner, &id).await;
    dns.alias(&text(&domain["txtRecordName"]), "proof.example.org").await;
    dns.text("proof.example.org", &[&text(&domain["txtRecordValue"])]).await;

    assert_eq!(verify(&owner, &id).await, true);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn no_answer_and_a_wrong_one_fail_until_the_record_is_set(db: PgPool) {
    let dns = DnsServer::start().await;
    let (owner, site) = set_up(&db, &dns.address.to_string()).await;
    let id = owner.domain(&site, "shop.example.org").await;
    let other = owner.domain(&site, "other.example.org").await;
    let domain = show(&owner, &id).await;
    let name = text(&domain["txtRecordName"]);

    assert_eq!(verify(&owner, &id).await, false, "no such name");
    assert_eq!(show(&owner, &id).await["verificationStatus"], "FAILED");
    dns.text(&name, &[&text(&show(&owner, &other).await["txtRecordValue"])]).await;
    assert_eq!(verify(&owner, &id).await, false, "another domain's value");
    assert!(show(&owner, &id).await["lastCheckedAt"].is_string());

    // Nothing of the failures is remembered.
    dns.text(&name, &[&text(&domain["txtRecordValue"])]).await;
    assert_eq!(verify(&owner, &id).await, true);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn silence_and_refusal_say_nothing_about_the_domain(db: PgPool) {
    let (resolver, _socket) = silent().await;
    let (owner, site) = set_up(&db, &resolver.to_string()).await;
    let id = owner.domain(&site, "shop.example.org").await;

    let start = Instant::now();
    assert_eq!(owner.refused(VERIFY, json!({ "id": id })).await.code(), "SERVICE_UNAVAILABLE");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    let domain = show(&owner, &id).await;
    assert_eq!(domain["verificationStatus"], "PENDING");
    assert_eq!(domain["lastCheckedAt"], Value::Null);

    let dns = DnsServer::start().await;
    let settings = [("DNS_RESOLVER", &*dns.address.to_string())];
    let owner = owner.at(&state(&db, &settings, EventBus::Database));
    let foreign = owner.domain(&site, "shop.example.net").await;
    let error = owner.refused(VERIFY, json!({ "id": foreign })).await;
    assert_eq!(error.code(), "SERVICE_UNAVAILABLE");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_one_owner_has_verified_no_other_can(db: PgPool) {
    let dns = DnsServer::start().await;
    let resolver = dns.address.to_string();
    let (first, site) = set_up(&db, &resolver).await;
    let (second, other_site) = set_up(&db, &resolver).await;
    let id = first.domain(&site, "shop.example.org").await;
    let claim = second.domain(&other_site, "shop.example.org").await;
    for (owner, id) in [(&first, &id), (&second, &claim)] {
        let domain = show(owner, id).await;
        dns.text(&text(&domain["txtRecordName"]), &[&text(&domain["txtRecordValue"])]).await;
    }

    let (one, two) = tokio::join!(
        first.run(VERIFY, json!({ "id": id })),
        second.run(VERIFY, json!({ "id": claim })),
    );

    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let (winner, loser) = if one.is_ok() {
        ((&first, &id), (&second, &claim))
    } else {
        ((&second, &claim), (&first, &id))
    };
    assert_eq!(loser.0.refused(VERIFY, json!({ "id": loser.1 })).await.code(), "CONFLICT");
    assert_eq!(verify(winner.0, winner.1).await, true);
    assert_eq!(show(loser.0, loser.1).await["verified"], false);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn one_verified_domain_of_a_site_is_primary(db: PgPool) {
    let (owner, site) = set_up(&db, "127.0.0.1:9").await;
    let one = owner.domain(&site, "one.example.org").await;
    let two = owner.domain(&site, "two.example.org").await;
    let choose =
        "mutation($site: ID!, $id: ID!) { setPrimaryDomain(siteId: $site, domainId: $id) }";
    let unverified = owner.refused(choose, json!({ "site": site, "id": one })).await;
    assert_eq!(unverified.code(), "CONFLICT");
    let prove = "update app.domains set verification_status = 'VERIFIED', verified_at = now()";
    sqlx::query(prove).execute(&db).await.unwrap();

    for id in [&one, &two, &one, &one] {
        let chosen = owner.ask(choose, json!({ "site": site, "id": id })).await;
        assert_eq!(chosen["setPrimaryDomain"], true);
        let primary = "query($id: ID!) { site(where: {id: $id}) { primaryDomain { id } } }";
        let primary = owner.ask(primary, json!({ "id": site })).await;
        assert_eq!(primary["site"]["primaryDomain"]["id"], **id);
    }
    let both = futures_util::future::join_all((0..10).map(|n| {
        owner.run(choose, json!({ "site": site, "id": if n % 2 == 0 { &one } else { &two } }))
    }));
    assert!(both.await.iter().all(async_graphql::Response::is_ok));

    let elsewhere = owner.site(&owner.project("Two").await, "Else").await;
    let error = owner.refused(choose, json!({ "site": elsewhere, "id": one })).await;
    assert_eq!(error.code(), "NOT_FOUND");
    let delete = "mutation($id: ID!) { deleteDomain(id: $id) }";
    assert_eq!(owner.ask(delete, json!({ "id": one })).await["deleteDomain"], true);
    assert_eq!(owner.refused(delete, json!({ "id": one })).await.code(), "NOT_FOUND");
}
