// Form fields: label, control, hint, and right below what is wrong. What more typing may mend is said once the field was
// left, everything else at once; a field that was not touched is left in peace. A kept password is never known here:
// it may stay, be written anew, or be cleared.

import { capital } from "../format";
import type { Complaint } from "../rules";
import { h, set, show, text } from "./dom";

export interface FieldOptions {
  name: string;
  label: string;
  hint?: string;
  type?: "text" | "password" | "number" | "url";
  placeholder?: string;
  required?: boolean;
  choices?: readonly { value: string; label: string }[];
  wide?: boolean;
}

export class Field {
  readonly name: string;
  readonly element: HTMLDivElement;
  readonly input: HTMLInputElement | HTMLSelectElement;
  /** The kept value is to be forgotten. */
  cleared = false;
  private readonly complaint: HTMLParagraphElement;
  private readonly placeholder: string;
  private readonly clear: HTMLButtonElement | null;
  private kept = false;
  private due = false;
  private typed = false;
  private left = false;

  constructor(options: FieldOptions) {
    this.name = options.name;
    this.placeholder = options.placeholder ?? "";
    const id = `field-${options.name}`;
    this.complaint = h("p", { class: "complaint", id: `${id}-fault`, "aria-live": "polite", hidden: true });
    const shared = { id, name: options.name, required: options.required ?? false, "aria-describedby": `${id}-fault${options.hint === undefined ? "" : ` ${id}-hint`}` };
    this.input =
      options.choices === undefined
        ? h("input", {
            ...shared,
            type: options.type === "number" ? "text" : (options.type ?? "text"),
            inputmode: options.type === "number" ? "numeric" : false,
            placeholder: this.placeholder,
            autocomplete: options.type === "password" ? "new-password" : "off",
            autocapitalize: "none",
            spellcheck: "false",
          })
        : h("select", shared, options.choices.map((one) => h("option", { value: one.value }, one.label)));
    this.input.addEventListener("input", () => {
      this.typed = true;
      this.fault(null);
    });
    this.input.addEventListener("focusout", (event) => {
      // A button that is about to be pressed must not move away under the pointer.
      if (this.typed && !((event as FocusEvent).relatedTarget instanceof HTMLButtonElement)) this.left = true;
    });
    this.clear = options.type === "password" ? h("button", { type: "button", class: "clear", onclick: () => this.toggle(), "aria-pressed": "false", hidden: true }, "Clear") : null;
    this.element = h(
      "div",
      { class: `field${options.wide === true ? " wide" : ""}` },
      h("label", { for: id }, options.label),
      h("div", { class: "control" }, this.input, this.clear),
      options.hint === undefined ? null : h("p", { class: "hint", id: `${id}-hint` }, options.hint),
      this.complaint,
    );
  }

  /** Blanks around it were not meant, but for a password's. */
  get value(): string {
    return this.name === "password" ? this.input.value : this.input.value.trim();
  }

  /** Writes what is saved; the field counts as not touched. `kept`: there is a value that is not told. */
  fill(value: string, kept = false): void {
    this.addUnknown(value);
    this.input.value = value;
    this.kept = kept;
    this.typed = this.left = this.cleared = false;
    this.fault(null);
    if (this.clear !== null) {
      show(this.clear, kept);
      this.showCleared();
    }
  }

  /** The kept value does not fit what else was typed: it has to be entered again. */
  again(due: boolean): void {
    this.due = due;
    this.showCleared();
  }

  /** Shows the value that will be used when this field stays empty. */
  suggest(value: string): void {
    if (!this.kept) set(this.input, "placeholder", value);
  }

  /** Shows what is wrong with this field, or nothing. */
  fault(words: string | null): void {
    text(this.complaint, capital(words ?? ""));
    show(this.complaint, words !== null);
    set(this.input, "aria-invalid", words === null ? null : "true");
  }

  /** Shows what is wrong as far as it is time to say it. A complaint of the server's stays until something is typed. */
  check(complaint: Complaint | null): void {
    if (!this.typed) return;
    const due = complaint !== null && (this.left || !complaint.unfinished);
    if (due) this.fault(complaint.words);
    else if (complaint !== null) this.fault(null);
  }

  /** It counts as touched: the form was sent. */
  touch(): void {
    this.typed = this.left = true;
  }

  /** A row may hold a choice that this page does not know: it must not become another unseen. */
  private addUnknown(value: string): void {
    if (!(this.input instanceof HTMLSelectElement)) return;
    if ([...this.input.options].some((one) => one.value === value)) return;
    this.input.append(h("option", { value }, value === "" ? "–" : value));
  }

  private toggle(): void {
    this.cleared = !this.cleared;
    if (this.cleared) this.input.value = "";
    this.showCleared();
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  private showCleared(): void {
    this.input.disabled = this.cleared;
    set(this.input, "placeholder", this.cleared ? "will be cleared" : this.kept ? (this.due ? "enter it again" : "unchanged") : this.placeholder);
    if (this.clear === null) return;
    text(this.clear, this.cleared ? "Keep" : "Clear");
    set(this.clear, "aria-label", this.cleared ? `Keep the ${this.name}` : `Clear the ${this.name}`);
    set(this.clear, "aria-pressed", this.cleared ? "true" : "false");
  }
}

/** A checkbox that looks like a switch. */
export function toggle(label: string, hint: string): { element: HTMLElement; input: HTMLInputElement } {
  const input = h("input", { type: "checkbox", role: "switch" });
  return { input, element: h("label", { class: "toggle" }, input, h("span", { class: "track", "aria-hidden": "true" }), h("span", {}, label, h("small", {}, hint))) };
}
