//! The English words of causes, evidence and suggestions. The page has words of its own in every language, by the same codes.

use crate::domain::incident::{Evidence, FaultCause, FaultFinding, FaultPart, NextStep};

/// `stopped sending at 03:12:07 UTC`, with the part before it.
pub(super) fn evidence_text(evidence: &Evidence) -> String {
    let Evidence { part, finding, name, at, count, of, .. } = evidence;
    let part = match name {
        Some(name) => format!("{} {name}", part_word(*part)),
        None => part_word(*part).to_owned(),
    };
    let time = |before: &str| at.map(|at| format!("{before} {} UTC", at.format("%H:%M:%S"))).unwrap_or_default();
    let (on, since) = (time(" at"), time(" since"));
    let number = count.unwrap_or_default();
    let out_of = of.map_or_else(|| number.to_string(), |of| format!("{number} of {of}"));
    let said = match finding {
        FaultFinding::Fine => "fine".to_owned(),
        FaultFinding::StoppedSending => format!("stopped sending{on}"),
        FaultFinding::EndedConnection => format!("closed the connection{on}"),
        FaultFinding::NoAnswer => format!("does not answer{since}"),
        FaultFinding::PortClosed => format!("nobody listens at its port{since}"),
        FaultFinding::RefusesLogin => format!("refuses user name or password{since}"),
        FaultFinding::Busy => format!("serves nobody else{since}"),
        FaultFinding::NoSuchStream => format!("has no such stream{since}"),
        FaultFinding::Unusable => format!("what it sends is of no use{since}"),
        FaultFinding::TimeJumped => format!("its time jumped{on}"),
        FaultFinding::TlsFails => format!("its TLS fails{since}"),
        FaultFinding::NameUnknown if count.is_some() => format!("the names of {number} are not known{since}"),
        FaultFinding::NameUnknown => format!("its name is not known{since}"),
        FaultFinding::SettingsInvalid => "its settings cannot be used".to_owned(),
        FaultFinding::ManyDown => format!("{out_of} cameras do not answer"),
        FaultFinding::OthersDeliver => format!("{out_of} cameras deliver"),
        FaultFinding::NothingAnswers => format!("nothing beyond this host answers{since}"),
        FaultFinding::RefusesStream if count.is_some() => format!("refuses the streams of {number} cameras"),
        FaultFinding::RefusesStream => "refuses the stream".to_owned(),
        FaultFinding::Restarted => format!("was restarted{on}"),
        FaultFinding::ApiSilent => format!("its API does not answer{since}, its RTSP port does"),
        FaultFinding::NotRunning => format!("does not run{since}"),
        FaultFinding::CannotStart if count.is_some() => {
            format!("ffmpeg could not be started, or was ended or suspended, for {number} cameras")
        }
        FaultFinding::CannotStart => format!("ffmpeg could not be started, or was ended or suspended{on}"),
        FaultFinding::LostOften => "was lost again and again".to_owned(),
        FaultFinding::PacketsLost => format!("{number} % of the packets are lost"),
        FaultFinding::Replaced => format!("is another one{since}"),
        FaultFinding::Changed => format!("sends something else{since}"),
        FaultFinding::AllLeft => format!("all left at once{on}"),
        FaultFinding::CountsAnew => format!("began to count anew{on}"),
        FaultFinding::Silent => format!("nothing is heard of it{since}"),
        FaultFinding::CpuBusy => format!("its processor is {number} % busy"),
        FaultFinding::MemoryFull => format!("its memory is {number} % full"),
        FaultFinding::DiskWaits => "waits for its disk".to_owned(),
        FaultFinding::Full => match count {
            Some(_) => format!("more than {number} % full"),
            None => "nearly full".to_owned(),
        },
        FaultFinding::CannotWrite => format!("cannot be written{since}"),
        FaultFinding::WrittenByOthers => "somebody else has written there".to_owned(),
        FaultFinding::Ended => format!("ended{on}, and nobody had stopped it"),
        FaultFinding::Wrong => format!("is wrong{since}"),
        FaultFinding::Waits => format!("a change waits for a person{since}"),
        FaultFinding::Excused => "is excused".to_owned(),
        FaultFinding::Failed => format!("failed{on}"),
        FaultFinding::Unusual => format!("is not as usual{since}"),
    };
    format!("{part}: {said}")
}

pub(super) fn part_word(part: FaultPart) -> &'static str {
    match part {
        FaultPart::Camera => "camera",
        FaultPart::Device => "device",
        FaultPart::Network => "network",
        FaultPart::Relay => "relay",
        FaultPart::Server => "server",
        FaultPart::Stream => "stream",
        FaultPart::Publisher => "publisher",
        FaultPart::Readers => "readers",
        FaultPart::Host => "host",
        FaultPart::Disk => "disk",
        FaultPart::Spool => "spool",
        FaultPart::Objects => "object store",
        FaultPart::Database => "database",
        FaultPart::Redis => "Redis",
        FaultPart::Recording => "recording",
        FaultPart::Program => "streamwarden",
        FaultPart::Table => "camera table",
        FaultPart::Clock => "clock",
        FaultPart::Target => "target",
        FaultPart::Encoder => "encoder",
        FaultPart::Platform => "platform",
        FaultPart::Receiver => "receiver",
    }
}

pub(super) fn cause_words(cause: FaultCause) -> &'static str {
    match cause {
        FaultCause::CameraStopped => "the camera stopped sending",
        FaultCause::CameraUnreachable => "the camera cannot be reached",
        FaultCause::CameraPortClosed => "nobody listens at the camera's port",
        FaultCause::CameraLogin => "the camera refuses the login",
        FaultCause::CameraBusy => "the camera serves nobody else",
        FaultCause::CameraPath => "the camera has no such stream",
        FaultCause::CameraFormat => "what the camera sends is of no use",
        FaultCause::CameraClock => "the camera's clock jumps",
        FaultCause::CameraTls => "the camera's TLS fails",
        FaultCause::CameraName => "the camera's name is not known",
        FaultCause::CameraSettings => "the camera's settings cannot be used",
        FaultCause::Unsteady => "the stream comes and goes",
        FaultCause::LossyLink => "packets are lost on the way",
        FaultCause::Device => "a device with several cameras",
        FaultCause::NetworkSegment => "a part of the network: a switch, its power, its cable",
        FaultCause::OwnNetwork => "the network of this host",
        FaultCause::Dns => "names are not resolved",
        FaultCause::MediaServerDown => "the media server does not run",
        FaultCause::MediaServerUnreachable => "the media server does not answer",
        FaultCause::MediaServerRestarted => "the media server was restarted",
        FaultCause::MediaServerRefuses => "the media server refuses the stream",
        FaultCause::OtherPublisher => "somebody else publishes to the path",
        FaultCause::PublisherChanged => "another source took the path over",
        FaultCause::EncoderChanged => "the source sends another format",
        FaultCause::Reconnected => "the media server connected to its source anew",
        FaultCause::ReadersWay => "the way to the readers",
        FaultCause::HostDown => "the host is off or out of reach",
        FaultCause::AgentSilent => "only the agent of the host is silent",
        FaultCause::HostOverloaded => "the host has more to do than it can",
        FaultCause::RelayProgram => "ffmpeg cannot do its work on this host",
        FaultCause::ProgramEnded => "streamwarden was killed or crashed",
        FaultCause::DiskFull => "a disk is full, or nearly so",
        FaultCause::SpoolUnwritable => "the spool cannot be written",
        FaultCause::ObjectStoreAway => "the object store does not answer",
        FaultCause::ObjectConflict => "somebody else wrote into the object store",
        FaultCause::DatabaseAway => "the database does not answer",
        FaultCause::RedisAway => "Redis does not answer",
        FaultCause::NodeConflict => "two nodes claim the same",
        FaultCause::ClockWrong => "the clock of this host is wrong",
        FaultCause::ChangeBlocked => "a change of the cameras waits for a person",
        FaultCause::RecordingFormat => "the stream cannot be recorded as it is",
        FaultCause::TargetFails => "what is probed does not deliver",
        FaultCause::ReaderGetsNothing => "the media server calls the stream live, and a reader gets nothing of use",
        FaultCause::EncoderAway => "the encoder does not answer",
        FaultCause::EncoderSendsNothing => "the encoder sends nothing, or nobody takes its stream",
        FaultCause::EncoderEnded => "the stream of the encoder was ended",
        FaultCause::EncoderUplink => "the encoder makes more than its network carries",
        FaultCause::PlatformAway => "the platform does not answer, or refuses us",
        FaultCause::IngestWithoutStream => "the platform gets no stream",
        FaultCause::EndpointFails => "the endpoint, or the service there",
        FaultCause::LeftUsual => "the stream is not as it usually is at this hour",
        FaultCause::ReceiverFails => "the receiver does not answer, or refuses what it is sent",
        FaultCause::Unknown => "nothing is known that explains it",
    }
}

pub(super) fn step_text(step: NextStep) -> &'static str {
    match step {
        NextStep::LookAtCamera => "look at the camera: its power, its cable, its lamps",
        NextStep::RestartCamera => "restart the camera",
        NextStep::CorrectLogin => "correct user name and password of the camera",
        NextStep::CloseOtherSessions => "close other sessions of the camera, or wait until it releases them",
        NextStep::CorrectAddress => "compare address, port and path of the camera with what it shows itself",
        NextStep::ChangeEncoder => "look at the settings of the video and the sound of the camera",
        NextStep::SetCameraClock => "let the camera set its clock by NTP",
        NextStep::LookAtCertificate => "look at the camera's certificate",
        NextStep::CorrectRow => "correct the settings of the camera here",
        NextStep::LookAtDevice => "look at the device that these cameras are part of: its power, its cable, its load",
        NextStep::LookAtSwitch => "look at the switch and its power, and at the cable to it",
        NextStep::LookAtUplink => "look at the network of this host: cable, address, gateway, firewall",
        NextStep::LookAtNameServer => {
            "look at the name servers of this host: the one that is asked may not know this name"
        }
        NextStep::CorrectName => "correct the host name, or write its address in its place",
        NextStep::StartServer => "start the media server",
        NextStep::ReadServerLog => "read the log of the media server",
        NextStep::LookAtServerPaths => "look at the paths and logins in the media server's configuration",
        NextStep::FindPublisher => "find out who publishes there, and stop it or rename the camera",
        NextStep::LookAtReaders => "look at the network between the media server and its readers",
        NextStep::LookAtHost => "look at the host: is it on, does it answer, has it memory and processor left",
        NextStep::StartAgent => "start the agent of the host",
        NextStep::ReduceLoad => "take load off the host, or move cameras to another one",
        NextStep::ReadOwnLog => "read the log of streamwarden",
        NextStep::FreeDisk => "free room on the disk",
        NextStep::LookAtMount => "look at the folder: is it mounted, may we write there",
        NextStep::LookAtObjectStore => "look at the object store: does it answer, is the login right, is it full",
        NextStep::LookAtDatabase => "look at the database: does it run, does it answer from here",
        NextStep::LookAtRedis => "look at Redis: does it run, does it answer from here",
        NextStep::SetOwnClock => "set the clock of this host",
        NextStep::DecideChange => "approve the change, or undo it: streamwarden cameras plan",
        NextStep::LookAtRoot => "look at what it follows from",
        NextStep::LookAtEncoder => "look at the encoder: its display, its network",
        NextStep::LookAtPlatform => "look at the account of the platform: its events, its token",
        NextStep::LookAtTarget => "look at what answers at the address of the target",
        NextStep::TestReceiver => {
            "correct its address or login, then: streamwarden notify test, or the button on the page"
        }
        NextStep::Watch => "see whether it comes again",
    }
}
