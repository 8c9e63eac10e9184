// Form fields: label, control, hint, and the server's complaint right below. In an edit form the page does not know
// the old value of most fields (they may be secret), so a field may be left "unchanged", filled, or cleared.

import { capital } from "../format";
import { h, set, show, text } from "./dom";

export interface FieldOptions {
  name: string;
  label: string;
  hint?: string;
  type?: "text" | "password" | "number" | "url";
  placeholder?: string;
  value?: string;
  required?: boolean;
  /** An edit form that does not know the old value: empty means unchanged, and "Clear" asks for null. */
  unknown?: boolean;
  choices?: readonly { value: string; label: string }[];
  wide?: boolean;
}

export class Field {
  readonly name: string;
  readonly element: HTMLDivElement;
  readonly input: HTMLInputElement | HTMLSelectElement;
  private readonly complaint: HTMLParagraphElement;
  private readonly initial: string;
  private readonly unknown: boolean;
  private readonly placeholder: string;
  private readonly clear: HTMLButtonElement | null = null;
  private cleared = false;

  constructor(options: FieldOptions) {
    this.name = options.name;
    this.initial = options.value ?? "";
    this.unknown = options.unknown ?? false;
    this.placeholder = this.unknown ? "unchanged" : (options.placeholder ?? "");
    const id = `field-${options.name}`;
    this.complaint = h("p", { class: "complaint", id: `${id}-fault`, role: "alert", hidden: true });
    const shared = { id, name: options.name, required: options.required ?? false, "aria-describedby": `${id}-fault${options.hint === undefined ? "" : ` ${id}-hint`}` };
    this.input =
      options.choices === undefined
        ? h("input", {
            ...shared,
            type: options.type === "number" ? "text" : (options.type ?? "text"),
            inputmode: options.type === "number" ? "numeric" : false,
            placeholder: this.placeholder,
            value: this.initial,
            autocomplete: options.type === "password" ? "new-password" : "off",
            autocapitalize: "none",
            spellcheck: "false",
          })
        : h("select", shared, options.choices.map((one) => h("option", { value: one.value, selected: one.value === this.initial }, one.label)));
    this.input.addEventListener("input", () => this.fault(null));
    if (this.unknown && options.choices === undefined) {
      this.clear = h("button", { type: "button", class: "clear", onclick: () => this.toggle(), "aria-pressed": "false" }, "Clear");
    }
    this.element = h(
      "div",
      { class: `field${options.wide === true ? " wide" : ""}` },
      h("label", { for: id }, options.label),
      h("div", { class: "control" }, this.input, this.clear),
      options.hint === undefined ? null : h("p", { class: "hint", id: `${id}-hint` }, options.hint),
      this.complaint,
    );
  }

  get value(): string {
    return this.input.value.trim();
  }

  /** What to send: undefined leaves it, null clears it. */
  get change(): string | null | undefined {
    if (this.cleared) return null;
    const value = this.name === "password" ? this.input.value : this.value;
    if (this.unknown) return value === "" ? undefined : value;
    if (value === this.initial) return undefined;
    return value === "" ? null : value;
  }

  /** Shows the value that will be used when this field stays empty. */
  suggest(value: string): void {
    if (!this.unknown) set(this.input, "placeholder", value);
  }

  /** Shows what is wrong with this field, or nothing. */
  fault(words: string | null): void {
    text(this.complaint, capital(words ?? ""));
    show(this.complaint, words !== null);
    set(this.input, "aria-invalid", words === null ? null : "true");
  }

  private toggle(): void {
    this.cleared = !this.cleared;
    if (this.cleared) this.input.value = "";
    this.input.disabled = this.cleared;
    set(this.input, "placeholder", this.cleared ? "will be cleared" : this.placeholder);
    if (this.clear !== null) {
      text(this.clear, this.cleared ? "Keep" : "Clear");
      set(this.clear, "aria-pressed", this.cleared ? "true" : "false");
    }
  }
}

/** A checkbox that looks like a switch. */
export function toggle(label: string, checked: boolean, hint: string): { element: HTMLElement; input: HTMLInputElement } {
  const input = h("input", { type: "checkbox", role: "switch", checked });
  return { input, element: h("label", { class: "toggle" }, input, h("span", { class: "track", "aria-hidden": "true" }), h("span", {}, label, h("small", {}, hint))) };
}
