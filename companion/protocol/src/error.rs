//! The registry of errors that a person can meet. Each says what happened, what was kept and what to do, the same in
//! every front end, under a code that never changes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Declares codes with their three sentences.
macro_rules! errors {
    ($( $variant:ident $code:literal $happened:literal $kept:literal $action:literal; )+) => {
        /// A stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, TS)]
        pub enum ErrorCode {
            $( #[doc = $happened] #[serde(rename = $code)] $variant, )+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The code as it is shown.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $code, )+ }
            }

            /// What happened, what was kept, what to do.
            pub fn sentences(self) -> [&'static str; 3] {
                match self { $( Self::$variant => [$happened, $kept, $action], )+ }
            }
        }
    };
}

errors! {
    InferenceNotConfigured "INF_NOT_CONFIGURED"
        "No model provider is configured." "Your prompt is kept." "Ask your administrator for a provider, or set one with `deskhand config`.";
    InferenceUnreachable "INF_UNREACHABLE"
        "The model provider could not be reached." "Your prompt is kept." "Check the network and the address, then try again.";
    InferenceProxy "INF_PROXY"
        "The proxy of this network did not let the connection through." "Your prompt is kept." "The details say which proxy and why; show them to your administrator.";
    InferenceTls "INF_TLS"
        "No protected connection to the model provider came about." "Nothing was sent." "The details say why. If this computer does not trust the certificate, ask your administrator to install its authority.";
    InferenceAuth "INF_AUTH"
        "The model provider refused the credential." "Nothing was sent to another place." "Ask your administrator for a new one.";
    InferenceSignIn "INF_SIGN_IN"
        "You have to sign in for the model." "Your prompt is kept." "Sign in with `deskhand sign-in` or in Deskhand.";
    InferenceModelUnknown "INF_MODEL_UNKNOWN"
        "The model provider does not know this model." "Your prompt is kept." "Choose another model.";
    InferenceRateLimited "INF_RATE_LIMITED"
        "The model provider limits requests at the moment." "Your prompt is kept." "Wait a little, then try again.";
    InferenceOverloaded "INF_OVERLOADED"
        "The model is overloaded." "Your prompt is kept." "Wait a little, then try again.";
    InferenceTimeout "INF_TIMEOUT"
        "The model provider did not answer in time." "Your prompt is kept." "Try again, or check the address.";
    InferenceStreamCut "INF_STREAM_CUT"
        "The answer was cut off." "What arrived is kept." "Go on, or try again.";
    InferenceBadRequest "INF_BAD_REQUEST"
        "The model provider refused the request." "Your prompt is kept." "Shorten the request, or show this code to your administrator.";
    InferenceTooLong "INF_TOO_LONG"
        "The conversation is too long for this model." "The whole session is kept." "Ask for smaller ranges, or go on in a new session.";
    InferenceBadAnswer "INF_BAD_ANSWER"
        "The model provider's answer could not be read." "Your prompt is kept." "Show this code to your administrator.";
    InferenceTesting "INF_TESTING"
        "A test of the connection is under way." "It goes on." "Wait for its end, or stop it.";
    TurnCapReached "TURN_CAP"
        "The turn reached its limit of steps and was ended." "Everything done so far is kept." "Say “go on” to continue.";
    UsageLimit "USE_LIMIT"
        "The limit of tokens in the settings is reached." "Everything done so far is kept." "Go on once the count starts anew, or ask your administrator.";
    TurnRepeats "TURN_REPEATS"
        "The same step was repeated without a new result, so the turn was ended." "Everything done so far is kept." "Say what to do differently.";
    TurnInterrupted "TURN_INTERRUPTED"
        "The service stopped in the middle of this turn." "Everything up to that point is kept." "Say “go on” to continue.";
    InstructionsRefused "INS_REFUSED"
        "This cannot be kept." "What stood there before is kept." "Shorten it, or delete what is not needed any more.";
    SessionNotFound "SES_NOT_FOUND"
        "This session is not there any more." "Other sessions are kept." "Choose another session.";
    SessionBusy "SES_BUSY"
        "This session is working on a turn." "Nothing was changed." "Stop the turn first.";
    DocumentNotFound "DOC_NOT_FOUND"
        "The document was not found." "Nothing was changed." "Open it, or attach it again.";
    DocumentPaneClosed "DOC_PANE_CLOSED"
        "The pane of this document is closed." "Nothing was changed." "Open the Deskhand pane in that document.";
    DocumentCellEdit "DOC_CELL_EDIT"
        "Excel is editing a cell." "Nothing was changed." "Press Enter or Esc there; I go on by myself.";
    DocumentPartial "DOC_PARTIAL"
        "The pane closed while writing, and only a part was written." "The state before is kept." "Finish the change or undo it.";
    DocumentChanged "DOC_CHANGED"
        "The cells changed since they were read." "Nothing was changed." "They are read again before the next try.";
    DocumentInUse "DOC_IN_USE"
        "The file is open in another program." "Nothing was changed." "Close it there, or open the Deskhand pane in it.";
    DocumentEncrypted "DOC_ENCRYPTED"
        "The file is protected with a password." "Nothing was changed." "Remove the password, or open the file in Office.";
    DocumentCorrupt "DOC_CORRUPT"
        "The file is damaged." "Nothing was changed." "Open it in Office to repair it.";
    DocumentWrongKind "DOC_WRONG_KIND"
        "The file is of no kind that can be read here." "Nothing was changed." "Choose a workbook, deck, Word document, PDF or .csv file.";
    DocumentRefused "DOC_REFUSED"
        "The document operation was refused." "Nothing was changed." "The reason is in the details.";
    UndoConflict "DOC_UNDO_CONFLICT"
        "The cells were changed since." "Your values are kept." "Compare, then choose what to keep.";
    FolderRefused "FOLDER_REFUSED"
        "This folder cannot be attached." "Nothing was changed." "Choose another folder.";
    LabelDenied "DOC_LABEL_DENIED"
        "Your organisation does not let documents with this sensitivity label be read." "The document was not opened."
        "Ask your administrator, or choose another document.";
    PortTaken "NET_PORT_TAKEN"
        "Another program uses Deskhand's port." "Your sessions are kept." "Close that program, or give another port.";
    OtherUser "NET_OTHER_USER"
        "This Deskhand belongs to another user of this computer." "Nothing was sent." "Start your own Deskhand.";
    ServiceUnavailable "NET_SERVICE"
        "The Deskhand service does not answer." "Your text is kept." "Start the service.";
    CertificateExpired "TLS_EXPIRED"
        "Deskhand's local certificate has expired." "Your sessions are kept." "Restart the service; it makes a new one.";
    AuthorityUntrusted "TLS_UNTRUSTED"
        "This computer does not trust Deskhand's local authority." "Your sessions are kept." "Run `deskhand trust` once, or ask your administrator.";
    PairingRequired "PAIR_REQUIRED"
        "This pane is not paired yet." "Nothing was sent." "Compare the number in the Deskhand window and allow it there.";
    PairingRefused "PAIR_REFUSED"
        "The pairing was refused or has expired." "Nothing was sent." "Start again for a new number.";
    NotPermitted "RPC_NOT_PERMITTED"
        "This front end may not do that." "Nothing was changed." "Use the Deskhand window.";
    ProtocolVersion "RPC_VERSION"
        "This page is of another version than the service." "Your text is kept." "Reload the page.";
    BadRequest "RPC_BAD_REQUEST"
        "The request could not be understood." "Nothing was changed." "Reload the page.";
    TooLarge "RPC_TOO_LARGE"
        "The message is too large." "Nothing was changed." "Send less at once.";
    DatabaseLocked "DB_LOCKED"
        "Another program holds Deskhand's database." "Your sessions are kept." "Close the other Deskhand, then try again.";
    DatabaseCorrupt "DB_CORRUPT"
        "Deskhand's database is damaged." "A backup from the last upgrade is beside it." "Run `deskhand status` for the places of both.";
    DatabaseNewer "DB_NEWER"
        "The database was made by a newer Deskhand." "Your sessions are kept." "Install the newer version again.";
    DatabaseWrongKey "DB_WRONG_KEY"
        "The secret store holds another key than the one that Deskhand's data is sealed with." "The data is kept, sealed." "Restore the key in the secret store, or show this code to your administrator.";
    DiskFull "DB_DISK_FULL"
        "The disk is full." "Everything up to the last step is kept." "Free some space, then try again.";
    JournalFull "JOURNAL_FULL"
        "The journal has no room for the way back." "Nothing was changed; all that was changed before can still be undone." "Delete sessions that you do not need any more, or ask your administrator for more room.";
    SecretStore "SEC_STORE"
        "The secret store of this computer could not be opened." "Your sessions are kept." "Unlock the keyring, then start Deskhand again.";
    CryptographyRefused "SEC_CRYPTOGRAPHY"
        "The validated cryptography that this build of Deskhand promises is not in force." "Nothing was started." "Install this build again, or show this code to your administrator.";
    SandboxUnavailable "SBX_UNAVAILABLE"
        "Code cannot run on this computer now." "Workbooks and decks still work." "Ask your administrator about virtual machines.";
    Disabled "POL_DISABLED"
        "Deskhand is switched off by your organisation." "Your sessions are kept." "Ask your administrator.";
    PolicyInvalid "POL_INVALID"
        "A managed setting could not be read, so its strictest meaning applies." "Nothing was sent." "Show this code to your administrator.";
    PolicyNotEnforceable "POL_NOT_ENFORCEABLE"
        "Your organisation asks for a protection that this version of Deskhand does not have." "Nothing was sent." "Show this code to your administrator.";
    BootstrapAwaited "BOOT_AWAITED"
        "The settings that your organisation hands out to you are not here, or have ended." "Your sessions are kept." "Sign in with `deskhand sign-in` or in the Deskhand window; offline, connect to your organisation's network first.";
    BootstrapSignIn "BOOT_SIGN_IN"
        "The sign-in for your organisation's settings did not come about." "Settings that are here count until they end." "Sign in again, or show the details to your administrator.";
    BootstrapUnreachable "BOOT_UNREACHABLE"
        "Your organisation's settings could not be fetched." "Settings that are here count until they end." "Check the network, then try again; it is also tried again by itself.";
    BootstrapAnswer "BOOT_ANSWER"
        "The address of your organisation's settings gave an answer that cannot be used." "Settings that are here count until they end." "Show the details to your administrator.";
    BootstrapConsent "BOOT_CONSENT"
        "The values that you were asked about are others now." "Nothing was changed." "Look through them, then answer again.";
    CredentialWithheld "POL_CREDENTIAL"
        "A key or password would go to an address that it was not given for." "Nothing was sent." "The details say which; give it again for that address, or ask your administrator.";
    CollectorUnavailable "POL_COLLECTOR"
        "Your organisation's collector of records takes nothing now, and no turn may start without it." "Your text is kept; nothing was sent to the model." "Try again when the network is there, or show this code to your administrator.";
    PaneDisabled "POL_PANE"
        "Deskhand is switched off in this application by your organisation." "Your sessions are kept, and open in the window." "Ask your administrator.";
    SettingLocked "POL_LOCKED"
        "A setting is fixed by your organisation." "Nothing was changed." "Take it out of the draft, or ask your administrator.";
    SettingRefused "CFG_REFUSED"
        "A setting has a value that it cannot have." "Nothing was changed." "Correct it, then apply again.";
    SettingsStale "CFG_STALE"
        "Your settings were changed somewhere else meanwhile." "Nothing was changed; your draft is kept." "Look through the draft, then apply again.";
    SettingsUnusable "CFG_UNUSABLE"
        "Your file of settings cannot be read or written." "Nothing was changed." "The reason is in the details.";
    SettingsFileRefused "CFG_FILE"
        "This is no file of settings that can be read." "Nothing was changed." "The reason is in the details.";
    FileNotSaved "CFG_SAVE"
        "The file could not be saved in your downloads." "Nothing was overwritten." "Copy its text instead; the reason is in the details.";
    Internal "INTERNAL"
        "Something went wrong inside Deskhand." "Everything up to the last step is kept." "Try again; if it comes back, show this code to your administrator.";
}

/// An error for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UserError {
    /// The stable code.
    pub code: ErrorCode,
    /// One sentence: what happened.
    pub happened: String,
    /// One sentence: what was kept.
    pub kept: String,
    /// One sentence: what to do.
    pub action: String,
    /// What an expert wants to know beside the code; bounded, never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
    /// The HTTP status with which a server refused, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub status: Option<u16>,
}

impl UserError {
    /// An error with the registry's sentences.
    pub fn new(code: ErrorCode) -> Self {
        let [happened, kept, action] = code.sentences().map(str::to_owned);
        Self {
            code,
            happened,
            kept,
            action,
            detail: None,
            status: None,
        }
    }

    /// The same with its own first sentence, where that can say more.
    #[must_use]
    pub fn happened(mut self, happened: impl Into<String>) -> Self {
        self.happened = happened.into();
        self
    }

    /// The same with a detail, cut to 500 characters.
    #[must_use]
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string().chars().take(500).collect());
        self
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} [{}]",
            self.happened,
            self.kept,
            self.action,
            self.code.as_str()
        )
    }
}

impl std::error::Error for UserError {}
