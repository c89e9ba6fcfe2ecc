//! Personal Access Tokens. Auth keeps them; this is a view of it.

pub mod mutation;

use async_graphql::{Context, Enum, Object, SimpleObject};
use shared::api;
use time::OffsetDateTime;

use crate::Error;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::{Members, Node, Nodes, members};
use crate::schema::page::{List, Page, PageInfo, Position, Row, Wanted};

/// What a token allows.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "api::Scope")]
pub enum Scope {
    /// Queries.
    Read,
    /// Mutations.
    Write,
}

/// A Personal Access Token, without its secret.
#[derive(SimpleObject)]
pub struct PersonalAccessToken {
    /// Id.
    id: Id,
    /// What its owner calls it.
    name: String,
    /// Prefix and last characters.
    masked_token: String,
    /// What it allows.
    scopes: Vec<Scope>,
    /// When it ends; null for one without an end.
    expires_at: Option<OffsetDateTime>,
    /// Last use, accurate to about a minute.
    last_used_at: Option<OffsetDateTime>,
    /// When it was made.
    created_at: OffsetDateTime,
}

impl From<api::Token> for PersonalAccessToken {
    fn from(token: api::Token) -> Self {
        Self {
            id: Id(token.id),
            name: token.name,
            masked_token: token.masked_token,
            scopes: token.scopes.into_iter().map(Scope::from).collect(),
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            created_at: token.created_at,
        }
    }
}

members!(PersonalAccessToken {
    "id" => |row| row.id,
    "name" => |row| row.name,
    "maskedToken" => |row| row.masked_token,
    "expiresAt" => |row| row.expires_at,
    "lastUsedAt" => |row| row.last_used_at,
    "createdAt" => |row| row.created_at,
});

impl Row for PersonalAccessToken {
    fn position(&self) -> Position {
        Position { at: self.created_at, id: self.id.0 }
    }
}

/// Personal Access Tokens, newest first.
pub struct PersonalAccessTokenList {
    page: Page<PersonalAccessToken>,
    total: usize,
}

impl Members for PersonalAccessTokenList {}

/// Personal Access Tokens, newest first.
#[Object]
impl PersonalAccessTokenList {
    /// The tokens of this page.
    async fn data(&self) -> &Nodes<PersonalAccessToken> {
        &self.page.rows
    }

    /// How to go on.
    async fn page_info(&self) -> &Node<PageInfo> {
        &self.page.info
    }

    /// How many tokens there are on all pages.
    async fn total_count(&self) -> usize {
        self.total
    }
}

/// How many tokens may still be made.
#[derive(SimpleObject)]
pub struct ApiKeyRateLimit {
    /// Tokens that may be made now.
    remaining: u32,
    /// Tokens that may be made in a day.
    limit: u32,
    /// When more may be made.
    reset_at: OffsetDateTime,
    /// Tokens that exist.
    active_tokens: u32,
    /// Tokens that may exist.
    max_active_tokens: u32,
}

/// Query root of this file.
#[derive(Default)]
pub struct TokenQuery;

#[Object]
impl TokenQuery {
    /// The caller's Personal Access Tokens, newest first; `first` is at most 100.
    async fn personal_access_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<Node<PersonalAccessTokenList>, Error> {
        ctx.caller()?;
        let wanted = Wanted::read(ctx, List("tokens", None), first, after.as_deref())?;
        // Auth lists all of them: there are at most a few hundred.
        let tokens = ctx.auth().tokens().await?;
        let total = tokens.len();
        let mut tokens = tokens.into_iter().map(PersonalAccessToken::from).collect::<Vec<_>>();
        let order = |token: &PersonalAccessToken| (token.created_at, token.id.0);
        tokens.sort_unstable_by_key(|token| std::cmp::Reverse(order(token)));
        tokens.retain(|token| order(token) < (wanted.after.at, wanted.after.id));
        tokens.truncate(usize::try_from(wanted.limit).unwrap_or_default());
        Ok(Node(PersonalAccessTokenList { page: wanted.page(ctx, tokens)?, total }))
    }

    /// How many Personal Access Tokens the caller may still make.
    async fn api_key_rate_limit(&self, ctx: &Context<'_>) -> Result<ApiKeyRateLimit, Error> {
        ctx.caller()?;
        let limits = ctx.auth().token_limits().await?;
        Ok(ApiKeyRateLimit {
            remaining: limits.rate_limit.remaining,
            limit: limits.rate_limit.limit,
            reset_at: limits.rate_limit.reset_at,
            active_tokens: limits.token_limit.active,
            max_active_tokens: limits.token_limit.max,
        })
    }
}
