//! The only place that builds things: adapters from settings, actors from adapters, HTTP on top.
//!
//! [`build`] opens and starts everything or nothing, [`App::addr`] says where it listens, [`App::stop`] ends it in
//! order. [`run`] does all of it for the command line. Holds no rule of its own. Called by `main` and by the tests.

mod agent_alone;
mod apply_reload;
mod attribution_child;
pub mod camera_access;
mod camera_answer;
mod camera_command_port;
mod camera_table;
pub mod check;
mod data_dir;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
mod earlier_runs;
mod edit_body;
pub mod foreign_folders;
mod health_children;
mod host_children;
pub mod incident_access;
pub mod instance;
pub mod kept_recordings;
pub mod login_access;
mod login_requirement;
mod main_thread;
mod node_commands;
pub mod notify_access;
pub mod offline_node;
mod open_stores;
mod own_certificate;
mod previous_run;
pub mod rebuild_access;
pub mod reconcile_access;
pub mod recording_access;
pub mod remote;
mod remote_cameras;
mod run_plan;
mod running;
mod runtime_settings;
mod sample_mark;
mod services;
#[cfg(feature = "demo")]
mod stale_demos;
mod systemd_notifier;
pub mod test_stream;

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::actors::hub::HubHandle;
use crate::actors::incidents::IncidentsHandle;
use crate::actors::maintenance::MaintenanceKeeper;
#[cfg(feature = "demo")]
use crate::actors::restream::RestreamHandle;
use crate::actors::root::{Find, Root};
use crate::actors::supervision::observe::Ping;
use crate::actors::supervision::{Child, Restart, Stop};
use crate::actors::thumbnails::Thumbnails;
use crate::adapters::database::Stores;
use crate::adapters::ffmpeg::{child, orphans};
use crate::adapters::systemd::ServiceManager;
use crate::base::{Error, ErrorKind, Result};
use crate::config::Settings;
use crate::http;
use crate::signals::{ProcessSignal, Signals};
pub use apply_reload::Origins;
use instance::Instance;
pub use main_thread::{block_on, on_main_thread};
pub use open_stores::{missing_file, open_stores};
use own_certificate::OwnCertificate;
use runtime_settings::RuntimeSettings;
pub use systemd_notifier::Notifying;
use systemd_notifier::SystemdNotifier;

/// Everything has stopped by then after the first signal, or is ended and named.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Name of the HTTP server in the tree.
const HTTP: &str = "http";

/// The key of the address that is listened on.
const LISTEN: &str = "http.listen";

/// A running program.
pub struct App {
    root: Addr<Root>,
    #[cfg(feature = "demo")]
    restream: Option<RestreamHandle>,
    root_ended: CancellationToken,
    address: SocketAddr,
    stores: Stores,
    /// What is in force: values that wait for the next start are not in it.
    settings: Settings,
    runtime_settings: RuntimeSettings,
    /// What people should know that no state tells.
    note: watch::Sender<Option<String>>,
    /// The service manager that is told how we are.
    systemd: watch::Sender<ServiceManager>,
    // Last: the folder stays locked until everything that writes to it is gone.
    _instance: Instance,
}

/// Opens every service, starts every actor and serves HTTP. Call it in an actix system on the main thread.
///
/// # Errors
/// The first thing that could not be opened; nothing is left running then.
pub async fn build(settings: Settings) -> Result<App> {
    login_requirement::refuse_open(&settings)?;
    let mut instance = Instance::lock(&settings.data_dir)?;
    let listener = TcpListener::bind(settings.http.listen).map_err(|error| {
        let text =
            format!("cannot listen on {}: {error}; name another address or end who uses it", settings.http.listen);
        Error::new(ErrorKind::Conflict, text).at(LISTEN).with_source(error)
    })?;
    let certificate = OwnCertificate::open(&settings)?;
    let mark = services::mark(&settings.data_dir)?;
    let services = services::open(&settings, &mark).await?;
    let ended = orphans::end(&mark);
    if ended > 0 {
        log::warn!("ended {ended} ffmpeg processes that an earlier run had left behind");
    }
    let hub = HubHandle::default();
    let incidents = IncidentsHandle::default();
    // With the port that the system chose, where it did.
    let mut actual = settings.clone();
    actual.http.listen = listener.local_addr().unwrap_or(settings.http.listen);
    let run_plan::RunPlan { mut children, mut runtime_settings, restream, sessions, health, notifications } =
        run_plan::children(&actual, &services, &hub, &incidents, &mark)?;
    runtime_settings.certificate = certificate;
    let address = actual.http.listen;
    let logins = login_requirement::open_logins(&actual, &services.stores, runtime_settings.logins.subscribe()).await?;
    children.push(logins.child());
    let maintenance =
        MaintenanceKeeper::new(services.stores.maintenance.clone(), services.live.clone(), incidents.clone());
    children.push(maintenance.child());
    let thumbnails = run_plan::thumbnails(&settings, &services, &mark);
    children.extend(thumbnails.as_ref().map(Thumbnails::child));
    let database_name = running::database_name(&settings);
    instance.announce(address, settings.http.tls.is_some(), &database_name)?;
    children.push(run_plan::run_note_child(instance.run_note(), &services, &settings.node));
    let (systemd, note) = (watch::Sender::new(ServiceManager::default()), watch::Sender::new(None));
    let (manager, told, live) = (systemd.subscribe(), note.subscribe(), services.live.clone());
    let stores = services.stores.clone();
    let cameras = services.stores.cameras.clone();
    let standby = services.node.standby.subscribe();
    let shared = services.live.clone();
    let state = |root: Addr<Root>| http::HttpState {
        node: settings.node.clone(),
        started_at: chrono::Utc::now(),
        roles: services.roles,
        live: services.live,
        stores: services.stores,
        database_name,
        first_server: settings.servers.first().map(|server| server.name.clone()).unwrap_or_default(),
        objects: services.objects,
        spool: services.spool,
        disk: services.disk.subscribe(),
        troubles: services.node.troubles.subscribe(),
        incidents_read: incidents.read(),
        hub,
        health,
        maintenance,
        completeness: http::RecentCompleteness::default(),
        host_reporters: Mutex::default(),
        labels: settings.monitor.labels.clone(),
        history: services.history,
        notifications,
        thumbnails,
        status_page: http::StatusPage::of(&settings.http.status_page),
        players: http::PlayerAddresses::of(&settings.servers),
        sample_until: sample_mark::read(&settings.data_dir),
        websocket_clients: (actual.http.websocket_clients, actual.http.websocket_clients_per_address),
        commands: Arc::new(camera_command_port::ToTheTree {
            root,
            restream: restream.clone(),
            standby,
            live: shared,
            sessions,
            cameras,
            server: settings.restream.server.clone(),
            reach: runtime_settings.reach.subscribe(),
        }),
        callers: Arc::new(http::ByLogins(Arc::clone(&logins))),
        logins,
        settings: runtime_settings.shown.subscribe(),
        dropped_log_lines: crate::logging::dropped,
        allowed_origins: runtime_settings.origins.subscribe(),
        base_path: settings.http.base_path.clone(),
        certificate: runtime_settings.certificate.as_ref().map(OwnCertificate::subscribe),
        trusted_proxies: runtime_settings.trusted_proxies.subscribe(),
    };
    let root_ended = CancellationToken::new();
    let ended = root_ended.clone().drop_guard();
    let root = Root::create(|ctx| {
        let root = ctx.address();
        children.push(SystemdNotifier { manager, root: root.clone(), live, note: told }.child());
        // The last to start is the first to stop: nobody is served by managers that are gone.
        children.push(http_child(listener, state(root)));
        Root::new(children, ended)
    });
    serves(&root).await?;
    let scheme = if settings.http.tls.is_some() { "https" } else { "http" };
    log::info!("listening on {scheme}://{address}{}", settings.http.base_path);
    Ok(App {
        root,
        #[cfg(feature = "demo")]
        restream,
        root_ended,
        address,
        stores,
        settings,
        runtime_settings,
        note,
        systemd,
        _instance: instance,
    })
}

fn http_child(listener: TcpListener, state: http::HttpState) -> Child {
    let (listener, state) = (Arc::new(listener), Arc::new(state));
    Child::new(HTTP, Restart::Always, move || {
        http::ServerActor::new(Arc::clone(&listener), Arc::clone(&state), child::descriptor_limit())
    })
}

/// That the first HTTP server has started. Later ones are in the hands of the tree; without the first nothing is started.
async fn serves(root: &Addr<Root>) -> Result<()> {
    let server = root.send(Find::<http::ServerActor>::manager(HTTP)).await.ok().flatten();
    let serves = match &server {
        Some(server) => server.send(Ping).await.is_ok(),
        None => false,
    };
    if serves {
        return Ok(());
    }
    // Late ones are ended by it; why there is no server is told in the log.
    let _ = root.send(Stop::within(STOP_WITHIN)).await;
    Err(Error::internal("the HTTP server cannot be started; the log says why"))
}

impl App {
    /// Where HTTP is served; the port is real even when 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The root of the tree, for looking at it and for the testkit.
    pub fn root(&self) -> &Addr<Root> {
        &self.root
    }

    /// The database, as the demo and the tests fill it.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Tells the service manager how we are, until the handle is dropped; nothing without one.
    pub fn notify(&self, manager: &ServiceManager) -> Notifying {
        Notifying::begin(&self.systemd, manager)
    }

    /// Reads the configuration again, takes over what can change while we run, and names what cannot. A wrong one
    /// changes nothing, and the log tells every complaint.
    pub async fn reload(&mut self, origins: &Origins) {
        let refused = apply_reload::reload(&mut self.settings, &self.runtime_settings, origins).await.err();
        self.note.send_replace(refused);
    }

    /// Why the last reading of the configuration was not taken over, if so.
    fn refused(&self) -> Option<String> {
        self.note.borrow().clone()
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
        let stop = Stop::within(STOP_WITHIN);
        // A root that is gone has taken its children with it.
        let report = self.root.send(stop).await.unwrap_or_default();
        self.root_ended.cancelled().await;
        if report.late.is_empty() {
            return Ok(());
        }
        let late = report.late.join(", ");
        Err(Error::new(
            ErrorKind::Timeout,
            format!("not everything stopped in {} s; ended: {late}", STOP_WITHIN.as_secs()),
        ))
    }
}

/// Runs the roles of `settings` until stopped by a signal; reads `origins` again on SIGHUP.
///
/// # Errors
/// When something cannot be built, or when the stop was not in order.
pub fn run(settings: Settings, origins: &Origins) -> Result<()> {
    let manager = ServiceManager::of_this_process();
    on_main_thread(async {
        let mut signals = Signals::take_over()?;
        manager.status("starting");
        if agent_alone::is_alone(&settings) {
            return agent_alone::run(&settings, &mut signals, &manager).await;
        }
        let app = tokio::select! {
            app = build(settings) => app?,
            signal = signals.stop() => {
                manager.stopping();
                log::info!("{signal}: stopped before the start was over");
                return Ok(());
            }
        };
        until_stopped(app, &mut signals, &manager, Some(origins)).await
    })
}

/// Waits for the first signal, then stops in order; the second signal ends the wait at once. Without `origins` there
/// is nothing to read again, and SIGHUP is a closed window: a signal like the others.
async fn until_stopped(
    mut app: App,
    signals: &mut Signals,
    manager: &ServiceManager,
    origins: Option<&Origins>,
) -> Result<()> {
    manager.ready();
    let notifying = app.notify(manager);
    let signal = loop {
        let signal = tokio::select! {
            signal = signals.next() => signal,
            () = app.root_ended() => {
                return end_in_order(app, manager, "the root of the actor tree is gone").await;
            }
        };
        match (signal, origins) {
            (ProcessSignal::Reload, Some(origins)) => {
                manager.reloading();
                tokio::select! {
                    () = app.reload(origins) => {
                        // `systemctl reload` says nothing of it: it has sent a signal, and that was well.
                        if let Some(refused) = app.refused() {
                            manager.status(&refused);
                        }
                        manager.ready();
                    }
                    signal = signals.stop() => break signal,
                }
            }
            (ProcessSignal::Reload, None) => break "SIGHUP",
            (ProcessSignal::Stop(signal), _) => break signal,
        }
    };
    drop(notifying);
    manager.stopping();
    log::info!("{signal}: stopping; a second signal ends everything at once");
    tokio::select! {
        stopped = app.stop() => {
            log::info!("stopped");
            stopped
        }
        // Dropping what runs kills its processes; what slips through dies with this thread.
        signal = signals.stop() => Err(Error::new(ErrorKind::Timeout, format!("{signal} again: ended without waiting"))),
    }
}

/// Refuses to go on when the program that runs here keeps its data in another database than these settings name.
///
/// # Errors
/// `Conflict` naming both; `Timeout` when it does not answer.
pub async fn refuse_other_database(settings: &Settings) -> Result<()> {
    running::find_ours(settings).await.map(|_| ())
}

/// Ends a process that is broken, so that whoever watches over it starts another one; in order, as far as that goes.
async fn end_in_order(app: App, manager: &ServiceManager, what: &'static str) -> Result<()> {
    log::error!("{what}; the process ends");
    manager.stopping();
    if let Err(error) = app.stop().await {
        log::error!("{error}");
    }
    Err(Error::internal(what))
}
