//! The fields of a camera as options, and the change that they ask for.

use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use crate::base::{Error, Result, redact};
use crate::config;
use crate::domain::camera::CameraEdit;

/// Fields of a camera. Secrets come from files or standard input, as `ps` shows arguments to everybody.
#[derive(Debug, Default, Args)]
pub struct CameraFields {
    /// Display name: any text of at most 200 characters, shown beside the name.
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// Kind, which gives the form of its URL: generic, hikvision, dahua, ... (`cameras kinds` lists them)
    #[arg(long)]
    pub kind: Option<String>,
    /// Host name or address.
    #[arg(long)]
    pub host: Option<String>,
    /// Port, where the kind's own does not fit.
    #[arg(long)]
    pub port: Option<i64>,
    /// User name of the camera; also beside --url.
    #[arg(long)]
    pub username: Option<String>,
    /// File that holds the camera's password; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Channel, for kinds that have one.
    #[arg(long)]
    pub channel: Option<String>,
    /// Sub stream, for kinds that have one.
    #[arg(long)]
    pub substream: Option<String>,
    /// Whole URL instead of the kind's form, without a password in it.
    #[arg(long)]
    pub url: Option<String>,
    /// File that holds the URL, when there is a password in it; - reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    pub url_file: Option<PathBuf>,
    /// tcp or udp.
    #[arg(long)]
    pub transport: Option<String>,
    /// auto, copy, aac or none.
    #[arg(long)]
    pub audio: Option<String>,
    /// Whether it is restreamed: yes or no.
    #[arg(long, value_parser = yes_or_no)]
    pub enabled: Option<bool>,
    /// Whether its stream is recorded: yes or no.
    #[arg(long, value_parser = yes_or_no)]
    pub record: Option<bool>,
}

fn yes_or_no(text: &str) -> std::result::Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Ok(true),
        "no" | "false" | "off" | "0" => Ok(false),
        _ => Err("write yes or no (true and false, on and off mean the same)".to_owned()),
    }
}

impl CameraFields {
    /// The change they ask for; reads the files that secrets come from.
    ///
    /// # Errors
    /// `Invalid` naming the option.
    pub(super) fn into_edit(self, name: Option<String>, clear: &[String]) -> Result<CameraEdit> {
        let url = match (self.url, &self.url_file) {
            (Some(url), _) if redact::text(&url) != url => {
                let text = "holds a password, which `ps` would show; use --username and --password-file, or --url-file";
                return Err(Error::invalid("--url", text));
            }
            (Some(url), _) => Some(SecretString::from(url)),
            (None, file) => secret("--url-file", file.as_deref())?,
        };
        let mut edit = CameraEdit {
            name,
            kind: self.kind,
            host: self.host.map(Some),
            port: self.port.map(Some),
            username: self.username.map(Some),
            password: secret("--password-file", self.password_file.as_deref())?.map(Some),
            channel: self.channel.map(Some),
            substream: self.substream.map(Some),
            url: url.map(Some),
            transport: self.transport.map(Some),
            audio: self.audio.map(Some),
            enabled: self.enabled,
            record: self.record,
            label: self.label.map(Some),
        };
        clear.iter().try_for_each(|field| empty(&mut edit, field))?;
        Ok(edit)
    }
}

/// Empties a field, unless it is given a value as well.
fn empty(edit: &mut CameraEdit, field: &str) -> Result<()> {
    fn unless_given<T>(slot: &mut Option<Option<T>>) -> bool {
        let free = slot.is_none();
        *slot = slot.take().or(Some(None));
        free
    }
    let free = match field {
        "host" => unless_given(&mut edit.host),
        "port" => unless_given(&mut edit.port),
        "username" => unless_given(&mut edit.username),
        "password" => unless_given(&mut edit.password),
        "channel" => unless_given(&mut edit.channel),
        "substream" => unless_given(&mut edit.substream),
        "url" => unless_given(&mut edit.url),
        "transport" => unless_given(&mut edit.transport),
        "audio" => unless_given(&mut edit.audio),
        "label" => unless_given(&mut edit.label),
        _ => {
            let known = "host, port, username, password, channel, substream, url, transport, audio, label";
            return Err(Error::invalid("--clear", format!("{field:?} cannot be emptied; these can: {known}")));
        }
    };
    if free {
        Ok(())
    } else {
        Err(Error::invalid("--clear", format!("{field} is given a value too; do one of the two")))
    }
}

fn secret(option: &str, file: Option<&Path>) -> Result<Option<SecretString>> {
    let Some(file) = file else { return Ok(None) };
    let file = if file == Path::new("-") { Path::new("/dev/stdin") } else { file };
    config::read_secret(file).map(Some).map_err(|fault| Error::invalid(option, fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_have_several_names() {
        for (typed, wanted) in [
            ("yes", Some(true)),
            ("ON", Some(true)),
            ("1", Some(true)),
            ("no", Some(false)),
            ("False", Some(false)),
            ("maybe", None),
        ] {
            assert_eq!(yes_or_no(typed).ok(), wanted, "{typed}");
        }
    }
}
