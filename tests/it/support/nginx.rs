//! A reverse proxy: real nginx with the example of `etc/`.

use std::fs;
use std::process::Command;

use super::port::free_port;
use super::proxy_process::ProxyProcess;

/// Starts it with the example of `etc/`, edited by `edit`.
pub async fn start(upstream: &str, edit: impl Fn(String) -> String) -> ProxyProcess {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let example = include_str!("../../../etc/nginx.conf.example");
    let here = example
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
        .replace("server 127.0.0.1:8080;", &format!("server {upstream};"));
    assert_eq!(here.matches(&port.to_string()).count(), 1, "the example has another form by now");
    assert!(here.contains(upstream), "the example has another form by now");
    // Without TLS and logins, which are the site's.
    let lines = here.lines().filter(|line| !["ssl_", "auth_basic"].iter().any(|word| line.trim().starts_with(word)));
    fs::write(folder.path().join("site.conf"), edit(lines.collect::<Vec<_>>().join("\n"))).expect("a file");
    fs::write(folder.path().join("nginx.conf"), main_file()).expect("a file");
    let mut command = Command::new(program());
    command.arg("-p").arg(folder.path()).args(["-e", "stderr", "-c", "nginx.conf"]);
    ProxyProcess::start(command, folder, port).await
}

fn program() -> &'static str {
    // Debian has it where only root looks.
    if std::path::Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" }
}

fn main_file() -> String {
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|what| format!("{what}_temp_path t-{what};"));
    format!(
        "daemon off;\nmaster_process on;\nworker_processes 1;\npid nginx.pid;\nevents {{}}\n\
         http {{\naccess_log off;\n{}\ninclude site.conf;\n}}\n",
        temporary.join("\n")
    )
}
