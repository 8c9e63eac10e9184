// The field that filters a table: `/` leads to it, Escape empties it.

import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons";

/** Somebody types, or a dialog is open: keys belong to it. */
export function isTyping(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof HTMLElement && event.target.closest("input, select, textarea, dialog") !== null);
}

export function Search({ label, value, change }: { label: string; value: string; change: (value: string) => void }): VNode {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key !== "/" || isTyping(event)) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);
  return (
    <label class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        placeholder={label}
        aria-label={label}
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") change("");
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}
