//! Which media type an answer has, as GraphQL over HTTP says: `Accept` decides, and with it whether
//! a request error has a status of its own.

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};

/// Media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/json`: a well-formed request is answered 200, whatever came of it.
    Json,
    /// `application/graphql-response+json`: the status says whether the operation ran.
    GraphqlResponse,
}

impl MediaType {
    /// For `Content-Type`.
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }
}

/// What a client accepts of what we have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// For one answer; `None` when it accepts neither.
    pub(crate) answer: Option<MediaType>,
    /// Whether it accepts a stream of events.
    pub(crate) events: bool,
    /// Whether it asks for a page, as browsers do.
    pub(crate) page: bool,
}

/// Reads `Accept`. Without one, and for wildcards, the answer is `application/json`: existing
/// clients send `*/*` and read nothing else.
pub(crate) fn accepted(headers: &HeaderMap) -> Accepted {
    let mut accepted = Accepted::default();
    let (mut best, mut is_absent) = (0, true);
    for line in headers.get_all(ACCEPT) {
        is_absent = false;
        let Ok(line) = line.to_str() else { continue };
        for (name, quality) in line.split(',').map(entry) {
            let media = match name.as_str() {
                _ if quality == 0 => continue,
                "application/json" | "application/*" | "*/*" => MediaType::Json,
                "application/graphql-response+json" => MediaType::GraphqlResponse,
                "text/event-stream" => {
                    accepted.events = true;
                    continue;
                }
                "text/html" => {
                    accepted.page = true;
                    continue;
                }
                _ => continue,
            };
            // Equal ones in the order they are named; a wildcard never wins over a name.
            let quality = quality * 2 + u32::from(!name.ends_with('*'));
            if quality > best {
                best = quality;
                accepted.answer = Some(media);
            }
        }
    }
    if is_absent {
        accepted.answer = Some(MediaType::Json);
    }
    accepted
}

/// Name in lower case and quality in thousandths. A parameter that is not understood, a charset
/// among them, does not rule a type out.
fn entry(entry: &str) -> (String, u32) {
    let mut parts = entry.split(';');
    let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let quality = parts.find_map(|part| part.trim().strip_prefix("q=").and_then(thousandths));
    (name, quality.unwrap_or(1000))
}

fn thousandths(quality: &str) -> Option<u32> {
    let (whole, fraction) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    let digits = format!("{fraction:0<3}");
    let fraction = digits.get(..3)?.parse::<u32>().ok()?;
    Some((whole.parse::<u32>().ok()? * 1000 + fraction).min(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &'static str) -> Accepted {
        accepted(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))]))
    }

    #[test]
    fn existing_clients_get_plain_json() {
        assert_eq!(accepted(&HeaderMap::new()).answer, Some(MediaType::Json));
        for value in ["*/*", "application/*", "application/json; charset=utf-8", "text/html, */*"] {
            assert_eq!(accept(value).answer, Some(MediaType::Json), "{value}");
        }
    }

    #[test]
    fn quality_decides_and_then_the_order() {
        use MediaType::{GraphqlResponse, Json};
        for (value, media) in [
            ("application/graphql-response+json, application/json", GraphqlResponse),
            ("application/json, application/graphql-response+json", Json),
            ("application/json;q=0.9, application/graphql-response+json", GraphqlResponse),
            (
                "application/graphql-response+json; charset=utf-8; q=0.5, application/json;q=0.55",
                Json,
            ),
            ("*/*, application/graphql-response+json", GraphqlResponse),
            ("application/graphql-response+json;q=0, application/json;q=0.001", Json),
        ] {
            assert_eq!(accept(value).answer, Some(media), "{value}");
        }
    }

    #[test]
    fn what_we_do_not_have_is_not_acceptable() {
        for value in ["text/plain", "application/json;q=0", "", "image/*"] {
            assert_eq!(accept(value).answer, None, "{value}");
        }
        assert_eq!(
            accept("text/event-stream"),
            Accepted { answer: None, events: true, page: false }
        );
    }
}
