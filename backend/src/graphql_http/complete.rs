//! Puts a response in the order of its document, and null where a field that failed must not be
//! null: the executor leaves such a field out, and orders by who was ready first.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::types::Types;

/// A field that may not be null has no value, so neither has what it belongs to.
struct NoValue;

/// What completion needs to know.
pub(super) struct Completion<'a> {
    pub(super) document: &'a ExecutableDocument,
    pub(super) variables: &'a Variables,
    pub(super) types: &'a Types,
}

impl Completion<'_> {
    /// Only orders the root: below it objects are in order already, unless something failed.
    pub(super) fn order(&self, data: Value, set: &SelectionSet, root: &str) -> Value {
        let Value::Object(mut given) = data else { return data };
        if given.len() < 2 {
            return Value::Object(given);
        }
        let mut ordered = IndexMap::with_capacity(given.len());
        self.each(set, root, &mut |field| {
            let key = &field.response_key().node;
            if let Some(value) = given.swap_remove(key) {
                ordered.insert(key.clone(), value);
            }
        });
        Value::Object(ordered)
    }

    /// Orders all of it and lets failures rise to the nearest place that may be null.
    pub(super) fn complete(&self, data: Value, set: &SelectionSet, root: &str) -> Value {
        // A root without any value at all comes as null, which says nothing of its fields.
        let data = if data == Value::Null { Value::Object(IndexMap::new()) } else { data };
        self.object(data, &[set], root).unwrap_or(Value::Null)
    }

    fn object(&self, data: Value, sets: &[&SelectionSet], name: &str) -> Result<Value, NoValue> {
        let Value::Object(mut given) = data else { return Ok(data) };
        let mut fields = IndexMap::<Name, Vec<&Field>>::new();
        for set in sets {
            self.each(set, name, &mut |field| {
                fields.entry(field.response_key().node.clone()).or_default().push(field);
            });
        }
        let mut ordered = IndexMap::with_capacity(fields.len());
        for (key, same) in fields {
            let value = given.swap_remove(&key).unwrap_or(Value::Null);
            let known = same.first().and_then(|field| {
                self.types.object(name).and_then(|object| object.get(&field.name.node))
            });
            let value = match known {
                Some(known) => {
                    let below = same.iter().map(|field| &field.selection_set.node);
                    self.value(value, &known.ty, &below.collect::<Vec<_>>())?
                }
                // Introspection is the executor's own.
                None => value,
            };
            ordered.insert(key, value);
        }
        Ok(Value::Object(ordered))
    }

    fn value(&self, data: Value, ty: &Type, sets: &[&SelectionSet]) -> Result<Value, NoValue> {
        let value = match (&ty.base, data) {
            (_, Value::Null) => Err(NoValue),
            (BaseType::List(inner), Value::List(items)) => {
                let items = items.into_iter().map(|item| self.value(item, inner, sets));
                items.collect::<Result<Vec<_>, _>>().map(Value::List)
            }
            (BaseType::Named(name), data) => self.object(data, sets, name),
            (BaseType::List(_), data) => Ok(data),
        };
        match value {
            Err(NoValue) if ty.nullable => Ok(Value::Null),
            other => other,
        }
    }

    /// Calls `with` for every field that was asked for, in order.
    fn each<'s>(&'s self, set: &'s SelectionSet, name: &str, with: &mut impl FnMut(&'s Field)) {
        for selection in &set.items {
            if self.is_skipped(selection.node.directives()) {
                continue;
            }
            let (condition, set) = match &selection.node {
                Selection::Field(field) => {
                    with(&field.node);
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    (inline.node.type_condition.as_ref(), &inline.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else { continue };
                    (Some(&fragment.node.type_condition), &fragment.node.selection_set.node)
                }
            };
            if condition.is_none_or(|condition| condition.node.on.node == name) {
                self.each(set, name, with);
            }
        }
    }

    fn is_skipped(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let skips_if = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            let condition = directive.node.get_argument("if").map(|value| value.node.clone());
            let value = condition.and_then(|condition| {
                condition.into_const_with(|name| self.variables.get(&name).cloned().ok_or(())).ok()
            });
            value == Some(Value::Boolean(skips_if))
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::value;

    use super::*;

    const SDL: &str = "
        type Query { a: A  must: A!  list: [A!]  holes: [A]! n: Int! }
        type A { x: Int  y: Int!  deep: A }
    ";

    fn complete(query: &str, data: Value) -> String {
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let set = &operation.node.selection_set.node;
        let (types, variables) = (Types::new(SDL), Variables::default());
        let completion = Completion { document: &document, variables: &variables, types: &types };
        completion.complete(data, set, "Query").to_string()
    }

    #[test]
    fn a_missing_field_that_may_not_be_null_takes_its_parent_along() {
        assert_eq!(complete("{ a { x y } }", value!({ "a": { "x": 1 } })), "{a: null}");
        assert_eq!(complete("{ a { x } }", value!({ "a": null })), "{a: null}");
        assert_eq!(complete("{ must { y } a { x } }", value!({ "a": { "x": 1 } })), "null");
        assert_eq!(
            complete("{ a { y deep { y } } }", value!({ "a": { "y": 1, "deep": null } })),
            "{a: {y: 1, deep: null}}"
        );
        assert_eq!(
            complete("{ list { y } }", value!({ "list": [{ "y": 1 }, null] })),
            "{list: null}"
        );
        assert_eq!(
            complete("{ holes { y } }", value!({ "holes": [{ "y": 1 }, { "x": 2 }] })),
            "{holes: [{y: 1}, null]}"
        );
        assert_eq!(complete("{ n a { x } }", Value::Null), "null");
        assert_eq!(complete("{ a { x } }", Value::Null), "{a: null}");
    }

    #[test]
    fn fields_stand_in_the_order_of_the_document() {
        let query =
            "{ b: a { y ...F } ... on Query { a { y x } } } fragment F on A { x deep { y } }";
        let data = value!({ "a": { "x": 1, "y": 2 }, "b": { "deep": { "y": 5 }, "x": 3, "y": 4 } });
        assert_eq!(complete(query, data), "{b: {y: 4, x: 3, deep: {y: 5}}, a: {y: 2, x: 1}}");
    }

    #[test]
    fn what_was_skipped_stays_away() {
        let query = "{ a @skip(if: true) { x } must @include(if: false) { x } n }";
        assert_eq!(complete(query, value!({ "n": 1 })), "{n: 1}");
    }
}
