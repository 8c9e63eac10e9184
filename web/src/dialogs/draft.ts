// The form of a camera while it is filled in: what its fields hold, which were touched, and what is said of them. What more
// typing may mend is said once the field was left, everything else at once; a field that was not touched is left in peace. What
// the server has said of a field stays until something is typed there. No DOM.

import { signal } from "@preact/signals";
import { changes, initial, moves, texts, used, type FormState, type Text } from "../camera_edit";
import { complaints, type Complaint } from "../rules";
import type { CameraEdit, CameraKind, CameraSettings } from "../types";
import { m } from "../words/language";

interface Touched {
  typed?: boolean;
  left?: boolean;
  /** Words of the server. */
  said?: string | null;
}

interface State {
  form: FormState;
  touched: Partial<Record<Text, Touched>>;
}

export class Draft {
  readonly state;
  private before: string;

  constructor(
    public loaded: CameraSettings | null,
    readonly kinds: readonly CameraKind[],
  ) {
    this.state = signal<State>({ form: this.fresh(), touched: {} });
    this.before = JSON.stringify(this.fresh());
  }

  /** Begins again from what is saved. */
  load(settings: CameraSettings): void {
    this.loaded = settings;
    this.before = JSON.stringify(this.fresh());
    this.state.value = { form: this.fresh(), touched: {} };
  }

  /** Something was typed or chosen that is not saved. */
  unsaved(): boolean {
    return JSON.stringify(this.state.peek().form) !== this.before;
  }

  /** As it would be sent: blanks around a value were not meant, but for a password's. */
  get form(): FormState {
    const { form } = this.state.value;
    return { ...form, texts: Object.fromEntries(texts.map((name) => [name, name === "password" ? form.texts[name] : form.texts[name].trim()])) as Record<Text, string> };
  }

  get template(): string {
    return this.kinds.find((one) => one.kind === this.state.value.form.texts.kind)?.urlTemplate ?? "";
  }

  shown(): Set<Text> {
    return used(this.loaded, this.form, this.template);
  }

  /** Another address than the one that the saved password was entered for. */
  moves(): boolean {
    return moves(this.loaded, this.form, this.template);
  }

  edit(): CameraEdit {
    return changes(this.loaded, this.form, this.template);
  }

  type(name: Text, value: string): void {
    const { form } = this.state.peek();
    this.change({ ...form, texts: { ...form.texts, [name]: value } });
    this.touch(name, { typed: true, said: null });
  }

  change(form: FormState): void {
    this.state.value = { ...this.state.peek(), form };
  }

  clear(cleared: boolean): void {
    const { form } = this.state.peek();
    this.change({ ...form, clearPassword: cleared, texts: cleared ? { ...form.texts, password: "" } : form.texts });
    this.touch("password", { typed: true, said: null });
  }

  touch(name: Text, touched: Touched): void {
    const state = this.state.peek();
    this.state.value = { ...state, touched: { ...state.touched, [name]: { ...state.touched[name], ...touched } } };
  }

  left(name: Text): void {
    if (this.state.peek().touched[name]?.typed === true) this.touch(name, { left: true });
  }

  /** What is said of a field now. */
  fault(name: Text, found: Map<string, Complaint>): string | null {
    const touched = this.state.value.touched[name];
    if (touched === undefined) return null;
    const complaint = found.get(name);
    if (touched.typed === true && complaint !== undefined) return touched.left === true || !complaint.unfinished ? complaint.words : null;
    return touched.said ?? null;
  }

  /** The first field that is wrong, every one of them said; null when none is. `only` leaves out the rest. */
  check(only: (name: string) => boolean = () => true): Text | null {
    const found = [...this.complaints().keys()].filter(only) as Text[];
    for (const name of found) this.touch(name, { typed: true, left: true });
    return found[0] ?? null;
  }

  complaints(): Map<string, Complaint> {
    const { form } = this;
    const shown = this.shown();
    const moved = this.moves() && form.texts.password === "" && !form.clearPassword;
    const keepsPassword = this.loaded?.hasPassword === true && !form.clearPassword;
    const found = complaints({ values: form.texts, byUrl: form.byUrl, template: this.template, keepsPassword, loadedUrl: this.loaded?.url ?? null });
    // What is typed in a field that is not shown is not sent.
    for (const name of found.keys()) if (!shown.has(name as Text)) found.delete(name);
    if (moved && shown.has("password")) {
      found.set("password", { words: m.form.movedPassword, unfinished: true });
    }
    return found;
  }

  private fresh(): FormState {
    const generic = this.kinds.some((one) => one.kind === "generic") ? "generic" : (this.kinds[0]?.kind ?? "");
    return initial(this.loaded, generic);
  }
}
