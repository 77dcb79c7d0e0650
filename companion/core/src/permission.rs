//! Who must be asked: one pure function of call, mode, grants and rules. Documents cannot answer (Invariant 9): the only
//! ways to an allowance are a person, the mode that a person chose, or a grant that a person gave.

use deskhand_operations::Effect;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::permission::{Choice, CommandFolder, CommandRequest, SettledBy};
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{DocumentId, PermissionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::rules::{Rules, Subject, Verdict};
use crate::tool::{AskReason, Prepared};

#[cfg(test)]
mod command;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod web;

/// How long an answer for always holds: 90 days, in milliseconds.
pub const LASTING: i64 = 90 * 24 * 60 * 60 * 1_000;

/// What a grant is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One document.
    Document(DocumentId),
    /// The files of an attached folder.
    Folder(String),
    /// The pages or the search of a host on the web.
    Host(String),
    /// Commands in the sandbox that see and reach no more than the one that was asked about.
    Sandbox(CommandRequest),
}

/// A grant for the rest of the session: this kind of action at this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The question that was answered so.
    pub id: PermissionId,
    /// The kind.
    pub reason: AskReason,
    /// The place.
    pub place: Place,
}

/// A grant that outlives its session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastingGrant {
    /// The question that was answered so.
    pub id: PermissionId,
    /// The kind.
    pub reason: AskReason,
    /// The folder.
    pub folder: String,
    /// When.
    pub granted_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// Where it was given.
    pub from: FrontEndKind,
}

/// What stands when a call is to be decided about.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Now.
    pub now: Timestamp,
    /// The mode that the person chose.
    pub mode: PermissionMode,
    /// Grants of the session.
    pub grants: &'a [Grant],
    /// Grants that outlive sessions.
    pub lasting: &'a [LastingGrant],
    /// What the organisation says.
    pub rules: &'a Rules,
    /// True once the session has read what somebody else may have written: from then on the model may be speaking for them.
    pub marked: bool,
    /// The person's words in this turn, in lower case.
    pub words: &'a str,
    /// The documents that the person chose in this turn; where none was, all of the session count as chosen.
    pub chosen: &'a [DocumentId],
}

/// The decision about a prepared call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody needs to be asked, because nothing that is there is touched.
    Free,
    /// Allowed without a question, and by what; the grant where it was one.
    Allowed(SettledBy, Option<PermissionId>),
    /// A person must be asked.
    Ask,
    /// A person must be asked, because the document is not one that they chose.
    AskElsewhere,
    /// A person must be asked, because of this rule of the organisation.
    AskByRule(String),
    /// Not allowed, and by what.
    Denied(SettledBy),
}

/// Decides about a prepared call of a tool.
pub fn decide(standing: &Standing<'_>, tool: &str, prepared: &Prepared) -> Decision {
    let verdict = standing
        .rules
        .verdict(tool, prepared.effect, Subject::of(prepared));
    if let Verdict::Disabled(_) = verdict {
        return Decision::Denied(SettledBy::Policy);
    }
    let reads = prepared.effect == Effect::Read;
    if !reads && standing.mode == PermissionMode::ReadOnly {
        return Decision::Denied(SettledBy::Mode);
    }
    if let Verdict::Asks(rule) = verdict {
        return Decision::AskByRule(rule);
    }
    let reason = match &prepared.ask {
        Some(ask) => ask.reason,
        None if reads || is_chosen(standing, prepared) => return Decision::Free,
        None => AskReason::Elsewhere,
    };
    if reason.is_risky() {
        return Decision::Ask;
    }
    if let Some((by, grant)) = granted(standing, reason, prepared) {
        return Decision::Allowed(by, Some(grant));
    }
    let acts = standing.mode == PermissionMode::Act && standing.rules.lets_act();
    if acts && is_within_request(standing, reason, prepared) {
        return Decision::Allowed(SettledBy::Mode, None);
    }
    if reason == AskReason::Elsewhere {
        return Decision::AskElsewhere;
    }
    Decision::Ask
}

/// True for a document that the person chose, or while nobody else had a word.
fn is_chosen(standing: &Standing<'_>, prepared: &Prepared) -> bool {
    let Some(document) = &prepared.document else {
        return true;
    };
    !standing.marked || standing.chosen.is_empty() || standing.chosen.contains(document)
}

/// The grant that covers a call.
fn granted(
    standing: &Standing<'_>,
    reason: AskReason,
    prepared: &Prepared,
) -> Option<(SettledBy, PermissionId)> {
    let folder = prepared.file.as_ref().and_then(|file| file.folder.as_ref());
    let host = prepared.web.as_ref().map(|web| &web.host);
    let covers = |grant: &&Grant| {
        grant.reason == reason
            && match &grant.place {
                Place::Document(document) => prepared.document.as_ref() == Some(document),
                Place::Folder(of) => prepared.document.is_none() && folder == Some(of),
                Place::Host(of) => host == Some(of),
                Place::Sandbox(asked) => prepared.command.as_ref().is_some_and(|now| is_within(now, asked)),
            }
    };
    if let Some(grant) = standing.grants.iter().find(covers) {
        return Some((SettledBy::SessionGrant, grant.id.clone()));
    }
    let lasts = |grant: &&LastingGrant| {
        standing.rules.lets_last()
            && reason.may_last()
            && grant.reason == reason
            && prepared.document.is_none()
            && folder == Some(&grant.folder)
            && grant.granted_at <= standing.now
            && standing.now < grant.expires_at
    };
    let grant = standing.lasting.iter().find(lasts)?;
    Some((SettledBy::LastingGrant, grant.id.clone()))
}

/// True for a command that sees and reaches nothing that was not asked about.
fn is_within(now: &CommandRequest, asked: &CommandRequest) -> bool {
    let may = |folder: &CommandFolder| {
        let mut of = asked.folders.iter().filter(|known| known.path == folder.path);
        of.any(|known| folder.read_only || !known.read_only)
    };
    let hosts = now.hosts.iter().all(|host| asked.hosts.contains(host));
    now.folders.iter().all(may) && hosts && now.more_hosts <= asked.more_hosts
}

/// What the mode that acts may do by itself: looks of documents that the person chose; and files and hosts on the web that
/// the person named, or any, searches, and commands, as long as nobody else had a word in the session.
fn is_within_request(standing: &Standing<'_>, reason: AskReason, prepared: &Prepared) -> bool {
    match reason {
        AskReason::Reformats => is_chosen(standing, prepared),
        AskReason::Creates | AskReason::Edits => {
            let path = prepared.file.as_ref().map(|file| file.path.as_str());
            !standing.marked || path.is_some_and(|path| is_named(standing.words, path))
        }
        // A command reads what it sees: from then on nobody knows whose words the next ones are.
        AskReason::Searches | AskReason::Runs => !standing.marked,
        AskReason::Browses => {
            let host = prepared.web.as_ref().map(|web| web.host.as_str());
            !standing.marked || host.is_some_and(|host| is_host_named(standing.words, host))
        }
        _ => false,
    }
}

/// Domains of the top that are also ends of files' names.
const FILE_ENDS: [&str; 14] = [
    "ai", "app", "cc", "md", "mov", "pl", "ps", "py", "rs", "sh", "so", "tf", "ws", "zip",
];

/// True where a host stands in a person's words: in an address, or alone where it can be taken for nothing else, as a
/// word or the name of a file.
fn is_host_named(words: &str, host: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-');
    let plain = host
        .rsplit_once('.')
        .is_some_and(|(_, end)| !FILE_ENDS.contains(&end.to_ascii_lowercase().as_str()));
    let is_host = |word: &str| word.trim_matches('.').eq_ignore_ascii_case(host);
    let mut addresses = words.split("://").skip(1);
    addresses.any(|rest| is_host(rest.split(|letter| !is_part(letter)).next().unwrap_or_default()))
        || plain && words.split(|letter| !is_part(letter)).any(is_host)
}

/// True where the name of a file stands in a person's words as a word of its own.
fn is_named(words: &str, path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    !name.is_empty()
        && words.match_indices(&name).any(|(at, _)| {
            let (before, after) = (&words[..at], &words[at + name.len()..]);
            !is_part(before.chars().next_back()) && !is_part(after.chars().next())
        })
}

/// The answers that may be given to a question, the main one first.
pub fn choices(reason: AskReason, has_folder: bool, rules: &Rules) -> Vec<Choice> {
    let mut choices = vec![Choice::AllowOnce];
    if !reason.is_risky() {
        choices.push(Choice::AllowSession);
        if has_folder && reason.may_last() && rules.lets_last() {
            choices.push(Choice::AllowAlways);
        }
    }
    choices.push(Choice::Deny);
    choices
}
