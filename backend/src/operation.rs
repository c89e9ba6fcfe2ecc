//! From text to an operation that may run: bounds, parsing, validation, variables. What depends on
//! the text alone is done once and kept.

mod cache;
mod problem;
mod validator;

use std::sync::Arc;

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
    SelectionSet,
};

pub(crate) use problem::Problem;

use crate::Environment;
use crate::limits::{self, Limits};
use crate::schema;
use crate::types::Types;
use crate::variables;
use cache::Cache;
use validator::Validator;

/// Root fields that take a token or a signature as arguments: an expired token in the header must
/// not keep anyone from getting a new one.
const SIGN_IN: [&str; 5] = [
    "walletChallenge",
    "walletVerify",
    "refreshSession",
    "loginWithPersonalAccessToken",
    "__typename",
];

/// A document that may run.
pub(crate) struct Prepared {
    /// Parsed and valid.
    pub(crate) document: ExecutableDocument,
    /// Whether some page's length comes from a variable.
    by_variables: bool,
    /// Whether it asks for an object in several places of one, so that answers must be merged.
    pub(crate) merges: bool,
}

/// The operation of a document that was asked for.
pub(crate) struct Chosen<'a> {
    /// Query, mutation or subscription.
    pub(crate) kind: OperationType,
    /// Whether it only signs in.
    pub(crate) is_sign_in: bool,
    operation: &'a OperationDefinition,
}

/// Prepares documents and keeps what it prepared.
pub(crate) struct Operations {
    types: Types,
    limits: Limits,
    environment: Environment,
    validator: Validator,
    cache: Cache,
}

impl Operations {
    pub(crate) fn new(limits: Limits, environment: Environment) -> Self {
        Self {
            types: Types::new(&schema::sdl()),
            limits,
            environment,
            validator: Validator::new(environment),
            cache: Cache::new(),
        }
    }

    /// The types of the schema.
    pub(crate) fn types(&self) -> &Types {
        &self.types
    }

    /// Checks a document, or finds it checked.
    pub(crate) async fn prepare(&self, text: &str) -> Result<Arc<Prepared>, Problem> {
        if let Some(prepared) = self.cache.get(text) {
            return Ok(prepared);
        }
        limits::scan(text, &self.limits)?;
        let document = parse_query(text).map_err(|error| Problem::parse(&error))?;
        let (mut by_variables, mut merges) = (false, false);
        for (_, operation) in document.operations.iter() {
            let measured =
                limits::measure(&document, &operation.node, None, &self.types, &self.limits)?;
            by_variables |= measured.by_variables;
            merges |= measured.merges;
            if measured.introspects && self.environment == Environment::Production {
                return Err(Problem::Introspection);
            }
        }
        self.validator.check(&document).await?;
        let prepared = Arc::new(Prepared { document, by_variables, merges });
        self.cache.insert(text, Arc::clone(&prepared));
        Ok(prepared)
    }

    /// Checks what depends on the variables.
    pub(crate) fn admit(
        &self,
        prepared: &Prepared,
        chosen: &Chosen<'_>,
        variables: &Variables,
    ) -> Result<(), Problem> {
        variables::check(chosen.operation, variables, &self.types)?;
        if prepared.by_variables {
            let (document, operation) = (&prepared.document, chosen.operation);
            limits::measure(document, operation, Some(variables), &self.types, &self.limits)?;
        }
        Ok(())
    }
}

impl Prepared {
    /// What the operation called `name`, or the only one, asks for.
    pub(crate) fn set(&self, name: Option<&str>) -> Option<&SelectionSet> {
        self.choose(name).ok().map(|chosen| &chosen.operation.selection_set.node)
    }

    /// The operation called `name`, or the only one.
    pub(crate) fn choose(&self, name: Option<&str>) -> Result<Chosen<'_>, Problem> {
        let operation = match (&self.document.operations, name) {
            (DocumentOperations::Single(operation), None) => Some(operation),
            (DocumentOperations::Single(_), Some(_)) => None,
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
                operations.values().next()
            }
            (DocumentOperations::Multiple(_), None) => return Err(Problem::NameRequired),
        };
        let operation = &operation.ok_or(Problem::NoSuchOperation)?.node;
        let is_sign_in = operation.ty == OperationType::Mutation
            && operation.selection_set.node.items.iter().all(|selection| {
                matches!(&selection.node, Selection::Field(field)
                    if SIGN_IN.contains(&field.node.name.node.as_str()))
            });
        Ok(Chosen { kind: operation.ty, is_sign_in, operation })
    }
}
