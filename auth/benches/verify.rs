//! What it costs to check a signed message, beside one recovery by libsecp256k1, the fastest there
//! is: `cargo bench -p auth`.
#![expect(clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;

use auth::siwe::message::{self, Draft, Expected};
use auth::siwe::{address::Address, eip191};
use criterion::{Criterion, criterion_group, criterion_main};
use k256::ecdsa::SigningKey;
use secp256k1::Message;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use time::macros::datetime;

fn verify(criterion: &mut Criterion) {
    let now = datetime!(2026-11-24 12:00 UTC);
    let site = "https://app.example.org".parse().expect("an origin");
    let chains = "1".parse().expect("a chain");
    let key = SigningKey::from_slice(&[7; 32]).expect("a key");
    let address = eip191::of_key(key.verifying_key());
    let text = Draft::new(&site, &address.into(), 1, now).with("n7QzKcV0aYt5Rb3WmEXl9u");
    let hash = eip191::hash(&text);
    let (pair, id) = key.sign_prehash_recoverable(&hash).expect("a signature");
    let mut signature = [0; 65];
    signature[..64].copy_from_slice(&pair.to_bytes());
    signature[64] = 27 + id.to_byte();

    let mut group = criterion.benchmark_group("wallet");
    group.bench_function("verify: read, hash, recover", |bencher| {
        bencher.iter(|| -> Address {
            let expected = Expected { site: &site, chains: &chains, now };
            let message = message::read(black_box(&text), expected).expect("a good message");
            let signer = eip191::recover(&eip191::hash(black_box(&text)), black_box(&signature));
            assert_eq!(signer, Some(message.address));
            message.address
        });
    });
    group.bench_function("recover alone (k256)", |bencher| {
        bencher.iter(|| eip191::recover(black_box(&hash), black_box(&signature)));
    });
    let id = RecoveryId::try_from(i32::from(id.to_byte())).expect("an id");
    let signature = RecoverableSignature::from_compact(&signature[..64], id).expect("a signature");
    group.bench_function("recover alone (libsecp256k1)", |bencher| {
        bencher.iter(|| black_box(&signature).recover(Message::from_digest(black_box(hash))));
    });
    group.finish();
}

criterion_group!(benches, verify);
criterion_main!(benches);
