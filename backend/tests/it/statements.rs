//! The number of statements does not grow with the number of rows.
#![expect(clippy::print_stdout, reason = "the counts are there to be read")]

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use backend::EventBus;

use crate::owner::{Owner, state};

/// Whose rows the fixture has.
pub(crate) const OWNER: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);

/// Every relation at once, with `$first` parents.
const DEEP: &str = "query($first: Int!) {
    projects(first: $first) {
        totalCount
        data { name sites {
            name project { name }
            deployments(first: 5) { cid site { name } }
            latestDeployment { cid }
            domains { hostname site { name } }
            primaryDomain { hostname }
        } }
    }
}";

/// How often which statement ran in this database, the counting ones left out.
pub(crate) async fn counted(db: &PgPool) -> Vec<(i64, String)> {
    sqlx::query_as(
        "select calls, query from pg_stat_statements
         where dbid = (select oid from pg_database where datname = current_database())
           and query like '%app.%'
         order by query",
    )
    .fetch_all(db)
    .await
    .unwrap()
}

pub(crate) async fn reset(db: &PgPool) {
    let reset = "select pg_stat_statements_reset(0, oid, 0) from pg_database
                 where datname = current_database()";
    sqlx::query(reset).execute(db).await.unwrap();
}

/// Statements that an operation runs, by their text.
async fn statements(owner: &Owner, db: &PgPool, query: &str, variables: Value) -> (Value, i64) {
    reset(db).await;
    let answer = owner.ask(query, variables).await;
    (answer, print(&counted(db).await))
}

/// Prints the statements and gives their number.
pub(crate) fn print(counted: &[(i64, String)]) -> i64 {
    for (calls, query) in counted {
        let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
        println!("    {calls} x {}", query.chars().take(110).collect::<String>());
    }
    counted.iter().map(|(calls, _)| calls).sum()
}

/// Makes the server's counters readable.
pub(crate) async fn install(db: &PgPool) {
    sqlx::query("create extension if not exists pg_stat_statements").execute(db).await.unwrap();
}

async fn set_up(db: &PgPool) -> Owner {
    install(db).await;
    Owner::known(OWNER, state(db, &[], EventBus::Database))
}

#[sqlx::test(migrator = "shared::db::MIGRATOR", fixtures("../fixtures/hundred_projects.sql"))]
async fn the_deep_query_runs_the_same_number_of_statements_for_1_10_and_100_parents(db: PgPool) {
    let owner = set_up(&db).await;
    let mut totals = Vec::new();

    for first in [1, 10, 100] {
        let (answer, total) = statements(&owner, &db, DEEP, json!({ "first": first })).await;
        let data = answer["projects"]["data"].as_array().unwrap();
        let sites = data.iter().flat_map(|project| project["sites"].as_array().unwrap());
        let sites = sites.collect::<Vec<_>>();
        println!("{first} projects, {} sites: {total} statements", sites.len());
        assert_eq!((data.len(), sites.len()), (first, 3 * first));
        for site in sites {
            assert_eq!(site["deployments"].as_array().unwrap().len(), 5);
            assert_eq!(site["domains"].as_array().unwrap().len(), 4);
            assert!(site["primaryDomain"]["hostname"].as_str().unwrap().starts_with("d1."));
        }
        totals.push(total);
    }

    // Projects and their count; sites; then the projects, deployments (the latest among them),
    // domains and primary domains of those; then the sites of all of these at once.
    assert_eq!(totals, [8, 8, 8]);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR", fixtures("../fixtures/hundred_projects.sql"))]
async fn nothing_is_counted_or_loaded_that_was_not_asked_for(db: PgPool) {
    let owner = set_up(&db).await;

    for (query, expected) in [
        ("{ projects { data { id } } }", 1),
        ("{ projects { data { id } pageInfo { endCursor } } }", 1),
        ("{ projects { data { id } totalCount } }", 2),
        ("{ projects { data { sites { id } } } }", 2),
        ("{ sites { data { deployments { id } latestDeployment { id } } } }", 2),
        (
            "{ sites { data { one: deployments(first: 1) { id } two: deployments(first: 2) { id } } } }",
            2,
        ),
        ("{ version { version } serviceRegistry { id } }", 0),
    ] {
        let (_, total) = statements(&owner, &db, query, json!({})).await;
        assert_eq!(total, expected, "{query}");
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR", fixtures("../fixtures/hundred_projects.sql"))]
async fn a_nested_list_has_its_own_count_per_parent_and_alias(db: PgPool) {
    let owner = set_up(&db).await;
    let query = "{ sites(first: 100) { data {
        two: deployments(first: 2) { createdAt } all: deployments { createdAt }
    } } }";

    let answer = owner.ask(query, json!({})).await;

    for site in answer["sites"]["data"].as_array().unwrap() {
        let all = site["all"].as_array().unwrap();
        assert_eq!(all.len(), 5);
        assert_eq!(site["two"].as_array().unwrap(), &all[..2]);
        assert!(all.is_sorted_by_key(|row| std::cmp::Reverse(row["createdAt"].to_string())));
    }
}
