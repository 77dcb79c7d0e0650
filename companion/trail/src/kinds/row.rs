//! What a row of the table says of a kind.

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The value of `type`.
    pub name: &'static str,
    /// What happened, one sentence.
    pub summary: &'static str,
    /// What the content of such a record is; empty where it has none.
    pub content: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    /// The class of the Open Cybersecurity Schema Framework.
    pub class: Class,
    /// The activity of that class.
    pub activity: Activity,
}

/// One field of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name as the type has it; camelCase in records.
    pub name: &'static str,
    /// The type, as it is written here.
    pub of: &'static str,
    /// What it says.
    pub summary: &'static str,
}

/// A class of the Open Cybersecurity Schema Framework, version 1.3.0 (<https://schema.ocsf.io>), with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// File System Activity.
    FileSystem = 1001,
    /// Process Activity.
    Process = 1007,
    /// Event Log Activity.
    EventLog = 1008,
    /// Detection Finding.
    Finding = 2004,
    /// Authentication.
    Authentication = 3002,
    /// Network Activity.
    Network = 4001,
    /// Device Config State Change.
    ConfigState = 5019,
    /// Application Lifecycle.
    Lifecycle = 6002,
    /// API Activity.
    Api = 6003,
}

/// The number and name of an activity within its class; 99 where the class has none that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity(pub u8, pub &'static str);
