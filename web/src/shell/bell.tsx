// The button that lets the browser tell of trouble while the page is not looked at.

import type { VNode } from "preact";
import { canNotify, notifies, startNotifying, stopNotifying } from "../browser/notify";
import { Icon } from "../components/icons";
import { toast } from "../components/toast";
import { m } from "../words/language";

export function Bell(): VNode | null {
  if (!canNotify) return null;
  const on = notifies.value;
  const change = async () => {
    if (on) stopNotifying();
    else if (await startNotifying()) toast(m.shell.notifying);
    else toast(m.shell.notAllowed, "bad");
  };
  return (
    <button type="button" class="icon-button" aria-pressed={on} aria-label={m.shell.notify} title={m.shell.notify} onClick={() => void change()}>
      <Icon name="bell" />
    </button>
  );
}
