use async_graphql::parser::parse_query;
use async_graphql::value;

use super::*;

const SDL: &str = "
    type Query {
        projects(first: Int! = 50, after: String): ProjectList!
        me: User
        services: [Service!]!
        names: [String!]!
    }
    type Service { id: ID! }
    type ProjectList { data: [Project!]! totalCount: Int! }
    type User { id: ID! projects(first: Int! = 20): [Project!]! }
    type Project { id: ID! name: String! owner: User! sites(first: Int! = 20): [Site!]! }
    type Site { id: ID! project: Project! deployments(first: Int! = 20): [Deployment!]! }
    type Deployment { id: ID! site: Site! }
";

fn check(query: &str, variables: Option<&Variables>) -> Result<Measured, Exceeded> {
    let document = parse_query(query).unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    let (types, limits) = (Types::new(SDL), Limits::default());
    measure(&document, &operation.node, variables, &types, &limits)
}

fn objects(query: &str) -> u64 {
    check(query, None).unwrap().objects
}

#[test]
fn the_lengths_of_pages_multiply_along_each_path_and_add_up() {
    assert_eq!(objects("{ __typename names }"), 0);
    assert_eq!(objects("{ me { id } }"), 1);
    assert_eq!(objects("{ services { id } }"), 50);
    assert_eq!(objects("{ projects { totalCount } }"), 1);
    assert_eq!(objects("{ projects { data { id } } }"), 1 + 50);
    assert_eq!(objects("{ projects(first: 3) { data { owner { id } } } }"), 1 + 3 + 3);
    assert_eq!(
        objects("{ projects(first: 3) { data { sites(first: 2) { deployments { id } } } } }"),
        1 + 3 + 6 + 6 * 20
    );
    assert_eq!(objects("{ a: me { id } b: me { projects(first: 7) { id } } }"), 1 + 1 + 7);
}

#[test]
fn more_objects_than_allowed_are_refused() {
    let query = |first: u32| {
        format!(
            "{{ projects(first: 100) {{ data {{ sites(first: 100) {{ deployments(first: {first}) {{ id }} }} }} }} }}"
        )
    };
    assert!(check(&query(3), None).is_ok());
    assert_eq!(check(&query(4), None), Err(Exceeded::Objects(50_000)));
}

#[test]
fn an_absurd_length_counts_as_the_longest_page() {
    assert_eq!(objects("{ projects(first: 1000000000) { data { id } } }"), 101);
    assert_eq!(objects("{ projects(first: -1) { data { id } } }"), 1);
}

#[test]
fn variables_and_their_defaults_count() {
    let query = "query($n: Int = 9) { projects(first: $n) { data { id } } }";
    let given = Variables::from_value(value!({ "n": 4 }));

    assert_eq!(
        check(query, None),
        Ok(Measured { objects: 10, by_variables: true, introspects: false, merges: false })
    );
    assert_eq!(check(query, Some(&given)).unwrap().objects, 5);
    assert_eq!(check(query, Some(&Variables::default())).unwrap().objects, 10);
}

#[test]
fn a_variable_cannot_smuggle_in_more_objects() {
    let query = "query($n: Int!) { projects(first: $n) { data { sites(first: $n) { deployments(first: $n) { id } } } } }";
    let with = |n: i32| check(query, Some(&Variables::from_value(value!({ "n": n }))));

    assert!(check(query, None).unwrap().by_variables);
    assert!(with(10).is_ok());
    assert_eq!(with(100), Err(Exceeded::Objects(50_000)));
}

/// `{ me { projects { owner { projects { ... } } } } }`, so many levels deep.
fn nested(levels: usize) -> String {
    let names = (0..levels - 2).map(|n| if n % 2 == 0 { "projects(first: 1)" } else { "owner" });
    let open = names.map(|name| format!("{name} {{ ")).collect::<String>();
    format!("{open}id{}", " }".repeat(levels - 2))
}

#[test]
fn the_eleventh_level_is_refused() {
    assert!(check(&format!("{{ me {{ {} }} }}", nested(10)), None).is_ok());
    let eleven = format!("{{ me {{ {} }} }}", nested(11));
    assert_eq!(check(&eleven, None), Err(Exceeded::Depth(10)));
}

#[test]
fn levels_cannot_hide_in_fragments() {
    let (six, four) = (nested(6).replace("id", "...Rest"), nested(7));
    let query = format!("{{ me {{ {six} }} }} fragment Rest on User {{ {four} }}");
    assert_eq!(check(&query, None), Err(Exceeded::Depth(10)));

    let inline = format!("{{ me {{ ... on User {{ ... {{ {} }} }} }} }}", nested(11));
    assert_eq!(check(&inline, None), Err(Exceeded::Depth(10)));
}

#[test]
fn fragments_that_spread_each_other_are_refused() {
    for query in [
        "{ me { ...A } } fragment A on User { ...A }",
        "{ me { ...A } } fragment A on User { ...B } fragment B on User { ... { ...A } }",
        "{ me { ...A } } fragment A on User { projects { owner { ...A } } }",
        "{ me { id } } fragment A on User { ...A }",
    ] {
        assert_eq!(check(query, None), Err(Exceeded::Cycle), "{query}");
    }
}

#[test]
fn fragments_that_double_at_each_level_are_refused_quickly() {
    let fragment = |n| format!(" fragment F{n} on User {{ ...F{m} ...F{m} }}", m = n + 1);
    let fragments = (0..60).map(fragment).collect::<String>();
    let query = format!("{{ me {{ ...F0 }} }} {fragments} fragment F60 on User {{ id }}");

    let start = std::time::Instant::now();
    assert_eq!(check(&query, None), Err(Exceeded::Objects(50_000)));
    assert!(start.elapsed().as_millis() < 500);
}

#[test]
fn one_field_may_be_asked_for_fifteen_times_in_one_place() {
    let query = |n: usize| {
        let fields = (0..n).map(|n| format!("a{n}: me {{ id }} ")).collect::<String>();
        format!("{{ {fields} }}")
    };
    assert!(check(&query(15), None).is_ok());
    assert_eq!(check(&query(16), None), Err(Exceeded::Aliases(15)));

    let halves = "{ ...A ...B } fragment A on Query {";
    let fields =
        |from: usize| (from..from + 8).map(|n| format!("a{n}: names ")).collect::<String>();
    let query = format!("{halves} {} }} fragment B on Query {{ {} }}", fields(0), fields(8));
    assert_eq!(check(&query, None), Err(Exceeded::Aliases(15)));
}

#[test]
fn thirty_fields_may_stand_at_the_root() {
    let query = |n: usize| {
        let fields = ["me { id }", "names", "__typename"];
        let fields = (0..n).map(|n| format!("a{n}: {} ", fields[n % 3])).collect::<String>();
        format!("{{ {fields} }}")
    };
    assert!(check(&query(30), None).is_ok());
    assert_eq!(check(&query(31), None), Err(Exceeded::RootFields(30)));
}

#[test]
fn introspection_is_not_counted_as_objects_and_cannot_multiply() {
    let of_type = "ofType { ".repeat(9) + "name" + &" }".repeat(9);
    let usual = format!("{{ __schema {{ types {{ fields {{ type {{ {of_type} }} }} }} }} }}");
    assert_eq!(objects(&usual), 0);

    let fields = "fields { type { ".repeat(4) + "name" + &" } }".repeat(4);
    let bomb = format!("{{ __schema {{ types {{ {fields} }} }} }}");
    assert_eq!(check(&bomb, None), Err(Exceeded::Introspection(3)));
}
