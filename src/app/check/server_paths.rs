//! The paths that the media servers have now: asked for once, for whatever is compared with them.

use crate::domain::name::StreamName;

/// Of every server of the configuration.
pub(super) struct ServerPaths(Vec<(String, Option<Vec<StreamName>>)>);

impl ServerPaths {
    /// Servers with their paths; `None` of one that does not answer, which is told of elsewhere.
    pub(super) fn new(servers: Vec<(String, Option<Vec<StreamName>>)>) -> Self {
        Self(servers)
    }

    /// Every path with its server, of this server alone if one is named; `None` where one of those does not answer, as what is missing
    /// may be there.
    pub(super) fn of(&self, only: Option<&str>) -> Option<Vec<(&str, &StreamName)>> {
        let asked = self.0.iter().filter(|(server, _)| only.is_none_or(|only| only == server));
        let lists: Option<Vec<_>> =
            asked.map(|(server, paths)| Some(paths.as_ref()?.iter().map(|path| (server.as_str(), path)))).collect();
        Some(lists?.into_iter().flatten().collect())
    }
}
