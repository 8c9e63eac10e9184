// The form that adds a camera or changes one: loads what is, tests it, saves what differs. What the server refuses is
// shown beside the field it names.

import { api, noRoute, Problem, sentence } from "../api";
import { changes, sourceKey } from "../camera_edit";
import { fullTitle } from "../camera_words";
import { capital } from "../format";
import type { CameraEdit, CameraKind, CameraSettings, CameraStatus, Probe } from "../types";
import { openDialog } from "../ui/dialog";
import { h, replace, show, text } from "../ui/dom";
import { ProbePanel } from "../ui/probe_panel";
import { toast } from "../ui/toast";
import { CameraFields } from "./camera_fields";
import { conflict } from "./conflict";

/** A camera as it was loaded, with the version that a change of it names. */
interface Loaded {
  settings: CameraSettings;
  tag: string | null;
}

let opening = false;

/** `done` runs when the camera was saved. */
export async function openCameraForm(camera: CameraStatus | null, done: () => void = () => undefined): Promise<void> {
  // A second click while the first one's answers are on their way.
  if (opening) return;
  opening = true;
  try {
    const [kinds, loaded] = await Promise.all([api.cameraKinds(), camera === null ? null : api.cameraSettings(camera.id)]);
    new CameraForm(loaded, kinds.items, done);
  } catch (error) {
    toast(`The form cannot be opened: ${sentence(error)}`, "bad");
  } finally {
    opening = false;
  }
}

class CameraForm {
  private readonly fields: CameraFields;
  private readonly probe: ProbePanel;
  private readonly test: HTMLElement;
  private readonly place = h("div", { class: "conflict-place", hidden: true });
  private readonly fault = h("p", { class: "form-fault", role: "alert", hidden: true });
  private readonly submit: HTMLButtonElement;
  private readonly dialog;
  /** What the last look was at. */
  private looked = "";

  constructor(
    private loaded: Loaded | null,
    kinds: readonly CameraKind[],
    private readonly done: () => void,
  ) {
    const adding = loaded === null;
    this.fields = new CameraFields(kinds);
    this.probe = new ProbePanel("Test this camera", (signal) => this.look(signal), (error) => this.refused(error));
    this.test = h("section", { class: "test-camera", "aria-label": "Test" }, this.probe.button, this.probe.element);
    this.submit = h("button", { type: "submit", class: "primary" }, adding ? "Add camera" : "Save");
    const form = h(
      "form",
      { class: "camera-form", novalidate: true },
      this.fields.elements,
      this.test,
      this.fields.toggles,
      this.place,
      this.fault,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: () => this.dialog.close() }, "Cancel"), this.submit),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.submit.disabled) void this.send();
    });
    for (const event of ["input", "change", "focusout"]) form.addEventListener(event, () => this.changed());
    this.dialog = openDialog(adding ? "Add a camera" : `Edit ${fullTitle(loaded.settings)}`, form, () => this.probe.close());
    this.fields.fill(loaded?.settings ?? null);
    this.fields.focus(adding ? "name" : loaded.settings.url === null ? "host" : "url");
  }

  private edit(): CameraEdit {
    return changes(this.loaded?.settings ?? null, this.fields.state(), this.fields.template());
  }

  private changed(): void {
    this.fields.show();
    this.probe.old(sourceKey(this.edit()) === this.looked ? null : "The form was changed since: test again.");
  }

  private async look(signal: AbortSignal): Promise<Probe | null> {
    // A camera is tested before one finds a name for it.
    if (!this.fields.check((name) => name !== "name" && name !== "label")) return null;
    const edit = this.edit();
    this.looked = sourceKey(edit);
    const { name: _name, label: _label, enabled: _enabled, record: _record, ...source } = edit;
    return api.probe(source, this.loaded?.settings.id ?? null, signal);
  }

  /** What is no finding about the camera: shown beside its field, or the button goes where nobody can look. */
  private refused(error: unknown): boolean {
    if (noRoute(error)) {
      show(this.test, false);
      return true;
    }
    return error instanceof Problem && error.field !== null && this.fields.complain(error.field, error.message);
  }

  private async send(): Promise<void> {
    show(this.fault, false);
    if (!this.fields.check()) return;
    await this.save(this.edit(), this.loaded?.tag ?? null);
  }

  private async save(edit: CameraEdit, tag: string | null): Promise<void> {
    this.submit.disabled = true;
    try {
      if (this.loaded === null) toast(`Added ${fullTitle(await api.addCamera(edit))}`);
      else if (Object.keys(edit).length > 0) toast(`Changed ${fullTitle(await api.editCamera(this.loaded.settings.id, edit, tag))}`);
      this.dialog.close();
      this.done();
    } catch (error) {
      this.submit.disabled = false;
      if (error instanceof Problem && error.status === 412) await this.conflict();
      else this.complain(error);
    }
  }

  /** Somebody else was faster: nothing is saved until a person has chosen. */
  private async conflict(): Promise<void> {
    const { loaded } = this;
    if (loaded === null) return;
    let theirs: Loaded;
    try {
      theirs = await api.cameraSettings(loaded.settings.id);
    } catch (error) {
      this.complain(error);
      return;
    }
    this.submit.disabled = true;
    const close = () => {
      show(this.place, false);
      this.submit.disabled = false;
    };
    const load = () => {
      close();
      this.loaded = theirs;
      this.fields.fill(theirs.settings);
      this.changed();
      this.submit.focus();
    };
    const overwrite = () => {
      // By what is in the form now: one may have typed on.
      if (!this.fields.check()) return;
      const edit = this.edit();
      close();
      void this.save(edit, theirs.tag);
    };
    replace(this.place, conflict({ loaded: loaded.settings, theirs: theirs.settings, edit: this.edit(), load, overwrite }));
    show(this.place, true);
    this.place.querySelector("button")?.focus();
  }

  private complain(error: unknown): void {
    const found = error instanceof Problem ? error : null;
    // Of all that a camera is, only its name can be taken already.
    const name = found?.field ?? (found?.status === 409 ? "name" : null);
    if (name !== null && this.fields.complain(name, sentence(error))) return;
    text(this.fault, capital(name === null ? sentence(error) : `${name}: ${sentence(error)}`));
    show(this.fault, true);
  }
}
