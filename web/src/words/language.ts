// The language of the page: English comes with it, the others are fetched when they are chosen. The choice stays in this
// browser; without one, the browser's own language decides.

import { signal } from "@preact/signals";
import { en, type Messages } from "./en";

export const languages = { en: "English", de: "Deutsch", ru: "Русский" } as const;
export type Language = keyof typeof languages;

const KEY = "streamwarden.language";

const sources: Record<Language, () => Promise<Messages>> = {
  en: async () => ({ ...en, ...(await import("./en_all")).rest }),
  de: async () => (await import("./de")).de,
  ru: async () => (await import("./ru")).ru,
};

/** The texts in the language that is chosen; in English those of the other pages are there once `allTexts` is done. Read where something is drawn, not where a module begins. */
export let m: Messages = en as Messages;

/** What is drawn depends on it: the whole page is drawn again when it changes. */
export const language = signal<Language>("en");

/** The first of the languages that somebody reads, of those that there are. */
export function pick(stored: string | null, wanted: readonly string[]): Language {
  const known = (word: string): word is Language => Object.hasOwn(languages, word);
  if (stored !== null && known(stored)) return stored;
  return wanted.map((one) => one.slice(0, 2).toLowerCase()).find(known) ?? "en";
}

/** Speaks a language from now on; one that cannot be fetched changes nothing. */
async function speak(next: Language): Promise<void> {
  try {
    m = await sources[next]();
  } catch {
    return;
  }
  document.documentElement.lang = next;
  language.value = next;
}

/** The texts of the pages that are fetched when they are opened. */
export async function allTexts(): Promise<void> {
  if (language.peek() === "en" && m === (en as Messages)) m = await sources.en();
}

export async function chooseLanguage(next: Language): Promise<void> {
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
  }
  await speak(next);
}

/** What was chosen before, or what the browser asks for. */
export async function followLanguage(): Promise<void> {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    // Storage may be forbidden.
  }
  const first = pick(stored, navigator.languages);
  if (first !== "en") await speak(first);
  addEventListener("storage", (event) => {
    if (event.key === KEY && event.newValue !== null) void speak(pick(event.newValue, []));
  });
}
