// What is said about logging in, and to whom. Pure.

import { Problem, sentence } from "../api";
import { capital, stop } from "../format";
import type { Entry } from "../login";
import { m } from "./language";

/** How an operator adds the first user, on the machine itself. */
export const ADD_USER = "streamwarden user add NAME --role operator";

/** Why the login view is there. */
export function reasonWords(entry: Extract<Entry, { state: "out" }>): string {
  if (!entry.used) return m.login.asked;
  return entry.user === null ? m.login.askedNow : m.login.ended(entry.user);
}

/** Why nobody was let in. `wait`: seconds until the next attempt is taken; null when there is nothing to wait for. */
export function refusalWords(error: unknown, wait: number | null): string {
  if (error instanceof Problem && error.status === 429) return wait === null || wait <= 0 ? m.login.tooManyNow : m.login.tooMany(wait);
  if (error instanceof Problem && error.status === 401) return m.login.wrong;
  return stop(capital(sentence(error)));
}

/** Why a viewer sees no buttons. */
export function viewOnlyWords(user: string | null): string {
  return m.login.viewOnly(user ?? m.login.thisLogin);
}
