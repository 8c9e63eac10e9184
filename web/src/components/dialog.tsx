// Dialogs on the browser's own <dialog>: focus is trapped and given back by it, Escape closes. One at a time; it closes when
// the page is left.

import { signal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { sentence } from "../api";
import { capital } from "../format";
import { m } from "../words/language";
import { Icon } from "./icons";
import { Waiting } from "./button";

/** What is open. */
const open = signal<{ id: number; content: VNode } | null>(null);
let last = 0;

export function openDialog(content: VNode): void {
  open.value = { id: (last += 1), content };
}

export function closeDialog(): void {
  open.value = null;
}

/** The place of dialogs in the page. */
export function Dialogs(): VNode | null {
  const shown = open.value;
  return shown === null ? null : <div key={shown.id}>{shown.content}</div>;
}

interface Props {
  title: string;
  kind?: string;
  /** What was typed would be lost: closing by Escape or a click outside asks first. */
  unsaved?: () => boolean;
  children: ComponentChildren;
}

export function Dialog({ title, kind = "", unsaved = () => false, children }: Props): VNode {
  const element = useRef<HTMLDialogElement>(null);
  const pressed = useRef<EventTarget | null>(null);
  const [asking, ask] = useState(false);
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    if (dialog !== null && !dialog.open) dialog.showModal();
    dialog?.querySelector<HTMLElement>("[data-focus]")?.focus();
    return () => {
      if (dialog?.open === true) dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const leave = () => {
    if (unsaved()) ask(true);
    else closeDialog();
  };
  return (
    <dialog
      ref={element}
      class={`dialog ${kind}`}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        // Escape in a field of a file chooser bubbles; only the dialog's own counts.
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        if (asking) ask(false);
        else leave();
      }}
      onClose={closeDialog}
      onPointerDown={(event) => (pressed.current = event.target)}
      // A click on the backdrop, begun there: selecting text that ends outside must not close a form.
      onClick={(event) => {
        if (event.target === element.current && pressed.current === element.current) leave();
      }}
    >
      <header>
        <h2 id="dialog-title">{title}</h2>
        <button type="button" class="icon-button" aria-label={m.shell.close} onClick={leave}>
          <Icon name="close" />
        </button>
      </header>
      {asking ? <Discard keep={() => ask(false)} /> : null}
      {children}
    </dialog>
  );
}

/** The question whether what was typed is to be lost. */
function Discard({ keep }: { keep: () => void }): VNode {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div class="discard" role="alertdialog" aria-label={m.shell.discard}>
      <p>{m.shell.discard}</p>
      <div class="buttons">
        <button type="button" class="small" ref={button} onClick={keep}>
          {m.shell.goOn}
        </button>
        <button type="button" class="small danger" onClick={closeDialog}>
          {m.shell.discardIt}
        </button>
      </div>
    </div>
  );
}

export interface Question {
  title: string;
  words: string;
  action: string;
  /** Shown below the words, scrolling when it is long. */
  more?: ComponentChildren;
  /** What the action does; its failure is shown in the dialog, which stays open. */
  run: () => Promise<void>;
}

/** Asks before something that cannot be undone. */
export function confirmDialog(question: Question): void {
  openDialog(<Confirm {...question} />);
}

function Confirm({ title, words, action, more, run }: Question): VNode {
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await run();
      closeDialog();
    } catch (error) {
      setFault(capital(sentence(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} kind="narrow">
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          void act();
        }}
      >
        <p>{words}</p>
        {more}
        {fault === null ? null : (
          <p class="form-fault" role="alert">
            {fault}
          </p>
        )}
        <div class="actions">
          <button type="button" data-focus onClick={closeDialog}>
            {m.shell.cancel}
          </button>
          <button type="submit" class="danger" disabled={busy}>
            <Waiting busy={busy} />
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
