//! Another reverse proxy: real Caddy with the example of `etc/`.

use std::fs;
use std::ops::Deref;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::port::free_port;
use super::processes;
use super::proxy_client::{NAME, ProxyClient};
use super::wait::{TIMEOUT, until};

/// A running Caddy in a folder of its own.
pub struct Caddy {
    client: ProxyClient,
    child: Child,
    folder: TempDir,
}

impl Caddy {
    /// With the example of `etc/`, edited by `edit`.
    pub async fn start(upstream: &str, edit: impl Fn(String) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let example = include_str!("../../../etc/Caddyfile.example");
        let here = example
            .replace(&format!("{NAME} {{"), &format!("http://{NAME}:{port} {{\n\tbind 127.0.0.1"))
            .replace("127.0.0.1:8080", upstream);
        let is_known = here.contains(&port.to_string()) && here.contains(&format!("reverse_proxy {upstream}"));
        assert!(is_known, "the example has another form by now");
        // Without the logins, which are the site's, and without its way to reach Caddy itself.
        let (begin, rest) = here.split_once("\tbasicauth {").expect("logins");
        let (_, end) = rest.split_once("\n\t}\n").expect("their end");
        let file = format!("{{\n\tadmin off\n}}\n{begin}{end}");
        fs::write(folder.path().join("Caddyfile"), edit(file)).expect("a file");
        let console = fs::File::create(folder.path().join("console")).expect("a file");
        let child = Command::new("setpriv")
            // It dies with the thread of its test.
            .args(["--pdeathsig", "KILL", "caddy", "run", "--adapter", "caddyfile", "--config"])
            .arg(folder.path().join("Caddyfile"))
            .envs([("HOME", folder.path()), ("XDG_DATA_HOME", folder.path()), ("XDG_CONFIG_HOME", folder.path())])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(console)
            .spawn()
            .expect("caddy: apt-get install caddy");
        let caddy = Self { client: ProxyClient { port }, child, folder };
        until("caddy listens", TIMEOUT, || async {
            let connected = TcpStream::connect(("127.0.0.1", port)).await;
            connected.map(drop).map_err(|_| caddy.console())
        })
        .await;
        caddy
    }

    fn console(&self) -> String {
        fs::read_to_string(self.folder.path().join("console")).unwrap_or_default()
    }
}

impl Deref for Caddy {
    type Target = ProxyClient;

    fn deref(&self) -> &ProxyClient {
        &self.client
    }
}

impl Drop for Caddy {
    fn drop(&mut self) {
        processes::send(self.child.id(), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}
