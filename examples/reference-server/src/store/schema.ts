/** Kept in `PRAGMA user_version`; raised with every change of the tables. */
export const SCHEMA_VERSION = 1

/** `STRICT` keeps types honest; `WITHOUT ROWID` makes the name the row's only key. */
export const CREATE_TABLES = `
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
`
