//! What every log record and every point of a metric carries beside its own attributes.

use super::table::table;

table! {
    /// What stands on every log record.
    documented Event "event" Standard {
        /// The session; missing for what belongs to none.
        session: Option<String> = "session.id" always,
        /// A random id that was made when Deskhand was installed.
        user: String = "user.id" always,
        /// The attached folders, at most 64.
        host_paths: Vec<String> = "workspace.host_paths" always,
        /// Always `non-interactive`.
        terminal: &'static str = "terminal.type" always,
        /// The name of the event; bare for documented ones.
        event_name: String = "event.name" always,
        /// When it happened, RFC 3339 in UTC.
        timestamp: String = "event.timestamp" always,
        /// Counts the records of a session, from 1; missing for what belongs to none, and for bodies, which its log does not hold.
        sequence: Option<u64> = "event.sequence" always,
        /// Joins everything that one prompt caused: a UUID of version 4.
        prompt: Option<String> = "prompt.id" always,
    }
    /// What stands on every point of a metric and on every span.
    documented Event "metricAndSpan" StandardMetric {
        /// The session; missing for what belongs to none.
        session: Option<String> = "session.id" always,
        /// A random id that was made when Deskhand was installed.
        user: String = "user.id" always,
        /// Always `non-interactive`.
        terminal: &'static str = "terminal.type" always,
    }
}
