// What is said about users, tokens, sessions, the audit log and the settings.

export const passwordWords = {
  title: "Change your password",
  current: "Password until now",
  next: "New password",
  nextHint: "At least 10 letters. All your other sessions end.",
  action: "Change password",
  done: "Your password was changed",
};

export const userWords = {
  lead: "Who may log in with a password. A viewer looks, an operator changes, too.",
  nobody: "Nobody has to log in: everybody who reaches this address may do everything.",
  none: "No user yet",
  configured: "in the configuration",
  remove: "All sessions of this user end at once.",
  removeOwn: "This is you: your session ends at once.",
  nameHint: "Letters, digits, '.', '_', '-' and '@'.",
  passwordHint: "At least 10 letters.",
  first: "From now on everybody has to log in, you too: you go on as this user.",
  firstAdded: "User added. A login is asked for from now on.",
};

export const tokenWords = {
  lead: "Credentials of programs: Prometheus, scripts, OBS.",
  none: "No token yet",
  configured: "in the configuration",
  revoke: "Programs that use it are refused at once.",
  nameHint: "For you: which program uses it.",
  prefixHint: "Leave it empty for everything that the role may see.",
  prefixOfOperator: "is for viewers only",
  once: "Copy it now: it is not kept, and never shown again.",
};

export const sessionWords = {
  lead: "Who is logged in, and where. A session ends by itself after 24 h without use, and after 7 days.",
  none: "Nobody is logged in",
  ended: "Session ended",
};

export const auditWords = {
  none: "Nothing was changed yet",
  noMatch: "No entry matches",
};

export const settingWords = {
  lead: "What is in force now, and where it is set. What waits for the next start is not in it.",
  none: "No setting matches",
};
