//! The one table of kinds of records: name, fields, what their content is, and the class that an export for a security
//! log gives them. The type, its reading and writing, and the reference page come from it. Rows are only added.

use deskhand_protocol::command::CommandEnd;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::{AskReason, Choice, SettledBy};
use deskhand_protocol::sandbox::{FileChange, MachineEnd, SandboxTier};
use deskhand_protocol::session::PermissionMode;
use serde::{Deserialize, Serialize};

use crate::record::Id;

mod row;

pub use row::{Activity, Class, Field, Kind};

const CREATE: Activity = Activity(1, "Create");
const READ: Activity = Activity(2, "Read");
const UPDATE: Activity = Activity(3, "Update");
const DELETE: Activity = Activity(4, "Delete");

macro_rules! kinds {
    ($(
        #[doc = $summary:literal]
        $name:literal $variant:ident as $class:ident $activity:expr, content $content:literal {
            $( #[doc = $about:literal] $field:ident: $of:ty, )*
        }
    )+) => {
        /// What happened, with the fields of its kind.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type", rename_all_fields = "camelCase")]
        pub enum What {
            $(
                #[doc = $summary]
                #[serde(rename = $name)]
                $variant { $( #[doc = $about] $field: $of, )* },
            )+
        }

        impl What {
            /// Every kind.
            pub const TABLE: &'static [Kind] = &[ $( Kind {
                name: $name,
                summary: $summary.trim_ascii(),
                content: $content,
                fields: &[ $( Field {
                    name: stringify!($field),
                    of: stringify!($of),
                    summary: $about.trim_ascii(),
                }, )* ],
                class: Class::$class,
                activity: $activity,
            }, )+ ];

            /// The row of this kind.
            pub fn kind(&self) -> &'static Kind {
                let name = match self { $( Self::$variant { .. } => $name, )+ };
                let row = Self::TABLE.iter().find(|row| row.name == name);
                row.unwrap_or(&Self::TABLE[0])
            }
        }
    };
}

kinds! {
    /// The service began to run.
    "serviceStarted" ServiceStarted as Lifecycle Activity(3, "Start"), content "" {
        /// Its version.
        version: String,
        /// True where an organisation manages the settings.
        managed: bool,
    }
    /// The service ended as it was told to. A start without an end before it follows a crash or a power cut.
    "serviceStopped" ServiceStopped as Lifecycle Activity(4, "Stop"), content "" {
        /// Its version.
        version: String,
    }
    /// A setting is another than when the service ran last.
    "policyChanged" PolicyChanged as ConfigState Activity(1, "Log"), content "" {
        /// The key.
        key: String,
        /// Where the value comes from.
        origin: String,
        /// A keyed digest of the former value, in hexadecimal digits; none where there was none. Never the value.
        old: Option<String>,
        /// The same of the new value.
        new: Option<String>,
    }
    /// A front end connected and said who it is.
    "frontEndConnected" FrontEndConnected as Authentication Activity(1, "Logon"), content "" {
        /// The pairing that it came with, for a pane.
        token: Option<Id>,
    }
    /// A front end is gone.
    "frontEndDisconnected" FrontEndDisconnected as Authentication Activity(2, "Logoff"), content "" {
        /// The pairing that it came with, for a pane.
        token: Option<Id>,
    }
    /// Somebody who wanted to connect was refused.
    "frontEndRefused" FrontEndRefused as Authentication Activity(1, "Logon"), content "" {
        /// The code of the error; for a request at the door `otherUser`, `host`, `origin`, `fetchSite` or `noOrigin`.
        code: String,
    }
    /// The same refusal as one that is recorded came again within its minute.
    "frontEndRefusedAgain" FrontEndRefusedAgain as Authentication Activity(1, "Logon"), content "" {
        /// As in `frontEndRefused`.
        code: String,
        /// How often it came again.
        count: u64,
    }
    /// A person allowed a pane to be paired.
    "pairingAllowed" PairingAllowed as Authentication Activity(99, "Pair"), content "" {
        /// The pairing.
        token: Id,
        /// The pane's kind.
        pane: String,
    }
    /// A person refused a pane that asked to be paired.
    "pairingRefused" PairingRefused as Authentication Activity(99, "Refuse pairing"), content "" {
        /// The pane's kind.
        pane: String,
    }
    /// A pairing ended: a person took it back, or it gave way to a newer one.
    "pairingRevoked" PairingRevoked as Authentication Activity(99, "Unpair"), content "" {
        /// The pairing.
        token: Id,
    }
    /// A sign-in to a provider began.
    "signInStarted" SignInStarted as Authentication Activity(99, "Begin sign-in"), content "" {
        /// The provider.
        provider: String,
    }
    /// A sign-in to a provider succeeded: it took the credential, first or again after it had refused it.
    "signInSucceeded" SignInSucceeded as Authentication Activity(1, "Logon"), content "" {
        /// The provider.
        provider: String,
    }
    /// A sign-in to a provider failed: it refused the credential, first or again after it had taken it.
    "signInFailed" SignInFailed as Authentication Activity(1, "Logon"), content "" {
        /// The provider.
        provider: String,
        /// The code of the error.
        code: String,
    }
    /// Somebody signed out of a provider.
    "signedOut" SignedOut as Authentication Activity(2, "Logoff"), content "" {
        /// The provider.
        provider: String,
    }
    /// A person allowed or refused what settings of a bootstrap address name: programs, files with credentials, addresses.
    "bootstrapConsent" BootstrapConsent as ConfigState UPDATE, content "" {
        /// The keys, with spaces between.
        keys: String,
        /// The digest of the exact values.
        digest: String,
        /// Whether they count.
        allowed: bool,
    }
    /// A connection to another machine was allowed and opened.
    "egressAllowed" EgressAllowed as Network Activity(1, "Open"), content "" {
        /// The row of the table of destinations.
        destination: String,
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// The policy key that opens the destination.
        key: String,
    }
    /// A connection to another machine was refused.
    "egressRefused" EgressRefused as Network Activity(5, "Refuse"), content "" {
        /// The row of the table of destinations.
        destination: String,
        /// The host; empty where the destination is closed as a whole.
        host: String,
        /// The port; 0 where the destination is closed as a whole.
        port: u16,
        /// The policy key that closes the destination.
        key: String,
    }
    /// A connection to another machine was allowed and did not come about. Its name may have been asked for.
    "egressFailed" EgressFailed as Network Activity(4, "Fail"), content "" {
        /// The row of the table of destinations.
        destination: String,
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// The policy key that opens the destination.
        key: String,
        /// Where it ended: `name`, `connection`, `proxy`, `tls`, `time`, or `stopped` where nobody waited for it any more.
        failed_at: String,
    }
    /// Connections to the same place were allowed or refused again, within the minute of one that is recorded.
    "egressRepeated" EgressRepeated as Network Activity(6, "Traffic"), content "" {
        /// The row of the table of destinations.
        destination: String,
        /// The host; empty for several, where there were more than are told apart.
        host: String,
        /// The port; 0 for several.
        port: u16,
        /// The policy key that decided.
        key: String,
        /// True where they were allowed.
        allowed: bool,
        /// Where they ended, as in `egressFailed`; absent where they were opened or refused.
        failed_at: Option<String>,
        /// How many there were beside the one that is recorded.
        count: u64,
    }
    /// A session was made.
    "sessionCreated" SessionCreated as Api CREATE, content "" {
        /// True in the tour.
        tour: bool,
    }
    /// A session was deleted, and its key destroyed.
    "sessionDeleted" SessionDeleted as Api DELETE, content "" {
        /// Its last event.
        last_seq: u64,
    }
    /// Sessions from before the deployment had its name became sessions of it. Recorded in the audit of both.
    "sessionsTakenOver" SessionsTakenOver as Api UPDATE, content "" {
        /// How many.
        sessions: u64,
        /// The deployment.
        into: Id,
    }
    /// A session was given out whole.
    "sessionExported" SessionExported as Api READ, content "" {
        /// Events.
        events: u64,
    }
    /// A person gave the agent a prompt.
    "promptAccepted" PromptAccepted as Api CREATE, content "the prompt" {
        /// The turn that takes it.
        turn: Id,
        /// How much may be done without asking.
        mode: PermissionMode,
        /// Documents that were chosen.
        documents: u32,
        /// True when it joined a turn that ran.
        steering: bool,
    }
    /// A person asked to stop a turn.
    "turnCancelled" TurnCancelled as Api UPDATE, content "" {
        /// The turn.
        turn: Id,
    }
    /// A turn ended.
    "turnEnded" TurnEnded as Api UPDATE, content "" {
        /// The turn.
        turn: Id,
        /// `completed`, `cancelled` or the code of the error.
        outcome: String,
        /// Tokens of the whole turn that were read, cached ones included.
        input_tokens: u64,
        /// Tokens that the model wrote.
        output_tokens: u64,
    }
    /// The model was asked.
    "modelAsked" ModelAsked as Api CREATE, content "" {
        /// The turn.
        turn: Id,
        /// The message that it is to write.
        message: Id,
    }
    /// The model answered.
    "modelAnswered" ModelAnswered as Api READ, content "the message: text, thoughts and calls, as JSON" {
        /// The turn.
        turn: Id,
        /// The message.
        message: Id,
        /// Tokens that were read, cached ones included.
        input_tokens: u64,
        /// Tokens that the model wrote.
        output_tokens: u64,
    }
    /// A tool call begins.
    "toolCallStarted" ToolCallStarted as Api CREATE, content "the input of the tool, as JSON" {
        /// The turn.
        turn: Id,
        /// The call.
        call: Id,
        /// The tool; none where the model named one that there is not.
        tool: Option<String>,
        /// The document that it works on.
        document: Option<Id>,
    }
    /// A tool call ended.
    "toolCallCompleted" ToolCallCompleted as Api UPDATE, content "what the model was told" {
        /// The call.
        call: Id,
        /// How.
        outcome: ToolOutcome,
        /// Milliseconds.
        duration_ms: u64,
    }
    /// A tool call that would have been asked about was allowed without a question.
    "callAllowed" CallAllowed as Api UPDATE, content "" {
        /// The call.
        call: Id,
        /// By what.
        by_what: SettledBy,
        /// The grant, where it was one.
        grant: Option<Id>,
    }
    /// A person was asked for permission.
    "permissionRequested" PermissionRequested as Api CREATE, content "the question; for a command what would run and what it could reach, as JSON" {
        /// The question.
        permission: Id,
        /// The call that waits.
        call: Id,
        /// Why it is asked.
        reason: AskReason,
    }
    /// The question is settled.
    "permissionSettled" PermissionSettled as Api UPDATE, content "the folder that was allowed, where one was asked for" {
        /// The question.
        permission: Id,
        /// The answer.
        choice: Choice,
        /// By whom or what.
        by_what: SettledBy,
    }
    /// A person allowed a kind of action in a folder for longer than the session.
    "grantGiven" GrantGiven as Api CREATE, content "the folder" {
        /// The grant.
        grant: Id,
        /// The kind of action.
        reason: AskReason,
        /// When it ends, in Unix milliseconds.
        expires_at: i64,
    }
    /// A person took a grant back.
    "grantRevoked" GrantRevoked as Api DELETE, content "" {
        /// The grant.
        grant: Id,
        /// True for one that was given for longer than a session.
        lasting: bool,
    }
    /// A person or the agent changed instructions or a note, or deleted them.
    "instructionsChanged" InstructionsChanged as Api UPDATE, content "folder, name and text, as JSON" {
        /// True for a note about a folder.
        note: bool,
    }
    /// A document became part of a session, or another state of it was told.
    "documentAttached" DocumentAttached as Api CREATE, content "its title and path, as JSON" {
        /// The document.
        document: Id,
    }
    /// A document left a session.
    "documentDetached" DocumentDetached as Api DELETE, content "" {
        /// The document.
        document: Id,
    }
    /// A folder became part of a session.
    "folderAttached" FolderAttached as Api CREATE, content "its path" {
        /// True where it may be read only.
        read_only: bool,
    }
    /// A folder left a session.
    "folderDetached" FolderDetached as Api DELETE, content "its path" {
    }
    /// Documents or files were changed.
    "documentChanged" DocumentChanged as Api UPDATE, content "what was changed, as JSON" {
        /// The change set.
        change_set: Id,
        /// The call that changed them.
        call: Id,
        /// How many cells, shapes or lines.
        count: u64,
    }
    /// A change was undone.
    "documentUndone" DocumentUndone as Api UPDATE, content "" {
        /// The change set.
        change_set: Id,
        /// Places that were left alone because a person changed them since.
        kept: u64,
    }
    /// An undone change was done again.
    "documentRedone" DocumentRedone as Api UPDATE, content "" {
        /// The change set.
        change_set: Id,
    }
    /// A file was made or saved.
    "fileSaved" FileSaved as Api CREATE, content "its path" {
        /// The document.
        document: Id,
        /// Bytes.
        size: u64,
    }
    /// A virtual machine began for the session: what the model writes runs in it and nowhere else.
    "machineStarted" MachineStarted as Lifecycle Activity(3, "Start"), content "" {
        /// The call that it began for.
        call: Option<Id>,
        /// Whether the processor helps it.
        tier: SandboxTier,
        /// True where it went on from a kept state.
        resumed: bool,
        /// Milliseconds until it was ready.
        took_ms: u64,
    }
    /// The virtual machine of the session ended.
    "machineEnded" MachineEnded as Lifecycle Activity(4, "Stop"), content "" {
        /// The call that ran meanwhile.
        call: Option<Id>,
        /// Why.
        why: MachineEnd,
    }
    /// A command was left to run in the sandbox, beside what comes next.
    "backgroundStarted" BackgroundStarted as Process Activity(1, "Launch"), content "the command and its folders, as JSON" {
        /// The command.
        command: Id,
        /// The call that left it.
        call: Id,
        /// How many folders of this computer it could change.
        writable: u64,
    }
    /// A command that was left to run ended, or one that a call waited for was ended by somebody.
    "commandEnded" CommandEnded as Process Activity(2, "Terminate"), content "how, in words" {
        /// The command.
        command: Id,
        /// The call that started it.
        call: Id,
        /// Who ended it.
        by_what: CommandEnd,
    }
    /// A program was started in the sandbox, as its guest says.
    "programStarted" ProgramStarted as Process Activity(1, "Launch"), content "the program and its arguments, as JSON" {
        /// The call that ran meanwhile.
        call: Option<Id>,
        /// When, by the guest's clock, in Unix milliseconds.
        guest_at: i64,
        /// The process, as the guest counts.
        process: u32,
        /// The process that started it.
        parent: u32,
        /// Its user in the guest.
        uid: u32,
        /// How many arguments, the program included.
        arguments: u64,
    }
    /// A program ended in the sandbox, as its guest says.
    "programEnded" ProgramEnded as Process Activity(2, "Terminate"), content "" {
        /// The call that ran meanwhile.
        call: Option<Id>,
        /// When, by the guest's clock, in Unix milliseconds.
        guest_at: i64,
        /// The process, as the guest counts.
        process: u32,
        /// Its exit code, or the signal that ended it as a negative number.
        code: i32,
    }
    /// The guest's kernel did not keep all starts and ends of programs.
    "programsLost" ProgramsLost as EventLog Activity(99, "Lose"), content "" {
        /// The call that ran meanwhile.
        call: Option<Id>,
        /// How many, as far as it knows.
        count: u64,
    }
    /// A file or folder of this computer was changed out of the sandbox, or the change was refused.
    "sandboxFileChanged" SandboxFileChanged as FileSystem Activity(3, "Update"), content "its path, and the new one, as JSON" {
        /// The call that ran meanwhile.
        call: Option<Id>,
        /// What was done; in OCSF the activity is that of the change.
        change: FileChange,
        /// Bytes that it has, or had.
        bytes: Option<u64>,
    }
    /// A connection out of the sandbox was let through, and ended.
    "sandboxConnection" SandboxConnection as Network Activity(2, "Close"), content "" {
        /// The call that ran meanwhile.
        call: Option<Id>,
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Bytes sent.
        sent: u64,
        /// Bytes received.
        received: u64,
        /// Milliseconds.
        duration_ms: u64,
    }
    /// A connection out of the sandbox was refused, or failed.
    "sandboxConnectionRefused" SandboxConnectionRefused as Network Activity(5, "Refuse"), content "" {
        /// The call that ran meanwhile.
        call: Option<Id>,
        /// The host; empty where none was understood.
        host: String,
        /// The port; 0 where none was understood.
        port: u16,
        /// The code of the refusal or the failure; in OCSF a failure has the activity Fail (4).
        code: Id,
        /// Bytes sent before that.
        sent: u64,
        /// Bytes received before that.
        received: u64,
        /// Milliseconds.
        duration_ms: u64,
    }
    /// More was seen in the sandbox than is kept of a session.
    "sandboxLeftOut" SandboxLeftOut as EventLog Activity(99, "Leave out"), content "" {
        /// The call that ran meanwhile.
        call: Option<Id>,
        /// How much of it has no record.
        count: u64,
    }
    /// Another image of the sandbox was fetched, verified, and is what machines start from.
    "imageTaken" ImageTaken as Lifecycle Activity(8, "Update"), content "" {
        /// The image: the SHA-256 of its list, in hexadecimal digits.
        image: String,
        /// Bytes that came over the network.
        bytes: u64,
    }
    /// The audit was given out.
    "auditExported" AuditExported as EventLog Activity(3, "Export"), content "" {
        /// The form.
        format: String,
        /// Records.
        records: u64,
        /// Of this session alone.
        of: Option<Id>,
    }
    /// The audit was checked.
    "auditVerified" AuditVerified as EventLog Activity(99, "Verify"), content "" {
        /// Records that hold.
        records: u64,
        /// Faults.
        faults: u64,
        /// Anchors that agree.
        anchors: u64,
    }
    /// The head of the audit was handed to whoever keeps anchors.
    "anchorTaken" AnchorTaken as EventLog Activity(4, "Archive"), content "" {
        /// The record that was the last one.
        number: u64,
    }
    /// Old records were dropped, as the policy says.
    "auditSwept" AuditSwept as EventLog Activity(2, "Delete"), content "" {
        /// The last record that was dropped.
        through: u64,
        /// Days that records are kept.
        days: u32,
    }
    /// The audit was found to be at fault before old records were to be dropped: nothing was dropped.
    "auditAtFault" AuditAtFault as Finding CREATE, content "" {
        /// Faults.
        faults: u64,
    }
}

/// A name of Rust as JSON has it.
pub(crate) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (index, part) in name.split('_').enumerate() {
        let mut letters = part.chars();
        match (index, letters.next()) {
            (0, Some(first)) => out.push(first),
            (_, Some(first)) => out.push(first.to_ascii_uppercase()),
            (_, None) => {}
        }
        out.extend(letters);
    }
    out
}
