//! What a resolver can reach: the caller, the database, auth, the loaders of its request.

use std::sync::Arc;

use async_graphql::Context;
use shared::request::RequestInfo;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::auth_client::AuthCall;
use crate::caller::Caller;
use crate::database::Db;
use crate::loader::{Batch, Loader, Loaders};
use crate::{Error, State};

/// What belongs to one request. Loaders are part of it, or one user's rows could be cached for
/// another.
pub struct Scope {
    /// What all requests share.
    pub state: State,
    /// Connections to PostgreSQL; the one used last is parked with the loaders.
    pub db: Db,
    /// Who asks; `None` without a token.
    pub caller: Option<Arc<Caller>>,
    /// Id, trace and address.
    pub request: RequestInfo,
    /// `X-Project-Id`, when it is an id at all; it may be another owner's or long gone.
    pub project: Option<Uuid>,
    /// Whether some answers must be merged: the document asks for a field in several places.
    pub merges: bool,
    /// Loads that wait for company.
    pub loaders: Arc<Loaders>,
}

/// What a resolver asks of its context.
pub trait Ask<'a> {
    /// Everything of the request at once.
    fn scope(&self) -> &'a Arc<Scope>;

    /// Who asks.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a token.
    fn caller(&self) -> Result<&'a Caller, Error> {
        self.scope().caller.as_deref().ok_or(Error::Unauthenticated)
    }

    /// Connections to PostgreSQL.
    fn db(&self) -> &'a Db {
        &self.scope().db
    }

    /// Calls to auth on behalf of the caller.
    fn auth(&self) -> AuthCall<'a> {
        AuthCall::new(self.scope())
    }

    /// The loader `L` of this request.
    fn loader<L: Loader>(&self) -> Arc<Batch<L>> {
        let scope = self.scope();
        scope.loaders.of(|| L::new(scope))
    }

    /// Id, trace and address.
    fn request(&self) -> &'a RequestInfo {
        &self.scope().request
    }

    /// The project that `X-Project-Id` selects; possibly another owner's or long gone.
    fn project(&self) -> Option<Uuid> {
        self.scope().project
    }

    /// The current time.
    fn now(&self) -> OffsetDateTime {
        self.scope().state.config.clock.now()
    }
}

impl<'a> Ask<'a> for Context<'a> {
    fn scope(&self) -> &'a Arc<Scope> {
        self.data_unchecked::<Arc<Scope>>()
    }
}
