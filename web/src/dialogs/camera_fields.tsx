// The fields of the form of a camera: which are shown, and what they look like.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { holdsLogin, type Text } from "../camera_edit";
import { places, preview } from "../template";
import { m } from "../words/language";
import type { Draft } from "./draft";
import { Field, Toggle, type FieldStyle } from "./field";

/** What can be chosen, in the order of its words. */
const choicesOf = (words: Readonly<Record<string, string>>) => Object.entries(words).map(([value, label]) => ({ value, label }));

function lookOf(name: Text): Partial<FieldStyle> {
  const { hints, examples, transports, sounds } = m.form;
  const looks: Partial<Record<Text, Partial<FieldStyle>>> = {
    name: { hint: hints.name, placeholder: examples.name, required: true, wide: true },
    label: { hint: hints.label, placeholder: examples.label, wide: true },
    host: { placeholder: "192.168.1.20", required: true },
    port: { type: "number" },
    password: { type: "password" },
    url: { hint: hints.url, placeholder: "rtsp://192.168.1.20:554/path", wide: true, required: true },
    transport: { choices: choicesOf(transports) },
    audio: { choices: choicesOf(sounds) },
  };
  return looks[name] ?? {};
}

const sources: Text[] = ["kind", "host", "url", "username", "password", "port", "channel", "substream"];

/** Where a field stays empty, what will be used. */
function placeholder(draft: Draft, name: Text): string {
  if (name === "password" && draft.state.value.form.clearPassword) return m.form.willBeCleared;
  if (name === "password" && draft.loaded?.hasPassword === true) return draft.moves() ? m.form.enterAgain : m.form.unchanged;
  const fallback = places(draft.template).find((one) => one.name === name)?.fallback ?? null;
  return fallback ?? lookOf(name).placeholder ?? "";
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
      label={m.form.labels[name]}
      {...lookOf(name)}
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
        <legend>{m.form.source}</legend>
        {[false, true].map((byUrl) => (
          <label key={String(byUrl)}>
            <input type="radio" name="source" value={byUrl ? "url" : "make"} checked={form.byUrl === byUrl} onChange={() => draft.change({ ...draft.state.peek().form, byUrl })} />
            <span>{byUrl ? m.form.byUrl : m.form.byMake}</span>
          </label>
        ))}
      </fieldset>
      <div class="grid">{sources.map(field)}</div>
      <p class="example" hidden={form.byUrl || draft.template === ""}>
        {m.form.willCall} <code>{preview(draft.template, draft.form.texts)}</code>
      </p>
      <p class="warning" role="status" hidden={!loginInUrl}>
        {m.form.loginInUrl}
      </p>
      <details open={more}>
        <summary>{m.form.more}</summary>
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
      <Toggle label={m.form.labels.enabled} hint={m.form.hints.enabled} checked={form.enabled} change={(enabled) => change({ enabled })} />
      <Toggle label={m.form.labels.record} hint={m.form.hints.record} checked={form.record} change={(record) => change({ record })} />
    </div>
  );
}

/** A kept password is never known here: it may stay, be written anew, or be cleared. */
function Clear({ draft }: { draft: Draft }): VNode {
  const cleared = draft.state.value.form.clearPassword;
  return (
    <button type="button" class="clear" aria-label={cleared ? m.form.keepPassword : m.form.clearPassword} aria-pressed={cleared} onClick={() => draft.clear(!cleared)}>
      {cleared ? m.form.keep : m.form.clear}
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
