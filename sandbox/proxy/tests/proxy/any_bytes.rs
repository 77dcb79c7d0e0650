//! Any bytes, in any pieces: no panic, one record, and never a byte to a host that the client did not name.
