// Who is logged in, and whether the page may ask anything at all. A request that is answered with 401 leads to the login view;
// what was open and typed stays behind it.

import { computed, signal } from "@preact/signals";
import { access, api, Problem } from "./api";
import type { LoginSession, UserRole } from "./types";

/** Whether somebody may use the page: not known yet, yes, or not without a login. */
export type Entry =
  | { state: "asking" }
  | { state: "in" }
  | {
      state: "out";
      /** Somebody was using the page, which is still there behind the login view. */
      used: boolean;
      /** Who that was; null when nobody had logged in. */
      user: string | null;
    };

export const entry = signal<Entry>({ state: "asking" });

/** Who uses the page; null until it is known, and where the server tells nothing of it. */
export const session = signal<LoginSession | null>(null);

/** What may be done; where no login is asked for, everything. */
export const role = computed<UserRole>(() => session.value?.role ?? "operator");

/** Cameras, users and tokens may be changed. */
export const mayChange = computed(() => role.value === "operator");

function enter(found: LoginSession | null): void {
  const before = session.peek();
  // What another user had open is nothing for this one.
  if (entry.peek().state === "out" && before !== null && found !== null && before.user !== found.user && before.user !== null) {
    location.reload();
    return;
  }
  session.value = found;
  access.closed = false;
  entry.value = { state: "in" };
}

function leave(): void {
  const { state } = entry.peek();
  if (state === "out") return;
  access.closed = true;
  entry.value = { state: "out", used: state === "in", user: session.peek()?.user ?? null };
}

/** Asks who is logged in. A server that does not tell is asked like one without logins. */
export async function learnSession(): Promise<void> {
  try {
    const found = await api.session();
    if (found.role !== null || !found.loginRequired) enter(found);
    // A token for single streams is no login for a page.
    else leave();
  } catch (error) {
    if (entry.peek().state === "asking") entry.value = { state: "in" };
    else if (error instanceof Problem && error.status === 404) enter(null);
  }
}

/** Logs in. Throws what the server says. */
export async function logIn(name: string, password: string): Promise<void> {
  enter(await api.logIn(name, password));
}

/** Logs out and forgets what was shown. */
export async function logOut(): Promise<void> {
  await api.logOut();
  location.reload();
}

/** Listens to what requests are refused. */
export function followLogin(): void {
  let asking = false;
  access.refused = (status) => {
    if (status === 401) leave();
    // The role may be another one by now.
    else if (!asking && session.peek() !== null) {
      asking = true;
      void learnSession().finally(() => (asking = false));
    }
  };
  const look = () => {
    // Somebody may have logged in in another tab.
    if (document.visibilityState === "visible" && entry.peek().state === "out") void learnSession();
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("focus", look);
}
