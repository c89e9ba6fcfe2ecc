//! Requests hand a connection on for half a second; then the pool has it back.

use std::time::Duration;

use backend::{Error, EventBus};
use futures_util::future::join_all;
use serde_json::json;
use shared::db;
use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions as _, PgPool};

use crate::owner::{Owner, state};

const PROJECTS: &str = "{ projects { data { id sites { id } } } }";
const WAIT: Duration = Duration::from_secs(5);

/// So many connections of a pool with the service's own settings, and somebody who uses them.
async fn owner(db: &PgPool, connections: u32) -> (Owner, PgPool) {
    let url = db.connect_options().to_url_lossy();
    let pool = db::pool(&url.as_str().parse().unwrap(), "backend", connections);
    (Owner::on(&state(&pool, &[], EventBus::Database)).await, pool)
}

/// Waits until the pool has so many connections for anyone.
async fn until_idle(pool: &PgPool, wanted: usize) {
    let idle = async {
        while pool.num_idle() != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WAIT, idle).await.unwrap();
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_connection_goes_from_one_request_to_the_next_and_then_back(db: PgPool) {
    let (owner, pool) = owner(&db, 5).await;
    for _ in 0..20 {
        owner.ask(PROJECTS, json!({})).await;
        assert_eq!((pool.size(), pool.num_idle()), (1, 0));
    }
    until_idle(&pool, 1).await;
    // Again, after that.
    owner.ask(PROJECTS, json!({})).await;
    assert_eq!((pool.size(), pool.num_idle()), (1, 0));
    until_idle(&pool, 1).await;
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn who_asks_the_pool_itself_has_its_turn_although_requests_go_on(db: PgPool) {
    let (owner, pool) = owner(&db, 1).await;
    let requests = async {
        loop {
            owner.ask(PROJECTS, json!({})).await;
        }
    };
    tokio::select! {
        () = requests => unreachable!(),
        is_reachable = db::is_reachable(&pool) => assert!(is_reachable),
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn more_requests_than_connections_are_all_answered(db: PgPool) {
    let (owner, pool) = owner(&db, 2).await;
    let answers = join_all((0..100).map(|_| owner.ask(PROJECTS, json!({})))).await;
    assert_eq!(answers.len(), 100);
    assert_eq!(pool.size(), 2);
    until_idle(&pool, 2).await;
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn who_waits_in_vain_is_told_so_and_the_next_is_served(db: PgPool) {
    let limit = Duration::from_millis(300);
    let options = PgPoolOptions::new().max_connections(1).acquire_timeout(limit);
    let pool = options.connect_lazy_with((*db.connect_options()).clone());
    let owner = Owner::on(&state(&pool, &[], EventBus::Database)).await;
    let mut lock = db.begin().await.unwrap();
    let exclusive = "lock table app.projects in access exclusive mode";
    sqlx::query(exclusive).execute(&mut *lock).await.unwrap();

    let first = owner.ask(PROJECTS, json!({}));
    let second = async {
        tokio::time::sleep(limit / 3).await;
        let refused = owner.refused(PROJECTS, json!({})).await;
        assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
        lock.rollback().await.unwrap();
    };
    tokio::join!(first, second);

    owner.ask(PROJECTS, json!({})).await;
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_connection_that_was_lost_meanwhile_costs_one_request(db: PgPool) {
    let (owner, pool) = owner(&db, 1).await;
    owner.ask(PROJECTS, json!({})).await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and application_name = 'backend'";
    sqlx::query(end).execute(&db).await.unwrap();

    let refused = owner.refused(PROJECTS, json!({})).await;
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");

    owner.ask(PROJECTS, json!({})).await;
    until_idle(&pool, 1).await;
}
