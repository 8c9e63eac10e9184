//! The state machine of one RTSP session (RFC 2326 appendix A), pure: requests in, channels or refusals out.
//!
//! Owns which request is admitted when and which interleaved channel belongs to which track. Knows no sockets, packets
//! or other sessions. Talked to by `connection`.

use rtsp_types::StatusCode;
use rtsp_types::headers::{RtpLowerTransport, RtpProfile, RtpTransportParameters, Transport, TransportMode};

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A publisher told its tracks and sets them up.
    Announced,
    /// Packets come in.
    Recording,
    /// A reader sets tracks up.
    Prepared,
    /// Packets go out.
    Playing,
}

/// What a packet on a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Media.
    Rtp,
    /// Reports.
    Rtcp,
}

/// One session: a publisher's or a reader's.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    /// Per track, the channel of its RTP; its RTCP has the next one.
    channels: Vec<Option<u8>>,
}

impl Session {
    /// A publisher's session with so many tracks.
    pub fn announced(tracks: usize) -> Self {
        Self { phase: Phase::Announced, channels: vec![None; tracks] }
    }

    /// A reader's session on a stream with so many tracks.
    pub fn prepared(tracks: usize) -> Self {
        Self { phase: Phase::Prepared, channels: vec![None; tracks] }
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Per track, the channel of its RTP.
    pub fn channels(&self) -> &[Option<u8>] {
        &self.channels
    }

    /// SETUP of one track; returns the channel of its RTP. Of several offered transports the first that we speak
    /// counts; channels that the client did not name are chosen here.
    pub fn setup(&mut self, track: usize, offers: &[Transport]) -> Result<u8, StatusCode> {
        let recording = match self.phase {
            Phase::Announced => true,
            Phase::Prepared => false,
            Phase::Recording | Phase::Playing => return Err(StatusCode::BadRequest),
        };
        if offers.iter().all(|offer| matches!(offer, Transport::Other(_))) {
            return Err(StatusCode::BadRequest); // none at all, or nonsense
        }
        let offer = offers.iter().find_map(interleaved).ok_or(StatusCode::UnsupportedTransport)?;
        if offer.mode.contains(&TransportMode::Record) != recording {
            return Err(StatusCode::BadRequest);
        }
        if self.channels.get(track).ok_or(StatusCode::BadRequest)?.is_some() {
            return Err(StatusCode::BadRequest);
        }
        let channel = match offer.interleaved {
            Some((rtp, rtcp)) => {
                let paired = rtp.checked_add(1).is_some_and(|next| rtcp.is_none_or(|rtcp| rtcp == next));
                if !paired || !self.is_free(rtp) {
                    return Err(StatusCode::BadRequest);
                }
                rtp
            }
            None => (0..=254).step_by(2).find(|channel| self.is_free(*channel)).ok_or(StatusCode::BadRequest)?,
        };
        self.channels[track] = Some(channel);
        Ok(channel)
    }

    /// RECORD: every track has to be set up.
    pub fn record(&mut self) -> Result<(), StatusCode> {
        if self.phase != Phase::Announced || self.channels.iter().any(Option::is_none) {
            return Err(StatusCode::BadRequest);
        }
        self.phase = Phase::Recording;
        Ok(())
    }

    /// PLAY: at least one track has to be set up. True when it was not playing before.
    pub fn play(&mut self) -> Result<bool, StatusCode> {
        match self.phase {
            Phase::Playing => Ok(false),
            Phase::Prepared if self.channels.iter().any(Option::is_some) => {
                self.phase = Phase::Playing;
                Ok(true)
            }
            _ => Err(StatusCode::BadRequest),
        }
    }

    /// PAUSE: back to where SETUP is over. True when packets were flowing before.
    pub fn pause(&mut self) -> bool {
        let before = self.phase;
        self.phase = match before {
            Phase::Recording | Phase::Announced => Phase::Announced,
            Phase::Playing | Phase::Prepared => Phase::Prepared,
        };
        self.phase != before
    }

    /// Which track and part a channel carries.
    pub fn carried(&self, channel: u8) -> Option<(usize, Part)> {
        self.channels.iter().enumerate().find_map(|(track, own)| match own {
            Some(own) if *own == channel => Some((track, Part::Rtp)),
            Some(own) if *own + 1 == channel => Some((track, Part::Rtcp)),
            _ => None,
        })
    }

    fn is_free(&self, channel: u8) -> bool {
        // 255 has no channel after it, so no track may begin there.
        channel < u8::MAX && self.carried(channel).is_none() && self.carried(channel + 1).is_none()
    }
}

/// The parameters of a transport that we speak: RTP/AVP over the RTSP connection itself.
fn interleaved(offer: &Transport) -> Option<&RtpTransportParameters> {
    match offer {
        Transport::Rtp(rtp)
            if rtp.profile == RtpProfile::Avp
                && rtp.lower_transport == Some(RtpLowerTransport::Tcp)
                && !rtp.params.multicast =>
        {
            Some(&rtp.params)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rtsp_types::headers::{TRANSPORT, Transports};
    use rtsp_types::{Method, Request, Version};

    use super::*;

    fn offers(text: &str) -> Vec<Transport> {
        let request = Request::builder(Method::Setup, Version::V1_0).header(TRANSPORT, text).empty();
        request.typed_header::<Transports>().expect("a transport").expect("one").to_vec()
    }

    #[test]
    fn a_publisher_sets_up_every_track_and_records() {
        let mut session = Session::announced(2);
        assert_eq!(session.record(), Err(StatusCode::BadRequest), "nothing is set up");
        let first = offers("RTP/AVP/TCP;unicast;interleaved=0-1;mode=record");
        assert_eq!(session.setup(0, &first), Ok(0));
        assert_eq!(session.record(), Err(StatusCode::BadRequest), "one is missing");
        assert_eq!(session.setup(1, &offers("RTP/AVP/TCP;unicast;interleaved=2-3;mode=record")), Ok(2));
        assert_eq!(session.play(), Err(StatusCode::BadRequest), "a publisher does not read");
        assert_eq!(session.record(), Ok(()));
        assert_eq!(session.record(), Err(StatusCode::BadRequest));
        assert_eq!(session.setup(1, &first), Err(StatusCode::BadRequest), "too late");
        assert_eq!(session.carried(3), Some((1, Part::Rtcp)));
        assert_eq!(session.carried(0), Some((0, Part::Rtp)));
        assert_eq!(session.carried(9), None);
        assert!(session.pause() && !session.pause());
        assert_eq!(session.phase(), Phase::Announced);
    }

    #[test]
    fn a_reader_may_take_one_track_only() {
        let mut session = Session::prepared(2);
        assert_eq!(session.play(), Err(StatusCode::BadRequest));
        assert_eq!(session.setup(1, &offers("RTP/AVP/TCP;unicast;interleaved=0-1")), Ok(0));
        assert_eq!(session.record(), Err(StatusCode::BadRequest));
        assert_eq!((session.play(), session.play()), (Ok(true), Ok(false)));
        assert_eq!(session.channels(), [None, Some(0)]);
        assert!(session.pause());
        assert_eq!(session.phase(), Phase::Prepared);
    }

    #[test]
    fn transports_as_mediamtx_answers_them() {
        let table = [
            ("RTP/AVP/TCP;unicast;interleaved=0-1", Ok(0)),
            ("RTP/AVP/TCP;unicast;interleaved=4", Ok(4)),
            ("RTP/AVP/TCP;unicast", Ok(0)),
            ("RTP/AVP;unicast;client_port=30000-30001,RTP/AVP/TCP;unicast;interleaved=0-1", Ok(0)),
            ("RTP/AVP;unicast;client_port=30000-30001", Err(StatusCode::UnsupportedTransport)),
            ("RTP/AVP/UDP;unicast;client_port=30000-30001", Err(StatusCode::UnsupportedTransport)),
            ("RTP/AVP/TCP;unicast;interleaved=7-9", Err(StatusCode::BadRequest)),
            ("nonsense", Err(StatusCode::BadRequest)),
            ("RTP/AVP/TCP;unicast;interleaved=255", Err(StatusCode::BadRequest)),
            ("RTP/AVP/TCP;unicast;interleaved=0-1;mode=record", Err(StatusCode::BadRequest)),
        ];
        for (text, wanted) in table {
            assert_eq!(Session::prepared(1).setup(0, &offers(text)), wanted, "{text}");
        }
        assert_eq!(Session::prepared(1).setup(0, &[]), Err(StatusCode::BadRequest));
        assert_eq!(Session::prepared(1).setup(7, &offers("RTP/AVP/TCP;unicast")), Err(StatusCode::BadRequest));
    }

    #[test]
    fn channels_and_tracks_are_taken_once() {
        let mut session = Session::prepared(3);
        let first = offers("RTP/AVP/TCP;unicast;interleaved=0-1");
        assert_eq!(session.setup(0, &first), Ok(0));
        assert_eq!(session.setup(0, &offers("RTP/AVP/TCP;unicast;interleaved=2-3")), Err(StatusCode::BadRequest));
        assert_eq!(session.setup(1, &first), Err(StatusCode::BadRequest));
        assert_eq!(session.setup(1, &offers("RTP/AVP/TCP;unicast")), Ok(2), "the next free pair");
    }
}
