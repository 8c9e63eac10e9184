// What is shown: the page, the login view in its place, or the login view before it.

import type { VNode } from "preact";
import { Mark } from "../components/icons";
import { later } from "../components/later";
import { entry } from "../login";
import { m } from "../words/language";
import { Shell } from "./shell";

const LoginPage = later(async () => (await import("./login_view")).LoginPage);
const LoginOverlay = later(async () => (await import("./login_view")).LoginOverlay);

export function Frame(): VNode {
  const now = entry.value;
  if (now.state === "asking") {
    return (
      <main class="entering">
        <Mark />
        <p role="status">{m.login.asking}</p>
      </main>
    );
  }
  if (now.state === "out" && !now.used) return <LoginPage out={now} />;
  return (
    <>
      <Shell />
      {now.state === "out" ? <LoginOverlay out={now} /> : null}
    </>
  );
}
