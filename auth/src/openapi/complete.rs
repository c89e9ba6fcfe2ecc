//! What holds for every operation, said once here instead of at each handler.

use axum::http::StatusCode;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, Ref, RefOr, Response, ResponseBuilder};

const PROBLEM: &str = "application/problem+json";

/// Gives every operation an id of its own, the failures that any of its kind can have, and every
/// failure its body.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            name(operation);
            failures(path, operation);
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Handlers of two resources may share a name: their group tells them apart.
fn name(operation: &mut Operation) {
    let group = operation.tags.as_ref().and_then(|tags| tags.first()).cloned();
    let (Some(group), Some(id)) = (group, &operation.operation_id) else { return };
    operation.operation_id = Some(format!("{group}_{id}"));
}

fn failures(path: &str, operation: &mut Operation) {
    let mut common = Vec::new();
    if operation.request_body.is_some() {
        common.extend([
            ("400", "The body is malformed"),
            ("413", "The body is longer than 64 KiB"),
            ("415", "The body is not JSON"),
        ]);
    }
    if operation.security.is_some() {
        common.push(("401", "Not signed in"));
    }
    // Readiness is never limited, and a login that is polled too fast is merely pending.
    if !matches!(path, "/health" | "/auth/cli/poll") {
        common.push(("429", "Too many requests"));
    }
    common.push(("503", "The service, or a store that it needs, is not available now"));
    let responses = &mut operation.responses.responses;
    for (status, description) in common {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    }
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        // The specification asks for one, even where the status says it all.
        if response.description.is_empty() {
            let number =
                status.parse::<u16>().ok().and_then(|code| StatusCode::from_u16(code).ok());
            let reason = number.and_then(|code| code.canonical_reason()).unwrap_or("OK");
            reason.clone_into(&mut response.description);
        }
        // Readiness says the same in both its states.
        if status >= &"400".to_owned() && response.content.is_empty() && path != "/health" {
            body(response);
        }
    }
}

fn body(response: &mut Response) {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    response.content.insert(PROBLEM.to_owned(), RefOr::T(content));
}
