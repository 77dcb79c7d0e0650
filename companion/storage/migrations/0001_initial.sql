-- The first schema. Frozen: a later change is a migration of its own.
--
-- Columns named `sealed` hold AES-256-GCM ciphertext (Invariant 11). What is readable without a key is only what
-- ordering, counting and retention need: ids, numbers, times in Unix milliseconds, states and sizes.

-- One wrapped key a session; the row with a null session is the store's own key.
CREATE TABLE keys (
  session BLOB UNIQUE CHECK (session IS NULL OR length(session) = 16),
  wrapped BLOB NOT NULL
) STRICT;

CREATE TABLE sessions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_seq INTEGER NOT NULL DEFAULT 0,
  sealed_meta BLOB NOT NULL
) STRICT;

CREATE INDEX sessions_by_update ON sessions (updated_at);

-- `seq` is the last number an event stands for, `first_seq` the first: they differ once deltas are folded.
CREATE TABLE events (
  session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  first_seq INTEGER NOT NULL CHECK (first_seq BETWEEN 1 AND seq),
  at INTEGER NOT NULL,
  schema INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;

-- `locator` is a keyed digest of the content hash, so that the table does not tell which known files a session holds.
CREATE TABLE blobs (
  number INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
  locator BLOB NOT NULL CHECK (length(locator) = 32),
  size INTEGER NOT NULL,
  UNIQUE (session, locator)
) STRICT;

CREATE TABLE blob_chunks (
  blob INTEGER NOT NULL REFERENCES blobs (number) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (blob, position)
) STRICT;

CREATE TABLE change_sets (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'applied', 'notApplied', 'partlyApplied', 'undone')),
  sealed BLOB NOT NULL
) STRICT;

CREATE INDEX change_sets_by_session ON change_sets (session, created_at);

CREATE TABLE pre_images (
  change_set BLOB NOT NULL REFERENCES change_sets (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  blob INTEGER REFERENCES blobs (number),
  sealed BLOB NOT NULL,
  PRIMARY KEY (change_set, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX pre_images_by_blob ON pre_images (blob);

-- Notes of tools on what they are about to do, what was there and what came of it. Keys hold ids, never content. What is
-- open after a restart has to be read back and classified.
CREATE TABLE journal (
  number INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
  key TEXT NOT NULL,
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  sealed BLOB NOT NULL,
  UNIQUE (session, key)
) STRICT;

CREATE INDEX journal_open ON journal (session) WHERE open = 1;

-- An approval is open until `settled_at` is set; it is set once.
CREATE TABLE approvals (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  settled_at INTEGER,
  sealed_request BLOB NOT NULL,
  sealed_answer BLOB
) STRICT;

CREATE INDEX approvals_by_session ON approvals (session, created_at);

-- Tokens of panes: only the SHA-256 of a token is kept. The number is their order.
CREATE TABLE pane_tokens (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  sealed BLOB NOT NULL
) STRICT;

-- A keyed hash chain. AUTOINCREMENT keeps the highest number ever given, which shows a tail that was cut off.
CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  link BLOB NOT NULL CHECK (length(link) = 32)
) STRICT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
