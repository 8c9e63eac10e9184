// Everything that is said in English beyond the first page, fetched at once.

import { admin } from "./en_admin";
import { forms } from "./en_forms";
import { healthWords } from "./en_health";
import { pages } from "./en_pages";
import { verdicts } from "./en_verdicts";

export const rest = { ...pages, ...admin, ...forms, ...healthWords, ...verdicts };
