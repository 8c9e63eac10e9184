// Small choices of this browser (sort order): kept when storage is allowed, forgotten when not.

export interface Remembered {
  get(): string;
  set(value: string): void;
}

export function remembered(key: string, fallback: string): Remembered {
  const name = `streamwarden.${key}`;
  let value = fallback;
  try {
    value = localStorage.getItem(name) ?? fallback;
  } catch {
    // Storage may be forbidden.
  }
  return {
    get: () => value,
    set(next) {
      value = next;
      try {
        localStorage.setItem(name, next);
      } catch {
        // Storage may be forbidden: the choice then lasts as long as the page.
      }
    },
  };
}
