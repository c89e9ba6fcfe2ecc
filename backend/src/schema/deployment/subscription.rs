//! Watching a deployment.

use async_graphql::{Context, SimpleObject, Subscription};
use futures_util::stream::{self, Stream};
use time::OffsetDateTime;
use uuid::Uuid;

use super::DeploymentStatus;
use crate::Error;
use crate::database::Db;
use crate::events::{Change, Watch};
use crate::schema::context::Ask;
use crate::schema::id::Id;

/// A deployment's status at a time.
#[derive(Clone, SimpleObject)]
pub struct DeploymentStatusUpdate {
    /// Id of the deployment.
    deployment_id: Id,
    /// How far it is.
    status: DeploymentStatus,
    /// What was said about it; long texts are cut after 500 characters.
    message: Option<String>,
    /// When it got there.
    timestamp: OffsetDateTime,
}

/// Subscription root of this file.
#[derive(Default)]
pub struct DeploymentSubscription;

#[Subscription]
impl DeploymentSubscription {
    /// The status of one of the caller's deployments: as it is now, then every change. Ends with
    /// `SUCCESS` or `FAILED`, or when the deployment is deleted.
    async fn deployment_status(
        &self,
        ctx: &Context<'_>,
        deployment_id: Id,
    ) -> Result<impl Stream<Item = Result<DeploymentStatusUpdate, Error>> + use<>, Error> {
        let owner = ctx.caller()?.user_id;
        let row = Row { db: ctx.db().clone(), owner, id: deployment_id };
        // Whether it is the caller's comes first: a stranger's subscription costs nothing.
        row.read().await?.ok_or(Error::NotFound("deployment"))?;
        let watch = ctx.scope().state.events.watch(deployment_id.0).await?;
        // Read again, now that no change can be missed.
        let now = row.read().await?.ok_or(Error::NotFound("deployment"))?;
        let teller = Teller { row, watch, told: None, next: Some(now) };
        Ok(stream::unfold(Some(teller), Teller::tell))
    }
}

/// The row that is watched.
struct Row {
    db: Db,
    owner: Uuid,
    id: Id,
}

impl Row {
    async fn read(&self) -> Result<Option<DeploymentStatusUpdate>, Error> {
        let update = sqlx::query_as!(
            DeploymentStatusUpdate,
            r#"select id as "deployment_id: Id", status as "status: DeploymentStatus",
                      left(message, 500) as message, updated_at as timestamp
               from app.deployments where id = $1 and owner_id = $2"#,
            self.id.0,
            self.owner,
        );
        Ok(update.fetch_optional(&self.db).await?)
    }
}

struct Teller {
    row: Row,
    watch: Watch,
    /// What the subscriber knows.
    told: Option<DeploymentStatus>,
    next: Option<DeploymentStatusUpdate>,
}

impl Teller {
    /// The next item, and the teller unless that was the last.
    async fn tell(
        teller: Option<Self>,
    ) -> Option<(Result<DeploymentStatusUpdate, Error>, Option<Self>)> {
        let mut teller = teller?;
        loop {
            let update = match teller.next.take() {
                Some(first) => first,
                None => match teller.wait().await? {
                    Ok(update) => update,
                    Err(error) => return Some((Err(error), None)),
                },
            };
            // A step that was read from the row may be told once more, and one before it, too.
            if teller.told.is_some_and(|told| told.rank() >= update.status.rank()) {
                continue;
            }
            teller.told = Some(update.status);
            let rest = (!update.status.is_end()).then_some(teller);
            return Some((Ok(update), rest));
        }
    }

    /// What happened next; `None` when the deployment is gone.
    async fn wait(&mut self) -> Option<Result<DeploymentStatusUpdate, Error>> {
        match self.watch.next().await? {
            Change::Status { status, message, at } => {
                let deployment_id = self.row.id;
                Some(Ok(DeploymentStatusUpdate { deployment_id, status, message, timestamp: at }))
            }
            Change::Unsure => self.row.read().await.transpose(),
        }
    }
}
