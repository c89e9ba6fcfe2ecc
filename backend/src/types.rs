//! The types of the schema, as the checks before and after execution need them. Read from its own
//! definition language, so they can never disagree with it.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, FieldDefinition, InputValueDefinition, Type};
use async_graphql::parser::types::{OperationType, TypeKind, TypeSystemDefinition};
use async_graphql::{Name, Value};

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its type.
    pub(crate) ty: Type,
    /// Whether it answers with a list.
    pub(crate) is_list: bool,
    /// Its argument `first`, if it takes one.
    pub(crate) first: Option<First>,
}

/// The argument that says how many items a list has.
#[derive(Debug)]
pub(crate) struct First {
    /// What holds without it.
    pub(crate) default: Option<Value>,
}

/// A field of an input object.
#[derive(Debug)]
pub(crate) struct Input {
    /// Its type.
    pub(crate) ty: Type,
    /// Whether it may be left out although its type is not nullable.
    pub(crate) has_default: bool,
}

/// What a name stands for.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A scalar.
    Scalar,
    /// An object, its fields by name.
    Object(HashMap<Name, Field>),
    /// An enum, its values.
    Enum(HashSet<Name>),
    /// An input object, its fields by name.
    Input(HashMap<Name, Input>),
    /// An interface or a union.
    Abstract,
}

/// Every type by its name.
#[derive(Debug)]
pub(crate) struct Types(HashMap<Name, Kind>);

impl Types {
    /// Reads the definition language that the executor itself wrote; a text of any other origin
    /// may give no types at all.
    pub(crate) fn new(sdl: &str) -> Self {
        let definitions = parse_schema(sdl).map(|document| document.definitions);
        let types = definitions.unwrap_or_default().into_iter().filter_map(|definition| {
            let TypeSystemDefinition::Type(definition) = definition else { return None };
            let kind = match definition.node.kind {
                TypeKind::Scalar => Kind::Scalar,
                TypeKind::Object(object) => {
                    Kind::Object(object.fields.into_iter().map(|field| read(field.node)).collect())
                }
                TypeKind::Enum(values) => {
                    Kind::Enum(values.values.into_iter().map(|v| v.node.value.node).collect())
                }
                TypeKind::InputObject(input) => Kind::Input(
                    input.fields.into_iter().map(|field| read_input(field.node)).collect(),
                ),
                TypeKind::Interface(_) | TypeKind::Union(_) => Kind::Abstract,
            };
            Some((definition.node.name.node, kind))
        });
        Self(types.collect())
    }

    /// What `name` stands for.
    pub(crate) fn get(&self, name: &str) -> Option<&Kind> {
        self.0.get(name)
    }

    /// The fields of the object `name`.
    pub(crate) fn object(&self, name: &str) -> Option<&HashMap<Name, Field>> {
        match self.0.get(name) {
            Some(Kind::Object(fields)) => Some(fields),
            _ => None,
        }
    }
}

/// Name of the root object of operations of this kind.
pub(crate) fn root(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// The name inside `ty`, out of its lists.
pub(crate) fn named(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

fn read(field: FieldDefinition) -> (Name, Field) {
    let first = field.arguments.into_iter().find(|argument| argument.node.name.node == "first");
    let first =
        first.map(|first| First { default: first.node.default_value.map(|value| value.node) });
    let ty = field.ty.node;
    (field.name.node, Field { is_list: matches!(ty.base, BaseType::List(_)), ty, first })
}

fn read_input(field: InputValueDefinition) -> (Name, Input) {
    let has_default = field.default_value.is_some();
    (field.name.node, Input { ty: field.ty.node, has_default })
}
