// What can be said of a camera's settings while they are typed: the rules of the server's `domain::camera`, as far as
// they need nothing but the text. The server stays the judge. Pure.

import { places } from "./template";
import { m } from "./words/language";

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
  if (character === " ") return m.rules.blank;
  return /\s/.test(character) || character < " " ? m.rules.blankOrEnd : `“${character}”`;
}

function odd(text: string, allowed: RegExp): string | null {
  return [...text].find((one) => !allowed.test(one)) ?? null;
}

/** The path a camera is published under. */
export function checkName(name: string): CheckResult {
  if (name === "") return unfinished(m.rules.nameNeeded);
  const bad = odd(name, /[0-9A-Za-z_\-/.]/);
  if (bad !== null) return wrong(m.rules.nameHolds(shown(bad)));
  if (size(name) > 200) return wrong(m.rules.nameLong);
  const parts = name.split("/");
  if (parts[0] === "") return wrong(m.rules.nameSlash);
  if (parts.slice(0, -1).some((part) => part === "." || part === "..")) return wrong(m.rules.nameDots);
  if (parts.slice(1, -1).includes("")) return wrong(m.rules.nameTwoSlashes);
  const last = parts[parts.length - 1];
  if (last === "") return unfinished(m.rules.nameEnd);
  return last === "." || last === ".." ? unfinished(m.rules.nameDots) : null;
}

/** What is shown in place of the name. */
export function checkLabel(label: string): CheckResult {
  if ([...label].some((one) => one < " " || (one >= "\x7f" && one <= "\x9f"))) return wrong(m.rules.control);
  return [...label].length > 200 ? wrong(m.rules.labelLong) : null;
}

/** A name or an address, without port and path. */
export function checkHost(text: string): CheckResult {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (host === "") return unfinished(m.rules.hostNeeded);
  if (/^[a-z]+:\/\//i.test(host)) return wrong(m.rules.hostOnly);
  if (size(host) > 253) return wrong(m.rules.hostLong);
  if (host.includes(":")) {
    if (/^[^:]+:\d*$/.test(host)) return wrong(m.rules.hostPort);
    const bad = odd(host, /[0-9a-zA-Z:.%_-]/);
    if (bad !== null) return wrong(m.rules.addressHolds(shown(bad)));
    return /^[0-9a-f:.]+$/i.test(host.split("%")[0] ?? "") ? null : unfinished(m.rules.noIpv6);
  }
  if (host.startsWith("-")) return wrong(m.rules.hostDash);
  const bad = odd(host, /[0-9A-Za-z._-]/);
  return bad === null ? null : wrong(m.rules.hostHolds(shown(bad)));
}

export function checkPort(port: string): CheckResult {
  if (port === "") return null;
  return /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535 ? null : wrong(m.rules.port);
}

const SCHEMES = ["rtsp", "rtsps", "rtmp", "rtmps", "srt", "http", "https", "udp"];

/** A whole source address. */
export function checkUrl(url: string): CheckResult {
  if (url === "") return unfinished(m.rules.urlNeeded);
  if (size(url) > 1_500) return wrong(m.rules.urlLong);
  const bad = [...url].find((one) => /\s/.test(one) || one < " " || one === "\x7f" || "'\"`\\<>".includes(one));
  if (bad !== undefined) return wrong(m.rules.urlHolds(shown(bad), encoded(bad)));
  // The server shows a secret so, wherever it stands.
  if (url.includes("***")) return wrong(m.rules.urlHidden);
  const [scheme = "", after] = split(url, "://");
  if (after === null) return SCHEMES.some((one) => `${one}://`.startsWith(url.toLowerCase())) ? unfinished(m.rules.urlBegin) : /^[a-z]*:?\/?$/i.test(url) ? unfinished(m.rules.urlBegin) : wrong(m.rules.urlBegin);
  if (!SCHEMES.includes(scheme.toLowerCase())) return wrong(m.rules.urlScheme(scheme, m.rules.urlBegin));
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
  const hint = rest.includes("@") ? m.rules.urlEncode : "";
  if (found === null) return unfinished(m.rules.urlBracket + hint);
  const [, host = "", port] = found;
  if (host === "") return unfinished(m.rules.urlNoHost + hint);
  if (port !== undefined && (port === "" || checkPort(port) !== null)) {
    const words = m.rules.urlPort + hint;
    // What follows a colon may yet become a password, with its @.
    return rest === "" && at < 0 ? unfinished(words) : wrong(words);
  }
  const complaint = checkHost(place.startsWith("[") ? `[${host}]` : host);
  if (complaint !== null) return { ...complaint, unfinished: complaint.unfinished || (rest === "" && at < 0) };
  if (port === undefined && (scheme === "srt" || scheme === "udp")) return unfinished(m.rules.urlNeedsPort(scheme));
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
  if ([...text].some((one) => one < " " || one === "\x7f")) return wrong(m.rules.control);
  return size(text) > 256 ? wrong(m.rules.textLong) : null;
}

/** What the fields hold, by name. */
export type Values = Readonly<Record<string, string>>;

/** A place of the template without a default must be filled; a login as a whole may be absent. */
function checkPlace(name: string, value: string, template: string, kept: boolean): CheckResult {
  const bare = template.replace("{username}:{password}@", "");
  const needed = places(bare).some((place) => place.name === name && place.fallback === null);
  return needed && value === "" && !kept ? unfinished(m.rules.needs(m.rules.fields[name] ?? name)) : null;
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
  if (byUrl && value("username") === "" && value("password") !== "") results.push(["username", unfinished(m.rules.passwordAlone)]);
  if (!byUrl) {
    results.push(["port", checkPort(value("port"))]);
    for (const name of ["channel", "substream"]) results.push([name, checkText(value(name)) ?? checkPlace(name, value(name), template, false)]);
  }
  return new Map(results.filter((one): one is [string, Complaint] => one[1] !== null));
}
