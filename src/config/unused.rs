//! Variables of systems like ours that do nothing here yet: whoever moves over must not believe that they count.

use std::collections::BTreeMap;

/// Beginnings of names, and what to know of them. The first that fits counts.
const KNOWN: [(&str, &str); 9] = [
    ("REDIS_PASSWORD", "write the password into REDIS_URL, or name its file in REDIS_URL_FILE"),
    ("REDIS_DB", "write the number of the database into REDIS_URL: redis://host:6379/1"),
    ("REDIS_TLS", "write rediss:// into REDIS_URL"),
    (
        "AWS_S3_",
        "write S3_ENDPOINT_URL, S3_BUCKET_NAME, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, or objects.s3 in the file",
    ),
    ("VIMEO_CLIENT", "Vimeo is asked with VIMEO_ACCESS_TOKEN alone, or with health.platforms[].token"),
    ("LOG_LEVEL", "write --log-level, or root.level in etc/log4rs.yaml"),
    ("LOG_FILE", "name files in etc/log4rs.yaml"),
    ("DATABASE_URL", "write PG_DSN or STREAMWARDEN_DATABASE__URL"),
    ("RUST_LOG", "write --log-level, or root.level in etc/log4rs.yaml"),
];

/// Variables that are set and do nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Their names.
    pub names: Vec<String>,
    /// What happens instead, or what to write.
    pub remedy: &'static str,
}

impl Unused {
    /// A sentence with the names.
    pub fn found(&self) -> String {
        let verb = if self.names.len() == 1 { "is set and does" } else { "are set and do" };
        format!("{} {verb} nothing here", self.names.join(", "))
    }
}

/// Those of a bucket, while objects go to a folder.
const BUCKET: (&str, &str) = (
    "S3_",
    "give S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY too; until then segments go to the folder objects.directory",
);

/// Those of this environment, one entry for each remedy. `has_bucket`: objects go to one.
pub fn unused_variables(env: &BTreeMap<String, String>, has_bucket: bool) -> Vec<Unused> {
    let of_bucket = (!has_bucket).then_some(&BUCKET);
    let mut all: Vec<Unused> = Vec::new();
    for (name, _) in env.iter().filter(|(_, value)| !value.is_empty()) {
        let known = KNOWN.iter().chain(of_bucket).find(|(start, _)| name.starts_with(start));
        let Some((_, remedy)) = known else { continue };
        match all.iter_mut().find(|one| one.remedy == *remedy) {
            Some(one) => one.names.push(name.clone()),
            None => all.push(Unused { names: vec![name.clone()], remedy }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_nothing_is_named_together() {
        let env = [
            ("REDIS_URL", "redis://h"),
            ("REDIS_PASSWORD", "hunter2"),
            ("S3_BUCKET_NAME", "vod"),
            ("AWS_S3_BUCKET", "vod"),
            ("AWS_S3_KEY_FILE", "/run/secrets/s3"),
            ("PG_DSN", "postgresql://u@h/d"),
            ("SEGMENT_DURATION", "60"),
            ("PATH", "/bin"),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let found = |has_bucket| unused_variables(&env, has_bucket).iter().map(Unused::found).collect::<Vec<_>>();
        assert_eq!(found(false)[2], "S3_BUCKET_NAME is set and does nothing here");
        assert_eq!(
            found(true),
            [
                "AWS_S3_BUCKET, AWS_S3_KEY_FILE are set and do nothing here",
                "REDIS_PASSWORD is set and does nothing here"
            ]
        );
    }
}
