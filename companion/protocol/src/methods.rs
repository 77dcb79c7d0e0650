//! The method table: name, parameters, answer and who may call. Permission is a column here and is checked in one
//! place, never in a handler.

use crate::hello::FrontEndKind;
use crate::{
    audit, bootstrap, change, command, configuration, diagnostics, document, hello, instructions, pairing,
    permission, provider, sandbox, session, sign_in,
};

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anybody who may connect, before `hello`.
    Unpaired,
    /// Every front end.
    Any,
    /// The panes, for the document they stand in.
    Pane,
    /// The window and the terminal.
    Desktop,
}

impl Caller {
    /// True when a front end of this kind, which has said hello, may call.
    pub fn admits(self, kind: FrontEndKind) -> bool {
        let pane = matches!(kind, FrontEndKind::Excel | FrontEndKind::Powerpoint);
        match self {
            Self::Unpaired | Self::Any => true,
            Self::Pane => pane,
            Self::Desktop => !pane,
        }
    }
}

/// One row, for generators and tests.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name on the wire.
    pub name: &'static str,
    /// What it does, one sentence.
    pub summary: &'static str,
    /// What the visitor made of the parameters' type.
    pub params: String,
    /// What the visitor made of the answer's type.
    pub answer: String,
}

macro_rules! methods {
    ($( #[doc = $doc:literal] $name:literal $variant:ident($params:ty) -> $answer:ty, $caller:ident; )+) => {
        /// A method that a front end calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Method { $( #[doc = $doc] $variant, )+ }

        impl Method {
            /// Every method.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The method of this name.
            pub fn of_name(name: &str) -> Option<Self> {
                match name { $( $name => Some(Self::$variant), )+ _ => None }
            }

            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// Who may call it.
            pub fn caller(self) -> Caller {
                match self { $( Self::$variant => Caller::$caller, )+ }
            }

            /// The row for generators.
            pub fn row(self, types: &mut impl TypeVisitor) -> Row {
                match self { $( Self::$variant => Row {
                    name: $name,
                    summary: $doc.trim_ascii(),
                    params: types.visit::<$params>(),
                    answer: types.visit::<$answer>(),
                }, )+ }
            }
        }
    };
}

/// Sees the types of a row; implemented by the generator of the TypeScript.
pub trait TypeVisitor {
    /// Takes note of the type and gives its name.
    fn visit<T: ts_rs::TS + 'static>(&mut self) -> String;
}

methods! {
    /// Says who is there; the first call of every front end.
    "hello" Hello(hello::HelloParams) -> hello::HelloAnswer, Unpaired;
    /// Asks for a number to compare.
    "pairing/begin" PairingBegin(pairing::BeginParams) -> pairing::BeginAnswer, Unpaired;
    /// Lists attempts that wait.
    "pairing/list" PairingList(session::Nothing) -> pairing::PairingsAnswer, Desktop;
    /// Allows or refuses an attempt.
    "pairing/answer" PairingAnswer(pairing::PairingAnswerParams) -> session::Nothing, Desktop;
    /// Lists paired panes by their tokens.
    "pairing/tokens" PairingTokens(session::Nothing) -> pairing::TokensAnswer, Desktop;
    /// Ends a pairing and closes its panes.
    "pairing/revoke" PairingRevoke(pairing::RevokeParams) -> session::Nothing, Desktop;
    /// Lists sessions, newest first.
    "session/list" SessionList(session::ListParams) -> session::ListAnswer, Any;
    /// Makes a session.
    "session/create" SessionCreate(session::CreateParams) -> session::SessionAnswer, Any;
    /// Shows one line about a session.
    "session/show" SessionShow(session::SessionParams) -> session::SessionAnswer, Any;
    /// Gives a session another title.
    "session/rename" SessionRename(session::RenameParams) -> session::SessionAnswer, Any;
    /// Deletes a session and its key.
    "session/delete" SessionDelete(session::SessionParams) -> session::Nothing, Desktop;
    /// Gives out a session whole.
    "session/export" SessionExport(session::SessionParams) -> session::ExportAnswer, Desktop;
    /// Searches all sessions.
    "session/search" SessionSearch(session::SearchParams) -> session::SearchAnswer, Any;
    /// Sends events from a cursor on, then live ones.
    "session/subscribe" SessionSubscribe(session::SubscribeParams) -> session::SubscribeAnswer, Any;
    /// Ends a subscription.
    "session/unsubscribe" SessionUnsubscribe(session::SessionParams) -> session::Nothing, Any;
    /// Gives the agent a prompt, or steers the turn that runs.
    "session/prompt" SessionPrompt(session::PromptParams) -> session::PromptAnswer, Any;
    /// Stops the turn that runs.
    "session/cancel" SessionCancel(session::SessionParams) -> session::Nothing, Any;
    /// Lists the commands of the agent that run now.
    "command/list" CommandList(session::SessionParams) -> command::CommandsAnswer, Any;
    /// Ends one of them; the turn goes on.
    "command/end" CommandEnd(command::EndCommandParams) -> command::EndCommandAnswer, Any;
    /// Answers a permission request.
    "permission/answer" PermissionAnswer(permission::AnswerParams) -> permission::AnswerAnswer, Any;
    /// Lists what was allowed for longer than once.
    "permission/grants" PermissionGrants(permission::GrantsParams) -> permission::GrantsAnswer, Any;
    /// Takes such a grant back, with effect on turns that run.
    "permission/revoke" PermissionRevoke(permission::RevokeGrantParams) -> session::Nothing, Any;
    /// Lists what the model is told beside the conversation, in its order.
    "instructions/list" InstructionsList(session::Nothing) -> instructions::InstructionsAnswer, Any;
    /// Writes, pauses or deletes instructions and notes of the person's own.
    "instructions/put" InstructionsPut(instructions::PutInstructionsParams) -> instructions::InstructionsAnswer, Desktop;
    /// Gives every setting with its value, where that comes from and what may be done with it.
    "configuration/get" ConfigurationGet(session::Nothing) -> configuration::ConfigurationAnswer, Desktop;
    /// Says what would follow from a draft of the user's own values; writes nothing.
    "configuration/check" ConfigurationCheck(configuration::DraftParams) -> configuration::CheckAnswer, Desktop;
    /// Writes the user's own values, all or none; refused where they are others than the draft is based on.
    "configuration/apply" ConfigurationApply(configuration::ApplyDraftParams) -> configuration::ConfigurationAnswer, Desktop;
    /// Gives out settings, or what would be contacted, in one of several forms.
    "configuration/export" ConfigurationExport(configuration::ExportSettingsParams) -> configuration::ExportedSettings, Desktop;
    /// Saves such a file in the person's folder of downloads, beside what is there.
    "configuration/save" ConfigurationSave(configuration::ExportSettingsParams) -> configuration::SavedFile, Desktop;
    /// Makes a draft of a file of settings; writes nothing.
    "configuration/import" ConfigurationImport(configuration::SettingsFile) -> configuration::ImportSettingsAnswer, Desktop;
    /// Tests the connection to the provider of a draft, step by step; one test at a time.
    "provider/test" ProviderTest(configuration::DraftParams) -> provider::ConnectionTest, Desktop;
    /// Ends the test that is under way.
    "provider/cancelTest" ProviderCancelTest(session::Nothing) -> session::Nothing, Desktop;
    /// Shows how far the settings are that an address of the organisation hands out, and what of them a person is asked about.
    "bootstrap/show" BootstrapShow(session::Nothing) -> bootstrap::BootstrapAnswer, Desktop;
    /// Asks the address now, and begins a sign-in where it needs one.
    "bootstrap/signIn" BootstrapSignIn(session::Nothing) -> sign_in::SignInAnswer, Any;
    /// Ends a sign-in that is under way.
    "bootstrap/cancel" BootstrapCancel(session::Nothing) -> session::Nothing, Any;
    /// Signs out: the sign-in and the settings that came with it are forgotten.
    "bootstrap/signOut" BootstrapSignOut(session::Nothing) -> session::Nothing, Desktop;
    /// Says whether the values that a person is asked about may count.
    "bootstrap/consent" BootstrapConsent(bootstrap::ConsentParams) -> session::Nothing, Desktop;
    /// Begins a sign-in for the provider of the model.
    "provider/signIn" ProviderSignIn(session::Nothing) -> sign_in::SignInAnswer, Any;
    /// Ends such a sign-in that is under way.
    "provider/cancelSignIn" ProviderCancelSignIn(session::Nothing) -> session::Nothing, Any;
    /// Signs out: the sign-in is forgotten here, and ended where that can be told.
    "provider/signOut" ProviderSignOut(session::Nothing) -> session::Nothing, Desktop;
    /// Shows what is recorded of failures, times and use on this computer.
    "diagnostics/show" DiagnosticsShow(session::Nothing) -> diagnostics::DiagnosticsAnswer, Desktop;
    /// Says what becomes of sessions from before the deployment had its name.
    "history/choose" HistoryChoose(session::EarlierSessionsParams) -> session::Nothing, Desktop;
    /// Fetches the image of the sandbox now; answers once it is here, whole and in use, which may take minutes.
    "sandbox/fetch" SandboxFetch(session::Nothing) -> sandbox::FetchedImage, Desktop;
    /// Records that the audit was read.
    "audit/note" AuditNote(audit::AuditNote) -> session::Nothing, Desktop;
    /// Registers the document that the pane stands in.
    "document/open" DocumentOpen(document::OpenParams) -> document::DocumentAnswer, Pane;
    /// Tells that cells or slides were changed by somebody else.
    "document/changed" DocumentChanged(document::ChangedParams) -> session::Nothing, Pane;
    /// Tells that the document is about to be closed.
    "document/closed" DocumentClosed(document::DocumentParams) -> session::Nothing, Pane;
    /// Lists documents that are open in Office.
    "document/list" DocumentList(session::Nothing) -> document::DocumentsAnswer, Any;
    /// Makes a closed file part of a session.
    "document/attach" DocumentAttach(document::AttachParams) -> document::DocumentAnswer, Desktop;
    /// Takes a document out of a session.
    "document/detach" DocumentDetach(document::DetachParams) -> session::Nothing, Any;
    /// Makes a folder part of a session.
    "folder/attach" FolderAttach(document::AttachParams) -> session::Nothing, Desktop;
    /// Takes a folder out of a session, with effect on turns that run.
    "folder/detach" FolderDetach(document::AttachParams) -> session::Nothing, Any;
    /// Shows a place in a document.
    "document/select" DocumentSelect(document::SelectParams) -> session::Nothing, Any;
    /// Undoes a change set.
    "changeSet/undo" ChangeSetUndo(change::ChangeSetParams) -> change::ChangeSetAnswer, Any;
    /// Does an undone change set again.
    "changeSet/redo" ChangeSetRedo(change::ChangeSetParams) -> change::ChangeSetAnswer, Any;
    /// Lists the files that the journal can bring back.
    "journal/list" JournalList(change::JournalParams) -> change::JournalAnswer, Any;
    /// Compares every figure that stands with the source it was written from.
    "figure/check" FigureCheck(session::SessionParams) -> change::FiguresAnswer, Any;
}

macro_rules! outgoing {
    ($( #[$meta:meta] )* $enum:ident; $( #[doc = $doc:literal] $name:literal $variant:ident($params:ty) -> $answer:ty; )+) => {
        $( #[$meta] )*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $enum { $( #[doc = $doc] $variant, )+ }

        impl $enum {
            /// Every one.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// The row for generators.
            pub fn row(self, types: &mut impl TypeVisitor) -> Row {
                match self { $( Self::$variant => Row {
                    name: $name,
                    summary: $doc.trim_ascii(),
                    params: types.visit::<$params>(),
                    answer: types.visit::<$answer>(),
                }, )+ }
            }
        }
    };
}

outgoing! {
    /// A notification from the service.
    Notification;
    /// Events of a session that the front end subscribed to.
    "session/update" SessionUpdate(session::UpdateParams) -> session::Nothing;
    /// A line of the session list is new or another.
    "session/changed" SessionChanged(session::SessionAnswer) -> session::Nothing;
    /// A session is gone.
    "session/removed" SessionRemoved(session::RemovedParams) -> session::Nothing;
    /// The documents that are open in Office are others.
    "document/listChanged" DocumentListChanged(document::DocumentsAnswer) -> session::Nothing;
    /// What front ends show of policy and state is another.
    "service/changed" ServiceChanged(hello::ServiceView) -> session::Nothing;
    /// A step of the test that this front end began has ended; a later one of the same step takes its place.
    "provider/tested" ProviderTested(provider::StepResult) -> session::Nothing;
    /// A pane asks to be paired.
    "pairing/requested" PairingRequested(pairing::PairingView) -> session::Nothing;
    /// The pairing that this pane asked for is settled.
    "pairing/settled" PairingSettled(pairing::SettledParams) -> session::Nothing;
}

outgoing! {
    /// A request from the service to a pane.
    ServiceCall;
    /// Does operations on the pane's document.
    "document/apply" DocumentApply(document::ApplyParams) -> document::ApplyAnswer;
    /// Shows a place in the pane's document.
    "document/select" DocumentSelect(document::SelectParams) -> session::Nothing;
}
