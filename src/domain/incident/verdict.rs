//! What is said of an incident.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Where the fault of an incident lies, and why that is thought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// What it comes down to; of a consequence: what its root comes down to.
    pub cause: FaultCause,
    /// How sure that is.
    pub confidence: Confidence,
    /// The evidence in one English sentence; times are UTC.
    pub summary: String,
    /// What speaks for it, the most telling first. What nobody has measured is not there.
    pub evidence: Vec<Evidence>,
    /// What to try, in this order.
    pub try_next: Vec<Suggestion>,
    /// The incident that this one follows from; null where it is the root itself.
    pub root: Option<Uuid>,
}

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Confidence {
    /// It is what is left, or nothing is known.
    Low,
    /// It fits, and something else would, too.
    Medium,
    /// It was said by the part itself, or everything beside it was seen to work.
    High,
}

/// What an incident comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FaultCause {
    /// The camera sends nothing more, or has ended the stream.
    CameraStopped,
    /// The camera does not answer: itself, its power, its cable.
    CameraUnreachable,
    /// The camera's address answers and nobody listens at its port.
    CameraPortClosed,
    /// User name or password are wrong.
    CameraLogin,
    /// The camera serves nobody else at the moment.
    CameraBusy,
    /// The camera has no such stream.
    CameraPath,
    /// What the camera sends is of no use: no video, a codec that RTSP cannot carry, no key frames.
    CameraFormat,
    /// The clock of the camera jumps.
    CameraClock,
    /// The certificate of the camera, or its TLS.
    CameraTls,
    /// Nobody knows the host name of the camera.
    CameraName,
    /// The row of the camera cannot be used.
    CameraSettings,
    /// The stream comes and goes.
    Unsteady,
    /// Packets are lost on the way.
    LossyLink,
    /// A device with several cameras: a recorder, an encoder.
    Device,
    /// A part of the network with several cameras behind it: a switch, a power supply, a cable.
    NetworkSegment,
    /// The network of this host: everything beyond it is out of reach.
    OwnNetwork,
    /// Names are not resolved.
    Dns,
    /// The media server does not run.
    MediaServerDown,
    /// The media server is out of reach, or does not run.
    MediaServerUnreachable,
    /// The media server was restarted.
    MediaServerRestarted,
    /// The media server answers and does not take the stream.
    MediaServerRefuses,
    /// Somebody else publishes to the path.
    OtherPublisher,
    /// Another source has taken the path over.
    PublisherChanged,
    /// Codec or picture of the source were set to something else.
    EncoderChanged,
    /// The media server has connected to its source anew.
    Reconnected,
    /// The way to the readers.
    ReadersWay,
    /// A host is off, or out of reach.
    HostDown,
    /// Only the agent of a host is silent.
    AgentSilent,
    /// A host has more to do than it can.
    HostOverloaded,
    /// ffmpeg, or this program, cannot do its work on this host.
    RelayProgram,
    /// This program was killed, or crashed.
    ProgramEnded,
    /// A disk is full, or nearly so.
    DiskFull,
    /// The spool cannot be written.
    SpoolUnwritable,
    /// The object store does not answer.
    ObjectStoreAway,
    /// Somebody else has written where our objects should be.
    ObjectConflict,
    /// The database does not answer.
    DatabaseAway,
    /// Redis does not answer.
    RedisAway,
    /// Two nodes claim the same.
    NodeConflict,
    /// The clock of this host is wrong.
    ClockWrong,
    /// A change of the cameras waits for a person.
    ChangeBlocked,
    /// The stream cannot be recorded as it is.
    RecordingFormat,
    /// What is probed from outside does not deliver what it should.
    TargetFails,
    /// The media server calls the stream live, and a reader gets nothing of use.
    ReaderGetsNothing,
    /// A hardware encoder does not answer.
    EncoderAway,
    /// A hardware encoder says that it streams and sends nothing, or nobody takes its stream.
    EncoderSendsNothing,
    /// The stream of a hardware encoder was ended.
    EncoderEnded,
    /// A hardware encoder makes more than its network carries.
    EncoderUplink,
    /// The interface of a platform does not answer, or refuses us.
    PlatformAway,
    /// A live event goes on and its platform gets no stream.
    IngestWithoutStream,
    /// An endpoint that is asked over the network, or the service there.
    EndpointFails,
    /// A number of the stream is not as it usually is at this hour, and nothing is known that explains it.
    LeftUsual,
    /// A receiver of notifications does not answer, or refuses them.
    ReceiverFails,
    /// Nothing is known that explains it.
    Unknown,
}

/// A part of the way from the camera to the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FaultPart {
    /// The camera.
    Camera,
    /// Other cameras of the same device.
    Device,
    /// The network to the camera.
    Network,
    /// The relay of the camera: our ffmpeg.
    Relay,
    /// The media server.
    Server,
    /// The stream at the media server.
    Stream,
    /// Who publishes.
    Publisher,
    /// Who reads.
    Readers,
    /// A host.
    Host,
    /// A disk.
    Disk,
    /// Where recordings are before they are uploaded.
    Spool,
    /// The object store.
    Objects,
    /// The database.
    Database,
    /// Redis.
    Redis,
    /// The recording.
    Recording,
    /// This program.
    Program,
    /// The table of cameras.
    Table,
    /// The clock of this host.
    Clock,
    /// What is probed from outside, at an address of its own.
    Target,
    /// A hardware encoder.
    Encoder,
    /// A platform that streams are sent to.
    Platform,
    /// A receiver of notifications.
    Receiver,
}

/// What was found of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FaultFinding {
    /// It works.
    Fine,
    /// It stopped sending, at that time.
    StoppedSending,
    /// It closed the connection, at that time.
    EndedConnection,
    /// It does not answer, since that time.
    NoAnswer,
    /// Nobody listens at its port.
    PortClosed,
    /// It refuses user name or password.
    RefusesLogin,
    /// It serves nobody else now.
    Busy,
    /// It has no such stream.
    NoSuchStream,
    /// What it sends is of no use.
    Unusable,
    /// Its time stood still or leapt.
    TimeJumped,
    /// Its TLS fails.
    TlsFails,
    /// Its name is not known.
    NameUnknown,
    /// Its settings cannot be used.
    SettingsInvalid,
    /// `count` of `of` cameras there do not answer.
    ManyDown,
    /// `count` of `of` cameras there deliver.
    OthersDeliver,
    /// Nothing beyond this host answers.
    NothingAnswers,
    /// It refuses the stream.
    RefusesStream,
    /// It was restarted, at that time.
    Restarted,
    /// Its API does not answer, its RTSP port does.
    ApiSilent,
    /// It does not run; the host does.
    NotRunning,
    /// It cannot be started, or was ended or suspended.
    CannotStart,
    /// It was lost again and again.
    LostOften,
    /// `count` percent of packets are lost.
    PacketsLost,
    /// It is another one than before.
    Replaced,
    /// It was set to something else.
    Changed,
    /// All have left at once.
    AllLeft,
    /// It has begun to count anew.
    CountsAnew,
    /// Nothing is heard of it since that time.
    Silent,
    /// The processor is busy to `count` percent.
    CpuBusy,
    /// Memory is used to `count` percent.
    MemoryFull,
    /// It waits for its disk.
    DiskWaits,
    /// It is full to `count` percent.
    Full,
    /// It cannot be written.
    CannotWrite,
    /// Somebody else has written there.
    WrittenByOthers,
    /// It ended and nobody had stopped it.
    Ended,
    /// It is wrong.
    Wrong,
    /// It waits for a person.
    Waits,
    /// It is excused.
    Excused,
    /// It went wrong; why is not known.
    Failed,
    /// It is not as usual, since that time.
    Unusual,
}

/// One finding of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Of what.
    pub part: FaultPart,
    /// What was found.
    pub finding: FaultFinding,
    /// Which one, where there are several: a server, a host, a network.
    pub name: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// A number, see the finding.
    pub count: Option<u32>,
    /// Out of so many.
    pub of: Option<u32>,
    /// The same in English; times are UTC.
    pub text: String,
}

/// Something to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum NextStep {
    /// Look at the camera: power, cable, its lamps.
    LookAtCamera,
    /// Restart the camera.
    RestartCamera,
    /// Correct user name and password.
    CorrectLogin,
    /// Close other sessions of the camera.
    CloseOtherSessions,
    /// Correct the address, port or path of the camera.
    CorrectAddress,
    /// Change codec, picture or sound in the camera.
    ChangeEncoder,
    /// Set the camera's clock.
    SetCameraClock,
    /// Look at the camera's certificate.
    LookAtCertificate,
    /// Correct the row.
    CorrectRow,
    /// Look at the recorder or encoder.
    LookAtDevice,
    /// Look at the switch, its power, its uplink.
    LookAtSwitch,
    /// Look at the network of this host.
    LookAtUplink,
    /// Look at the name server.
    LookAtNameServer,
    /// Correct the host name, or write an address in its place.
    CorrectName,
    /// Start the media server.
    StartServer,
    /// Read the log of the media server.
    ReadServerLog,
    /// Look at the paths and logins of the media server.
    LookAtServerPaths,
    /// Find out who publishes.
    FindPublisher,
    /// Look at the way to the readers.
    LookAtReaders,
    /// Look at the host.
    LookAtHost,
    /// Start the agent of the host.
    StartAgent,
    /// Take load off the host.
    ReduceLoad,
    /// Read the log of this program.
    ReadOwnLog,
    /// Free room on the disk.
    FreeDisk,
    /// Look at the folder's mount and rights.
    LookAtMount,
    /// Look at the object store.
    LookAtObjectStore,
    /// Look at the database.
    LookAtDatabase,
    /// Look at Redis.
    LookAtRedis,
    /// Set the clock of this host.
    SetOwnClock,
    /// Approve the change, or undo it.
    DecideChange,
    /// Look at what answers at the address that is probed.
    LookAtTarget,
    /// Look at the encoder: its display, its network.
    LookAtEncoder,
    /// Look at the account of the platform: its events, its token.
    LookAtPlatform,
    /// Send the receiver of notifications a message that says only that messages arrive.
    TestReceiver,
    /// Look at the root.
    LookAtRoot,
    /// It heals by itself; see whether it comes again.
    Watch,
}

/// Something to try, with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// What.
    pub step: NextStep,
    /// The same in English.
    pub text: String,
}
