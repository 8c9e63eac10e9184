//! What a device feeds, as somebody has said who knows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an encoder's stream becomes, by the configuration. Null where nobody has said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncoderFeeds {
    /// A live event of a platform: `platform/id`.
    pub event: Option<String>,
    /// A stream of a media server: `server/name`.
    pub stream: Option<String>,
}

impl EncoderFeeds {
    /// Keys of the subjects (`Subject::key`) that go without a stream when it sends none.
    pub fn subjects(&self) -> impl Iterator<Item = String> {
        let event = self.event.iter().map(|event| format!("event:{event}"));
        event.chain(self.stream.iter().map(|stream| format!("stream:{stream}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Subject;

    #[test]
    fn what_is_fed_is_a_subject_of_incidents() {
        let feeds = EncoderFeeds { event: Some("vimeo/1234567".to_owned()), stream: Some("main/cam/front".to_owned()) };
        let event =
            Subject::LiveEvent { platform: "vimeo".to_owned(), id: "1234567".to_owned(), name: "Sunday".to_owned() };
        let stream = Subject::Stream { server: "main".to_owned(), name: "cam/front".to_owned() };
        assert_eq!(feeds.subjects().collect::<Vec<_>>(), [event.key(), stream.key()]);
        assert_eq!(EncoderFeeds::default().subjects().count(), 0);
    }
}
