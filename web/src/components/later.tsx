// Parts of the page that are fetched when they are needed.

import { signal } from "@preact/signals";
import type { ComponentType, VNode } from "preact";
import { useEffect } from "preact/hooks";
import { allTexts, m } from "../words/language";
import { Empty, Skeleton } from "./empty";

/** A component that is fetched when it is shown for the first time. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const loaded = signal<{ Page: ComponentType<P> } | "failed" | null>(null);
  return function Later(props: P): VNode {
    useEffect(() => {
      if (loaded.peek() !== null && loaded.peek() !== "failed") return;
      // Its styles and its texts with it.
      Promise.all([load(), import("../styles/pages"), allTexts()]).then(
        ([Page]) => (loaded.value = { Page }),
        () => (loaded.value = "failed"),
      );
    }, []);
    if (loaded.value === "failed") {
      return (
        <div class="panel">
          <Empty title={m.shell.notLoaded}>
            <p>{m.shell.notLoadedWords}</p>
            <button type="button" onClick={() => location.reload()}>
              {m.shell.reload}
            </button>
          </Empty>
        </div>
      );
    }
    if (loaded.value === null) {
      return (
        <div class="empty">
          <Skeleton label={m.shell.loading} />
        </div>
      );
    }
    const { Page } = loaded.value;
    return <Page {...props} />;
  };
}
