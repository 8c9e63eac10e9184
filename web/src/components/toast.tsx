// Short news of something the user did: shown for a few seconds, announced once.

import { signal } from "@preact/signals";
import type { VNode } from "preact";

interface Toast {
  id: number;
  words: string;
  tone: "good" | "bad";
  action: { label: string; run: () => void } | null;
}

const toasts = signal<readonly Toast[]>([]);
let last = 0;

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** `words` stand there as they are: names begin as they do elsewhere. */
export function toast(words: string, tone: "good" | "bad" = "good", action: Toast["action"] = null): void {
  const id = (last += 1);
  toasts.value = [...toasts.value, { id, words, tone, action }].slice(-3);
  setTimeout(() => drop(id), tone === "bad" ? 9_000 : action === null ? 4_000 : 8_000);
}

export function Toasts(): VNode {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, words, tone, action }) => (
        <div key={id} class={`toast ${tone}`}>
          {words}
          {action === null ? null : (
            <button
              type="button"
              class="small"
              onClick={() => {
                drop(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
