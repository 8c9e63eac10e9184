// Numbers, times and words for people. Pure; every rule has a test. Units: bits/s and bytes in powers of 1,000, as
// network and disk makers count.

import type { Track } from "./types";
import { m } from "./words/language";

function scaled(value: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  while (unit < units.length - 1 && Math.abs(rest) >= 999.5) {
    rest /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(rest) >= 99.95 ? 0 : Math.abs(rest) >= 9.995 ? 1 : 2;
  return `${rest.toFixed(digits)} ${units[unit] ?? ""}`;
}

export function bitrate(bitsPerSecond: number | null | undefined): string {
  if (bitsPerSecond === null || bitsPerSecond === undefined || !Number.isFinite(bitsPerSecond)) return "–";
  return scaled(bitsPerSecond, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);
}

export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return "–";
  return scaled(count, ["B", "kB", "MB", "GB", "TB", "PB"]);
}

/** A length in its two largest units: `42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} ${m.units.s}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, m.units.min, seconds % 60, m.units.s);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, m.units.h, minutes % 60, m.units.min);
  return two(Math.floor(hours / 24), m.units.d, hours % 24, m.units.h);
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A length as a clock: `0:07`, `12:30`, `1:02:03`. */
export function clockLength(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "0:00";
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const pad = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** How long ago a time was; a time in the future (clocks differ a little) counts as now. */
export function ago(time: string, now: number): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? "–" : duration(now - at);
}

/** Seconds until a time, `now` when it has come. */
export function until(time: string, now: number): string {
  const left = Date.parse(time) - now;
  if (Number.isNaN(left)) return "–";
  return left <= 0 ? m.units.now : m.units.in(duration(left + 999));
}

const pad2 = (value: number) => String(value).padStart(2, "0");

/** Local calendar day, `2026-03-09`: sorts as text. */
export function day(time: string | number): string {
  const at = new Date(time);
  return `${at.getFullYear()}-${pad2(at.getMonth() + 1)}-${pad2(at.getDate())}`;
}

/** Local time of day, `14:03:22`. */
export function timeOfDay(time: string | number): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "–" : `${pad2(at.getHours())}:${pad2(at.getMinutes())}:${pad2(at.getSeconds())}`;
}

/** `2026-03-09 14:03:22`, local. */
export function dateTime(time: string | number): string {
  return Number.isNaN(new Date(time).getTime()) ? "–" : `${day(time)} ${timeOfDay(time)}`;
}

/** Times (s since the epoch) below a chart: of the day, or the day itself where days are shown. */
export function axisTimes(values: readonly number[]): string[] {
  const length = ((values[values.length - 1] ?? 0) - (values[0] ?? 0)) * 1_000;
  return values.map((one) => (length > 2 * 86_400_000 ? dateTime(one * 1_000).slice(5, 10) : timeOfDay(one * 1_000).slice(0, 5)));
}

/** The time zone of whoever looks, as the browser names it. */
export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A moment for who points at it: in the viewer's zone, with its name, and in UTC. */
export function bothTimes(time: string | number, named = zone()): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "–";
  const utc = at.toISOString().slice(0, 19).replace("T", " ");
  return at.getTimezoneOffset() === 0 ? `${utc} UTC` : `${dateTime(time)} ${named}, ${utc} UTC`;
}

/** A calendar day in words: Today, Yesterday, else `Mon 9 Mar`. */
export function dayWords(date: string, now: number): string {
  if (date === day(now)) return m.units.today;
  const today = new Date(now);
  // By the calendar and not by 24 hours: a day with a clock change has 23 or 25.
  if (date === day(new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1).getTime())) return m.units.yesterday;
  const [year, month, dayOfMonth] = date.split("-").map(Number);
  const at = new Date(year ?? 0, (month ?? 1) - 1, dayOfMonth ?? 1);
  // Not by Intl, whose commas differ from version to version.
  return m.units.date(m.units.weekdays[at.getDay()] ?? "", at.getDate(), m.units.months[at.getMonth()] ?? "");
}

/** MediaMTX source types in the words of the trade. */
export function source(type: string | null): string {
  if (type === null || type === "") return "–";
  const word = type.toLowerCase();
  const [, name = "", kind = ""] = /^(rtsps?|rtmps?|srt|webrtc|hls)(session|conn|source)$/.exec(word) ?? [];
  const protocol = name === "webrtc" ? "WebRTC" : name.toUpperCase();
  if (name !== "") return kind === "source" ? m.units.pull(protocol) : m.units.publisher(protocol);
  const known: Record<string, string> = { udpsource: "UDP", mpegtssource: "MPEG-TS", rtpsource: "RTP", rpicamerasource: m.units.pi, redirect: m.units.redirect };
  return known[word] ?? type;
}

/** `H264 1920×1080`, `MPEG-4 Audio 48 kHz`. */
export function track(track: Track): string {
  const parts = [track.codec];
  const { width = null, height = null, sampleRate = null } = track;
  if (width !== null && height !== null) parts.push(`${width}×${height}`);
  else if (sampleRate !== null) parts.push(`${Number((sampleRate / 1000).toFixed(1))} kHz`);
  return parts.join(" ");
}

/** The server's sentences begin small; where one stands alone it begins with a capital. Names and addresses stay as
 * they are: `cam1`, `rtsp://...`, `ffmpeg`. */
export function capital(words: string): string {
  const first = words.split(/\s/, 1)[0] ?? "";
  return /^\p{Ll}+[,;:.!?]?$/u.test(first) && !/^ff(mpeg|probe)/.test(first) ? words.charAt(0).toUpperCase() + words.slice(1) : words;
}

/** A sentence with its full stop, so that another may follow. */
export function stop(words: string): string {
  return words === "" || /[.!?…]$/.test(words) ? words : `${words}.`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}
