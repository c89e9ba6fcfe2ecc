//! Executes the fields of objects.
//!
//! The executor's own way allocates twice for each field and waits for all of them at once; most
//! fields are members of a row that is there already. Here those are written as JSON on the spot
//! ([`written`]), and only fields with fields of their own wait side by side, so that their loaders
//! still gather one level. Where a document asks for one field in several places, the answers must
//! be merged and are built as values first ([`values`]). Both keep the order of the document and let
//! a failure rise to the nearest field that may be null, which the executor does not.

mod columns;
mod values;
mod written;

use std::borrow::Cow;
use std::pin::Pin;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value};

use crate::json::Json;
pub use columns::Column;
pub use written::Placed;
use written::Plan;
pub(crate) use written::related;

/// Writes one member of a row.
pub type Member<T> = fn(&T, &mut Json);

/// Answers one field for many rows of one level.
pub type Relation<T> =
    for<'a> fn(&'a [Placed<'a, T>], &'a Positioned<Field>) -> Boxed<'a, Box<dyn Column>>;

/// An object whose plain members can be written without asking its resolvers.
pub trait Members: ObjectType + Sized {
    /// The member that answers `field`: without arguments, and never a failure. Other fields are
    /// asked of their resolvers.
    #[must_use]
    fn member(field: &str) -> Option<Member<Self>> {
        let _ = field;
        None
    }

    /// How `field` is answered for many rows at once, when it is a list of other rows.
    #[must_use]
    fn relation(field: &str) -> Option<Relation<Self>> {
        let _ = field;
        None
    }
}

/// Which field of an object is which member, and which is a list that a loader has:
/// `members!(Site { "id" => |row| row.id; "deployments" => DeploymentsBySite, |row, first| ... })`.
macro_rules! members {
    ($object:ty {
        $($field:literal => |$row:ident| $member:expr),+
        $(; $list:literal => $loader:ty, |$parent:ident, $first:ident| $key:expr)* $(,)?
    }) => {
        impl $crate::schema::node::Members for $object {
            fn member(field: &str) -> Option<$crate::schema::node::Member<Self>> {
                Some(match field {
                    $($field => |$row, json| $crate::json::ToJson::write(&$member, json),)+
                    _ => return None,
                })
            }

            fn relation(field: &str) -> Option<$crate::schema::node::Relation<Self>> {
                match field {
                    $($list => Some(|rows, field| {
                        $crate::schema::node::related::<Self, $loader, _>(
                            rows, field, |$parent, $first| $key,
                        )
                    }),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use members;

/// An object whose fields are executed here.
#[derive(Clone, Debug)]
pub struct Node<T>(pub T);

/// A list of such objects.
#[derive(Clone, Debug)]
pub struct Nodes<T>(pub Vec<T>);

impl<T: Members> OutputType for Node<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        boxed(async {
            match Plan::of(ctx) {
                Some(plan) => plan.object(&self.0, ctx).await,
                None => values::object(&self.0, ctx).await,
            }
        })
        .await
    }
}

impl<T: Members> OutputType for Nodes<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        boxed(async {
            match Plan::of(ctx) {
                Some(plan) => plan.list(&self.0, ctx).await,
                None => values::list(&self.0, ctx).await,
            }
        })
        .await
    }
}

/// A future of a known size.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = ServerResult<T>> + Send + 'a>>;

/// Types refer to each other in circles: somewhere the futures must be of a known size.
fn boxed<'a, T>(future: impl Future<Output = ServerResult<T>> + Send + 'a) -> Boxed<'a, T> {
    Box::pin(future)
}

/// One field. When it fails and may be null, it is, and the error is told; otherwise its object
/// has no value either.
async fn value<T: ObjectType>(
    row: &T,
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let name = field.node.name.node.as_str();
    if name == "__typename" {
        return Ok(Value::String(row.introspection_type_name().into_owned()));
    }
    match row.resolve_field(&ctx.with_field(field)).await {
        Ok(value) => Ok(value.unwrap_or_default()),
        Err(error) => {
            let object = ctx.schema_env.registry.types.get(&*T::type_name());
            let known = object.and_then(|object| object.field_by_name(name));
            if known.is_none_or(|known| known.ty.ends_with('!')) {
                return Err(error);
            }
            ctx.add_error(error);
            Ok(Value::Null)
        }
    }
}

/// The fields that were asked of `T`, those of fragments among them.
fn gather<'a, T: ObjectType>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    fields: &mut Vec<&'a Positioned<Field>>,
) {
    for selection in &set.items {
        let (condition, set) = match &selection.node {
            Selection::Field(field) => {
                fields.push(field);
                continue;
            }
            Selection::InlineFragment(inline) => {
                (inline.node.type_condition.as_ref(), &inline.node.selection_set)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let Some(fragment) = ctx.query_env.fragments.get(name) else { continue };
                (Some(&fragment.node.type_condition), &fragment.node.selection_set)
            }
        };
        if condition.is_none_or(|condition| condition.node.on.node == *T::type_name()) {
            gather::<T>(ctx, &set.node, fields);
        }
    }
}
