//! The OpenAPI 3.1 document of the routes, made from the handlers themselves.

mod complete;

use std::time::Duration;

use shared::clock::Clock;
use shared::rate::Rate;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ServerBuilder, Tag};
use utoipa::openapi::{ContactBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema as _, ToSchema};

use crate::config::Rates;
use crate::limits::Limits;
use crate::routes::{self, QuickLimits};
use crate::store::Store;

const DESCRIPTION: &str = "\
Sign-in with an Ethereum wallet, sessions, Personal Access Tokens, and the check of both.

Errors are `application/problem+json` (RFC 9457) with two more members: `error`, the sentence, and \
`code`, which a program matches on. Times are RFC 3339 in UTC, ids are UUIDs. A limited answer \
carries `RateLimit-Policy`, `RateLimit` and `X-RateLimit-*`; 429 adds `Retry-After`.";

/// Groups of routes, in the order in which they are shown.
const TAGS: [(&str, &str); 8] = [
    ("sign-in", "Sign in with an Ethereum wallet (EIP-4361)"),
    ("session", "Who is signed in, and where"),
    ("tokens", "Personal Access Tokens"),
    ("validate", "Whether a token holds: for services"),
    ("cli", "Login of the command-line client: start, approve, fetch the token"),
    ("account", "Profile and wallets"),
    ("audit", "What happened to an account"),
    ("health", "Whether the service works"),
];

/// The document, with all routes.
#[must_use]
pub fn document() -> OpenApi {
    // The limits are part of the routes, and nobody is ever counted here.
    let any = Rate { count: 1, window: Duration::from_secs(1) };
    let rates = Rates { strict: any, standard: any, relaxed: any };
    let limits = Limits::new(Store::memory(), rates, None, Clock::System);
    complete::complete(routes::documented(&limits, QuickLimits::new(&limits)).into_openapi())
}

/// A failure: RFC 9457, with `error` and `code` for older clients.
#[derive(ToSchema)]
#[expect(dead_code, reason = "its shape alone is of interest; shared::Problem writes it")]
struct Problem {
    /// `urn:problem:` and the code.
    #[schema(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What went wrong, in one sentence.
    detail: String,
    /// The same, where older clients read it.
    error: String,
    /// What a program matches on.
    code: String,
    /// The field at fault, where one is.
    #[schema(required = false)]
    field: String,
    /// Seconds to wait, of a limit that is reached.
    #[schema(rename = "retryAfter", required = false)]
    retry_after: u64,
}

/// The document as it is committed: pretty JSON with a line end.
#[must_use]
pub fn text(document: &OpenApi) -> String {
    // Its types cannot fail to be JSON.
    document.to_pretty_json().unwrap_or_default() + "\n"
}

/// All of it but the routes.
pub(crate) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Alternate Futures authentication API")
        .version(shared::health::VERSION)
        .description(Some(DESCRIPTION))
        .contact(Some(ContactBuilder::new().url(Some("https://www.alternatefutures.ai")).build()))
        .license(Some(License::new("Apache-2.0")))
        .build();
    let mut components = Components::new();
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some("An access token or a Personal Access Token".to_owned());
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.schemas.insert("Problem".to_owned(), Problem::schema());
    let tags = TAGS.map(|(name, description)| {
        let mut tag = Tag::new(name);
        tag.description = Some(description.to_owned());
        tag
    });
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .components(Some(components))
        .tags(Some(tags))
        .build()
}
