// The form of a camera without its looks: what is in its fields at first, what to send when it is saved, and what
// somebody else has changed meanwhile. Pure.

import { places } from "./template";
import type { CameraEdit, CameraSettings } from "./types";
import { m } from "./words/language";

export const texts = ["name", "label", "kind", "host", "username", "password", "port", "channel", "substream", "url", "transport", "audio"] as const;
export type Text = (typeof texts)[number];

export interface FormState {
  texts: Readonly<Record<Text, string>>;
  /** By a whole address, or by make and host. */
  byUrl: boolean;
  /** The saved password is to be forgotten. */
  clearPassword: boolean;
  enabled: boolean;
  record: boolean;
}

function textOf(settings: CameraSettings, name: Text): string {
  if (name === "password") return "";
  return String(settings[name] ?? "");
}

/** What the form shows at first. */
export function initial(settings: CameraSettings | null, kind: string): FormState {
  const of = (name: Text) => (settings === null ? (name === "kind" ? kind : "") : textOf(settings, name));
  return {
    texts: Object.fromEntries(texts.map((name) => [name, of(name)])) as Record<Text, string>,
    byUrl: settings !== null && settings.url !== null,
    clearPassword: false,
    enabled: settings?.enabled ?? true,
    record: settings?.record ?? true,
  };
}

/** The fields that the chosen source uses. User name and password go beside a whole address too: the server puts them into
 * one that has no login. SRT and UDP have none; what a row holds already is shown, so that it can be cleared. */
export function used(settings: CameraSettings | null, form: FormState, template: string): Set<Text> {
  const always: Text[] = ["name", "label", "transport", "audio"];
  if (!form.byUrl) {
    const asked = places(template).map((one) => one.name);
    return new Set([...always, "kind", "host", ...texts.filter((name) => asked.includes(name))]);
  }
  const has = settings !== null && (settings.username !== null || settings.hasPassword);
  const login = has || !/^(srt|udp):/i.test(form.texts.url);
  return new Set([...always, "url", ...(login ? (["username", "password"] as const) : [])]);
}

/** Whether a whole address holds a login itself: then it is used as it is, and the fields beside it are not. */
export function holdsLogin(url: string): boolean {
  const [, scheme = "", authority = "", query = ""] = /^([a-z]+):\/\/([^/?#]*)[^?]*(?:\?(.*))?$/i.exec(url) ?? [];
  if (authority.includes("@")) return !/^(srt|udp)$/i.test(scheme);
  // RTMP servers look for it in the query.
  return /^rtmps?$/i.test(scheme) && query.split("&").some((pair) => pair.startsWith("user="));
}

const ports: Readonly<Record<string, string>> = { rtsp: "554", rtsps: "322", rtmp: "1935", rtmps: "443", http: "80", https: "443" };

/** Where a password goes: protocol, host and port, and the make by which it is sent. */
function place(byUrl: boolean, of: (name: Text) => string, template: string): string {
  if (!byUrl) {
    const port = of("port") || (places(template).find((one) => one.name === "port")?.fallback ?? "");
    return `${of("kind")} ${of("host").toLowerCase()} ${port}`;
  }
  const found = /^([a-z]+):\/\/([^/?#]*)/i.exec(of("url"));
  const scheme = (found?.[1] ?? "").toLowerCase();
  const authority = (found?.[2] ?? of("url")).toLowerCase();
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return `${scheme}://${host}${/:\d+$/.test(host) ? "" : `:${ports[scheme] ?? ""}`}`;
}

/** Whether the form calls another place than the one that the saved password was entered for. The server keeps it from
 * going there: it has to be entered again, or be cleared. */
export function moves(settings: CameraSettings | null, form: FormState, template: string): boolean {
  if (settings === null || !settings.hasPassword) return false;
  const before = place(settings.url !== null, (name) => textOf(settings, name), template);
  return before !== place(form.byUrl, (name) => form.texts[name], template);
}

/** What to send: the fields that differ from what was loaded; of a new camera all that are filled. */
export function changes(settings: CameraSettings | null, form: FormState, template: string): CameraEdit {
  const edit: Record<string, unknown> = {};
  for (const name of used(settings, form, template)) {
    const value = form.texts[name];
    const before = settings === null ? "" : textOf(settings, name);
    if (name === "password" && form.clearPassword) edit[name] = null;
    else if (value !== before) edit[name] = value === "" ? null : name === "port" && /^\d+$/.test(value) ? Number(value) : value;
  }
  if (!form.byUrl && settings !== null && settings.url !== null) edit["url"] = null;
  // A source that takes no password leaves nowhere to enter it again: it is forgotten.
  if (moves(settings, form, template) && !used(settings, form, template).has("password")) edit["password"] = null;
  if (settings?.enabled !== form.enabled) edit["enabled"] = form.enabled;
  if (settings?.record !== form.record) edit["record"] = form.record;
  return edit;
}

/** What a look at the source depends on: when it changes, the last look tells nothing. */
export function sourceKey(edit: CameraEdit): string {
  const { name: _name, label: _label, enabled: _enabled, record: _record, ...source } = edit;
  return JSON.stringify(Object.entries(source).sort());
}

export interface Difference {
  label: string;
  before: string;
  now: string;
  /** What this form would write there; null when it leaves the field alone. */
  mine: string | null;
}

/** What somebody else has changed since `loaded`, beside what this form wants. */
export function differences(loaded: CameraSettings, theirs: CameraSettings, edit: CameraEdit): Difference[] {
  const words = (value: string | number | boolean | null | undefined) => (value === true ? m.form.values.yes : value === false ? m.form.values.no : value === null || value === undefined || value === "" ? m.form.values.empty : String(value));
  const list: Difference[] = [];
  for (const name of [...texts, "enabled", "record"] as const) {
    if (name === "password") {
      if (loaded.hasPassword !== theirs.hasPassword) {
        const mine = edit.password === undefined ? null : edit.password === null ? m.form.values.empty : m.form.values.new;
        list.push({ label: m.form.labels.password, before: loaded.hasPassword ? m.form.values.set : m.form.values.empty, now: theirs.hasPassword ? m.form.values.set : m.form.values.empty, mine });
      }
    } else if (loaded[name] !== theirs[name]) {
      list.push({ label: m.form.labels[name], before: words(loaded[name]), now: words(theirs[name]), mine: name in edit ? words(edit[name]) : null });
    }
  }
  return list;
}
