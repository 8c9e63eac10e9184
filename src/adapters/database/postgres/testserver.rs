//! A PostgreSQL of the tests' own: started in a temporary folder, stopped and removed with the last test that uses it.
//!
//! It runs as the user `postgres` when we are root, because PostgreSQL refuses root. It dies with us in any case: its
//! parent-death signal is bound to a thread that lives as long as the server. The integration tests use it too, by its
//! path.
//!
//! `.ci/postgres` starts one for a whole run of tests, each of which is a process of its own, and names its folder in
//! [`OF_THE_RUN`]; where that is not set, each process makes what it needs.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secrecy::SecretString;
use tempfile::TempDir;

use super::port::free_port;

/// Folder of the server of the whole run: `port` is a file, `new` a cluster that has never run.
const OF_THE_RUN: &str = "TEST_POSTGRES";

/// A running server.
pub struct TestServer {
    folder: TempDir,
    port: u16,
    /// `None` after a stop, and for the server of the whole run, which no test can end or pause.
    running: Mutex<Option<Running>>,
}

struct Running {
    pid: Pid,
    /// The thread ends the server and itself when this goes.
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

/// The server that all tests share while at least one of them runs.
pub fn shared() -> Arc<TestServer> {
    static SHARED: Mutex<Weak<TestServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let server = Arc::new(TestServer::of_the_run().unwrap_or_else(|| TestServer::start("")));
    *shared = Arc::downgrade(&server);
    server
}

impl TestServer {
    /// Makes a cluster and starts it; `settings` are lines of `postgresql.conf`.
    pub fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        own(folder.path());
        let server = Self { folder, port: free_port(), running: Mutex::new(None) };
        server.make_cluster();
        let fixed = "fsync = on\nmax_connections = 60\nunix_socket_directories = ''\n";
        let file = server.data().join("postgresql.conf");
        let given = fs::read_to_string(&file).expect("there");
        fs::write(&file, format!("{given}\n{fixed}{settings}\n")).expect("written");
        server.run();
        server
    }

    fn of_the_run() -> Option<Self> {
        let folder = PathBuf::from(std::env::var_os(OF_THE_RUN)?);
        let port = fs::read_to_string(folder.join("port")).expect("the port of the run's PostgreSQL");
        let port = port.trim().parse().expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        own(folder.path());
        Some(Self { folder, port, running: Mutex::new(None) })
    }

    fn make_cluster(&self) {
        let mut command = match std::env::var_os(OF_THE_RUN) {
            // A fifth of the time.
            Some(folder) => {
                let mut copy = as_its_user(Path::new("cp"));
                copy.arg("-r").arg(Path::new(&folder).join("new"));
                copy
            }
            None => {
                let mut initdb = self.command("initdb");
                let options =
                    ["--auth=trust", "--username=tester", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"];
                initdb.args(options);
                initdb
            }
        };
        let made = command.arg(self.data()).output().expect("a program");
        assert!(made.status.success(), "a new cluster: {}", String::from_utf8_lossy(&made.stderr));
    }

    /// Starts it after [`TestServer::stop`].
    pub fn run(&self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("cloned")).stderr(log);
        let (stop, stopped) = mpsc::channel();
        let (started, start) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut child = command.spawn().expect("postgres");
            started.send(child.id()).expect("awaited");
            let _ = stopped.recv();
            end(&mut child);
        });
        let pid = Pid::from_raw(i32::try_from(start.recv().expect("started")).expect("a pid"));
        *self.running() = Some(Running { pid, stop, thread });
        self.until_it_answers();
    }

    /// Stops it as `pg_ctl stop -m fast` does; clients are cut off.
    pub fn stop(&self) {
        // What a failed test left paused could not end.
        self.pause(Signal::SIGCONT);
        if let Some(running) = self.running().take() {
            drop(running.stop);
            running.thread.join().expect("ended");
        }
    }

    /// SIGKILL for the server's main process and every one of its sessions: nobody closes or tidies up anything.
    pub fn crash(&self) {
        let Some(main) = self.running().as_ref().map(|running| running.pid) else { return };
        // A stopped one makes no more sessions that would be missed.
        let _ = kill(main, Signal::SIGSTOP);
        let all = self.processes(main);
        all.iter().for_each(|pid| _ = kill(*pid, Signal::SIGKILL));
        self.stop();
        // As long as one of them lives, the next start would find its shared memory in use.
        let deadline = Instant::now() + Duration::from_secs(20);
        while all.iter().any(|pid| lives(*pid)) {
            assert!(Instant::now() < deadline, "a killed session lives on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops the server's main process and every one of its sessions in the middle of what they do, or lets them go on.
    pub fn pause(&self, signal: Signal) {
        let Some(main) = self.running().as_ref().map(|running| running.pid) else { return };
        // A session may have ended meanwhile.
        self.processes(main).iter().for_each(|pid| _ = kill(*pid, signal));
    }

    /// The sessions and, last, the main process.
    fn processes(&self, main: Pid) -> Vec<Pid> {
        let children = fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap_or_default();
        let sessions = children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().expect("a pid")));
        sessions.chain([main]).collect()
    }

    /// URL of a new empty database.
    pub fn database(&self) -> SecretString {
        // Other processes, and others of this one, make theirs on the same server.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let made = self.psql("postgres", &format!("CREATE DATABASE {name}"));
        assert!(made.is_ok(), "{made:?}");
        self.url("tester", &name, "")
    }

    /// URL with a query like `sslmode=require`.
    pub fn url(&self, user: &str, database: &str, query: &str) -> SecretString {
        SecretString::from(format!("postgresql://{user}@localhost:{}/{database}?{query}", self.port))
    }

    /// What an operator does with psql.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let port = self.port.to_string();
        let options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "tester", "-p", &port];
        let output = self.command("psql").args(options).args(["-d", database, "-c", sql]).output().expect("psql");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn until_it_answers(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.psql("postgres", "SELECT 1").is_err() {
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PostgreSQL does not answer:\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = as_its_user(&programs().join(program));
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        command
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// SIGINT is PostgreSQL's fast shutdown; SIGKILL only for one that a test has paused or broken.
fn end(child: &mut Child) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    let _ = kill(pid, Signal::SIGCONT);
    let _ = kill(pid, Signal::SIGINT);
    let deadline = Instant::now() + Duration::from_secs(20);
    while child.try_wait().is_ok_and(|status| status.is_none()) {
        if Instant::now() > deadline {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program as the user that runs the server; it ends with the thread that started it.
pub fn as_its_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=INT"]).arg(program);
    command
}

/// A zombie does not.
fn lives(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Where Debian keeps the server's programs; they are not on PATH.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max();
    found.expect("PostgreSQL is needed for this test: apt-get install postgresql")
}

/// Gives a file to the user that runs the server.
pub fn own(path: &Path) {
    if is_root() {
        let given = Command::new("chown").arg("postgres:postgres").arg(path).status().expect("chown");
        assert!(given.success(), "there is no user postgres");
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|us| us.uid() == 0)
}
