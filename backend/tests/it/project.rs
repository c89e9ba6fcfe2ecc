//! Projects: slugs, limits of names, pages.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::owner::{Owner, text};

const CREATE: &str = "mutation($name: String!) {
    createProject(data: {name: $name}) { id name slug description }
}";
const UPDATE: &str = "mutation($id: ID!, $data: UpdateProjectDataInput!) {
    updateProject(id: $id, data: $data) { name slug description }
}";
const PAGE: &str = "query($first: Int! = 2, $after: String) {
    projects(first: $first, after: $after) {
        data { name } pageInfo { hasNextPage endCursor } totalCount
    }
}";

fn names(page: &Value) -> Vec<String> {
    let rows = page["projects"]["data"].as_array().unwrap();
    rows.iter().map(|row| text(&row["name"])).collect()
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_project_is_made_renamed_described_and_deleted(db: PgPool) {
    let owner = Owner::new(&db).await;

    let made = owner.ask(CREATE, json!({ "name": "  My Café " })).await;
    insta::assert_json_snapshot!(made, { ".createProject.id" => "[id]" }, @r#"
    {
      "createProject": {
        "description": null,
        "id": "[id]",
        "name": "My Café",
        "slug": "my-cafe"
      }
    }
    "#);
    let id = text(&made["createProject"]["id"]);

    let data = json!({ "description": "one\ntwo" });
    let described = owner.ask(UPDATE, json!({ "id": id, "data": data })).await;
    assert_eq!(described["updateProject"]["description"], "one\ntwo");
    let renamed = owner.ask(UPDATE, json!({ "id": id, "data": { "name": "Shop" } })).await;
    let expected = json!({ "name": "Shop", "slug": "shop", "description": "one\ntwo" });
    assert_eq!(renamed["updateProject"], expected);
    let data = json!({ "name": null, "description": null });
    let cleared = owner.ask(UPDATE, json!({ "id": id, "data": data })).await;
    assert_eq!(cleared["updateProject"]["description"], Value::Null);

    let delete = "mutation($id: ID!) { deleteProject(id: $id) }";
    assert_eq!(owner.ask(delete, json!({ "id": id })).await["deleteProject"], true);
    assert_eq!(owner.refused(delete, json!({ "id": id })).await.code(), "NOT_FOUND");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn slugs_are_unique_per_owner_also_after_renaming(db: PgPool) {
    let owner = Owner::new(&db).await;
    let mut slugs = Vec::new();

    for _ in 0..7 {
        let made = owner.ask(CREATE, json!({ "name": "Shop" })).await;
        slugs.push(text(&made["createProject"]["slug"]));
    }

    assert_eq!(slugs[..5], ["shop", "shop-2", "shop-3", "shop-4", "shop-5"]);
    assert!(slugs[5..].iter().all(|slug| slug.len() == "shop-abcdef".len()), "{slugs:?}");
    let id = owner.project("Store").await;
    let renamed = owner.ask(UPDATE, json!({ "id": id, "data": { "name": "SHOP!" } })).await;
    assert!(text(&renamed["updateProject"]["slug"]).starts_with("shop-"));
    let kept = owner.ask(UPDATE, json!({ "id": id, "data": { "name": "SHOP!" } })).await;
    assert_eq!(kept, renamed);
    let other = Owner::new(&db).await.ask(CREATE, json!({ "name": "Shop" })).await;
    assert_eq!(other["createProject"]["slug"], "shop");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_name_that_leaves_no_letters_gets_a_slug_all_the_same(db: PgPool) {
    let owner = Owner::new(&db).await;

    let made = owner.ask(CREATE, json!({ "name": "!!!" })).await;

    assert_eq!(made["createProject"]["slug"], "project");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn of_thirty_equal_names_at_once_all_get_a_slug_of_their_own(db: PgPool) {
    let owner = Owner::new(&db).await;

    let creates = (0..30).map(|_| owner.run(CREATE, json!({ "name": "Race" })));
    let made = futures_util::future::join_all(creates).await;

    let failed = made.iter().filter(|response| response.is_err()).count();
    assert_eq!(failed, 0, "{made:?}");
    let count = "select count(distinct slug) from app.projects";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&db).await.unwrap(), 30);
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn names_and_descriptions_out_of_bounds_are_refused_with_their_field(db: PgPool) {
    let owner = Owner::new(&db).await;
    let id = owner.project("Shop").await;

    for name in ["", "   ", "a\0b", "a\u{202e}b", &"x".repeat(101)] {
        let error = owner.refused(CREATE, json!({ "name": name })).await;
        assert_eq!(error.code(), "BAD_USER_INPUT", "{name:?}");
        assert!(matches!(error, backend::Error::BadInput { field, .. } if field == "name"));
    }
    for description in ["a\0b", &"x".repeat(2001)] {
        let data = json!({ "description": description });
        let error = owner.refused(UPDATE, json!({ "id": id, "data": data })).await;
        assert!(matches!(error, backend::Error::BadInput { field, .. } if field == "description"));
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn pages_follow_each_other_newest_first_without_gaps(db: PgPool) {
    let owner = Owner::new(&db).await;
    for name in ["a", "b", "c", "d", "e"] {
        owner.project(name).await;
    }
    // Rows of one microsecond still have an order.
    let same = "update app.projects set created_at = '2026-01-01T00:00:00.123456Z'";
    sqlx::query(same).execute(&db).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), Value::Null);

    for has_next in [true, true, false] {
        let page = owner.ask(PAGE, json!({ "after": after })).await;
        seen.extend(names(&page));
        after = page["projects"]["pageInfo"]["endCursor"].clone();
        assert_eq!(page["projects"]["pageInfo"]["hasNextPage"], has_next);
        assert_eq!(page["projects"]["totalCount"], 5);
    }

    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
    let beyond = owner.ask(PAGE, json!({ "after": after })).await;
    assert_eq!(names(&beyond), [""; 0]);
    assert_eq!(beyond["projects"]["pageInfo"], json!({ "hasNextPage": false, "endCursor": null }));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_count_out_of_bounds_is_refused_on_every_list(db: PgPool) {
    let owner = Owner::new(&db).await;
    let site = owner.site(&owner.project("Shop").await, "Front").await;
    let nested = ["sites(first: $n) { id }", "sites { deployments(first: $n) { id } }"];
    let lists = ["projects", "sites", "deployments", "domains"]
        .map(|list| format!("{list}(first: $n) {{ data {{ id }} }}"))
        .into_iter()
        .chain(nested.map(|field| format!("projects {{ data {{ {field} }} }}")))
        .chain([format!("site(where: {{id: \"{site}\"}}) {{ domains(first: $n) {{ id }} }}")]);

    for list in lists {
        let query = format!("query($n: Int!) {{ {list} }}");
        for first in [0, -1, 101, 1_000_000_000] {
            let error = owner.refused(&query, json!({ "n": first })).await;
            assert_eq!(error.code(), "BAD_USER_INPUT", "{query} {first}");
            assert!(matches!(error, backend::Error::BadInput { field, .. } if field == "first"));
        }
        owner.ask(&query, json!({ "n": 100 })).await;
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_cursor_that_was_edited_or_borrowed_is_refused(db: PgPool) {
    let (owner, other) = (Owner::new(&db).await, Owner::new(&db).await);
    for name in ["a", "b", "c"] {
        owner.site(&owner.project(name).await, name).await;
    }
    let page = owner.ask(PAGE, json!({})).await;
    let cursor = text(&page["projects"]["pageInfo"]["endCursor"]);
    let flipped = |at: usize| {
        let mut bytes = cursor.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let edited = (0..cursor.len() - 1).map(flipped);

    let junk = ["", "null", "MQ", "🦀", "2026-01-01T00:00:00Z"].map(str::to_owned);
    let longer = [format!("{cursor}A"), cursor[..cursor.len() - 4].to_owned(), cursor.repeat(1000)];
    for after in edited.chain(junk).chain(longer) {
        let error = owner.refused(PAGE, json!({ "after": after })).await;
        assert!(matches!(error, backend::Error::BadInput { field, .. } if field == "after"));
    }
    assert_eq!(other.refused(PAGE, json!({ "after": cursor })).await.code(), "BAD_USER_INPUT");
    let sites = "query($after: String) { sites(after: $after) { data { id } } }";
    assert_eq!(owner.refused(sites, json!({ "after": cursor })).await.code(), "BAD_USER_INPUT");
    owner.ask(PAGE, json!({ "after": cursor })).await;
}
