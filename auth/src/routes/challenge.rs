//! The beginning of a sign-in with a wallet: what it is to sign.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use shared::api::Challenge;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::error::Error;
use crate::json::{self, OptionalJson};
use crate::limits::{Class, LimitLayer, Limits};
use crate::nonce::{Signer, Subject};
use crate::siwe::Refused;
use crate::siwe::address::Checksummed;
use crate::siwe::message::{Draft, LIFE};
use crate::state::AppState;

/// Name of this route.
pub(crate) const PATH: &str = "/auth/wallet/challenge";
/// Room for an answer.
const USUAL_BYTES: usize = 768;

/// The limit of this route.
pub(crate) fn limit(limits: &Limits) -> LimitLayer {
    limits.layer("challenge", Class::Strict)
}

pub(crate) fn router(limit: LimitLayer) -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(challenge).layer(limit))
}

/// What a challenge is for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChallengeRequest {
    /// The wallet. Without it only a nonce is answered, for wallets that write the message.
    address: Option<String>,
    /// The EIP-155 chain; the first allowed one when left out.
    chain_id: Option<u64>,
}

/// Issue a challenge: a message to sign, or a nonce for a wallet that writes its own.
#[utoipa::path(post, path = "/auth/wallet/challenge", tag = "sign-in",
    request_body = Option<ChallengeRequest>,
    responses(
        (status = 200, body = Challenge),
        (status = 400, description = "No such address, or a chain that is not allowed"),
        (status = 503, description = "Nonces cannot be kept now"),
    ),
)]
async fn challenge(
    State(state): State<AppState>,
    OptionalJson(request): OptionalJson<ChallengeRequest>,
) -> Result<Response, Error> {
    prepare(&state, &request).map(|prepared| prepared.issue(&state))
}

/// The request of a body that has arrived.
pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<ChallengeRequest, Error> {
    Ok(json::optional(json::is_json(headers), body)?)
}

/// All that it takes to issue a challenge.
pub(crate) struct Prepared {
    signer: Arc<Signer>,
    wallet: Option<Checksummed>,
    chain: u64,
}

/// Checks `request`. Asks nobody.
pub(crate) fn prepare(state: &AppState, request: &ChallengeRequest) -> Result<Prepared, Error> {
    let chains = &state.config.chains;
    let chain = request.chain_id.unwrap_or_else(|| chains.first());
    if !chains.allow(chain) {
        return Err(Refused::Chain.into());
    }
    let wallet = request.address.as_ref().map(|text| text.parse()).transpose();
    let wallet = wallet.map_err(|refused| match refused {
        Refused::Checksum => Error::from(refused),
        _ => Error::Invalid { field: "address", detail: "not 0x and 40 hexadecimal digits" },
    })?;
    Ok(Prepared { signer: state.store.signer()?, wallet, chain })
}

impl Prepared {
    /// The answer.
    pub(crate) fn issue(self, state: &AppState) -> Response {
        let Self { signer, wallet, chain } = self;
        let (message, nonce) = match wallet {
            None => (None, signer.issue(None)),
            Some(wallet) => {
                let draft = Draft::new(&state.config.app_url, &wallet, chain, state.clock.now());
                let (head, tail) = draft.around();
                let nonce = signer.issue(Some(Subject { address: wallet.address, head, tail }));
                (Some(draft.with(&nonce)), nonce)
            }
        };
        let expires_in = LIFE.whole_seconds().unsigned_abs();
        let challenge = Challenge { success: true, message, nonce, expires_in };
        json::answer(&challenge, USUAL_BYTES)
    }
}
