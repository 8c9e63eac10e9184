// Telling of trouble outside the page: the first word of it, and that it is over. Off until somebody asks for it.

import { signal } from "@preact/signals";
import { remembered } from "./memory";

const memory = remembered("notify", "");

/** Browsers have it on secure addresses only. */
export const canNotify = typeof Notification !== "undefined";

export const notifies = signal(canNotify && memory.get() === "1" && Notification.permission === "granted");

/** Asks the browser for permission; false when it was refused. */
export async function startNotifying(): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  memory.set("1");
  notifies.value = true;
  return true;
}

export function stopNotifying(): void {
  memory.set("");
  notifies.value = false;
}

/** What was told last; null while all is well, or before anything is known. */
let told: string | null = null;

/** `over` is what is said when the trouble has ended. */
export function tellTrouble(words: string, trouble: boolean, over: string): void {
  if (!notifies.peek()) {
    told = null;
    return;
  }
  // One at a time: the next trouble takes the place of the one before.
  const say = (body: string) => void new Notification("Streamwarden", { body, tag: "streamwarden" });
  if (trouble && told === null) {
    told = words;
    say(words);
  } else if (!trouble && told !== null) {
    told = null;
    say(over);
  }
}
