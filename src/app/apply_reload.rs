//! SIGHUP: reads the configuration and the logging file again, takes over what can change while we run, and names what
//! cannot. With any fault in either file nothing changes at all, and every complaint is told.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::runtime_settings::RuntimeSettings;
use crate::adapters::tls::server_certificate::ServerCertificate;
use crate::base::{Error, Result};
use crate::config::config_reload::{Changed, compare, take_live};
use crate::config::settings::TlsFiles;
use crate::config::{self, CliOverrides, Complaint, ConfigComplaints, Settings, Sources};
use crate::logging;

/// All files together are read in so long; systemd waits longer for a reload.
const READ_WITHIN: Duration = Duration::from_secs(20);
/// So many readings may hang, each with a thread of its own: a file on a network disk that is away keeps its reader for good.
static READINGS: Semaphore = Semaphore::const_new(4);

/// Where the configuration of this process comes from, so that it can be read again.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// Keys that were given as options.
    pub overrides: CliOverrides,
    /// `--log-config`.
    pub log_config: Option<PathBuf>,
}

/// One reading of everything.
struct Reading {
    sources: Sources,
    settings: Settings,
    log_file: Option<PathBuf>,
    /// Of the files in force.
    certificate: Option<ServerCertificate>,
}

impl Origins {
    /// The sources as they are now: a file may have come since the start. The environment is that of the start.
    pub fn sources(&self) -> Sources {
        Sources::of_this_process(self.config.clone(), self.overrides.clone())
    }

    /// The logging file as it is to be found now.
    pub fn log_file(&self, sources: &Sources) -> Option<PathBuf> {
        logging::find(self.log_config.clone(), &sources.env)
    }

    /// Reads and checks all files, and takes up the one of the logging when there is no fault in any. `tls`: files of the
    /// certificate that is shown. `is_waited`: whether anybody still wants the reading; one that is late changes nothing.
    fn read(&self, tls: Option<&TlsFiles>, is_waited: impl Fn() -> bool) -> Result<Reading, Vec<Complaint>> {
        let sources = self.sources();
        let log_file = self.log_file(&sources);
        let pipes: Vec<Complaint> = [("--config", &sources.file), ("--log-config", &log_file)]
            .into_iter()
            .filter_map(|(key, file)| pipe(key, file.as_deref()?))
            .collect();
        if !pipes.is_empty() {
            return Err(pipes);
        }
        let settings = config::load(&sources);
        let logging = log_file.as_deref().map(logging::check);
        match (settings, logging) {
            (Ok(settings), None | Some(Ok(_))) => {
                let certificate =
                    tls.map(ServerCertificate::read).transpose().map_err(|error| vec![complaint(&error)])?;
                if is_waited() {
                    logging::take_up(log_file.as_deref()).map_err(|complaints| complaints.0)?;
                }
                Ok(Reading { sources, settings, log_file, certificate })
            }
            (settings, logging) => {
                let all = settings.err().into_iter().chain(logging.and_then(std::result::Result::err));
                Err(all.flat_map(|ConfigComplaints(complaints)| complaints).collect())
            }
        }
    }
}

/// Reads everything again and acts on it. The sentence says why nothing was taken over, if so.
/// `settings` are those in force, before and afterwards.
pub(super) async fn reload(
    settings: &mut Settings,
    runtime_settings: &RuntimeSettings,
    origins: &Origins,
) -> Result<(), String> {
    let done = act(settings, runtime_settings, origins).await;
    // Whoever asked for it looks at the log next; waits for a moment at most, and off this thread.
    let _ = tokio::task::spawn_blocking(|| log::logger().flush()).await;
    done
}

async fn act(settings: &mut Settings, runtime_settings: &RuntimeSettings, origins: &Origins) -> Result<(), String> {
    let (origins, tls) = (origins.clone(), runtime_settings.certificate.as_ref().map(|own| own.files().clone()));
    let read = move |is_waited: &dyn Fn() -> bool| origins.read(tls.as_ref(), is_waited);
    match read_within(READ_WITHIN, read).await {
        Ok(Ok(reading)) => take_over(settings, runtime_settings, reading).map_err(|error| refuse(&error.to_string())),
        Ok(Err(complaints)) => {
            for complaint in &complaints {
                log::error!("configuration unchanged: {complaint}");
            }
            Err(refuse(&match complaints.len() {
                1 => "the new one has 1 error".to_owned(),
                many => format!("the new one has {many} errors"),
            }))
        }
        Err(why) => Err(refuse(&why)),
    }
}

/// Reads off this thread, on one that nobody has to wait for: neither the next reading nor the end of the program. `read` is told
/// whether it is still waited for.
async fn read_within<T: Send + 'static>(
    limit: Duration,
    read: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
) -> Result<T, String> {
    let Ok(turn) = READINGS.try_acquire() else {
        return Err("earlier readings hang, and so may this one; bring back the disk that its files are on, or start the program again"
            .to_owned());
    };
    let (tell, told) = oneshot::channel();
    let reading = thread::Builder::new().name("reload".to_owned()).spawn(move || {
        let _turn = turn;
        let done = read(&|| !tell.is_closed());
        // Nobody waits for one that is late.
        let _ = tell.send(done);
    });
    reading.map_err(|error| format!("there is no thread to read it: {error}"))?;
    match timeout(limit, told).await {
        Ok(done) => done.map_err(|_| "reading it has panicked".to_owned()),
        Err(_) => Err(format!(
            "its files could not be read in {} s; look whether the disk that they are on answers, then reload again",
            limit.as_secs()
        )),
    }
}

/// A complaint about a file that is a pipe by now: its reader waits for whoever writes into it, perhaps for good.
fn pipe(key: &str, file: &Path) -> Option<Complaint> {
    let kind = fs::metadata(file).ok()?.file_type();
    (kind.is_fifo() || kind.is_socket()).then(|| Complaint {
        key: key.to_owned(),
        place: None,
        fault: format!("{} is a pipe, which can be read at the start alone", file.display()),
        remedy: "put a file in its place and reload again".to_owned(),
    })
}

fn refuse(why: &str) -> String {
    log::error!("reload failed, the configuration is unchanged: {why}");
    format!("reload failed, the configuration is unchanged: {why}")
}

/// A certificate that cannot be used, as one of the complaints.
fn complaint(error: &Error) -> Complaint {
    let (fault, remedy) = error.message().rsplit_once("; ").unwrap_or((error.message(), "see README"));
    let key = error.field().unwrap_or("http.tls_cert").to_owned();
    Complaint { key, place: None, fault: fault.to_owned(), remedy: remedy.to_owned() }
}

fn take_over(settings: &mut Settings, runtime_settings: &RuntimeSettings, reading: Reading) -> Result<(), Error> {
    if let (Some(own), Some(new)) = (&runtime_settings.certificate, reading.certificate) {
        own.replace(new)?;
    }
    let changed = compare(settings, &reading.settings);
    let taken = take_live(settings, &reading.settings);
    runtime_settings.update(&taken)?;
    *settings = taken;
    let shown = |file: Option<&Path>| file.map_or("none".to_owned(), |file| file.display().to_string());
    let (file, log) = (shown(reading.sources.file.as_deref()), shown(reading.log_file.as_deref()));
    let what = match keys(&changed, true).as_str() {
        "" => "nothing to take over".to_owned(),
        keys => format!("taken over: {keys}"),
    };
    log::info!(configuration = file.as_str(), logging = log.as_str(); "configuration read again; {what}");
    let waiting = keys(&changed, false);
    if !waiting.is_empty() {
        log::warn!("changed, but takes effect at the next start: {waiting}");
    }
    Ok(())
}

/// Keys that one line of the log names; of hundreds the rest is counted.
const NAMED: usize = 10;

fn keys(changed: &[Changed], live: bool) -> String {
    let keys: Vec<&str> =
        changed.iter().filter(|changed| changed.live == live).map(|changed| changed.key.as_str()).collect();
    match keys.split_at_checked(NAMED) {
        Some((named, rest)) if !rest.is_empty() => format!("{} and {} more", named.join(", "), rest.len()),
        _ => keys.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[tokio::test]
    async fn a_reading_that_hangs_is_given_up_and_keeps_no_later_one() {
        let (release, held) = mpsc::channel::<()>();
        let (late, was_waited) = mpsc::channel();
        let hangs = move |is_waited: &dyn Fn() -> bool| {
            let _ = held.recv();
            late.send(is_waited()).expect("heard");
        };
        let given_up = read_within(Duration::from_millis(20), hangs).await.expect_err("it hangs");
        assert!(given_up.contains("could not be read in"), "{given_up}");
        let waited = read_within(Duration::from_secs(60), |is_waited: &dyn Fn() -> bool| is_waited()).await;
        assert_eq!(waited, Ok(true));

        let mut kept = vec![release];
        let refused = loop {
            let (release, held) = mpsc::channel::<()>();
            kept.push(release);
            let hangs = move |_: &dyn Fn() -> bool| {
                let _ = held.recv();
            };
            match read_within(Duration::from_millis(20), hangs).await {
                Err(why) if why.contains("could not be read") => assert!(kept.len() < 10, "threads without an end"),
                Err(why) => break why,
                Ok(()) => panic!("it hangs"),
            }
        };
        assert!(refused.contains("earlier readings hang"), "{refused}");
        kept.clear();
        let was_waited = tokio::task::spawn_blocking(move || was_waited.recv_timeout(Duration::from_secs(60)));
        assert_eq!(was_waited.await.expect("joined"), Ok(false), "the late one is told that nobody waits");
    }

    #[test]
    fn pipes_are_complained_of_and_files_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, fifo) = (folder.path().join("file"), folder.path().join("fifo"));
        fs::write(&file, "").expect("written");
        mkfifo(&fifo, Mode::S_IRWXU).expect("a pipe");
        for (path, complained) in [(&file, false), (&fifo, true), (&folder.path().join("none"), false)] {
            assert_eq!(pipe("--config", path).is_some(), complained, "{}", path.display());
        }
        let null = Path::new("/dev/null");
        assert!(pipe("--config", null).is_none(), "an empty configuration");
        let origins = Origins { config: Some(fifo), ..Origins::default() };
        let complaints = origins.read(None, || true).err().expect("a pipe is refused");
        assert!(complaints[0].fault.contains("is a pipe"), "{}", complaints[0]);
    }

    #[test]
    fn of_many_keys_the_first_are_named_and_the_rest_is_counted() {
        for (count, end) in [(0, ""), (1, "[0]"), (10, "[9]"), (11, "[9] and 1 more"), (400, "[9] and 390 more")] {
            let changed = |place| Changed { key: format!("health.endpoints[{place}]"), live: false };
            let changed: Vec<Changed> = (0..count).map(changed).collect();
            let told = keys(&changed, false);
            assert!(told.ends_with(end) && told.len() < 300, "{count}: {told}");
            assert_eq!(told.matches("endpoints[").count(), count.min(NAMED), "{told}");
            assert_eq!(keys(&changed, true), "");
        }
    }
}
