// What the page says, in English. The other languages have the same keys: one that is missing does not compile.

const count = (number: number) => number.toLocaleString("en-GB");
const s = (number: number, one: string, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export const en = {
  overview: {
    title: "Streams",
    problems: "What is wrong now",
    more: (rest: number) => `Show ${count(rest)} more`,
    fewer: "Show fewer",
    since: (time: string) => `since ${time}`,
    lasting: (time: string) => `for ${time}`,
    serverDown: (name: string) => `Server ${name} does not answer`,
    unknownStreams: (number: number) => `The state of ${s(number, "stream")} is unknown.`,
    ofHost: (host: string, down: number, all: number) => `${down} of ${s(all, "camera")} at ${host}`,
    paused: (name: string) => `${name} is not recorded`,
    restart: "Restart",
    restarting: (name: string) => `Restarting ${name}`,
    log: "Log",
    show: "Show them",
    system: "System",
    publish: "Nobody publishes to it: start the publisher, or add a camera that is pulled in.",
    filter: "Filter streams",
    shown: (some: number, all: number) => `${count(some)} of ${count(all)} shown`,
    held: "Order held while you look",
    sortNow: "Sort now",
    columns: "Columns",
    standard: "Standard columns",
    dense: "Dense",
    group: "Group by",
    groups: { "": "nothing", server: "server", prefix: "prefix", host: "host" } as Record<string, string>,
    noPrefix: "without prefix",
    noHost: "without camera",
    allLive: (number: number) => s(number, "stream"),
    notLive: (bad: number, all: number) => `${count(bad)} of ${s(all, "stream")} not live`,
    wall: "Wall",
    column: { name: "Stream", state: "State", source: "Source", bitrate: "Bitrate", day: "24 h", readers: "Readers", tracks: "Tracks", recording: "Recording" },
    day: {
      notWatched: "not watched",
      part: (state: string, from: string, to: string) => `${state} ${from} – ${to}`,
      live: (percent: string) => `${percent} live`,
      outages: (number: number) => s(number, "outage"),
      unknown: "Nothing is known of the last day",
      loading: "Reading the last day",
    },
  },
  wall: {
    title: "Wall",
    full: "Full screen",
    troubleFirst: "Trouble first",
    none: "No stream to show",
    slow: (seconds: number) => `This device is busy: the squares are drawn every ${seconds} s.`,
    noPictures: "Squares only: a picture of every stream would cost an ffmpeg each. Arrow keys go from square to square, Enter opens one, f is full screen.",
  },
  states: { live: "Live", stalled: "Stalled", offline: "Offline", unknown: "Unknown" },
};

export type Messages = typeof en;
