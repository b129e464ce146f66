/**
 * What brings the tables from one version to the next; the version, kept in `PRAGMA user_version`, is how many of
 * these were done. `STRICT` keeps types honest; `WITHOUT ROWID` makes the name the row's only key.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE stored_query (
    tenant        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('running', 'paused')),
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE declared_metric (
    tenant         TEXT    NOT NULL,
    metric         TEXT    NOT NULL,
    kind           TEXT,
    unit           TEXT,
    declared_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, metric)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE engine_generation (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    generation INTEGER NOT NULL
  ) STRICT;
  INSERT INTO engine_generation VALUES (1, 0);
`,
  // Also of removed queries: a new one of the name goes on from there.
  `
  CREATE TABLE query_version (
    tenant  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
  ) STRICT, WITHOUT ROWID;
`,
]

export const SCHEMA_VERSION = MIGRATIONS.length
