//! Another reverse proxy: real Caddy with the example of `etc/`.

use std::fs;
use std::process::Command;

use super::port::free_port;
use super::proxy_client::NAME;
use super::proxy_process::ProxyProcess;

/// Starts it with the example of `etc/`, edited by `edit`.
pub async fn start(upstream: &str, edit: impl Fn(String) -> String) -> ProxyProcess {
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
    // It dies with the thread of its test.
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "caddy", "run", "--adapter", "caddyfile", "--config"])
        .arg(folder.path().join("Caddyfile"))
        .envs([("HOME", folder.path()), ("XDG_DATA_HOME", folder.path()), ("XDG_CONFIG_HOME", folder.path())]);
    ProxyProcess::start(command, folder, port).await
}
