-- What a record of the audit says of content: digest, length and session, sealed with the store's key.
ALTER TABLE audit ADD COLUMN sealed_content BLOB;

-- The content itself, where policy keeps it: sealed with the key of its session, so that it goes with the session while
-- the chain, which holds the digest alone, stays whole. A null session is the store itself.
CREATE TABLE audit_contents (
  number INTEGER PRIMARY KEY,
  session INTEGER REFERENCES sessions (number) ON DELETE CASCADE,
  sealed BLOB NOT NULL
) STRICT;

CREATE INDEX audit_contents_by_session ON audit_contents (session);
