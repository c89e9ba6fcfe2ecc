//! The person who asks.

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use time::OffsetDateTime;

use crate::Error;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::{Node, Nodes, members};
use crate::schema::page::{Position, count};
use crate::schema::project::{Project, loaders::NewestProjects};
use crate::table::Rows;

/// A person.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct User {
    /// Id.
    id: Id,
    /// Address, if they gave one.
    email: Option<String>,
    /// Short name in URLs, if they chose one.
    username: Option<String>,
    /// Name, if they gave one.
    display_name: Option<String>,
    /// Primary wallet, in lower case.
    wallet_address: Option<String>,
    /// Since when.
    created_at: OffsetDateTime,
    /// Last change.
    updated_at: OffsetDateTime,
}

#[ComplexObject]
impl User {
    /// Their newest projects; `first` is at most 100.
    async fn projects(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
    ) -> Result<Nodes<Project>, Error> {
        let newest = ctx
            .loader::<NewestProjects>()
            .load_one((Position::START, count(first)?.into()))
            .await?;
        Ok(Nodes(Rows::make(newest)?))
    }
}

members!(User {
    "id" => |row| row.id,
    "email" => |row| row.email,
    "username" => |row| row.username,
    "displayName" => |row| row.display_name,
    "walletAddress" => |row| row.wallet_address,
    "createdAt" => |row| row.created_at,
    "updatedAt" => |row| row.updated_at;
    "projects" => NewestProjects, |_row, first| (Position::START, first.into())
});

/// Query root of this file.
#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// The caller.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<Node<User>>, Error> {
        ctx.caller()?;
        let user = ctx.auth().me().await?.user;
        Ok(Some(Node(User {
            id: Id(user.id),
            email: user.email,
            username: user.username,
            display_name: user.display_name,
            wallet_address: user.wallet_address,
            created_at: user.created_at,
            updated_at: user.updated_at,
        })))
    }
}
