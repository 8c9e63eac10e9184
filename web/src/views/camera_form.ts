// The form that adds a camera or changes one. What the server refuses is shown beside the field it names.

import { api, Problem, sentence } from "../api";
import { capital } from "../format";
import { preview, places } from "../template";
import type { CameraEdit, CameraKind, CameraStatus } from "../types";
import { openDialog } from "../ui/dialog";
import { h, replace, show, text } from "../ui/dom";
import { Field, toggle } from "../ui/field";
import { toast } from "../ui/toast";

const sourceFields = ["kind", "host", "username", "password", "port", "channel", "substream", "url"];

/** Where the video comes from: as before, by make and host, or by a full address. */
type Source = "keep" | "make" | "url";

const transports = [
  { value: "tcp", label: "TCP (default)" },
  { value: "udp", label: "UDP" },
];
const sounds = [
  { value: "auto", label: "Auto: copy, or AAC where needed" },
  { value: "copy", label: "Copy" },
  { value: "aac", label: "Always AAC" },
  { value: "none", label: "No sound" },
];
const unchanged = { value: "", label: "unchanged" };

/** `done` runs when the camera was saved. */
export async function openCameraForm(camera: CameraStatus | null, done: () => void = () => undefined): Promise<void> {
  let kinds: CameraKind[] = [];
  try {
    kinds = (await api.cameraKinds()).items;
  } catch (error) {
    toast(`The kinds of cameras cannot be read: ${sentence(error)}`, "bad");
    return;
  }
  new CameraForm(camera, kinds, done);
}

class CameraForm {
  private source: Source;
  private readonly fields: Record<string, Field>;
  private readonly enabled;
  private readonly record;
  private readonly example = h("p", { class: "example" });
  private readonly fault = h("p", { class: "form-fault", role: "alert", hidden: true });
  private readonly submit: HTMLButtonElement;
  private readonly dialog;

  constructor(
    private readonly camera: CameraStatus | null,
    private readonly kinds: readonly CameraKind[],
    private readonly done: () => void,
  ) {
    const adding = camera === null;
    this.source = adding ? "make" : "keep";
    this.fields = this.makeFields();
    this.enabled = toggle("Enabled", camera?.enabled ?? true, "Pull this camera in");
    this.record = toggle("Record", camera?.record ?? true, "Keep what it shows");
    this.submit = h("button", { type: "submit", class: "primary" }, adding ? "Add camera" : "Save");
    const field = (name: string) => this.fields[name]?.element ?? null;
    const form = h(
      "form",
      { class: "camera-form", novalidate: true },
      h("div", { class: "grid" }, field("name")),
      this.sourceChoice(adding),
      h("div", { class: "grid" }, sourceFields.map(field)),
      this.example,
      h("details", {}, h("summary", {}, "Transport and sound"), h("div", { class: "grid" }, field("transport"), field("audio"))),
      h("div", { class: "toggles" }, this.enabled.element, this.record.element),
      this.fault,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: () => this.dialog.close() }, "Cancel"), this.submit),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    form.addEventListener("input", () => this.show());
    this.dialog = openDialog(adding ? "Add a camera" : `Edit ${camera.name}`, form);
    this.show();
    this.fields[adding ? "name" : "password"]?.input.focus();
  }

  private makeFields(): Record<string, Field> {
    const { camera } = this;
    const unknown = camera !== null;
    const kinds = this.kinds.map((one) => ({ value: one.kind, label: one.kind }));
    const kind = camera?.kind ?? (kinds.some((one) => one.value === "generic") ? "generic" : (kinds[0]?.value ?? ""));
    const choice = (list: { value: string; label: string }[]) => (unknown ? [unchanged, ...list] : list);
    const list = [
      new Field({ name: "name", label: "Name", hint: "The path it is published under: letters, digits, - _ . and /", value: camera?.name ?? "", placeholder: "site/front-door", required: true, wide: true }),
      new Field({ name: "kind", label: "Make", value: kind, choices: kinds }),
      new Field({ name: "host", label: "Host", value: camera?.host ?? "", placeholder: "192.168.1.20" }),
      new Field({ name: "port", label: "Port", type: "number", unknown }),
      new Field({ name: "username", label: "User name", unknown }),
      new Field({ name: "password", label: "Password", type: "password", unknown }),
      new Field({ name: "channel", label: "Channel", unknown }),
      new Field({ name: "substream", label: "Sub stream", unknown }),
      new Field({ name: "url", label: "URL", hint: "Takes the place of make and host. A password in it is never shown again.", placeholder: "rtsp://user:password@host:554/path", wide: true, required: true }),
      new Field({ name: "transport", label: "Transport", value: unknown ? "" : "tcp", choices: choice(transports), unknown }),
      new Field({ name: "audio", label: "Sound", value: unknown ? "" : "auto", choices: choice(sounds), unknown }),
    ];
    return Object.fromEntries(list.map((one) => [one.name, one]));
  }

  private sourceChoice(adding: boolean): HTMLElement {
    const choices: { value: Source; label: string }[] = [
      ...(adding ? [] : [{ value: "keep" as const, label: "Keep its source" }]),
      { value: "make", label: "Make and host" },
      { value: "url", label: "Full URL" },
    ];
    return h(
      "fieldset",
      { class: "choice" },
      h("legend", {}, "Source"),
      choices.map((one) => {
        const input = h("input", { type: "radio", name: "source", value: one.value, checked: one.value === this.source });
        input.addEventListener("change", () => {
          this.source = one.value;
          this.show();
        });
        return h("label", {}, input, h("span", {}, one.label));
      }),
    );
  }

  private template(): string {
    return this.kinds.find((one) => one.kind === this.fields["kind"]?.value)?.urlTemplate ?? "";
  }

  /** Names of the fields that the chosen source uses. */
  private used(): Set<string> {
    if (this.source === "url") return new Set(["url"]);
    if (this.source === "keep") return new Set(["username", "password"]);
    return new Set(["kind", "host", ...places(this.template()).map((one) => one.name)]);
  }

  private show(): void {
    const used = this.used();
    for (const name of sourceFields) {
      const field = this.fields[name];
      if (field !== undefined) show(field.element, used.has(name));
    }
    for (const place of places(this.template())) if (place.fallback !== null) this.fields[place.name]?.suggest(place.fallback);
    const values = Object.fromEntries(Object.values(this.fields).map((field) => [field.name, field.value]));
    // Of an existing camera the page does not know enough to tell its address.
    show(this.example, this.source === "make" && this.camera === null);
    replace(this.example, "Will call ", h("code", {}, preview(this.template(), values)));
  }

  private edit(): CameraEdit {
    const used = this.used();
    const edit: Record<string, unknown> = {};
    for (const field of Object.values(this.fields)) {
      const always = ["name", "transport", "audio"].includes(field.name);
      if (!always && !used.has(field.name)) continue;
      const change = this.camera === null && field.value !== "" ? (field.change ?? field.value) : field.change;
      if (change === undefined) continue;
      edit[field.name] = field.name === "port" && change !== null && /^\d+$/.test(change) ? Number(change) : change;
    }
    if (this.source === "make" && this.camera !== null) edit["url"] = null;
    const { enabled, record } = this;
    if (this.camera?.enabled !== enabled.input.checked) edit["enabled"] = enabled.input.checked;
    if (this.camera?.record !== record.input.checked) edit["record"] = record.input.checked;
    return edit;
  }

  /** What can be said without the server. */
  private complaint(): { field: string; words: string } | null {
    const port = this.fields["port"]?.value ?? "";
    if ((this.fields["name"]?.value ?? "") === "") return { field: "name", words: "A camera needs a name." };
    if (this.source === "make" && (this.fields["host"]?.value ?? "") === "") return { field: "host", words: "Where is it? Give a host name or an address." };
    if (this.source === "url" && (this.fields["url"]?.value ?? "") === "") return { field: "url", words: "Give the whole address, beginning with rtsp:// or another protocol." };
    if (this.source === "make" && port !== "" && !/^\d+$/.test(port)) return { field: "port", words: "A port is a number from 1 to 65535." };
    return null;
  }

  private async send(): Promise<void> {
    for (const field of Object.values(this.fields)) field.fault(null);
    show(this.fault, false);
    const complaint = this.complaint();
    if (complaint !== null) {
      this.complain(complaint.field, complaint.words);
      return;
    }
    this.submit.disabled = true;
    try {
      const edit = this.edit();
      if (this.camera === null) {
        const added = await api.addCamera(edit);
        toast(`${added.name} was added`);
      } else if (Object.keys(edit).length > 0) {
        await api.editCamera(this.camera.id, edit);
        toast(`${this.camera.name} was changed`);
      }
      this.dialog.close();
      this.done();
    } catch (error) {
      const found = error instanceof Problem ? error : null;
      // Of all that a camera is, only its name can be taken already.
      this.complain(found?.field ?? (found?.status === 409 ? "name" : null), sentence(error));
    } finally {
      this.submit.disabled = false;
    }
  }

  private complain(name: string | null, words: string): void {
    const field = name === null ? undefined : this.fields[name];
    if (field === undefined || field.element.hidden) {
      text(this.fault, capital(field === undefined || name === null ? words : `${field.name}: ${words}`));
      show(this.fault, true);
      return;
    }
    const details = field.element.closest("details");
    if (details !== null) details.open = true;
    field.fault(words);
    field.input.focus();
  }
}
