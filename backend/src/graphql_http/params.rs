//! The parameters of a request, from a JSON body or a query string.

use std::borrow::Cow;

use async_graphql::Variables;
use serde::Deserialize;

use super::Refusal;
use crate::apq::Reference;

/// What is asked.
#[derive(Debug, Default)]
pub(crate) struct Params {
    /// The document, unless it is named by its hash.
    pub(crate) query: Option<String>,
    /// Which of its operations.
    pub(crate) operation_name: Option<String>,
    /// Values of its variables.
    pub(crate) variables: Variables,
    /// `extensions.persistedQuery`.
    pub(crate) persisted: Option<Reference>,
}

/// The members of a body; others are ignored. Null is the same as absent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    query: Option<Cow<'a, str>>,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<Variables>,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    persisted_query: Option<Reference>,
}

impl Params {
    /// From the body of a POST.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(body).map_err(|_| Refusal::body("is not UTF-8"))?;
        if text.trim_start().starts_with('[') {
            return Err(Refusal::batch());
        }
        let body = serde_json::from_str::<Body<'_>>(text).map_err(|error| {
            Refusal::body(if error.is_data() {
                "must be an object with a string `query`, and, if wanted, a string \
                 `operationName` and objects `variables` and `extensions`"
            } else {
                "is not JSON"
            })
        })?;
        Self {
            query: body.query.map(Cow::into_owned),
            operation_name: body.operation_name,
            variables: body.variables.unwrap_or_default(),
            persisted: body.extensions.and_then(|extensions| extensions.persisted_query),
        }
        .complete()
    }

    /// From a query string.
    pub(crate) fn from_query(text: &str) -> Result<Self, Refusal> {
        let mut params = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            match name.as_ref() {
                "query" => params.query = Some(value.into_owned()),
                "operationName" if !value.is_empty() => {
                    params.operation_name = Some(value.into_owned());
                }
                "variables" if !value.is_empty() => {
                    let variables = serde_json::from_str::<Option<Variables>>(&value);
                    params.variables = variables
                        .map_err(|_| Refusal::query("`variables` must be a JSON object"))?
                        .unwrap_or_default();
                }
                "extensions" if !value.is_empty() => {
                    let extensions = serde_json::from_str::<Option<Extensions>>(&value);
                    params.persisted = extensions
                        .map_err(|_| Refusal::query("`extensions` must be a JSON object"))?
                        .and_then(|extensions| extensions.persisted_query);
                }
                _ => {}
            }
        }
        params.complete()
    }

    fn complete(self) -> Result<Self, Refusal> {
        let is_empty = self.query.as_deref().is_none_or(|query| query.trim().is_empty());
        if is_empty && self.persisted.is_none() { Err(Refusal::no_query()) } else { Ok(self) }
    }
}
