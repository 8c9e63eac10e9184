//! A reverse proxy that runs in a folder of its own, and ends with its test.

use std::fs;
use std::ops::Deref;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::processes;
use super::proxy_client::ProxyClient;
use super::wait::{TIMEOUT, until};

/// A running proxy, as browsers reach it.
pub struct ProxyProcess {
    client: ProxyClient,
    child: Child,
    folder: TempDir,
}

impl ProxyProcess {
    /// Starts it, and waits until it listens.
    pub async fn start(mut command: Command, folder: TempDir, port: u16) -> Self {
        let console = fs::File::create(folder.path().join("console")).expect("a file");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(console).spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let proxy = Self { client: ProxyClient { port }, child, folder };
        until("the proxy listens", TIMEOUT, || async {
            let connected = TcpStream::connect(("127.0.0.1", port)).await;
            connected.map(drop).map_err(|_| proxy.console())
        })
        .await;
        proxy
    }

    fn console(&self) -> String {
        fs::read_to_string(self.folder.path().join("console")).unwrap_or_default()
    }
}

impl Deref for ProxyProcess {
    type Target = ProxyClient;

    fn deref(&self) -> &ProxyClient {
        &self.client
    }
}

impl Drop for ProxyProcess {
    fn drop(&mut self) {
        // A master takes its workers with it.
        processes::send(self.child.id(), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}
