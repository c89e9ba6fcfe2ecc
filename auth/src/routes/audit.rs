use utoipa_axum::router::OpenApiRouter;

use crate::limits::Limits;
use crate::state::AppState;

pub(crate) fn router(_limits: &Limits) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
