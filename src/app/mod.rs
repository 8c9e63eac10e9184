//! The only place that builds things: adapters from settings, actors from adapters, HTTP on top.
//!
//! [`build`] opens and starts everything or nothing, [`App::addr`] says where it listens, [`App::stop`] ends it in
//! order. [`run`] does all of it for the command line. Holds no rule of its own. Called by `main` and by the tests.

pub mod cameras;
pub mod check;
mod commands;
#[cfg(feature = "demo")]
pub mod demo;
pub mod instance;
mod plan;
pub mod remote;

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::actors::hub::HubHandle;
use crate::actors::root::Root;
use crate::actors::supervision::Stop;
use crate::adapters::database::postgres::SiteTable;
use crate::adapters::database::site::WithSite;
use crate::adapters::database::{self, SharedDatabase};
use crate::adapters::ffmpeg::orphans;
use crate::base::{Error, Kind, Result};
use crate::config::Settings;
use crate::config::settings::Database;
use crate::http;
use crate::signals::Signals;
use instance::Instance;

/// Everything has stopped by then after the first signal, or is ended and named.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A running program.
pub struct App {
    root: Addr<Root>,
    root_ended: CancellationToken,
    http: http::Server,
    database: SharedDatabase,
    // Last: the folder stays locked until everything that writes to it is gone.
    _instance: Instance,
}

/// Opens every service, starts every actor and serves HTTP. Call it in an actix system on the main thread.
///
/// # Errors
/// The first thing that could not be opened; nothing is left running then.
pub async fn build(settings: Settings) -> Result<App> {
    let instance = Instance::lock(&settings.data_dir)?;
    let listener = TcpListener::bind(settings.http.listen).map_err(|error| {
        let text =
            format!("cannot listen on {}: {error}; name another address or end who uses it", settings.http.listen);
        Error::invalid("http.listen", text).with_source(error)
    })?;
    let mark = plan::mark(&settings.data_dir)?;
    let services = plan::open(&settings, &mark).await?;
    let ended = orphans::end(&mark);
    if ended > 0 {
        log::warn!("ended {ended} ffmpeg processes that an earlier run had left behind");
    }
    let hub = HubHandle::default();
    let children = plan::children(&settings, &services, &hub, &mark)?;
    let root_ended = CancellationToken::new();
    let root = Root::new(children, root_ended.clone().drop_guard()).start();
    let state = http::State {
        node: settings.node.clone(),
        started_at: chrono::Utc::now(),
        roles: services.roles.clone(),
        live: services.live.clone(),
        database: services.database.clone(),
        objects: services.objects.clone(),
        spool: services.spool.clone(),
        hub,
        commands: Arc::new(commands::ToTheTree(root.clone())),
        allowed_origins: settings.http.allowed_origins.clone(),
    };
    let http = http::serve(listener, Arc::new(state))?;
    instance.announce(http.address())?;
    log::info!("listening on http://{}", http.address());
    Ok(App { root, root_ended, http, database: services.database, _instance: instance })
}

impl App {
    /// Where HTTP is served; the port is real even when 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.http.address()
    }

    /// The root of the tree, for looking at it and for the testkit.
    pub fn root(&self) -> &Addr<Root> {
        &self.root
    }

    /// The database, as the demo and the tests fill it.
    pub fn database(&self) -> &SharedDatabase {
        &self.database
    }

    /// Waits until the root actor has ended by itself, which only a fault of ours can bring about.
    pub fn root_ended(&self) -> impl Future<Output = ()> + 'static {
        self.root_ended.clone().cancelled_owned()
    }

    /// Stops everything in reverse order of its start.
    ///
    /// # Errors
    /// `Timeout` naming whoever had to be ended because it was late.
    pub async fn stop(self) -> Result<()> {
        self.http.stop().await;
        // A root that is gone has taken its children with it.
        let report = self.root.send(Stop::within(STOP_WITHIN)).await.unwrap_or_default();
        self.root_ended.cancelled().await;
        if report.late.is_empty() {
            return Ok(());
        }
        let late = report.late.join(", ");
        Err(Error::new(Kind::Timeout, format!("not everything stopped in {} s; ended: {late}", STOP_WITHIN.as_secs())))
    }
}

/// Runs `body` on the main thread's actix system, where every ffmpeg is spawned: the parent-death signal follows the
/// thread that spawned it, and this one lives as long as the process.
pub fn on_main_thread<T>(body: impl Future<Output = T>) -> T {
    // A second TLS provider creeping in would make rustls panic at the first connection; installing twice is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
    actix::System::new().block_on(body)
}

/// Runs one piece of work on this thread, for commands that end by themselves.
///
/// # Errors
/// `Internal` when the machine gives us no runtime.
pub fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(work))
        .map_err(|error| Error::internal("no tokio runtime can be made").with_source(error))
}

/// Runs the roles of `settings` until stopped by a signal.
///
/// # Errors
/// When something cannot be built, or when the stop was not in order.
pub fn run(settings: Settings) -> Result<()> {
    on_main_thread(async {
        let mut signals = Signals::take_over()?;
        let app = build(settings).await?;
        until_stopped(app, &mut signals).await
    })
}

/// Waits for the first signal, then stops in order; the second signal ends the wait at once.
async fn until_stopped(app: App, signals: &mut Signals) -> Result<()> {
    tokio::select! {
        signal = signals.next() => log::info!("{signal}: stopping; a second signal ends everything at once"),
        () = app.root_ended() => return Err(Error::internal("the root of the actor tree is gone")),
    }
    tokio::select! {
        stopped = app.stop() => {
            log::info!("stopped");
            stopped
        }
        // Dropping what runs kills its processes; what slips through dies with this thread.
        signal = signals.next() => Err(Error::new(Kind::Timeout, format!("{signal} again: ended without waiting"))),
    }
}

/// Opens the database of these settings, for commands that need nothing else.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_database(settings: &Settings) -> Result<SharedDatabase> {
    match &settings.database {
        Database::Sqlite(path) => Ok(database::sqlite::open(path).await?),
        Database::Postgres(url) => Ok(database::postgres::open(url).await?),
        Database::Site { url, cameras_query, own } => {
            with_site(url, cameras_query, database::sqlite::open(own).await?).await
        }
    }
}

/// As [`open_database`], for a program that goes on without it until it answers.
async fn open_database_or_wait(settings: &Settings) -> Result<SharedDatabase> {
    match &settings.database {
        Database::Sqlite(path) => Ok(database::sqlite::open_or_wait(path).await?),
        Database::Postgres(url) => Ok(database::postgres::open_or_wait(url).await?),
        Database::Site { url, cameras_query, own } => {
            with_site(url, cameras_query, database::sqlite::open_or_wait(own).await?).await
        }
    }
}

async fn with_site(url: &SecretString, query: &str, own: SharedDatabase) -> Result<SharedDatabase> {
    Ok(Arc::new(WithSite { cameras: SiteTable::open(url, query).await?, own }))
}
