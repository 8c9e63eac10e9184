// The fields of the form of a camera: which are shown, and what they look like.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { holdsLogin, labels, type Text } from "../camera_edit";
import { places, preview } from "../template";
import type { Draft } from "./draft";
import { Field, Toggle, type FieldLook } from "./field";

const transports = [
  { value: "", label: "Default: TCP" },
  { value: "tcp", label: "TCP" },
  { value: "udp", label: "UDP" },
];
const sounds = [
  { value: "", label: "Default: copy, or AAC where needed" },
  { value: "auto", label: "Auto: copy, or AAC where needed" },
  { value: "copy", label: "Copy" },
  { value: "aac", label: "Always AAC" },
  { value: "none", label: "No sound" },
];
const looks: Partial<Record<Text, Partial<FieldLook>>> = {
  name: { hint: "The path it is published under: letters, digits, - _ . and /", placeholder: "site/front-door", required: true, wide: true },
  label: { hint: "Any text to be shown in place of the name. May stay empty.", placeholder: "Front door (south)", wide: true },
  host: { placeholder: "192.168.1.20", required: true },
  port: { type: "number" },
  password: { type: "password" },
  url: { hint: "Takes the place of make and host. User name and password have their own fields.", placeholder: "rtsp://192.168.1.20:554/path", wide: true, required: true },
  transport: { choices: transports },
  audio: { choices: sounds },
};
const sources: Text[] = ["kind", "host", "url", "username", "password", "port", "channel", "substream"];

/** Where a field stays empty, what will be used. */
function placeholder(draft: Draft, name: Text): string {
  if (name === "password" && draft.state.value.form.clearPassword) return "will be cleared";
  if (name === "password" && draft.loaded?.hasPassword === true) return draft.moves() ? "enter it again" : "unchanged";
  const fallback = places(draft.template).find((one) => one.name === name)?.fallback ?? null;
  return fallback ?? looks[name]?.placeholder ?? "";
}

export function CameraFields({ draft }: { draft: Draft }): VNode {
  const { form } = draft.state.value;
  const shown = draft.shown();
  const found = draft.complaints();
  const [more] = useState(() => form.texts.transport !== "" || form.texts.audio !== "");
  const field = (name: Text) => (
    <Field
      key={name}
      name={name}
      label={labels[name]}
      {...looks[name]}
      {...(name === "kind" ? { choices: draft.kinds.map((one) => ({ value: one.kind, label: one.kind })) } : {})}
      placeholder={placeholder(draft, name)}
      value={form.texts[name]}
      hidden={!shown.has(name)}
      disabled={name === "password" && form.clearPassword}
      fault={draft.fault(name, found)}
      input={(value) => draft.type(name, value)}
      left={(event) => {
        // A button that is about to be pressed must not move away under the pointer.
        if (!(event.relatedTarget instanceof HTMLButtonElement)) draft.left(name);
      }}
    >
      {name === "password" && draft.loaded?.hasPassword === true ? <Clear draft={draft} /> : null}
    </Field>
  );
  const loginInUrl = form.byUrl && holdsLogin(form.texts.url.trim());
  return (
    <>
      <div class="grid">
        {field("name")}
        {field("label")}
      </div>
      <fieldset class="choice">
        <legend>Source</legend>
        {[false, true].map((byUrl) => (
          <label key={String(byUrl)}>
            <input type="radio" name="source" value={byUrl ? "url" : "make"} checked={form.byUrl === byUrl} onChange={() => draft.change({ ...draft.state.peek().form, byUrl })} />
            <span>{byUrl ? "Full URL" : "Make and host"}</span>
          </label>
        ))}
      </fieldset>
      <div class="grid">{sources.map(field)}</div>
      <p class="example" hidden={form.byUrl || draft.template === ""}>
        Will call <code>{preview(draft.template, draft.form.texts)}</code>
      </p>
      <p class="warning" role="status" hidden={!loginInUrl}>
        This URL holds a login itself, and that is used. Better take it out and give user name and password in their own fields.
      </p>
      <details open={more}>
        <summary>Transport and sound</summary>
        <div class="grid">
          {field("transport")}
          {field("audio")}
        </div>
      </details>
    </>
  );
}

export function CameraToggles({ draft }: { draft: Draft }): VNode {
  const { form } = draft.state.value;
  const change = (part: { enabled?: boolean; record?: boolean }) => draft.change({ ...draft.state.peek().form, ...part });
  return (
    <div class="toggles">
      <Toggle label="Enabled" hint="Pull this camera in" checked={form.enabled} change={(enabled) => change({ enabled })} />
      <Toggle label="Record" hint="Keep what it shows" checked={form.record} change={(record) => change({ record })} />
    </div>
  );
}

/** A kept password is never known here: it may stay, be written anew, or be cleared. */
function Clear({ draft }: { draft: Draft }): VNode {
  const cleared = draft.state.value.form.clearPassword;
  return (
    <button type="button" class="clear" aria-label={cleared ? "Keep the password" : "Clear the password"} aria-pressed={cleared} onClick={() => draft.clear(!cleared)}>
      {cleared ? "Keep" : "Clear"}
    </button>
  );
}

/** Leads to a field, also where it is folded away. */
export function focusField(name: string): void {
  const input = document.getElementById(`field-${name}`);
  const details = input?.closest("details") ?? null;
  if (details !== null) details.open = true;
  input?.focus();
}
