// Parts of the page that are fetched when they are needed.

import { signal } from "@preact/signals";
import type { ComponentType, VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Empty, Skeleton } from "./empty";

/** A component that is fetched when it is shown for the first time. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const loaded = signal<{ Page: ComponentType<P> } | "failed" | null>(null);
  return function Later(props: P): VNode {
    useEffect(() => {
      if (loaded.peek() !== null && loaded.peek() !== "failed") return;
      load().then(
        (Page) => (loaded.value = { Page }),
        () => (loaded.value = "failed"),
      );
    }, []);
    if (loaded.value === "failed") {
      return (
        <div class="panel">
          <Empty title="This could not be loaded">
            <p>Does Streamwarden answer? If it was updated, reload the page.</p>
            <button type="button" onClick={() => location.reload()}>
              Reload
            </button>
          </Empty>
        </div>
      );
    }
    if (loaded.value === null) {
      return (
        <div class="empty">
          <Skeleton label="Loading" />
        </div>
      );
    }
    const { Page } = loaded.value;
    return <Page {...props} />;
  };
}
