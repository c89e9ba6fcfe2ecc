//! Nonces and counters: the same tests on both stores.

use std::time::{Duration, Instant};

use auth::nonce::Subject;
use auth::random;
use auth::siwe::Refused;
use auth::siwe::address::Address;
use auth::store::{Quota, Store};
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

fn subject() -> Subject<'static> {
    let head = "line one\n\n\"quoted\" \u{1f980}\u{0}\nNonce: ";
    Subject { address: Address([0xaa; 20]), head, tail: "\nIssued At: now" }
}

fn issue(store: &Store) -> String {
    store.signer().unwrap().issue(Some(subject()))
}

/// Whether `nonce` was good until now.
async fn is_used_up(store: &Store, nonce: &str) -> bool {
    store.use_up(nonce, LIFE).await.unwrap().is_some()
}

/// Waits until `store` answers again.
async fn recovers(store: &Store) {
    let start = Instant::now();
    while store.signer().is_err() || !store.is_reachable().await {
        assert!(start.elapsed() < Duration::from_secs(5), "no recovery");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn quota(rate: &str) -> Quota {
    Quota::new(rate.parse().unwrap())
}

#[tokio::test]
async fn a_nonce_is_good_for_what_it_was_issued_for_and_only_once() {
    for store in both().await {
        let nonce = issue(&store);

        let issued = store.use_up(&nonce, LIFE).await.unwrap().unwrap();

        assert_eq!(issued.admit(subject()), Ok(()));
        let other = Subject { tail: "", ..subject() };
        assert_eq!(issued.admit(other), Err(Refused::NotIssued));
        assert!(!is_used_up(&store, &nonce).await);
        let free = store.signer().unwrap().issue(None);
        assert_eq!(store.use_up(&free, LIFE).await.unwrap().unwrap().admit(other), Ok(()));
        assert!(!is_used_up(&store, &free).await);
        assert!(!is_used_up(&store, "unknown").await);
        assert!(!is_used_up(&store, &"0".repeat(44)).await);
    }
}

#[tokio::test]
async fn of_fifty_that_race_for_a_nonce_over_two_connections_one_gets_it() {
    let memory = Store::memory();
    for pair in [[memory.clone(), memory], [shared_redis().await, shared_redis().await]] {
        let nonce = issue(&pair[0]);

        let mut races = tokio::task::JoinSet::new();
        for racer in 0..50 {
            let (store, nonce) = (pair[racer % 2].clone(), nonce.clone());
            races.spawn(async move { is_used_up(&store, &nonce).await });
        }
        let won = races.join_all().await.into_iter().filter(|won| *won).count();

        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn a_nonce_ends_by_itself() {
    for store in both().await {
        let [early, late] = [issue(&store), issue(&store)];
        let life = Duration::from_millis(400);
        assert!(store.use_up(&early, life).await.unwrap().is_some());

        tokio::time::sleep(life).await;

        assert!(store.use_up(&late, life).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_used_nonce_is_remembered_for_as_long_as_any_clock_may_take_it_for_good() {
    let server = RedisServer::start();
    let store = Store::redis(server.client()).await;
    let nonce = issue(&store);
    assert!(is_used_up(&store, &nonce).await);

    let mut redis = server.client().get_multiplexed_async_connection().await.unwrap();
    let left = redis.pttl::<_, i64>(format!("nonce:used:{nonce}")).await.unwrap();
    assert!((118_000..=120_000).contains(&left), "{left}");
}

#[tokio::test]
async fn a_nonce_of_a_lost_key_is_unknown_used_or_not_and_all_agree_on_the_next_key() {
    let server = RedisServer::start();
    let pair = [Store::redis(server.client()).await, Store::redis(server.client()).await];
    let mut redis = server.client().get_multiplexed_async_connection().await.unwrap();
    let [open, used] = [issue(&pair[0]), issue(&pair[1])];
    assert!(is_used_up(&pair[0], &used).await);

    redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();

    for store in &pair {
        assert!(!is_used_up(store, &open).await);
        assert!(!is_used_up(store, &used).await);
    }
    let start = Instant::now();
    for turn in 0.. {
        // Whoever does not know the new key yet asks for it, rather than to refuse.
        let nonce = issue(&pair[turn % 2]);
        if is_used_up(&pair[(turn + 1) % 2], &nonce).await && turn > 20 {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(3), "no common key");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_replica_that_does_not_know_the_new_key_yet_takes_its_nonces() {
    let server = RedisServer::start();
    let late = Store::redis(server.client()).await;
    let old = issue(&late);
    let mut redis = server.client().get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();
    let early = Store::redis(server.client()).await;

    let nonce = issue(&early);

    assert!(is_used_up(&late, &nonce).await);
    assert!(!is_used_up(&early, &nonce).await);
    assert!(!is_used_up(&early, &old).await);
}

#[tokio::test]
async fn a_redis_that_was_restarted_with_its_old_data_has_another_key() {
    let folder = std::env::temp_dir().join(random::alphanumeric(12).unwrap());
    std::fs::create_dir(&folder).unwrap();
    let data = ["--dir", folder.to_str().unwrap(), "--dbfilename", "dump.rdb"];
    let mut server = RedisServer::start();
    server.run(&data);
    let store = Store::redis(server.client()).await;
    let mut redis = server.client().get_multiplexed_async_connection().await.unwrap();
    let [before, after] = [issue(&store), issue(&store)];
    assert!(is_used_up(&store, &before).await);
    redis::cmd("SAVE").exec_async(&mut redis).await.unwrap();
    let old = redis.get::<_, Vec<u8>>("nonce:key").await.unwrap();
    // Used after what was saved: the mark will be lost, and the saved key would take it again.
    assert!(is_used_up(&store, &after).await);

    server.run(&data);

    let mut redis = server.client().get_multiplexed_async_connection().await.unwrap();
    assert_eq!(redis.exists::<_, usize>(format!("nonce:used:{before}")).await.unwrap(), 1);
    assert_eq!(redis.exists::<_, usize>(format!("nonce:used:{after}")).await.unwrap(), 0);
    let start = Instant::now();
    while store.signer().is_err() || store.use_up("", LIFE).await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(5), "no recovery");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!matches!(store.use_up(&after, LIFE).await, Ok(Some(_))));
    recovers(&store).await;
    assert!(!is_used_up(&store, &before).await);
    assert_ne!(redis.get::<_, Vec<u8>>("nonce:key").await.unwrap(), old);
    let nonce = issue(&store);
    assert!(is_used_up(&store, &nonce).await);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn many_that_find_an_empty_redis_at_once_agree_on_one_key() {
    let server = RedisServer::start();
    let start = (0..16).map(|_| Store::redis(server.client()));
    let stores = futures_util::future::join_all(start).await;
    for (turn, store) in stores.iter().enumerate() {
        let nonce = issue(store);
        assert!(is_used_up(&stores[(turn + 1) % 16], &nonce).await, "{turn}");
    }
}

#[tokio::test]
async fn a_quota_is_a_burst_and_then_a_pace_and_refusals_cost_nothing() {
    for store in both().await {
        let key = random::alphanumeric(22).unwrap();
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
        let key = random::alphanumeric(22).unwrap();
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
    let key = random::alphanumeric(22).unwrap();
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
    let [first, second] = [issue(&store), issue(&store)];
    assert!(is_used_up(&store, &first).await);
    for rate in ["5/15m", "1/1s", "100000/1d"] {
        store.take_permits(rate, quota(rate), 512).await.unwrap();
    }

    let keys = redis.keys::<_, Vec<String>>("*").await.unwrap();
    assert!(keys.len() >= 5, "{keys:?}");
    for key in &keys {
        // -2: it ended between the two questions.
        let ttl = redis.pttl::<_, i64>(key).await.unwrap();
        assert!(ttl > 0 || ttl == -2, "{key} {ttl}");
    }

    // The setting under which the platform runs it: writing fails, nothing is dropped.
    for (name, value) in [("maxmemory-policy", "noeviction"), ("maxmemory", "1mb")] {
        redis::cmd("CONFIG").arg("SET").arg(name).arg(value).exec_async(&mut redis).await.unwrap();
    }
    assert!(store.use_up(&second, LIFE).await.is_err());
    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(0).exec_async(&mut redis).await.unwrap();
    recovers(&store).await;
    assert!(!is_used_up(&store, &first).await);
    assert!(is_used_up(&store, &second).await);
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
