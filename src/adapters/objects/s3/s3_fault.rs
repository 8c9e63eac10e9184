//! What an S3 server refuses, in a sentence with a remedy, and whether the object or the whole bucket is meant.
//!
//! Codes: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>; other servers use the same ones.

use s3::error::S3Error;

use crate::base::{Error, ErrorKind, Scope};

/// Codes of 400 that are about something else than a condition, beside those that have words of their own.
const OTHERS: [&str; 14] = [
    "EntityTooSmall",
    "IncompleteBody",
    "InvalidBucketName",
    "InvalidEncryptionAlgorithmError",
    "InvalidPart",
    "InvalidPartOrder",
    "InvalidSecurity",
    "InvalidURI",
    "MalformedXML",
    "MetadataTooLarge",
    "MissingSecurityHeader",
    "RequestTimeout",
    "UnexpectedContent",
    "UserKeyMustBeSpecified",
];

/// What a server said.
#[derive(Debug)]
pub(super) struct S3Refusal<'a> {
    pub(super) status: u16,
    body: &'a str,
}

/// The answer of a server that refused, if it gave one.
pub(super) fn refusal(error: &S3Error) -> Option<S3Refusal<'_>> {
    match error {
        S3Error::HttpFailWithBody(status, body) => Some(S3Refusal { status: *status, body }),
        _ => None,
    }
}

impl S3Refusal<'_> {
    /// The text of an element of the answer.
    fn element(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(text, _)| text.trim()).filter(|text| !text.is_empty())
    }

    /// Whether the object is not there, in a bucket that is.
    pub(super) fn is_no_such_object(&self) -> bool {
        self.status == 404 && self.element("Code") != Some("NoSuchBucket")
    }

    /// Whether the server may mean that it cannot put under a condition: some know the header and not what it says, and say 400 with a
    /// code of their own or with none.
    pub(super) fn may_mean_the_condition(&self) -> bool {
        let code = self.element("Code").unwrap_or_default();
        self.status == 501 || (self.status == 400 && self.known().is_none() && !OTHERS.contains(&code))
    }

    /// What is wrong, about how much, and the remedy.
    fn words(&self) -> (Scope, String) {
        let status = self.status;
        self.known().unwrap_or_else(|| match self.element("Code").unwrap_or_default() {
            "" if status == 403 => (
                Scope::Service,
                "it refuses (status 403): the access key lacks a right, or is wrong, or the clock here is".to_owned(),
            ),
            "" => (Scope::Service, format!("it answers with status {status}")),
            code => {
                let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
                (Scope::Service, format!("it answers with status {status}, {code}"))
            }
        })
    }

    /// The same for codes that are known.
    fn known(&self) -> Option<(Scope, String)> {
        let service = |text: &str| (Scope::Service, text.to_owned());
        Some(match self.element("Code").unwrap_or_default() {
            "NoSuchBucket" => service("there is no such bucket; create it, or correct objects.s3.bucket_name"),
            "ExpiredToken" | "TokenRefreshRequired" | "InvalidToken" => {
                service("the access key has expired; put a new one into objects.s3.access_key_id and secret_access_key")
            }
            "BadDigest" | "InvalidDigest" | "XAmzContentSHA256Mismatch" | "XAmzContentChecksumMismatch" => (
                Scope::Item,
                "what arrived there is not what was sent (wrong checksum); the network or a proxy changes bytes"
                    .to_owned(),
            ),
            "InvalidAccessKeyId" => service("it does not know the access key; correct objects.s3.access_key_id"),
            "SignatureDoesNotMatch" => service("the secret key is wrong; correct objects.s3.secret_access_key"),
            "AccessDenied" | "AllAccessDisabled" => service(
                "this access key lacks a right; it needs to list the bucket, and to put, get and delete objects",
            ),
            "RequestTimeTooSkewed" => (Scope::Service, self.skew()),
            "PermanentRedirect"
            | "TemporaryRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException" => {
                let place = self.element("Region").or_else(|| self.element("Endpoint"));
                let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
                (
                    Scope::Service,
                    format!("the bucket is in another region{place}; correct objects.s3.region and endpoint_url"),
                )
            }
            "SlowDown" | "ServiceUnavailable" | "RequestLimitExceeded" => service("it is overloaded and asks to wait"),
            "QuotaExceeded" | "XMinioStorageFull" | "InsufficientStorage" | "StorageFull" => {
                service("it is full; free space there")
            }
            "InvalidStorageClass" => service("it does not know the storage class; correct objects.s3.storage_class"),
            "EntityTooLarge" => (Scope::Item, "the object is too large for it; record shorter segments".to_owned()),
            "KeyTooLongError" | "InvalidObjectName" | "XMinioInvalidObjectName" => {
                (Scope::Item, "it does not take a key like this one".to_owned())
            }
            _ => return None,
        })
    }

    /// How far the clocks differ, when the answer has both.
    fn skew(&self) -> String {
        let time = |name| chrono::DateTime::parse_from_rfc3339(self.element(name)?).ok();
        let ours =
            self.element("RequestTime").and_then(request_time).or_else(|| time("RequestTime").map(|at| at.to_utc()));
        let offset = ours.zip(time("ServerTime")).map(|(ours, theirs)| (ours - theirs.to_utc()).num_seconds());
        let offset = match offset {
            Some(seconds) if seconds < 0 => format!(" {} s behind it", -seconds),
            Some(seconds) => format!(" {seconds} s ahead of it"),
            None => " too far off".to_owned(),
        };
        format!("the clock of this machine is{offset}; set it (timedatectl set-ntp true)")
    }
}

/// The time of a signed request, as it was signed: `20261128T221500Z`.
fn request_time(text: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}

/// An error of this store, which is called `shown`.
pub(super) fn fault(shown: &str, error: S3Error) -> Error {
    if let Some(refusal) = refusal(&error) {
        let (scope, words) = refusal.words();
        return Error::unavailable(format!("{shown}: {words}")).about(scope);
    }
    match error {
        // The address of a request may hold its signature.
        S3Error::Reqwest(error) => unreachable(shown, &error),
        S3Error::Io(error) => Error::unavailable(format!("{shown} does not work ({error})")).with_source(error),
        S3Error::SerdeXml(_) => no_s3_server(shown),
        other => Error::new(ErrorKind::Internal, format!("{shown}: {other}")),
    }
}

/// Something answers that speaks another protocol.
pub(super) fn no_s3_server(shown: &str) -> Error {
    Error::unavailable(format!("{shown}: what answers there is no S3 server; correct objects.s3.endpoint_url"))
}

/// A request that got no answer.
pub(super) fn unreachable(shown: &str, error: &reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::new(ErrorKind::Timeout, format!("timeout, {shown} does not answer"));
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let what = if error.is_connect() { "is unreachable" } else { "broke off" };
    Error::unavailable(format!("{shown} {what} ({cause}); check objects.s3.endpoint_url and the network"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_is_refused_is_told_from_other_faults() {
        let table = [
            (501, "<Code>NotImplemented</Code>", true),
            (400, "", true),
            (400, "<html>Bad Request</html>", true),
            (400, "<Code>InvalidArgument</Code>", true),
            (400, "<Code>InvalidRequest</Code>", true),
            (400, "<Code>BadDigest</Code>", false),
            (400, "<Code>ExpiredToken</Code>", false),
            (400, "<Code>InvalidStorageClass</Code>", false),
            (400, "<Code>RequestTimeout</Code>", false),
            (400, "<Code>InvalidPart</Code>", false),
            (403, "", false),
            (412, "<Code>PreconditionFailed</Code>", false),
            (500, "<Code>InternalError</Code>", false),
        ];
        for (status, body, wanted) in table {
            let error = S3Error::HttpFailWithBody(status, body.to_owned());
            assert_eq!(refusal(&error).expect("one").may_mean_the_condition(), wanted, "{status} {body}");
        }
    }

    #[test]
    fn what_a_server_refuses_has_its_sentence() {
        let table = [
            (404, "<Error><Code>NoSuchBucket</Code></Error>", Scope::Service, "correct objects.s3.bucket_name"),
            (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", Scope::Service, "objects.s3.secret_access_key"),
            (403, "<Code>InvalidAccessKeyId</Code>", Scope::Service, "objects.s3.access_key_id"),
            (403, "", Scope::Service, "status 403"),
            (
                403,
                "<Code>RequestTimeTooSkewed</Code><RequestTime>20261128T220000Z</RequestTime><ServerTime>2026-11-28T23:00:05Z</ServerTime>",
                Scope::Service,
                "is 3605 s behind it",
            ),
            (403, "<Code>RequestTimeTooSkewed</Code>", Scope::Service, "too far off"),
            (
                301,
                "<Code>PermanentRedirect</Code><Endpoint>s3.eu-west-1.amazonaws.com</Endpoint>",
                Scope::Service,
                "(s3.eu-west-1.",
            ),
            (
                400,
                "<Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region>",
                Scope::Service,
                "(eu-central-1)",
            ),
            (503, "<Code>SlowDown</Code>", Scope::Service, "overloaded"),
            (400, "<Code>EntityTooLarge</Code>", Scope::Item, "shorter segments"),
            (400, "<Code>BadDigest</Code>", Scope::Item, "wrong checksum"),
            (400, "<Code>ExpiredToken</Code>", Scope::Service, "has expired"),
            (500, "<Code>Odd\n<b>Thing</b></Code>", Scope::Service, "status 500"),
            (507, "no XML at all", Scope::Service, "status 507"),
        ];
        for (status, body, scope, wanted) in table {
            let error = fault("bucket vod", S3Error::HttpFailWithBody(status, body.to_owned()));
            assert_eq!(error.scope(), scope, "{body}");
            assert!(error.message().starts_with("bucket vod: ") && error.message().contains(wanted), "{body}: {error}");
        }
    }
}
