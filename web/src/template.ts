// URL templates of camera kinds: `{name}` is a field of the camera, `{name=default}` has a value for when the field is
// empty. Only to show what will be called: the server makes the real address. Pure.

const PLACE = /\{(\w+)(?:[=|:]([^}]*))?\}/g;

export interface Place {
  name: string;
  fallback: string | null;
}

export function places(template: string): Place[] {
  return [...template.matchAll(PLACE)].map((match) => ({ name: match[1] ?? "", fallback: match[2] ?? null }));
}

/** The address that a template makes, with the password hidden and missing fields shown by name. */
export function preview(template: string, values: Readonly<Record<string, string>>): string {
  // Without a user name the whole `user:password@` goes.
  const bare = (values["username"] ?? "") === "" ? template.replace(/\{username[^}]*\}:\{password[^}]*\}@/, "") : template;
  return bare.replace(PLACE, (_, name: string, fallback: string | undefined) => {
    const value = values[name] ?? "";
    if (name === "password") return "***";
    if (value !== "") return value;
    return fallback ?? `‹${name}›`;
  });
}
