//! The values of variables against the types an operation declares for them: what is wrong is an
//! error of the request, told before any resolver runs.

use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Value, Variables};

use crate::types::{Kind, Types};

/// The variable at fault and what is wrong with it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Variable \"${name}\" {problem}")]
pub(crate) struct Mismatch {
    /// The variable's name.
    pub(crate) name: String,
    problem: String,
}

/// Checks the values that came with a request.
pub(crate) fn check(
    operation: &OperationDefinition,
    variables: &Variables,
    types: &Types,
) -> Result<(), Mismatch> {
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let (name, ty) = (&definition.name.node, &definition.var_type.node);
        let outcome = match variables.get(name) {
            Some(value) => fits(value, ty, types),
            None if ty.nullable || definition.default_value.is_some() => Ok(()),
            None => Err(format!("of required type \"{ty}\" was not provided.")),
        };
        outcome.map_err(|problem| Mismatch { name: name.to_string(), problem })?;
    }
    Ok(())
}

fn fits(value: &Value, ty: &Type, types: &Types) -> Result<(), String> {
    if matches!(value, Value::Null) {
        return if ty.nullable { Ok(()) } else { Err(format!("of type \"{ty}\" is null.")) };
    }
    match &ty.base {
        BaseType::List(inner) => match value {
            Value::List(items) => items.iter().try_for_each(|item| fits(item, inner, types)),
            single => fits(single, inner, types),
        },
        BaseType::Named(name) => fits_named(value, name, types),
    }
}

fn fits_named(value: &Value, name: &str, types: &Types) -> Result<(), String> {
    let fits_scalar = match (name, types.get(name)) {
        ("Int", _) => matches!(value, Value::Number(n) if is_int(n)),
        ("Float", _) => matches!(value, Value::Number(_)),
        ("String", _) => matches!(value, Value::String(_)),
        ("Boolean", _) => matches!(value, Value::Boolean(_)),
        ("ID", _) => match value {
            Value::String(_) => true,
            Value::Number(number) => number.is_i64() || number.is_u64(),
            _ => false,
        },
        (_, Some(Kind::Enum(values))) => match value {
            Value::String(name) => values.contains(name.as_str()),
            Value::Enum(name) => values.contains(name),
            _ => false,
        },
        (_, Some(Kind::Input(fields))) => {
            let Value::Object(given) = value else { return Err(wrong(name)) };
            if let Some(unknown) = given.keys().find(|key| !fields.contains_key(*key)) {
                return Err(format!("has no field \"{unknown}\" in its type \"{name}\"."));
            }
            for (field, input) in fields {
                match given.get(field) {
                    Some(value) => fits(value, &input.ty, types)
                        .map_err(|problem| format!("at \"{field}\" {problem}"))?,
                    None if input.ty.nullable || input.has_default => {}
                    None => return Err(format!("lacks the field \"{field}\" of \"{name}\".")),
                }
            }
            true
        }
        // A scalar of our own parses itself; no scalar is a list or an object.
        _ => !matches!(value, Value::List(_) | Value::Object(_)),
    };
    if fits_scalar { Ok(()) } else { Err(wrong(name)) }
}

fn wrong(name: &str) -> String {
    format!("got a value that is no \"{name}\".")
}

fn is_int(number: &serde_json::Number) -> bool {
    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const SDL: &str = "
        enum Color { RED GREEN }
        scalar DateTime
        input Data { name: String!, color: Color, size: Int! = 3, more: [Data!] }
    ";

    fn problem(ty: &str, value: &serde_json::Value) -> Option<String> {
        let document = parse_query(format!("query($v: {ty}) {{ f(v: $v) }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let variables = Variables::from_json(value.clone());
        check(&operation.node, &variables, &Types::new(SDL)).err().map(|error| error.to_string())
    }

    fn fits(ty: &str, value: &serde_json::Value) -> bool {
        problem(ty, &serde_json::json!({ "v": value })).is_none()
    }

    #[test]
    fn what_fits_is_let_through() {
        use serde_json::json;
        for (ty, value) in [
            ("Int!", json!(5)),
            ("Int", json!(null)),
            ("Float", json!(5)),
            ("ID!", json!("x")),
            ("ID!", json!(7)),
            ("[Int!]", json!([1, 2])),
            ("[Int!]", json!(1)),
            ("Color", json!("RED")),
            ("DateTime", json!("whatever it says")),
            ("Data!", json!({ "name": "n", "more": [{ "name": "m", "color": "GREEN" }] })),
        ] {
            assert!(fits(ty, &value), "{ty} {value}");
        }
        assert_eq!(problem("Int", &json!({})), None);
        assert_eq!(problem("Int! = 3", &json!({})), None);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        use serde_json::json;
        for (ty, value) in [
            ("Int!", json!(null)),
            ("Int", json!("5")),
            ("Int", json!(1.5)),
            ("Int", json!(2_147_483_648_u64)),
            ("String", json!(5)),
            ("Boolean", json!("true")),
            ("ID", json!(1.5)),
            ("[Int!]", json!([1, null])),
            ("Color", json!("BLUE")),
            ("DateTime", json!({})),
            ("Data", json!("x")),
            ("Data", json!({})),
            ("Data", json!({ "name": "n", "other": 1 })),
            ("Data", json!({ "name": "n", "more": [{ "name": 1 }] })),
        ] {
            assert!(!fits(ty, &value), "{ty} {value}");
        }
        assert_eq!(
            problem("Int!", &json!({})).as_deref(),
            Some("Variable \"$v\" of required type \"Int!\" was not provided.")
        );
    }
}
