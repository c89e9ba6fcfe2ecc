//! What every loader starts from.

use uuid::Uuid;

use crate::database::Db;
use crate::schema::context::Scope;

/// The database, and whose rows may be read.
pub struct Owned {
    /// Connections.
    pub db: Db,
    /// The caller; nobody's id without one.
    pub owner: Uuid,
}

impl Owned {
    /// Those of a request.
    #[must_use]
    pub fn of(scope: &Scope) -> Self {
        let owner = scope.caller.as_ref().map_or(Uuid::nil(), |caller| caller.user_id);
        Self { db: scope.db.clone(), owner }
    }
}
