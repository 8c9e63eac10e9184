// Dialogs on the browser's own <dialog>: focus is trapped and given back by it, Escape closes.

import { h } from "./dom";
import { icon } from "./icons";
import { sentence } from "../api";
import { capital } from "../format";

export interface OpenDialog {
  element: HTMLDialogElement;
  close(): void;
}

/** Opens a modal dialog. `closed` runs once, however it was closed. */
export function openDialog(title: string, body: Node, closed: () => void = () => undefined, kind = ""): OpenDialog {
  const close = () => element.close();
  const heading = h("h2", { id: "dialog-title" }, title);
  const element = h(
    "dialog",
    { class: `dialog ${kind}`, "aria-labelledby": "dialog-title" },
    h("header", {}, heading, h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: close }, icon("close"))),
    body,
  );
  let pressed: EventTarget | null = null;
  element.addEventListener("pointerdown", (event) => (pressed = event.target));
  // A click on the backdrop, begun there: selecting text that ends outside must not close a form.
  element.addEventListener("click", (event) => {
    if (event.target === element && pressed === element) close();
  });
  element.addEventListener("close", () => {
    element.remove();
    closed();
  });
  document.body.append(element);
  element.showModal();
  return { element, close };
}

interface Question {
  title: string;
  words: string;
  action: string;
  /** Shown below the words, scrolling when it is long. */
  more?: Node;
  /** What the action does; its failure is shown in the dialog, which stays open. */
  run: () => Promise<void>;
}

/** Asks before something that cannot be undone. */
export function confirmDialog(question: Question): void {
  const fault = h("p", { class: "form-fault", role: "alert", hidden: true });
  const action = h("button", { type: "submit", class: "danger" }, question.action);
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = h("form", { class: "question" }, h("p", {}, question.words), question.more ?? null, fault, h("div", { class: "actions" }, cancel, action));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    action.disabled = true;
    question
      .run()
      .then(() => dialog.close())
      .catch((error: unknown) => {
        fault.textContent = capital(sentence(error));
        fault.hidden = false;
        action.disabled = false;
      });
  });
  const dialog = openDialog(question.title, form, undefined, "narrow");
  cancel.focus();
}
