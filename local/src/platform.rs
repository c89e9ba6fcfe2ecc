//! Composes the three services, and takes them down in order.

use std::collections::HashMap;

use anyhow::Context as _;
use shared::Shutdown;
use shared::serve::bind;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::demo;
use crate::folder::Folder;
use crate::postgres::Embedded;
use crate::report::{Platform, say};
use crate::settings::Settings;
use crate::wallet::Wallet;

/// The development machine's loopback: nothing here is meant for a network.
const HOST: &str = "127.0.0.1";
/// Connections to a PostgreSQL of the developer's own.
const POOL: u32 = 10;

/// One bound port and the URL that reaches it.
struct Port {
    listener: TcpListener,
    url: String,
}

/// The URLs of the three services.
struct Urls {
    home: String,
    auth: String,
    backend: String,
}

/// Runs everything until `shutdown`.
pub(crate) async fn run(settings: Settings, shutdown: Shutdown) -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Ports first: a busy one is the likeliest problem, and nothing has been touched yet.
    let home = Port::open(settings.home_port, "HOME_PORT").await?;
    let auth = Port::open(settings.auth_port, "AUTH_PORT").await?;
    let backend = Port::open(settings.backend_port, "BACKEND_PORT").await?;
    let folder = Folder::open(&settings.data_dir)?;
    // Secrets and data of an ephemeral run live elsewhere; `platform.json` is always in the folder.
    let temporary = settings.ephemeral.then(Folder::temporary).transpose()?;
    let data = temporary.as_ref().unwrap_or(&folder);

    let database = Database::start(&settings, data).await?;
    let served =
        serve(&settings, [&folder, data], &database, [home, auth, backend], shutdown).await;
    Platform::withdraw(&folder);
    database.stop().await?;
    if settings.ephemeral {
        folder.remove_if_empty();
    }
    served
}

impl Port {
    async fn open(port: u16, variable: &str) -> anyhow::Result<Self> {
        let listener = bind(HOST, port, variable).await.map_err(anyhow::Error::msg)?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, url: format!("http://localhost:{port}") })
    }
}

/// The pool that auth and backend share, and the server behind it.
struct Database {
    pool: PgPool,
    embedded: Option<Embedded>,
    address: String,
}

impl Database {
    async fn start(settings: &Settings, folder: &Folder) -> anyhow::Result<Self> {
        if let Some(url) = &settings.database_url {
            say(&format!("Using the database {} and applying migrations ...", url.place()));
            shared::db::migrate(url).await?;
            let pool = shared::db::connect(url, "local", POOL).await?;
            return Ok(Self {
                pool,
                embedded: None,
                address: format!("postgres://{}", url.place()),
            });
        }
        let data = folder.join("postgres");
        let first = !data.exists();
        say(if first {
            "Preparing the embedded PostgreSQL (first start only) ..."
        } else {
            "Starting the embedded PostgreSQL ..."
        });
        let embedded = Embedded::start(data).await?;
        let pool = embedded.pool().await?;
        let address = embedded.address();
        Ok(Self { pool, embedded: Some(embedded), address })
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.pool.close().await;
        match self.embedded {
            Some(embedded) => embedded.stop().await,
            None => Ok(()),
        }
    }
}

async fn serve(
    settings: &Settings,
    [folder, data]: [&Folder; 2],
    database: &Database,
    [home, auth, backend]: [Port; 3],
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let urls = Urls { home: home.url, auth: auth.url, backend: backend.url };
    let decided = decide(data, &urls, database.embedded.is_some())?;
    let var = settings.service(&decided);
    let auth_config = auth::Config::from_vars(&var)?;
    let mut backend_config = backend::Config::from_vars(&var)?;
    if database.embedded.is_some() {
        backend_config.events = backend::EventBus::Process;
    }
    let home_config = home::Config::from_vars(&var)?;

    // One failing service takes the others down with it; so does the signal.
    let stop = shutdown.child_token();
    let (auth_db, backend_db) = (database.pool.clone(), database.pool.clone());
    let mut services = JoinSet::new();
    services
        .spawn(named("auth", auth::serve_on(auth_config, auth_db, auth.listener, stop.clone())));
    services.spawn(named(
        "backend",
        backend::serve_on(backend_config, backend_db, backend.listener, stop.clone()),
    ));
    let stopped = stop.clone().cancelled_owned();
    services.spawn(named("home", home::serve(home_config, home.listener, stopped)));

    let started = async {
        introduce([folder, data], database, urls).await?;
        stop.cancelled().await;
        Ok(())
    };
    let result = tokio::select! {
        result = started => result,
        Some(ended) = services.join_next() => match ended? {
            Err(error) => Err(error),
            Ok(()) if shutdown.is_cancelled() => Ok(()),
            Ok(()) => Err(anyhow::anyhow!("a service stopped by itself")),
        },
    };
    stop.cancel();
    while let Some(ended) = services.join_next().await {
        ended??;
    }
    result
}

/// A service whose failure names it.
async fn named<E: Into<anyhow::Error>>(
    name: &'static str,
    service: impl Future<Output = Result<(), E>>,
) -> anyhow::Result<()> {
    service.await.map_err(Into::into).context(name)
}

/// The settings that follow from how `local` composes the services.
fn decide(
    folder: &Folder,
    urls: &Urls,
    embedded: bool,
) -> anyhow::Result<HashMap<&'static str, String>> {
    const SECRET: &str = "jwt-secret";
    let secret = if let Some(secret) = folder.read(SECRET)? {
        secret
    } else {
        let secret = hex::encode(demo::random::<32>()?);
        folder.write(SECRET, &secret)?;
        secret
    };
    let mut decided = HashMap::from([
        ("ENVIRONMENT", "development".to_owned()),
        ("JWT_SECRET", secret),
        ("APP_URL", urls.home.clone()),
        ("AUTH_URL", urls.auth.clone()),
        ("API_URL", urls.backend.clone()),
        ("AUTH_SERVICE_URL", urls.auth.replace("localhost", HOST)),
    ]);
    if embedded {
        // Required by the services and not used: the pool is handed over, and there is no second
        // connection to hear of changes by.
        decided.insert("DATABASE_URL", "postgres://localhost/unused".to_owned());
        decided.insert("VALIDATION_CACHE", "off".to_owned());
    }
    Ok(decided)
}

/// Signs in, publishes and prints where everything is.
async fn introduce(
    [folder, data]: [&Folder; 2],
    database: &Database,
    urls: Urls,
) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let Urls { home, auth, backend } = urls;
    for url in [&home, &auth, &backend] {
        demo::wait_until_ready(&http, url).await?;
    }
    let wallet = Wallet::open(data)?;
    let token = demo::token(&http, &auth, data, &wallet).await?;
    let database_url = database.address.clone();
    let platform = Platform { home, auth, backend, token, database_url };
    platform.publish(folder)?;
    let place = data.join("").display().to_string();
    let note = if data.is_temporary() { " (gone at exit)" } else { "" };
    platform.print(wallet.address(), &format!("{place}{note}"));
    Ok(())
}
