// Addresses of a path at its media server, for every protocol, and how ffmpeg, OBS and VLC are told of them. The password is a
// placeholder: it is never known here. Pure.

/** Ports of MediaMTX as it comes; who has others changes them. */
export const standardPorts = { rtsp: 8554, rtsps: 8322, rtmp: 1935, srt: 8890, webrtc: 8889, hls: 8888 } as const;
export type Protocol = keyof typeof standardPorts;
export type Ports = Record<Protocol, number>;
export const protocols = Object.keys(standardPorts) as Protocol[];

/** What stands before the port of a protocol, and between the port and the path. */
export interface Root {
  scheme: string;
  host: string;
  folder: string;
}

export interface Place {
  host: string;
  ports: Ports;
  /** Of the protocols that the configuration names. */
  roots?: Partial<Record<Protocol, Root>>;
  path: string;
  /** With a place for user name and password. */
  login: boolean;
}

export interface Line {
  /** ffmpeg, OBS ..., or the protocol itself. */
  tool: string;
  text: string;
}

export interface Ways {
  protocol: Protocol;
  read: readonly Line[];
  /** Empty where nobody can publish by it. */
  publish: readonly Line[];
}

const USER = "USER";
const PASSWORD = "PASSWORD";

/** A path as a part of an address: its slashes stay. */
function inAddress(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** An IPv6 address stands in brackets. */
function hostOf(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** For a shell: in single quotes where a character could mean something. */
function quoted(text: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What is configured of a server. */
export interface Configured {
  rtspUrl: string;
  hlsUrl?: string | null;
  webrtcUrl?: string | null;
}

/** What somebody said in the place of it. */
export interface Chosen {
  host?: string;
  ports?: Partial<Ports>;
}

const LOCAL = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** Parts of an address; `null` when it is none. */
function partsOf(url: string, port: number): (Root & { port: number }) | null {
  const [, scheme = "", rest = ""] = /^(\w+):\/\/(.*)$/.exec(url) ?? [];
  try {
    // Browsers take apart what they know: the scheme of RTSP is none of that. 443 is the one port that would be left out.
    const found = new URL(`https://${rest}`);
    const given = /^[^/]*:(\d+)(\/|$)/.exec(rest)?.[1];
    return { scheme, host: found.hostname, port: given === undefined ? port : Number(given), folder: found.pathname.replace(/\/+$/, "") };
  } catch {
    return null;
  }
}

/**
 * Host and ports of a server: what somebody chose, what the configuration says, what is usual. The RTSP of the configuration is as
 * Streamwarden reaches it: where that is its own machine, it is the host of the page. HLS and WebRTC are as browsers reach them.
 */
export function placesOf(configured: Configured | null, pageHost: string, chosen: Chosen): Required<Pick<Place, "host" | "ports" | "roots">> {
  const rtsp = partsOf(configured?.rtspUrl ?? "", 554);
  const own = chosen.host === "" ? undefined : chosen.host;
  const host = own ?? (rtsp === null || LOCAL.test(rtsp.host) ? pageHost : rtsp.host);
  const ports = { ...standardPorts } as Ports;
  const roots: Partial<Record<Protocol, Root>> = {};
  if (rtsp !== null) ports[rtsp.scheme === "rtsps" ? "rtsps" : "rtsp"] = rtsp.port;
  for (const [protocol, url] of [["hls", configured?.hlsUrl], ["webrtc", configured?.webrtcUrl]] as const) {
    const found = partsOf(url ?? "", url?.startsWith("https:") === true ? 443 : 80);
    if (found === null) continue;
    ports[protocol] = found.port;
    roots[protocol] = { scheme: found.scheme, host: own ?? found.host, folder: found.folder };
  }
  return { host, ports: { ...ports, ...chosen.ports }, roots };
}

export function waysOf(place: Place): Ways[] {
  return protocols.map((protocol) => ({ protocol, read: read(protocol, place), publish: publish(protocol, place) }));
}

function address(protocol: Protocol, { host: usual, ports, roots, path, login }: Place, rest = ""): string {
  const standard = { scheme: protocol === "webrtc" || protocol === "hls" ? "http" : protocol, host: usual, folder: "" };
  const { scheme, host, folder } = roots?.[protocol] ?? standard;
  const before = login && protocol !== "rtmp" ? `${USER}:${PASSWORD}@` : "";
  const after = login && protocol === "rtmp" ? `?user=${USER}&pass=${PASSWORD}` : "";
  return `${scheme}://${before}${hostOf(host)}:${ports[protocol]}${folder}/${inAddress(path)}${rest}${after}`;
}

function srt({ host, ports, path, login }: Place, way: "read" | "publish"): string {
  const who = login ? `:${USER}:${PASSWORD}` : "";
  const size = way === "publish" ? "&pkt_size=1316" : "";
  return `srt://${hostOf(host)}:${ports.srt}?streamid=${way}:${inAddress(path)}${who}${size}`;
}

function read(protocol: Protocol, place: Place): Line[] {
  switch (protocol) {
    case "rtsp":
    case "rtsps": {
      const at = address(protocol, place);
      const vlc = protocol === "rtsp" ? [{ tool: "VLC", text: `vlc ${quoted(at)}` }, { tool: "OBS", text: at }] : [];
      return [{ tool: "address", text: at }, { tool: "ffmpeg", text: `ffplay -rtsp_transport tcp ${quoted(at)}` }, ...vlc];
    }
    case "rtmp": {
      const at = address(protocol, place);
      return [{ tool: "address", text: at }, { tool: "ffmpeg", text: `ffplay ${quoted(at)}` }, { tool: "VLC", text: `vlc ${quoted(at)}` }];
    }
    case "srt": {
      const at = srt(place, "read");
      return [{ tool: "address", text: at }, { tool: "ffmpeg", text: `ffplay ${quoted(at)}` }, { tool: "VLC", text: `vlc ${quoted(at)}` }];
    }
    case "webrtc":
      return [{ tool: "browser", text: address(protocol, { ...place, login: false }) }, { tool: "WHEP", text: address(protocol, place, "/whep") }];
    case "hls": {
      const at = address(protocol, place, "/index.m3u8");
      return [{ tool: "browser", text: address(protocol, { ...place, login: false }) }, { tool: "address", text: at }, { tool: "ffmpeg", text: `ffplay ${quoted(at)}` }, { tool: "VLC", text: `vlc ${quoted(at)}` }];
    }
  }
}

function publish(protocol: Protocol, place: Place): Line[] {
  const ffmpeg = (options: string, at: string): Line => ({ tool: "ffmpeg", text: `ffmpeg -re -i FILE -c copy ${options} ${quoted(at)}` });
  switch (protocol) {
    case "rtsp":
    case "rtsps": {
      const at = address(protocol, place);
      return [{ tool: "address", text: at }, ffmpeg("-f rtsp -rtsp_transport tcp", at)];
    }
    case "rtmp": {
      const at = address(protocol, place);
      return [{ tool: "address", text: at }, ffmpeg("-f flv", at), { tool: "OBS", text: at }];
    }
    case "srt": {
      const at = srt(place, "publish");
      return [{ tool: "address", text: at }, ffmpeg("-f mpegts", at), { tool: "OBS", text: at }];
    }
    case "webrtc": {
      const whip = address(protocol, { ...place, login: false }, "/whip");
      return [{ tool: "browser", text: address(protocol, { ...place, login: false }, "/publish") }, { tool: "WHIP", text: address(protocol, place, "/whip") }, { tool: "OBS", text: place.login ? `${whip}  ${USER}:${PASSWORD}` : whip }];
    }
    case "hls":
      return [];
  }
}
