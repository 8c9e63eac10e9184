//! Files of `etc/` as they are shipped, but for what a test has to put in place of addresses and times; and the programs that
//! read them, each gone with its value.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::port::free_port;
use super::wait::{TIMEOUT, until};

/// The text with each of these replaced, all of which have to be there.
pub fn replaced(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the shipped file has no {from:?} any more");
        text.replace(from, to)
    })
}

/// A server in a folder of its own that listens on a port that it is told.
pub struct Server {
    pub folder: TempDir,
    pub port: u16,
    child: Child,
}

impl Server {
    /// Starts it and waits until it listens. `arguments` and `environment` are made of its folder and its port.
    pub async fn start(folder: TempDir, command: impl FnOnce(&Path, u16) -> Command) -> Self {
        let port = free_port();
        let mut command = command(folder.path(), port);
        let name = command.get_program().to_string_lossy().into_owned();
        // It dies with the thread of its test.
        let mut dying = Command::new("setpriv");
        dying.args(["--pdeathsig", "KILL"]).arg(&name).args(command.get_args()).env_clear();
        dying.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        dying.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let console = fs::File::create(folder.path().join("console")).expect("a file");
        command = dying;
        command.stdin(Stdio::null()).stdout(console.try_clone().expect("a handle")).stderr(console);
        let child = command.current_dir(folder.path()).spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut server = Self { folder, port, child };
        until(&format!("{name} listens"), TIMEOUT, || {
            let ended = server.child.try_wait().expect("our child");
            let console = server.console();
            async move {
                assert!(ended.is_none(), "it has ended: {console}");
                TcpStream::connect(("127.0.0.1", port)).await.map(drop).map_err(|error| format!("{error}: {console}"))
            }
        })
        .await;
        server
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it has written.
    pub fn console(&self) -> String {
        fs::read_to_string(self.folder.path().join("console")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- console of a server\n{}", self.console());
        }
    }
}
