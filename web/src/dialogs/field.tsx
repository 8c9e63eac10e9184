// Form fields: label, control, hint, and right below what is wrong.

import type { ComponentChildren, VNode } from "preact";
import { capital } from "../format";

export interface FieldStyle {
  label: string;
  hint?: string;
  type?: "text" | "password" | "number" | "datetime-local";
  /** What a password manager puts in. */
  autocomplete?: string;
  placeholder?: string;
  required?: boolean;
  choices?: readonly { value: string; label: string }[];
  wide?: boolean;
}

interface Props extends FieldStyle {
  name: string;
  value: string;
  hidden: boolean;
  disabled?: boolean;
  fault: string | null;
  input: (value: string) => void;
  /** It was left. */
  left: (event: FocusEvent) => void;
  /** Beside the control. */
  children?: ComponentChildren;
}

export function Field(props: Props): VNode {
  const { name, label, hint, wide, hidden, fault, children } = props;
  const id = `field-${name}`;
  return (
    <div class={`field${wide === true ? " wide" : ""}`} hidden={hidden}>
      <label for={id}>{label}</label>
      <div class="control">
        <Control {...props} />
        {children}
      </div>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <p class="complaint" id={`${id}-fault`} aria-live="polite" hidden={fault === null}>
        {capital(fault ?? "")}
      </p>
    </div>
  );
}

function Control({ name, value, hint, type = "text", autocomplete, placeholder, required, choices, disabled, fault, input, left }: Props): VNode {
  const id = `field-${name}`;
  const shared = {
    id,
    name,
    required: required ?? false,
    disabled: disabled ?? false,
    value,
    "aria-describedby": `${id}-fault${hint === undefined ? "" : ` ${id}-hint`}`,
    "aria-invalid": fault === null ? undefined : ("true" as const),
    onInput: (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) => input(event.currentTarget.value),
    onFocusOut: left,
  };
  if (choices !== undefined) {
    // A row may hold a choice that this page does not know: it must not become another unseen.
    const all = choices.some((one) => one.value === value) ? choices : [...choices, { value, label: value === "" ? "–" : value }];
    return (
      <select {...shared}>
        {all.map((one) => (
          <option key={one.value} value={one.value}>
            {one.label}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      {...shared}
      {...(type === "password" || type === "datetime-local" ? { type } : { type: "text" as const, inputMode: type === "number" ? ("numeric" as const) : undefined })}
      placeholder={placeholder}
      autocomplete={autocomplete ?? (type === "password" ? "new-password" : "off")}
      autocapitalize="none"
      spellcheck={false}
    />
  );
}

/** A checkbox that looks like a switch. */
export function Toggle({ label, hint, checked, change }: { label: string; hint: string; checked: boolean; change: (checked: boolean) => void }): VNode {
  return (
    <label class="toggle">
      <input type="checkbox" role="switch" checked={checked} onChange={(event) => change(event.currentTarget.checked)} />
      <span class="track" aria-hidden="true" />
      <span>
        {label}
        <small>{hint}</small>
      </span>
    </label>
  );
}
