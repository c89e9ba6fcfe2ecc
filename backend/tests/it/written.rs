//! Objects are written as JSON on the spot; where one is asked for in several places of a document,
//! they are built as values first and merged. Nobody can tell the difference.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use backend::Error;
use backend::schema::sdl;
use serde_json::json;
use sqlx::PgPool;

use crate::owner::{Owner, data, sent};

/// The fields of an object type without fields of their own, so that a new one cannot be forgotten.
fn leaves(object: &str) -> String {
    names(object).join(" ")
}

fn names(object: &str) -> Vec<String> {
    let schema = parse_schema(sdl()).unwrap();
    let kinds = schema.definitions.iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) => Some((ty.node.name.node.as_str(), &ty.node.kind)),
        _ => None,
    });
    let kinds = kinds.collect::<std::collections::HashMap<_, _>>();
    let TypeKind::Object(object) = kinds[object] else { panic!("{object} is no object") };
    let leaves = object.fields.iter().filter(|field| {
        let ty = field.node.ty.node.to_string().replace(['!', '[', ']'], "");
        !matches!(kinds.get(ty.as_str()), Some(TypeKind::Object(_)))
    });
    leaves.map(|field| field.node.name.node.to_string()).collect()
}

/// Every field of every object that has rows.
fn everything() -> String {
    let [project, site, deployment, domain, page] =
        ["Project", "Site", "Deployment", "Domain", "PageInfo"].map(leaves);
    format!(
        "query($few: Int, $no: Boolean!) {{
            projects {{
                __typename totalCount pageInfo {{ __typename {page} }}
                data {{
                    {project} name again: name
                    sites(first: $few) {{
                        __typename {site} project {{ {project} }}
                        deployments {{ {deployment} site {{ slug }} }}
                        newest: deployments(first: 1) {{ cid }}
                        latestDeployment {{ ...OfDeployment }}
                        domains {{ {domain} site {{ id }} }}
                        primaryDomain {{ {domain} }}
                        skipped: name @include(if: $no)
                    }}
                }}
            }}
            sites(first: 1) {{ data {{ ... on Site {{ {site} }} }} pageInfo {{ {page} }} totalCount }}
            deployments {{ data {{ {deployment} }} totalCount }}
            domains {{ data {{ {domain} }} totalCount }}
        }}
        fragment OfDeployment on Deployment {{ {deployment} site {{ id }} }}"
    )
}

async fn set_up(db: &PgPool) -> Owner {
    let owner = Owner::new(db).await;
    for name in ["One", "Two \"quoted\"\n\u{7f}é\u{1f680}".trim_end(), "Empty"] {
        let project = owner.project(&name.replace('\n', " ").replace('\u{7f}', "")).await;
        if name == "Empty" {
            continue;
        }
        for site in ["a", "b", "c"] {
            let site = owner.site(&project, site).await;
            owner.deployment(&site).await;
            let last = owner.deployment(&site).await;
            let fail = "mutation($id: ID!) {
                updateDeploymentStatus(id: $id, status: FAILED, message: \"so\\nit is\") { id }
            }";
            owner.ask(fail, json!({ "id": last })).await;
            owner.domain(&site, &format!("{}.example.org", site.replace('-', ""))).await;
        }
    }
    // One is verified and primary, which needs no look-up here.
    let primary = "update app.domains set verification_status = 'VERIFIED', verified_at = now(),
                          last_checked_at = now(), is_primary = true
                   where id = (select id from app.domains order by id limit 1)";
    sqlx::query(primary).execute(db).await.unwrap();
    owner
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_is_written_on_the_spot_is_what_values_would_say(db: PgPool) {
    let owner = set_up(&db).await;
    for few in [1, 2, 100] {
        let (query, variables) = (everything(), json!({ "few": few, "no": false }));
        let written = owner.ask(&query, variables.clone()).await;
        let merged = owner.merging().ask(&query, variables).await;
        assert_eq!(written, merged);
        let rows = written["projects"]["data"].as_array().unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1]["sites"].as_array().unwrap().len(), few.min(3));
        assert_eq!(rows[1]["sites"][0].get("skipped"), None);
    }
}

/// A list of which only columns are asked is written from those, without making its rows.
#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_field_alone_is_what_it_is_among_others(db: PgPool) {
    let owner = set_up(&db).await;
    let mut queries = Vec::new();
    for field in names("Site") {
        queries.push(format!("{{ projects {{ data {{ sites {{ {field} __typename }} }} }} }}"));
    }
    for (list, object) in [("deployments", "Deployment"), ("domains", "Domain")] {
        for field in names(object) {
            queries.push(format!(
                "{{ projects {{ data {{ sites {{
                    {list} {{ {field} again: {field} __typename }} one: {list}(first: 1) {{ {field} }}
                }} }} }} }}"
            ));
        }
    }
    assert!(queries.len() > 20, "{queries:?}");
    for query in queries {
        let written = owner.ask(&query, json!({})).await;
        let merged = owner.merging().ask(&query, json!({})).await;
        assert_eq!(written, merged, "{query}");
        assert_eq!(written["projects"]["data"].as_array().unwrap().len(), 3);
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_cannot_be_read_is_an_error_where_it_is_asked_for(db: PgPool) {
    let owner = set_up(&db).await;
    // PostgreSQL knows this time, and nobody else does.
    let infinite = "update app.deployments set updated_at = 'infinity'";
    sqlx::query(infinite).execute(&db).await.unwrap();
    let asked = |fields: &str| {
        format!("{{ projects {{ data {{ name sites {{ deployments {{ {fields} }} }} }} }} }}")
    };

    owner.ask(&asked("id cid createdAt"), json!({})).await;

    for owner in [owner.clone(), owner.merging()] {
        for fields in ["id updatedAt", "updatedAt siteId"] {
            let response = owner.run(&asked(fields), json!({})).await;
            let [error] = response.errors.as_slice() else { panic!("{response:?}") };
            assert!(matches!(error.source::<Error>(), Some(Error::Internal(_))), "{error:?}");
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn members_stand_in_the_order_of_the_document(db: PgPool) {
    let owner = Owner::new(&db).await;
    owner.site(&owner.project("Shop").await, "Front").await;
    let query =
        "{ projects { totalCount data { slug sites { name deployments { cid } slug } name } } }";
    let expected = r#"{"projects":{"totalCount":1,"data":[{"slug":"shop","sites":[{"name":"Front","deployments":[],"slug":"front"}],"name":"Shop"}]}}"#;
    for owner in [owner.clone(), owner.merging()] {
        assert_eq!(sent(&owner.run(query, json!({})).await), expected);
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn failures_are_told_alike_and_at_the_same_place(db: PgPool) {
    let owner = set_up(&db).await;
    let say = async |owner: &Owner, query: &str| {
        let response = owner.run(query, json!({})).await;
        let told = response
            .errors
            .iter()
            .map(|error| (error.message.clone(), error.path.clone(), error.locations.clone()));
        (data(&response), told.collect::<Vec<_>>())
    };
    let queries = [
        "{ projects { data { sites(first: 0) { id } } } }",
        "{ projects { data { sites { deployments(first: 101) { id } } } } }",
        "{ projects { data { sites { a: domains(first: -1) { id } deployments { id } } } } }",
    ];
    for query in queries {
        let (written, merged) = (say(&owner, query).await, say(&owner.merging(), query).await);
        assert!(!written.1.is_empty(), "{query}");
        assert_eq!(written, merged, "{query}");
    }
}
