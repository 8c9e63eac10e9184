-- Where the fault of an incident lies, and by what evidence; JSON (domain/incident/verdict.rs). Null while nobody has judged it.
ALTER TABLE incidents ADD COLUMN verdict TEXT;
