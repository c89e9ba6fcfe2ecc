//! Nonces and counters: the same tests on both stores.

use std::time::{Duration, Instant};

use auth::nonce;
use auth::store::{NonceRecord, Quota, Store};
use redis::AsyncCommands as _;

use crate::redis_server::RedisServer;

const LIFE: Duration = Duration::from_mins(1);

async fn shared_redis() -> Store {
    let url = shared::env::process("REDIS_URL").expect("REDIS_URL is set");
    Store::redis(redis::Client::open(url).unwrap()).await
}

async fn both() -> [Store; 2] {
    [Store::memory(), shared_redis().await]
}

fn record() -> NonceRecord {
    NonceRecord {
        address: Some("0x00000000000000000000000000000000000000aa".to_owned()),
        message: Some("line one\n\n\"quoted\" \u{1f980}\u{0}\n".to_owned()),
        chain_id: u64::MAX,
    }
}

fn quota(rate: &str) -> Quota {
    Quota::new(rate.parse().unwrap())
}

#[tokio::test]
async fn a_nonce_comes_back_as_it_was_and_only_once() {
    for store in both().await {
        let nonce = nonce::generate().unwrap();

        store.put_nonce(&nonce, &record(), LIFE).await.unwrap();

        assert_eq!(store.take_nonce(&nonce).await.unwrap(), Some(record()));
        assert_eq!(store.take_nonce(&nonce).await.unwrap(), None);
        assert_eq!(store.take_nonce("unknown").await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_fifty_that_race_for_a_nonce_over_two_connections_one_gets_it() {
    let memory = Store::memory();
    for pair in [[memory.clone(), memory], [shared_redis().await, shared_redis().await]] {
        let nonce = nonce::generate().unwrap();
        pair[0].put_nonce(&nonce, &record(), LIFE).await.unwrap();

        let mut races = tokio::task::JoinSet::new();
        for racer in 0..50 {
            let (store, nonce) = (pair[racer % 2].clone(), nonce.clone());
            races.spawn(async move { store.take_nonce(&nonce).await.unwrap() });
        }
        let won = races.join_all().await.into_iter().flatten().count();

        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn a_nonce_ends_by_itself_and_is_never_written_over() {
    for store in both().await {
        let nonce = nonce::generate().unwrap();
        store.put_nonce(&nonce, &record(), Duration::from_millis(80)).await.unwrap();
        let other = NonceRecord { address: None, message: None, chain_id: 1 };
        assert!(store.put_nonce(&nonce, &other, LIFE).await.is_err());

        tokio::time::sleep(Duration::from_millis(120)).await;

        assert_eq!(store.take_nonce(&nonce).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_quota_is_a_burst_and_then_a_pace_and_refusals_cost_nothing() {
    for store in both().await {
        let key = nonce::generate().unwrap();
        let quota = quota("3/3s");
        for left in [2, 1, 0] {
            let grant = store.take_permits(&key, quota, 1).await.unwrap();
            assert_eq!((grant.taken, grant.left), (1, left));
        }

        let mut waits = Vec::new();
        for _ in 0..5 {
            let grant = store.take_permits(&key, quota, 1).await.unwrap();
            assert_eq!((grant.taken, grant.left), (0, 0));
            waits.push(grant.retry);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }

        assert!(waits.is_sorted_by(|a, b| a > b), "{waits:?}");
        assert!(waits[0] <= Duration::from_secs(1), "{waits:?}");
        tokio::time::sleep(waits[4]).await;
        assert_eq!(store.take_permits(&key, quota, 1).await.unwrap().taken, 1);
        assert_eq!(store.take_permits(&key, quota, 1).await.unwrap().taken, 0);
    }
}

#[tokio::test]
async fn a_hundred_at_once_over_two_connections_get_exactly_the_quota() {
    let memory = Store::memory();
    for pair in [[memory.clone(), memory], [shared_redis().await, shared_redis().await]] {
        let key = nonce::generate().unwrap();
        let mut races = tokio::task::JoinSet::new();
        for racer in 0..100 {
            let (store, key) = (pair[racer % 2].clone(), key.clone());
            races.spawn(
                async move { store.take_permits(&key, quota("40/1h"), 1).await.unwrap().taken },
            );
        }
        assert_eq!(races.join_all().await.into_iter().sum::<u32>(), 40);
    }
}

#[tokio::test]
async fn both_stores_decide_alike() {
    let [memory, redis] = both().await;
    let key = nonce::generate().unwrap();
    for (rate, want) in [("5/15m", 1), ("200/1m", 64), ("1000/1d", 9), ("200000/1d", 512)] {
        for _ in 0..8 {
            let key = format!("{key}{rate}");
            let grants = [
                memory.take_permits(&key, quota(rate), want).await.unwrap(),
                redis.take_permits(&key, quota(rate), want).await.unwrap(),
            ];
            let [ours, theirs] = grants.map(|grant| (grant.taken, grant.left));
            assert_eq!(ours, theirs, "{rate}");
        }
    }
}

#[tokio::test]
async fn every_key_in_redis_has_an_end_and_a_full_redis_drops_none_a7_2_a7_3() {
    let server = RedisServer::start();
    let store = Store::redis(server.client()).await;
    let mut redis = server.client().get_multiplexed_async_connection().await.unwrap();
    store.put_nonce("first", &record(), LIFE).await.unwrap();
    for rate in ["5/15m", "1/1s", "100000/1d"] {
        store.take_permits(rate, quota(rate), 512).await.unwrap();
    }

    let keys = redis.keys::<_, Vec<String>>("*").await.unwrap();
    assert!(keys.len() >= 4, "{keys:?}");
    for key in &keys {
        // -2: it ended between the two questions.
        let ttl = redis.pttl::<_, i64>(key).await.unwrap();
        assert!(ttl > 0 || ttl == -2, "{key} {ttl}");
    }

    // The setting under which the platform runs it: writing fails, nothing is dropped.
    for (name, value) in [("maxmemory-policy", "noeviction"), ("maxmemory", "1mb")] {
        redis::cmd("CONFIG").arg("SET").arg(name).arg(value).exec_async(&mut redis).await.unwrap();
    }
    assert!(store.put_nonce("second", &record(), LIFE).await.is_err());
    assert_eq!(store.take_nonce("first").await.unwrap(), Some(record()));
}

#[tokio::test]
async fn a_counter_answers_within_5_ms_a7_2() {
    let store = shared_redis().await;
    let mut times = Vec::new();
    for turn in 0..200 {
        let start = Instant::now();
        store.take_permits(&format!("speed{turn}"), quota("5/1s"), 1).await.unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    assert!(times[100] < Duration::from_millis(5), "median {:?}", times[100]);
}

#[tokio::test]
async fn a_restarted_redis_has_lost_the_script_and_gets_it_again() {
    let mut server = RedisServer::start();
    let store = Store::redis(server.client()).await;
    let take = || store.take_permits("key", quota("5/15m"), 1);
    assert_eq!(take().await.unwrap().left, 4);

    server.start_again();

    let start = Instant::now();
    while take().await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(take().await.is_ok());
}
