//! Bounds on the parsed document. Fragments are followed where they are spread, so that nothing
//! hides in them, and the number of visits is bounded, so that spreading them twice at each level
//! costs an attacker more than it costs us.

mod cycles;

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

use super::{Exceeded, Limits};
use crate::types::{self, Types};

/// Fields visited at most, with every fragment followed: more can only be an attack.
const MOST_VISITS: usize = 10_000;
/// The longest page a resolver gives.
const LONGEST_PAGE: u64 = 100;
/// Items of a top-level list that does not say how many.
const TOP_PAGE: u64 = 50;
/// The same for a list below.
const NESTED_PAGE: u64 = 20;
/// Introspection lists within each other.
const MOST_INTROSPECTION_LISTS: usize = 3;
/// Fields of introspection that answer with lists of types or lead to them.
const INTROSPECTION_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// What an operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Objects it may answer with, as far as that can be known without its variables.
    pub(crate) objects: u64,
    /// Whether a page's length comes from a variable, so that it must be measured each time.
    pub(crate) by_variables: bool,
    /// Whether it asks for the schema itself.
    pub(crate) introspects: bool,
    /// Whether one object is asked for in several places, so that its answers must be merged.
    pub(crate) merges: bool,
}

/// Checks an operation. Without `variables` their defaults count, and the longest page where there
/// is none.
pub(crate) fn measure(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: Option<&Variables>,
    types: &Types,
    limits: &Limits,
) -> Result<Measured, Exceeded> {
    let fragments = &document.fragments;
    if variables.is_none() {
        cycles::refuse(fragments)?;
    }
    let mut walk = Walk {
        fragments,
        operation,
        variables,
        types,
        limits,
        visits: 0,
        by_variables: false,
        introspects: false,
        merges: false,
    };
    let root = Place {
        object: types::root(operation.ty),
        depth: 1,
        times: 1,
        page: None,
        introspection: None,
    };
    let objects = walk.set(&operation.selection_set.node, root)?;
    // With a variable the true number may be smaller: it is asked again when its value is known.
    if objects > limits.objects && !(walk.by_variables && variables.is_none()) {
        return Err(Exceeded::Objects(limits.objects));
    }
    let Walk { by_variables, introspects, merges, .. } = walk;
    Ok(Measured { objects, by_variables, introspects, merges })
}

/// Whether two of these are one object: they have the same key.
fn asks_again(fields: &[&Field]) -> bool {
    let mut keys = HashSet::new();
    let objects = fields.iter().filter(|field| !field.selection_set.node.items.is_empty());
    objects.into_iter().any(|field| !keys.insert(field.response_key().node.as_str()))
}

/// Where a selection stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// Name of the object type.
    object: &'a str,
    /// Level of its fields.
    depth: usize,
    /// How many such objects there may be.
    times: u64,
    /// Page length that the field above was given for the list in here.
    page: Option<u64>,
    /// Lists around, once within introspection.
    introspection: Option<usize>,
}

struct Walk<'a> {
    fragments: &'a Fragments,
    operation: &'a OperationDefinition,
    variables: Option<&'a Variables>,
    types: &'a Types,
    limits: &'a Limits,
    visits: usize,
    by_variables: bool,
    introspects: bool,
    merges: bool,
}

impl<'a> Walk<'a> {
    /// Objects below one selection set.
    fn set(&mut self, set: &'a SelectionSet, place: Place<'a>) -> Result<u64, Exceeded> {
        if place.introspection.is_none() && place.depth > self.limits.depth {
            return Err(Exceeded::Depth(self.limits.depth));
        }
        let mut fields = Vec::new();
        self.gather(set, &mut fields)?;
        self.refuse_crowds(&fields, place)?;
        self.merges |= asks_again(&fields);
        let mut objects = 0_u64;
        for field in fields {
            objects = objects.saturating_add(self.field(field, place)?);
        }
        Ok(objects)
    }

    /// The fields of a selection set, those of its fragments among them.
    fn gather(
        &mut self,
        set: &'a SelectionSet,
        fields: &mut Vec<&'a Field>,
    ) -> Result<(), Exceeded> {
        for selection in &set.items {
            self.visits += 1;
            if self.visits > MOST_VISITS {
                return Err(Exceeded::Objects(self.limits.objects));
            }
            match &selection.node {
                Selection::Field(field) => fields.push(&field.node),
                Selection::InlineFragment(fragment) => {
                    self.gather(&fragment.node.selection_set.node, fields)?;
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.fragments.get(&spread.node.fragment_name.node);
                    // An unknown one is for validation to refuse.
                    if let Some(fragment) = fragment {
                        self.gather(&fragment.node.selection_set.node, fields)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn refuse_crowds(&self, fields: &[&'a Field], place: Place<'a>) -> Result<(), Exceeded> {
        let aliases = self.limits.aliases;
        if fields.len() > aliases {
            let mut times = HashMap::<&str, usize>::new();
            for field in fields {
                let times = times.entry(field.name.node.as_str()).or_default();
                *times += 1;
                if *times > aliases {
                    return Err(Exceeded::Aliases(aliases));
                }
            }
        }
        if place.depth == 1 && fields.len() > self.limits.root_fields {
            return Err(Exceeded::RootFields(self.limits.root_fields));
        }
        Ok(())
    }

    /// The objects that one field answers with, and those below them.
    fn field(&mut self, field: &'a Field, place: Place<'a>) -> Result<u64, Exceeded> {
        let name = field.name.node.as_str();
        let below = &field.selection_set.node;
        if below.items.is_empty() {
            return Ok(0);
        }
        if name.starts_with("__") || place.introspection.is_some() {
            // `__type` may be null, and is where introspection is off: it tells as little.
            self.introspects |= name == "__schema";
            let around =
                place.introspection.unwrap_or(0) + usize::from(INTROSPECTION_LISTS.contains(&name));
            if around > MOST_INTROSPECTION_LISTS {
                return Err(Exceeded::Introspection(MOST_INTROSPECTION_LISTS));
            }
            return self.set(below, Place { introspection: Some(around), ..place });
        }
        // An unknown field is for validation to refuse; until then nothing is known below it.
        let known = self.types.object(place.object).and_then(|object| object.get(name));
        let default = if place.depth == 1 { TOP_PAGE } else { NESTED_PAGE };
        let first = known.and_then(|known| known.first.as_ref());
        let own = first.map(|first| self.page(field, first.default.as_ref(), default));
        let is_list = known.is_some_and(|known| known.is_list);
        let times = match (is_list, own.or(place.page)) {
            (true, page) => place.times.saturating_mul(page.unwrap_or(default)),
            (false, _) => place.times,
        };
        let object = known.map_or("", |known| types::named(&known.ty).as_str());
        // A list uses its page up; what only wraps a list passes it on.
        let page = if is_list { None } else { own };
        let inside =
            self.set(below, Place { object, depth: place.depth + 1, times, page, ..place })?;
        Ok(times.saturating_add(inside))
    }

    /// How many items a field asks for at most.
    fn page(&mut self, field: &'a Field, default_value: Option<&Value>, default: u64) -> u64 {
        let absent = || default_value.map_or(default, |value| length(value, default));
        let Some(argument) = field.get_argument("first") else { return absent() };
        let given = argument.node.clone().into_const_with(|name| {
            self.by_variables = true;
            self.variable(&name).ok_or(())
        });
        match given {
            Ok(Value::Null) => absent(),
            Ok(value) => length(&value, default),
            Err(()) if self.variables.is_some() => absent(),
            Err(()) => LONGEST_PAGE,
        }
    }

    fn variable(&self, name: &Name) -> Option<Value> {
        let given = self.variables.and_then(|variables| variables.get(name)).cloned();
        given.or_else(|| {
            let mut definitions = self.operation.variable_definitions.iter();
            let definition = definitions.find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| value.node.clone())
        })
    }
}

/// A page's length; what is no sensible number is for the resolver to refuse.
fn length(value: &Value, default: u64) -> u64 {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(number) => u64::try_from(number).unwrap_or(0).min(LONGEST_PAGE),
            None => LONGEST_PAGE,
        },
        _ => default,
    }
}

#[cfg(test)]
#[expect(clippy::format_collect, reason = "short texts, made once")]
mod tests;
