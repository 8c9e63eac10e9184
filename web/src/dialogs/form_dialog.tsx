// A dialog with a few fields: what the server refuses is shown beside the field it names.

import type { ComponentChildren, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem, sentence } from "../api";
import { closeDialog, Dialog } from "../components/dialog";
import { FormEnd } from "../components/form_end";
import { toast } from "../components/toast";
import { capital } from "../format";
import { m } from "../words/language";
import { Field, type FieldStyle } from "./field";

export interface FormField extends FieldStyle {
  name: string;
  /** What stands in it at first. */
  value?: string;
}

interface Props {
  title: string;
  action: string;
  fields: readonly FormField[];
  /** Says what is wrong before anything is sent: by field. */
  check?: (values: Record<string, string>) => Record<string, string>;
  /** Does it; the dialog closes afterwards unless it answers with what is shown in its place. */
  run: (values: Record<string, string>) => Promise<VNode | null>;
  /** What is said when it was done. */
  done: string | null;
  children?: ComponentChildren;
}

export function FormDialog({ title, action, fields, check, run, done, children }: Props): VNode {
  const first = () => Object.fromEntries(fields.map((field) => [field.name, field.value ?? ""]));
  const [values, setValues] = useState<Record<string, string>>(first);
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState<VNode | null>(null);
  const focus = (name: string | undefined) => document.getElementById(`field-${name ?? ""}`)?.focus();
  useEffect(() => focus(fields[0]?.name), []);
  const wrong = (): Record<string, string> => {
    const missing = fields.filter((field) => field.required === true && (values[field.name] ?? "").trim() === "");
    return { ...(check?.(values) ?? {}), ...Object.fromEntries(missing.map((field) => [field.name, m.form.needed])) };
  };
  const act = async () => {
    const found = wrong();
    setFaults(found);
    setFault(null);
    const at = fields.find((field) => found[field.name] !== undefined);
    if (at !== undefined) return focus(at.name);
    setBusy(true);
    try {
      const answer = await run(values);
      if (done !== null) toast(done);
      if (answer === null) closeDialog();
      else setShown(answer);
    } catch (error) {
      const name = error instanceof Problem ? error.field : null;
      if (name !== null && fields.some((field) => field.name === name)) {
        setFaults({ [name]: sentence(error) });
        focus(name);
      } else setFault(capital(name === null ? sentence(error) : `${name}: ${sentence(error)}`));
    }
    setBusy(false);
  };
  const unsaved = () => shown === null && fields.some((field) => (values[field.name] ?? "") !== (field.value ?? ""));
  if (shown !== null) {
    return (
      <Dialog title={title} kind="narrow">
        {shown}
      </Dialog>
    );
  }
  return (
    <Dialog title={title} kind="narrow" unsaved={unsaved}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void act();
        }}
      >
        {children}
        {fields.map(({ value: _value, ...look }) => (
          <Field
            key={look.name}
            {...look}
            value={values[look.name] ?? ""}
            hidden={false}
            fault={faults[look.name] ?? null}
            input={(value) => {
              setValues((before) => ({ ...before, [look.name]: value }));
              setFaults(({ [look.name]: _, ...rest }) => rest);
            }}
            left={() => undefined}
          />
        ))}
        <FormEnd fault={fault} busy={busy} action={action} />
      </form>
    </Dialog>
  );
}
