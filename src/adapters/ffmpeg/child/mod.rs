//! One child process and its group, from start to reaped exit.
//!
//! Owns: the process group, the pipes, the last lines of stderr, the kill ladder. Never: a shell, a decision.
//! Talked to by the restream and record actors, the prober and the demo's cameras.
//!
//! # Contract
//! * **Call [`ChildProcess::spawn`] on a thread that lives as long as we do** (the main thread, where all actors run).
//!   The parent-death signal follows the *thread* that forked: a child of a pool thread dies when that thread idles
//!   out, minutes later and without a word.
//! * Dropping a [`ChildProcess`] kills its group at once. Dropping [`ProcessEvents`] only means that nobody listens: the pipes are
//!   drained all the same.
//! * The exit is always waited for, whatever is dropped: no zombies as long as the runtime lives.
//! * A secret argument is an [`Argument::Secret`] (URLs: [`Argument::url`]): `ps` shows another text in its place. Where
//!   the machine forbids ptrace the child is started all the same, counted and logged (see [`visible`]), or not at all.

pub mod argument;
mod cores;
mod descriptors;
mod group;
pub mod lines;
mod masked;
mod observer;
mod try_hiding;
mod visible;

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{SigHandler, Signal};
use nix::unistd::Pid;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

pub use argument::Argument;
pub use cores::leave_no_core_file;
pub use descriptors::{descriptor_limit, raise_descriptor_limit};
pub use group::Ending;
use group::Group;
use lines::{OutputLine, Splitter, Tail};
use masked::MaskedArguments;
pub use observer::RunObserver;
pub use try_hiding::try_hiding;
pub use visible::{require_hidden_arguments, starts_with_visible_arguments};

pub use super::mark::MARK_VARIABLE;
use super::mark::{is_suspended, owner_mark};
use crate::base::{Error, Result};

/// Lines and the exit wait here for their reader. Full: the reading of stdout pauses, so nothing is lost (segment
/// lists come this way) and the child blocks once its pipe is full too.
const EVENTS: usize = 256;

/// How long the pipes are still read after the exit: a grandchild may hold them open for ever.
const DRAIN: Duration = Duration::from_millis(500);

/// Our environment may hold passwords (`PG_DSN`, `..._PASSWORD`), and `FFREPORT` would write URLs into files: children
/// get these variables and no others.
const ENVIRONMENT: [&str; 12] = [
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_CACHE_HOME",
    "FONTCONFIG_PATH",
    "FONTCONFIG_FILE",
];

/// What to run. `Debug` shows no secret.
#[derive(Debug, Default)]
pub struct ProcessLaunch {
    /// Name (looked up in `PATH`) or path.
    pub program: PathBuf,
    /// Arguments, one each.
    pub args: Vec<Argument>,
    /// Working directory; ours when absent.
    pub cwd: Option<PathBuf>,
    /// Written to stdin, which is then closed; `/dev/null` when absent.
    pub stdin: Option<SecretString>,
    /// Values that must not appear in the stderr tail (URLs and secret arguments are hidden anyway).
    pub secrets: Vec<SecretString>,
    /// For logs and errors: `camera front`.
    pub label: String,
    /// See [`MARK_VARIABLE`]: the same for every child of one data directory.
    pub mark: String,
}

impl ProcessLaunch {
    /// Starts it, behind a masked when arguments are secret.
    fn start(&self) -> io::Result<tokio::process::Child> {
        match MaskedArguments::for_arguments(&self.program, &self.args) {
            Ok(None) => self.command(None).spawn(),
            Ok(Some(masked)) => self.start_masked(&masked).or_else(|error| self.start_bare(&error)),
            Err(error) => self.start_bare(&error),
        }
    }

    fn start_masked(&self, masked: &MaskedArguments) -> io::Result<tokio::process::Child> {
        let child = self.command(Some(masked)).spawn()?;
        // An error drops the child, which kills it before it has run.
        child.id().map_or(Ok(()), |pid| masked.install(pid))?;
        Ok(child)
    }

    fn start_bare(&self, why: &io::Error) -> io::Result<tokio::process::Child> {
        visible::allow(why)?;
        let child = self.command(None).spawn()?;
        visible::note(why);
        Ok(child)
    }

    fn command(&self, masked: Option<&MaskedArguments>) -> Command {
        let mut command = match masked {
            Some(masked) => Command::new(&masked.program),
            None => Command::new(&self.program),
        };
        command.arg0(&self.program);
        command.args(self.args.iter().map(if masked.is_some() { Argument::shown } else { Argument::real }));
        command.env_clear().process_group(0).kill_on_drop(true);
        command.envs(ENVIRONMENT.iter().filter_map(|name| std::env::var_os(name).map(|value| (*name, value))));
        command.env(MARK_VARIABLE, owner_mark(&self.mark));
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        prepare_child(&mut command, masked.is_some());
        command
    }
}

/// What a child says. `Exited` is the last one.
#[derive(Clone, Debug, PartialEq)]
pub enum ProcessEvent {
    /// A line of stdout, at most 8 KiB, never blank.
    Line(String),
    /// It has ended, has been reaped, and its pipes are read to their end.
    Exited(ProcessExit),
}

/// A finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessExit {
    /// How it ended.
    pub ending: Ending,
    /// From start to exit.
    pub lasted: Duration,
    /// Last lines of stderr, redacted, oldest first.
    pub stderr: Vec<String>,
}

/// The events of one child, in order.
pub type ProcessEvents = mpsc::Receiver<ProcessEvent>;

/// A running (or just ended) child process with its group.
#[derive(Debug)]
pub struct ChildProcess {
    group: Group,
    pid: u32,
    tail: Arc<Mutex<Tail>>,
    exit: watch::Receiver<Option<ProcessExit>>,
}

impl ChildProcess {
    /// Starts a process in its own group. See the module's contract about the calling thread.
    pub fn spawn(launch: ProcessLaunch) -> Result<(Self, ProcessEvents)> {
        let started = Instant::now();
        let mut child = launch.start().map_err(|error| {
            let text = format!("{}: cannot start {}: {error}", launch.label, launch.program.display());
            Error::unavailable(text).with_source(error)
        })?;
        let ProcessLaunch { args, stdin, mut secrets, label, .. } = launch;
        let pid = child.id().ok_or_else(|| Error::internal(format!("{label}: ended before it began")))?;
        secrets.extend(args.into_iter().filter_map(Argument::into_secret));

        if let (Some(mut pipe), Some(script)) = (child.stdin.take(), stdin) {
            tokio::spawn(async move {
                // A child that does not read its stdin ends, or is killed, and the write fails: its exit tells more.
                let _ = pipe.write_all(script.expose_secret().as_bytes()).await;
            });
        }
        let (events, receiver) = mpsc::channel(EVENTS);
        let (exited, exit) = watch::channel(None);
        let tail = Arc::new(Mutex::new(Tail::hiding(secrets)));
        let group = Group::new(pid);
        let run = ChildRun { group: group.clone(), tail: tail.clone(), events, exited, started };
        tokio::spawn(run.drive(child));
        Ok((Self { group, pid, tail, exit }, receiver))
    }

    /// Process id, which is the group's id too.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether somebody has suspended it (SIGSTOP, a debugger), so that it can neither read nor write.
    pub fn is_suspended(&self) -> bool {
        is_suspended(self.pid)
    }

    /// False once the exit has been reaped.
    pub fn is_alive(&self) -> bool {
        self.group.is_alive()
    }

    /// Kills the whole group now. The exit comes as an event, and to [`ChildProcess::wait`].
    pub fn kill(&self) {
        self.group.signal(Signal::SIGKILL);
    }

    /// Waits for the exit.
    pub async fn wait(&mut self) -> ProcessExit {
        exit_of(&mut self.exit).await
    }

    /// The exit, for owners who keep the child meanwhile.
    pub fn ended(&self) -> impl Future<Output = ProcessExit> + Send + 'static {
        let mut exit = self.exit.clone();
        async move { exit_of(&mut exit).await }
    }

    /// The kill ladder: SIGINT (ffmpeg closes its files and says goodbye to servers), SIGTERM, SIGKILL to the whole
    /// group, each after its `grace`. A stopped process is woken first, else it could not obey. Cancelled half-way =
    /// dropped = killed.
    pub async fn stop(self, grace: Duration) -> ProcessExit {
        self.end(grace).await
    }

    /// The same for owners who keep the child meanwhile. Not twice: ffmpeg takes a second SIGINT for impatience.
    pub fn end(&self, grace: Duration) -> impl Future<Output = ProcessExit> + Send + 'static {
        let (group, mut exit) = (self.group.clone(), self.exit.clone());
        async move {
            for signal in [Signal::SIGINT, Signal::SIGTERM] {
                group.signal(signal);
                group.signal(Signal::SIGCONT);
                if let Ok(exit) = timeout(grace, exit_of(&mut exit)).await {
                    return exit;
                }
            }
            group.signal(Signal::SIGKILL);
            exit_of(&mut exit).await
        }
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn exit_of(exit: &mut watch::Receiver<Option<ProcessExit>>) -> ProcessExit {
    let ended = exit.wait_for(Option::is_some).await.ok().and_then(|exit| exit.clone());
    // The sender is lost only with the runtime.
    ended.unwrap_or(ProcessExit { ending: Ending::Unknown, lasted: Duration::ZERO, stderr: Vec::new() })
}

/// What the owning task holds.
struct ChildRun {
    group: Group,
    tail: Arc<Mutex<Tail>>,
    events: mpsc::Sender<ProcessEvent>,
    exited: watch::Sender<Option<ProcessExit>>,
    started: Instant,
}

impl ChildRun {
    /// Drains both pipes, reaps, reports.
    async fn drive(self, mut child: tokio::process::Child) {
        let mut stdout = tokio::spawn(forward(child.stdout.take(), self.events.clone()));
        let mut stderr = tokio::spawn(keep(child.stderr.take(), self.tail.clone()));
        let ending = self.group.reap(&mut child).await.map_or(Ending::Unknown, Ending::from);
        let lasted = self.started.elapsed();
        if timeout(DRAIN, &mut stderr).await.is_err() {
            stderr.abort();
        }
        let stderr = self.tail.lock().unwrap_or_else(PoisonError::into_inner).lines();
        let exit = ProcessExit { ending, lasted, stderr };
        self.exited.send_replace(Some(exit.clone()));
        // A full channel is a slow reader, whose lines are kept for it. A pipe that is silent but open is held by
        // somebody who is not ours to wait for.
        while timeout(DRAIN, &mut stdout).await.is_err() {
            if self.events.capacity() > 0 {
                stdout.abort();
                break;
            }
        }
        let _ = self.events.send(ProcessEvent::Exited(exit)).await;
    }
}

async fn forward(pipe: Option<ChildStdout>, events: mpsc::Sender<ProcessEvent>) {
    let Some(mut pipe) = pipe else { return };
    let mut splitter = Splitter::default();
    while let Some(lines) = read_lines(&mut pipe, &mut splitter).await {
        for line in lines {
            // Fails when nobody listens; the pipe is drained all the same, or the child would block.
            let _ = events.send(ProcessEvent::Line(line.text)).await;
        }
    }
}

async fn keep(pipe: Option<ChildStderr>, tail: Arc<Mutex<Tail>>) {
    let Some(mut pipe) = pipe else { return };
    let mut splitter = Splitter::default();
    while let Some(lines) = read_lines(&mut pipe, &mut splitter).await {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().for_each(|line| tail.push(line));
    }
}

/// Reads once: the lines that became whole (and at the end the open one), or `None` after the end.
async fn read_lines(pipe: &mut (impl AsyncRead + Unpin), splitter: &mut Splitter) -> Option<Vec<OutputLine>> {
    let mut buffer = [0; 4096];
    match pipe.read(&mut buffer).await {
        Ok(length @ 1..) => Some(splitter.feed(&buffer[..length])),
        Ok(0) | Err(_) => splitter.finish().map(|line| vec![line]),
    }
}

/// The child gets SIGKILL when the thread that forks it ends, and stops at exec when it is to be masked.
#[allow(unsafe_code, reason = "between fork and exec only what is safe there runs")]
fn prepare_child(command: &mut Command, masked: bool) {
    let us = Pid::this();
    let descriptors = descriptors::inherited();
    let prepare = move || {
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
        // Whoever is started in the background of a script inherits an ignored SIGINT, the first rung of the ladder.
        // SAFETY: the default action is no handler of ours.
        unsafe { nix::sys::signal::signal(Signal::SIGINT, SigHandler::SigDfl) }?;
        leave_no_core_file()?;
        descriptors.map_or(Ok(()), descriptors::lower_to)?;
        // We may have died between fork and prctl; then nobody would ever send it.
        if Pid::parent() != us {
            return Err(io::Error::from_raw_os_error(nix::libc::ESRCH));
        }
        if masked { MaskedArguments::ask_to_be_stopped() } else { Ok(()) }
    };
    // SAFETY: runs between fork and exec; prctl, signal, getrlimit, setrlimit, getppid and ptrace are system calls that are async-signal-safe, nothing
    // allocates (from_raw_os_error stores a number) and no lock is taken.
    unsafe {
        command.pre_exec(prepare);
    }
}

#[cfg(test)]
mod tests;
