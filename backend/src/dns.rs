//! TXT records, looked up when asked for: nothing is cached, since the caller has just set one.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

/// How long one question to one server may take; there are two attempts.
const ATTEMPT: Duration = Duration::from_secs(2);
/// How long a look-up may take in all, below the time a request has.
const LIMIT: Duration = Duration::from_secs(6);
/// More records under one name than anyone has.
const MOST: usize = 64;

/// Asks a resolver.
pub struct Dns(TokioResolver);

/// Nobody said whether there is a record.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// No resolver answered in time.
    #[error("no answer in time")]
    Timeout,
    /// An answer that says nothing, such as SERVFAIL.
    #[error(transparent)]
    Failure(#[from] NetError),
}

impl Dns {
    /// Asks `server`, by default the system's resolvers.
    ///
    /// # Errors
    /// When the system's settings cannot be read.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, NetError> {
        let mut builder = match server {
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let connections = connections.map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio()?,
        };
        let options = builder.options_mut();
        options.cache_size = 0;
        options.timeout = ATTEMPT;
        options.attempts = 2;
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self(builder.build()?))
    }

    /// The TXT records of `name`, each with its strings joined (RFC 7208, 3.3); aliases (CNAME) are
    /// followed. None when the name or the record does not exist.
    ///
    /// # Errors
    /// [`Unanswered`]: that says nothing about the record.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, Unanswered> {
        // The dot at the end keeps the system's search list out of it.
        let lookup = self.0.txt_lookup(format!("{name}."));
        let answer = match tokio::time::timeout(LIMIT, lookup).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.is_no_records_found() => return Ok(Vec::new()),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(Unanswered::Timeout),
        };
        let texts = answer.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(texts.take(MOST).collect())
    }
}
