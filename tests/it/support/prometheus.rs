//! A real Prometheus and a real Alertmanager with the files of `etc/`: addresses, the token, the receivers and times are those of the
//! test, and nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::api::Api;
use super::shipped::{Server, replaced};
use super::smtp_inbox::SmtpInbox;
use super::wait::eventually;
use super::webhooks::Webhooks;

const PROMETHEUS: &str = include_str!("../../../etc/prometheus/prometheus.yml");
const FEDERATION: &str = include_str!("../../../etc/prometheus/federation.yml");
const RULES: &str = include_str!("../../../etc/prometheus/rules/streamwarden.yml");
const ALERTMANAGER: &str = include_str!("../../../etc/alertmanager/alertmanager.yml");

/// A Prometheus.
pub struct Prometheus {
    server: Server,
    api: Api,
}

impl Prometheus {
    /// It scrapes one program and tells one Alertmanager.
    ///
    /// `program` and `alertmanager`: host and port. The alerts of these names, and no others, wait a second in place of their `for`.
    pub async fn start(program: &str, token: &str, alertmanager: &str, impatient: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("token");
        let config = replaced(
            PROMETHEUS,
            &[
                ("127.0.0.1:8080", program),
                ("127.0.0.1:9093", alertmanager),
                ("/etc/prometheus/streamwarden.token", place.to_str().expect("a plain path")),
                ("scrape_interval: 15s", "scrape_interval: 1s"),
                ("evaluation_interval: 5s", "evaluation_interval: 1s"),
            ],
        );
        fs::write(place, token).expect("a file");
        fs::write(folder.path().join("prometheus.yml"), config).expect("a file");
        fs::create_dir(folder.path().join("rules")).expect("a folder");
        fs::write(folder.path().join("rules/streamwarden.yml"), hurried(impatient)).expect("a file");
        Self::run(folder).await
    }

    /// It collects what the Prometheus of a site has.
    pub async fn above(site: &Self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let changes = [
            ("127.0.0.1:9090", site.server.address()),
            ("scrape_interval: 15s", "scrape_interval: 1s".to_owned()),
            ("evaluation_interval: 5s", "evaluation_interval: 1s".to_owned()),
        ];
        let changes = changes.each_ref().map(|(from, to)| (*from, to.as_str()));
        fs::write(folder.path().join("prometheus.yml"), replaced(FEDERATION, &changes)).expect("a file");
        Self::run(folder).await
    }

    /// With what is in the folder.
    async fn run(folder: TempDir) -> Self {
        let server = Server::start(folder, |folder, port| {
            let mut command = Command::new("prometheus");
            command.arg("--config.file=prometheus.yml").arg(format!("--web.listen-address=127.0.0.1:{port}"));
            // What is sent before it knows of its Alertmanager, in its first five seconds, is lost until it is sent again.
            command.arg("--rules.alert.resend-delay=5s");
            command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
            command
        })
        .await;
        let api = Api::at(&format!("http://{}", server.address()));
        ready("Prometheus", &api).await;
        Self { server, api }
    }

    /// What an expression has now.
    ///
    /// # Errors
    /// What Prometheus says of the expression.
    pub async fn query(&self, expression: &str) -> Result<Vec<Value>, String> {
        let mut url = url::Url::parse(&self.api.url("/api/v1/query")).expect("a url");
        url.query_pairs_mut().append_pair("query", expression);
        let route = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let (_, text) = self.api.text(&route).await.ok_or("it does not answer")?;
        let answer: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        match &answer["data"]["result"] {
            Value::Array(samples) => Ok(samples.clone()),
            _ => Err(text),
        }
    }
}

/// Both listen before they are able to answer, and refuse everything with 503 until then.
async fn ready(name: &str, api: &Api) {
    eventually(&format!("{name} is ready"), || async {
        api.text("/-/ready").await.filter(|(status, _)| status.is_success())
    })
    .await;
}

/// The rules with these alerts in a hurry.
fn hurried(impatient: &[&str]) -> String {
    let (mut is_meant, mut text) = (false, String::new());
    for line in RULES.lines() {
        let (indent, words) = line.split_at(line.len() - line.trim_start().len());
        if let Some(name) = words.strip_prefix("- alert: ") {
            is_meant = impatient.contains(&name);
        }
        let key = words.split_once(": ").map(|(key, _)| key).filter(|key| is_meant && key.ends_with("for"));
        match key {
            Some(key) => text.push_str(&format!("{indent}{key}: 1s\n")),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

/// Alertmanager that sends mails and calls webhooks.
pub struct Alertmanager(Server);

impl Alertmanager {
    /// Mails go to this inbox, every other receiver is one of the webhooks.
    pub async fn start(inbox: &SmtpInbox, webhooks: &Webhooks) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name).to_str().expect("a plain path").to_owned();
        let at = |path: &str| format!("http://{}/{path}", webhooks.address());
        fs::write(place("password"), "mail-secret").expect("a file");
        fs::write(place("slack"), at("slack")).expect("a file");
        let config = replaced(
            ALERTMANAGER,
            &[
                ("mail.example.org:587", inbox.address()),
                ("/etc/alertmanager/smtp_password", &place("password")),
                ("/etc/alertmanager/slack_url", &place("slack")),
                ("http://127.0.0.1:9099/alerts", &at("alerts")),
                ("http://127.0.0.1:9098/alive", &at("alive")),
                ("group_wait: 10s", "group_wait: 3s"),
                ("group_interval: 1m", "group_interval: 1s"),
            ],
        );
        fs::write(place("alertmanager.yml"), config).expect("a file");
        let trusted = inbox.certificate();
        let server = Server::start(folder, |folder: &Path, port| {
            // Debian's name for it is longer.
            let mut command = Command::new("prometheus-alertmanager");
            command.arg("--config.file=alertmanager.yml").arg(format!("--web.listen-address=127.0.0.1:{port}"));
            command.arg(format!("--storage.path={}", folder.join("data").display()));
            command.arg("--cluster.listen-address=").env("SSL_CERT_FILE", trusted);
            command
        })
        .await;
        ready("Alertmanager", &Api::at(&format!("http://{}", server.address()))).await;
        Self(server)
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.0.address()
    }
}
