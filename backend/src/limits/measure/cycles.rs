//! Fragments that spread themselves, directly or through others.

use std::collections::HashSet;

use async_graphql::parser::types::{Selection, SelectionSet};

use super::Fragments;
use crate::limits::Exceeded;

/// Refuses a document whose fragments form a cycle, used or not.
pub(super) fn refuse(fragments: &Fragments) -> Result<(), Exceeded> {
    let mut done = HashSet::new();
    for name in fragments.keys() {
        follow(fragments, name, &mut Vec::new(), &mut done)?;
    }
    Ok(())
}

fn follow<'a>(
    fragments: &'a Fragments,
    name: &'a str,
    around: &mut Vec<&'a str>,
    done: &mut HashSet<&'a str>,
) -> Result<(), Exceeded> {
    if around.contains(&name) {
        return Err(Exceeded::Cycle);
    }
    let Some(fragment) = fragments.get(name) else { return Ok(()) };
    if done.contains(name) {
        return Ok(());
    }
    around.push(name);
    let mut spreads = Vec::new();
    gather(&fragment.node.selection_set.node, &mut spreads);
    for spread in spreads {
        follow(fragments, spread, around, done)?;
    }
    around.pop();
    done.insert(name);
    Ok(())
}

/// Names spread anywhere within a selection set.
fn gather<'a>(set: &'a SelectionSet, spreads: &mut Vec<&'a str>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => gather(&field.node.selection_set.node, spreads),
            Selection::InlineFragment(inline) => gather(&inline.node.selection_set.node, spreads),
            Selection::FragmentSpread(spread) => spreads.push(&spread.node.fragment_name.node),
        }
    }
}
