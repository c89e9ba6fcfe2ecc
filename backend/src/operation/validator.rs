//! The executor's own validation, on its own: it does not say "valid" other than by executing, so
//! an extension steps in between and ends there.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
use async_graphql::{Request, Response, ServerError, async_trait};

use super::Problem;
use crate::Environment;
use crate::schema::{self, Schema};

/// Validates documents against the schema.
pub(super) struct Validator(Schema);

impl Validator {
    pub(super) fn new(environment: Environment) -> Self {
        Self(schema::builder(environment).extension(StopBeforeExecution).finish())
    }

    /// Applies every rule; values of variables are checked elsewhere.
    pub(super) async fn check(&self, document: &ExecutableDocument) -> Result<(), Problem> {
        let mut request = Request::new("");
        if let DocumentOperations::Multiple(operations) = &document.operations {
            // All operations are validated whichever is named.
            request.operation_name = operations.keys().next().map(ToString::to_string);
        }
        request.set_parsed_query(document.clone());
        let errors = self.0.execute(request).await.errors;
        if errors.is_empty() { Ok(()) } else { Err(Problem::Invalid(refine(errors))) }
    }
}

/// One error per message and place: the rules repeat themselves on fragments spread twice.
fn refine(mut errors: Vec<ServerError>) -> Vec<ServerError> {
    errors.dedup();
    errors
}

struct StopBeforeExecution;

impl ExtensionFactory for StopBeforeExecution {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for StopBeforeExecution {
    async fn execute(
        &self,
        _: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        Response::default()
    }
}
