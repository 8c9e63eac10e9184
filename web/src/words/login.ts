// What is said about logging in, and to whom. Pure.

import { Problem, sentence } from "../api";
import { capital, stop } from "../format";
import type { Entry } from "../login";
import type { UserRole } from "../types";

export const roleWords: Record<UserRole, string> = { agent: "agent", viewer: "viewer", operator: "operator" };

export const loginWords = {
  title: "Log in",
  again: "Log in again",
  name: "User name",
  password: "Password",
  action: "Log in",
  waiting: "Logging in",
  asking: "Connecting to Streamwarden",
  help: "Users are added by an operator, or on the machine itself with",
  command: "streamwarden user add NAME --role operator",
  logOut: "Log out",
  account: "Logged in as",
  ownPassword: "Change your password",
};

/** Why the login view is there. */
export function reasonWords(entry: Extract<Entry, { state: "out" }>): string {
  if (!entry.used) return "This Streamwarden asks for a login.";
  if (entry.user === null) return "This Streamwarden asks for a login from now on. What you had open is still here.";
  return `The session of ${entry.user} has ended. What you had open is still here.`;
}

/** Why nobody was let in. `wait`: seconds until the next attempt is taken; null when there is nothing to wait for. */
export function refusalWords(error: unknown, wait: number | null): string {
  if (error instanceof Problem && error.status === 429) {
    return wait === null || wait <= 0 ? "Too many attempts. You may try again now." : `Too many attempts. Try again in ${wait} s.`;
  }
  if (error instanceof Problem && error.status === 401) return "The name or the password is wrong.";
  return stop(capital(sentence(error)));
}

/** Why a viewer sees no buttons. */
export function viewOnlyWords(user: string | null): string {
  return `You can look, not change: ${user ?? "this login"} is a viewer. Changes need an operator.`;
}
