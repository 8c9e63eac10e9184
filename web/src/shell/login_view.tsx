// The login view: alone before anything was shown; before the page, which stays as it was, when a session has ended.

import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api";
import { Waiting } from "../components/button";
import { Mark } from "../components/icons";
import { ThemeButton } from "../components/theme";
import { logIn, type Entry } from "../login";
import { m } from "../words/language";
import { ADD_USER, reasonWords, refusalWords } from "../words/login";

type Out = Extract<Entry, { state: "out" }>;

/** In the place of the whole page. */
export function LoginPage({ out }: { out: Out }): VNode {
  return (
    <main class="login">
      <LoginCard out={out} />
    </main>
  );
}

/** Before the page. Only a login leads back to it. */
export function LoginOverlay({ out }: { out: Out }): VNode {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="login"
      aria-labelledby="login-title"
      onCancel={(event) => event.preventDefault()}
      // A browser may close it all the same, at the second Escape.
      onClose={() => element.current?.isConnected === true && element.current.showModal()}
    >
      <LoginCard out={out} />
    </dialog>
  );
}

/** Seconds from now until this moment, counted down; null when there is none. */
function useSecondsUntil(until: number | null): number | null {
  const left = () => (until === null ? null : Math.max(0, Math.ceil((until - Date.now()) / 1_000)));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    if (until === null) return;
    const timer = setInterval(() => setSeconds(left()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return seconds;
}

function LoginCard({ out }: { out: Out }): VNode {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<{ error: unknown; until: number | null } | null>(null);
  const [name, setName] = useState(out.user ?? "");
  const [password, setPassword] = useState("");
  const card = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  // The dialog around it is open by then.
  useEffect(() => {
    const timer = setTimeout(() => card.current?.querySelector<HTMLElement>("[data-focus]")?.focus());
    return () => clearTimeout(timer);
  }, []);
  const wait = useSecondsUntil(fault?.until ?? null);
  const waits = wait !== null && wait > 0;
  const act = async () => {
    setBusy(true);
    setFault(null);
    try {
      await logIn(name.trim(), password);
    } catch (error) {
      const seconds = error instanceof Problem && error.status === 429 ? (error.retryAfter ?? 6) : null;
      setFault({ error, until: seconds === null ? null : Date.now() + seconds * 1_000 });
      if (error instanceof Problem && error.status === 401) setPassword("");
      field.current?.focus();
    }
    setBusy(false);
  };
  return (
    <div class="login-card" ref={card}>
      <div class="login-head">
        <p class="brand">
          <Mark />
          <span>streamwarden</span>
        </p>
        <ThemeButton />
      </div>
      <h1 id="login-title">{out.used ? m.login.again : m.login.title}</h1>
      <p class="lead">{reasonWords(out)}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && !waits) void act();
        }}
      >
        <div class="field">
          <label for="login-name">{m.login.name}</label>
          <input id="login-name" name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required maxLength={64} value={name} data-focus={out.user === null ? "" : undefined} onInput={(event) => setName(event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="login-password">{m.login.password}</label>
          <input id="login-password" name="password" type="password" autocomplete="current-password" required maxLength={1024} ref={field} value={password} data-focus={out.user === null ? undefined : ""} aria-describedby="login-fault" onInput={(event) => setPassword(event.currentTarget.value)} />
        </div>
        <p class="form-fault" id="login-fault" role="alert" hidden={fault === null}>
          {fault === null ? "" : refusalWords(fault.error, wait)}
        </p>
        <button type="submit" class="primary" disabled={busy || waits}>
          <Waiting busy={busy} />
          {m.login.action}
        </button>
      </form>
      <p class="login-help">
        {m.login.help} <code>{ADD_USER}</code>
      </p>
    </div>
  );
}
