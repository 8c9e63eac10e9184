// The fields of the form of a camera: which are shown, what they hold, and what is wrong with them while one types.

import { holdsLogin, initial, labels, moves, texts, used, type FormState, type Text } from "../camera_edit";
import { complaints, type Complaint } from "../rules";
import { places, preview } from "../template";
import type { CameraKind, CameraSettings } from "../types";
import { h, replace, show, text } from "../ui/dom";
import { Field, toggle, type FieldOptions } from "../ui/field";

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

export class CameraFields {
  readonly elements: HTMLElement[];
  /** A moving part of its own: other settings that few need. */
  readonly details: HTMLDetailsElement;
  readonly toggles: HTMLElement;
  private readonly fields: Record<Text, Field>;
  private readonly enabled = toggle("Enabled", "Pull this camera in");
  private readonly record = toggle("Record", "Keep what it shows");
  private readonly example = h("p", { class: "example" });
  private readonly warning = h("p", { class: "warning", role: "status", hidden: true });
  private readonly choice: HTMLInputElement[];
  private loaded: CameraSettings | null = null;

  constructor(private readonly kinds: readonly CameraKind[]) {
    this.fields = this.make();
    const element = (name: Text) => this.fields[name].element;
    this.choice = (["make", "url"] as const).map((value) => h("input", { type: "radio", name: "source", value }));
    const source = h(
      "fieldset",
      { class: "choice" },
      h("legend", {}, "Source"),
      this.choice.map((input) => h("label", {}, input, h("span", {}, input.value === "url" ? "Full URL" : "Make and host"))),
    );
    const sources: Text[] = ["kind", "host", "url", "username", "password", "port", "channel", "substream"];
    this.details = h("details", {}, h("summary", {}, "Transport and sound"), h("div", { class: "grid" }, element("transport"), element("audio")));
    this.toggles = h("div", { class: "toggles" }, this.enabled.element, this.record.element);
    this.elements = [h("div", { class: "grid" }, element("name"), element("label")), source, h("div", { class: "grid" }, sources.map(element)), this.example, this.warning, this.details];
  }

  /** Shows a camera as it is saved, or an empty form. */
  fill(settings: CameraSettings | null): void {
    this.loaded = settings;
    const generic = this.kinds.some((one) => one.kind === "generic") ? "generic" : (this.kinds[0]?.kind ?? "");
    const form = initial(settings, generic);
    for (const name of texts) this.fields[name].fill(form.texts[name], name === "password" && settings?.hasPassword === true);
    for (const input of this.choice) input.checked = (input.value === "url") === form.byUrl;
    this.enabled.input.checked = form.enabled;
    this.record.input.checked = form.record;
    this.details.open = form.texts.transport !== "" || form.texts.audio !== "";
    this.show();
  }

  state(): FormState {
    return {
      texts: Object.fromEntries(texts.map((name) => [name, this.fields[name].value])) as Record<Text, string>,
      byUrl: this.choice.some((input) => input.value === "url" && input.checked),
      clearPassword: this.fields.password.cleared,
      enabled: this.enabled.input.checked,
      record: this.record.input.checked,
    };
  }

  template(): string {
    return this.kinds.find((one) => one.kind === this.fields.kind.value)?.urlTemplate ?? "";
  }

  /** Something was typed or chosen, or a field was left. */
  show(): void {
    const form = this.state();
    const shown = used(this.loaded, form, this.template());
    for (const name of texts) show(this.fields[name].element, shown.has(name));
    for (const place of places(this.template())) if (place.fallback !== null && place.name in this.fields) this.fields[place.name as Text].suggest(place.fallback);
    show(this.example, !form.byUrl && this.template() !== "");
    replace(this.example, "Will call ", h("code", {}, preview(this.template(), form.texts)));
    show(this.warning, form.byUrl && holdsLogin(form.texts.url));
    text(this.warning, "This URL holds a login itself, and that is used. Better take it out and give user name and password in their own fields.");
    this.fields.password.again(moves(this.loaded, form, this.template()));
    const found = this.complaints();
    for (const name of texts) this.fields[name].check(found.get(name) ?? null);
  }

  /** Says everything that is wrong; `only` leaves out the rest. False when something is. */
  check(only: (name: string) => boolean = () => true): boolean {
    const found = [...this.complaints()].filter(([name]) => only(name));
    for (const [name, complaint] of found) {
      this.fields[name as Text].touch();
      this.fields[name as Text].fault(complaint.words);
    }
    const first = found[0]?.[0];
    if (first !== undefined) this.focus(first);
    return found.length === 0;
  }

  /** Shows what the server says of a field; false when no such field is in sight. */
  complain(name: string, words: string): boolean {
    const field = name in this.fields ? this.fields[name as Text] : undefined;
    if (field === undefined || field.element.hidden) return false;
    field.fault(words);
    this.focus(name);
    return true;
  }

  focus(name: string): void {
    const field = this.fields[name as Text];
    const details = field.element.closest("details");
    if (details !== null) details.open = true;
    field.input.focus();
  }

  private complaints(): Map<string, Complaint> {
    const form = this.state();
    const shown = used(this.loaded, form, this.template());
    const moved = moves(this.loaded, form, this.template()) && form.texts.password === "" && !form.clearPassword;
    const keepsPassword = this.loaded?.hasPassword === true && !form.clearPassword;
    const found = complaints({ values: form.texts, byUrl: form.byUrl, template: this.template(), keepsPassword, loadedUrl: this.loaded?.url ?? null });
    // What is typed in a field that is not shown is not sent.
    for (const name of found.keys()) if (!shown.has(name as Text)) found.delete(name);
    if (moved && shown.has("password")) {
      found.set("password", { words: "The saved password was entered for another address. Enter it again, or clear it.", unfinished: true });
    }
    return found;
  }

  private make(): Record<Text, Field> {
    const kinds = this.kinds.map((one) => ({ value: one.kind, label: one.kind }));
    const more: Partial<Record<Text, Partial<FieldOptions>>> = {
      name: { hint: "The path it is published under: letters, digits, - _ . and /", placeholder: "site/front-door", required: true, wide: true },
      label: { hint: "Any text to be shown in place of the name. May stay empty.", placeholder: "Front door (south)", wide: true },
      kind: { choices: kinds },
      host: { placeholder: "192.168.1.20", required: true },
      port: { type: "number" },
      password: { type: "password" },
      url: { hint: "Takes the place of make and host. User name and password have their own fields.", placeholder: "rtsp://192.168.1.20:554/path", wide: true, required: true },
      transport: { choices: transports },
      audio: { choices: sounds },
    };
    return Object.fromEntries(texts.map((name) => [name, new Field({ name, label: labels[name], ...more[name] })])) as Record<Text, Field>;
  }
}
