// What can be said of a camera's settings while they are typed: the rules of the server's `domain::camera`, as far as
// they need nothing but the text. The server stays the judge. Pure.

import { places } from "./template";

export interface Complaint {
  words: string;
  /** More typing may mend it: said only once the field was left. */
  unfinished: boolean;
}

type CheckResult = Complaint | null;

const wrong = (words: string): Complaint => ({ words, unfinished: false });
const unfinished = (words: string): Complaint => ({ words, unfinished: true });

const size = (text: string) => new TextEncoder().encode(text).length;

/** A character for people: a blank and a line end are told by name. */
function shown(character: string): string {
  if (character === " ") return "a blank";
  return /\s/.test(character) || character < " " ? "a blank or line end" : `“${character}”`;
}

function odd(text: string, allowed: RegExp): string | null {
  return [...text].find((one) => !allowed.test(one)) ?? null;
}

/** The path a camera is published under. */
export function checkName(name: string): CheckResult {
  if (name === "") return unfinished("A camera needs a name.");
  const bad = odd(name, /[0-9A-Za-z_\-/.]/);
  if (bad !== null) return wrong(`A name cannot hold ${shown(bad)}: it is a path. The display name can.`);
  if (size(name) > 200) return wrong("A name has at most 200 characters.");
  const parts = name.split("/");
  if (parts[0] === "") return wrong("A name does not begin with /.");
  if (parts.slice(0, -1).some((part) => part === "." || part === "..")) return wrong("A name has no part “.” or “..”.");
  if (parts.slice(1, -1).includes("")) return wrong("A name does not hold //.");
  const last = parts[parts.length - 1];
  if (last === "") return unfinished("A name does not end with /.");
  return last === "." || last === ".." ? unfinished("A name has no part “.” or “..”.") : null;
}

/** What is shown in place of the name. */
export function checkLabel(label: string): CheckResult {
  if ([...label].some((one) => one < " " || (one >= "\x7f" && one <= "\x9f"))) return wrong("It holds a control character (a line end, a tab): remove it.");
  return [...label].length > 200 ? wrong("A display name has at most 200 characters.") : null;
}

/** A name or an address, without port and path. */
export function checkHost(text: string): CheckResult {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (host === "") return unfinished("Where is it? Give a host name or an address.");
  if (/^[a-z]+:\/\//i.test(host)) return wrong("Only the host goes here. For a whole address choose “Full URL”.");
  if (size(host) > 253) return wrong("A host has at most 253 characters.");
  if (host.includes(":")) {
    if (/^[^:]+:\d*$/.test(host)) return wrong("A port has its own field.");
    const bad = odd(host, /[0-9a-zA-Z:.%_-]/);
    if (bad !== null) return wrong(`An address cannot hold ${shown(bad)}.`);
    return /^[0-9a-f:.]+$/i.test(host.split("%")[0] ?? "") ? null : unfinished("This is no IPv6 address. A port has its own field.");
  }
  if (host.startsWith("-")) return wrong("A host does not begin with “-”.");
  const bad = odd(host, /[0-9A-Za-z._-]/);
  return bad === null ? null : wrong(`A host cannot hold ${shown(bad)}: give a name or an address, without path.`);
}

export function checkPort(port: string): CheckResult {
  if (port === "") return null;
  return /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535 ? null : wrong("A port is a number from 1 to 65535.");
}

const SCHEMES = ["rtsp", "rtsps", "rtmp", "rtmps", "srt", "http", "https", "udp"];
const BEGIN = "Begin with rtsp://, rtsps://, rtmp://, rtmps://, srt://, http://, https:// or udp://";

/** A whole source address. */
export function checkUrl(url: string): CheckResult {
  if (url === "") return unfinished("Give the whole address, beginning with rtsp:// or another protocol.");
  if (size(url) > 1_500) return wrong("An address has at most 1500 characters.");
  const bad = [...url].find((one) => /\s/.test(one) || one < " " || one === "\x7f" || "'\"`\\<>".includes(one));
  if (bad !== undefined) return wrong(`An address cannot hold ${shown(bad)}: write it as ${encoded(bad)}.`);
  // The server shows a secret so, wherever it stands.
  if (url.includes("***")) return wrong("A secret in it is hidden as ***. Write it again, or leave the URL as it was.");
  const [scheme = "", after] = split(url, "://");
  if (after === null) return SCHEMES.some((one) => `${one}://`.startsWith(url.toLowerCase())) ? unfinished(BEGIN) : /^[a-z]*:?\/?$/i.test(url) ? unfinished(BEGIN) : wrong(BEGIN);
  if (!SCHEMES.includes(scheme.toLowerCase())) return wrong(`${scheme}:// is no source. ${BEGIN}`);
  return checkAuthority(scheme.toLowerCase(), after);
}

function checkAuthority(scheme: string, after: string): CheckResult {
  const end = after.search(/[/?#]/);
  const authority = end < 0 ? after : after.slice(0, end);
  const rest = end < 0 ? "" : after.slice(end);
  const at = authority.lastIndexOf("@");
  const place = authority.slice(at + 1);
  const found = place.startsWith("[") ? /^\[([^\]]*)\](?::(.*))?$/.exec(place) : /^([^:]*)(?::(.*))?$/.exec(place);
  // A login with a bare / ? or # ends the authority too early: the @ behind it gives that away.
  const hint = rest.includes("@") ? " In user names and passwords write / ? # @ : % as %2F %3F %23 %40 %3A %25" : "";
  if (found === null) return unfinished(`The host begins with [ and lacks its ].${hint}`);
  const [, host = "", port] = found;
  if (host === "") return unfinished(`The address names no host.${hint}`);
  if (port !== undefined && (port === "" || checkPort(port) !== null)) {
    const words = `The port in the address is no number from 1 to 65535.${hint}`;
    // What follows a colon may yet become a password, with its @.
    return rest === "" && at < 0 ? unfinished(words) : wrong(words);
  }
  const complaint = checkHost(place.startsWith("[") ? `[${host}]` : host);
  if (complaint !== null) return { ...complaint, unfinished: complaint.unfinished || (rest === "" && at < 0) };
  if (port === undefined && (scheme === "srt" || scheme === "udp")) return unfinished(`${scheme}:// needs a port, as in ${scheme}://host:9000`);
  return null;
}

function split(text: string, mark: string): [string, string | null] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + mark.length)];
}

function encoded(character: string): string {
  return [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

function checkText(text: string): CheckResult {
  if ([...text].some((one) => one < " " || one === "\x7f")) return wrong("It holds a control character (a line end, a tab): remove it.");
  return size(text) > 256 ? wrong("At most 256 characters.") : null;
}

/** What the fields hold, by name. */
export type Values = Readonly<Record<string, string>>;

const labels: Readonly<Record<string, string>> = { username: "user name", password: "password", channel: "channel", substream: "sub stream" };

/** A place of the template without a default must be filled; a login as a whole may be absent. */
function checkPlace(name: string, value: string, template: string, kept: boolean): CheckResult {
  const bare = template.replace("{username}:{password}@", "");
  const needed = places(bare).some((place) => place.name === name && place.fallback === null);
  return needed && value === "" && !kept ? unfinished(`Cameras of this make need their ${labels[name] ?? name}.`) : null;
}

export interface Form {
  values: Values;
  /** By a whole address, or by make and host. */
  byUrl: boolean;
  template: string;
  /** The password that is saved stays. */
  keepsPassword: boolean;
  /** The address as it was loaded: its login is hidden, and nothing is wrong with leaving it. */
  loadedUrl: string | null;
}

/** All complaints, by field, in the order of the form. */
export function complaints(form: Form): Map<string, Complaint> {
  const { values, byUrl, template } = form;
  const value = (name: string) => values[name] ?? "";
  const results: [string, CheckResult][] = [["name", checkName(value("name"))], ["label", checkLabel(value("label"))]];
  if (byUrl) results.push(["url", value("url") === form.loadedUrl ? null : checkUrl(value("url"))]);
  else results.push(["host", checkHost(value("host"))]);
  for (const name of ["username", "password"]) results.push([name, checkText(value(name)) ?? (byUrl ? null : checkPlace(name, value(name), template, name === "password" && form.keepsPassword))]);
  // Without a user name the server sends no login.
  if (byUrl && value("username") === "" && value("password") !== "") results.push(["username", unfinished("The password needs a user name beside it.")]);
  if (!byUrl) {
    results.push(["port", checkPort(value("port"))]);
    for (const name of ["channel", "substream"]) results.push([name, checkText(value(name)) ?? checkPlace(name, value(name), template, false)]);
  }
  return new Map(results.filter((one): one is [string, Complaint] => one[1] !== null));
}
