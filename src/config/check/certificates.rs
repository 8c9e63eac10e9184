//! Whose certificate another server may show: one pair of keys for each address that may be `https://`.

use url::Url;

use super::checker::Checker;
use super::values::text;
use crate::base::fingerprint;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::ApiTrust;

/// The keys `fingerprint` and `ca_file` beside the address under the key `address`: one of them at most, and only where it has
/// the scheme that is encrypted.
pub(super) fn trust(
    check: &mut Checker<'_>,
    key: impl Fn(&str) -> String,
    address: &str,
    secure: &str,
    url: Option<&Url>,
) -> ApiTrust {
    let (by_fingerprint, by_file) = (key("fingerprint"), key("ca_file"));
    for given in [&by_fingerprint, &by_file] {
        if check.is_given(given) && url.is_some_and(|url| url.scheme() != secure) {
            let fault = ConfigFault::new(
                format!("has nothing to say about an {address} without TLS"),
                format!("write {secure}:// there, or leave it out"),
            );
            check.complain(given, fault);
        }
    }
    if check.is_given(&by_fingerprint) && check.is_given(&by_file) {
        let other = by_fingerprint.rsplit('.').next().unwrap_or_default();
        check.complain(&by_file, ConfigFault::new(format!("is given beside {other}"), "keep one of the two"));
    }
    if let Some(fingerprint) = check.read(&by_fingerprint, of_certificate) {
        return ApiTrust::Fingerprint(fingerprint);
    }
    check.read(&by_file, text).map_or(ApiTrust::Machine, |file| ApiTrust::File(file.into()))
}

/// A SHA-256 fingerprint, with or without the colons that openssl writes.
fn of_certificate(entry: &RawEntry) -> Result<[u8; 32], ConfigFault> {
    let typed = text(entry)?;
    fingerprint::parse(&typed).ok_or_else(|| {
        let remedy = "write what `openssl x509 -in server.crt -noout -fingerprint -sha256` says behind the =";
        ConfigFault::new(format!("{typed:?} is not 64 hexadecimal digits"), remedy)
    })
}
