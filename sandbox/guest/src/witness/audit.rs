//! The audit of the kernel (`linux/audit.h`): which program was started, by whom, with which arguments. The kernel writes
//! the arguments down before the program runs, so that none is too short-lived to be told of.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;

use deskhand_vm_protocol::GuestEvent;

use super::{FIRST_USER, ask, open};

/// Types of messages.
const SET: u16 = 1001;
const ADD_RULE: u16 = 1011;
const SYSCALL: u16 = 1300;
const EXECVE: u16 = 1309;
const END: u16 = 1320;

/// Starts whose messages are not complete yet; more are forgotten, the oldest first.
const OPEN: usize = 256;

/// Bytes of arguments that are kept of one start.
pub(super) const ARGUMENTS: usize = 8 * 1024;

/// Arguments that are kept of one start.
pub(super) const COUNT: usize = 256;

/// Has the kernel begin to tell of `execve` by users of sessions.
pub(super) fn open_socket() -> io::Result<OwnedFd> {
    let socket = open(rustix::net::netlink::AUDIT, 0)?;
    ask(&socket, ADD_RULE, &rule())?;
    ask(&socket, SET, &status())?;
    Ok(socket)
}

/// `struct audit_status`: on, silent where it fails, to this process, a backlog that is bounded, and nobody waits for it.
fn status() -> Vec<u8> {
    const ENABLED_FAILURE_PID_BACKLOG_WAIT: u32 = 0x01 | 0x02 | 0x04 | 0x10 | 0x20;
    let (enabled, failure, rate, backlog) = (1, 0, 0, 8192);
    let process = std::process::id();
    let mut status = Vec::new();
    for word in [
        ENABLED_FAILURE_PID_BACKLOG_WAIT,
        enabled,
        failure,
        process,
        rate,
        backlog,
        0,
        0,
        0,
        0,
        0,
    ] {
        status.extend_from_slice(&u32::to_ne_bytes(word));
    }
    status
}

/// `struct audit_rule_data`: at the exit of `execve` and `execveat`, where the user is a session's.
fn rule() -> Vec<u8> {
    const AT_EXIT: u32 = 4;
    const ALWAYS: u32 = 2;
    const ARCHITECTURE: u32 = 11;
    const USER: u32 = 1;
    const EQUAL: u32 = 0x4000_0000;
    const AT_LEAST: u32 = 0x2000_0000 | EQUAL;
    let machine = if cfg!(target_arch = "aarch64") {
        0xc000_00b7
    } else {
        0xc000_003e
    };
    let mut mask = [0_u32; 64];
    for call in [libc::SYS_execve, libc::SYS_execveat] {
        if let Some(word) = mask.get_mut(call as usize / 32) {
            *word |= 1 << (call % 32);
        }
    }
    let row = |first: u32, second: u32| {
        let mut row = [0_u32; 64];
        row[0] = first;
        row[1] = second;
        row
    };
    let mut rule = Vec::new();
    for word in [AT_EXIT, ALWAYS, 2].into_iter().chain(mask) {
        rule.extend_from_slice(&word.to_ne_bytes());
    }
    for row in [
        row(ARCHITECTURE, USER),
        row(machine, FIRST_USER),
        row(EQUAL, AT_LEAST),
    ] {
        for word in row {
            rule.extend_from_slice(&word.to_ne_bytes());
        }
    }
    rule.extend_from_slice(&0_u32.to_ne_bytes());
    rule
}

/// Puts the messages of one start together: they come apart, with a number that they share.
#[derive(Debug, Default)]
pub(super) struct Reader {
    open: BTreeMap<u64, Start>,
}

#[derive(Debug, Default)]
struct Start {
    call: Option<(u32, u32, u32)>,
    arguments: BTreeMap<u32, String>,
    bytes: usize,
    at: u64,
}

impl Reader {
    /// What a message completes.
    pub(super) fn read(&mut self, message: &[u8]) -> Option<GuestEvent> {
        let kind = u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?);
        let text = String::from_utf8_lossy(message.get(16..)?);
        let text = text.trim_end_matches('\0');
        // `audit(1700000000.123:45): …`
        let (stamp, fields) = text.strip_prefix("audit(")?.split_once("):")?;
        let (moment, number) = stamp.split_once(':')?;
        let number: u64 = number.parse().ok()?;
        if kind == END {
            return self.open.remove(&number).and_then(Start::finish);
        }
        if self.open.len() >= OPEN && !self.open.contains_key(&number) {
            self.open.pop_first();
        }
        let start = self.open.entry(number).or_default();
        start.at = nanoseconds(moment).unwrap_or(start.at);
        match kind {
            SYSCALL => start.call = call(fields),
            EXECVE => start.hear(fields),
            _ => {}
        }
        None
    }
}

impl Start {
    fn hear(&mut self, fields: &str) {
        for (name, value) in fields
            .split_whitespace()
            .filter_map(|field| field.split_once('='))
        {
            // `a3`, or `a3[0]` for a piece of a long one; `a3_len` says its length.
            let Some(number) = name
                .strip_prefix('a')
                .map(|rest| rest.split('[').next().unwrap_or_default())
            else {
                continue;
            };
            let Ok(number) = number.parse::<u32>() else {
                continue;
            };
            if self.bytes >= ARGUMENTS || self.arguments.len() >= COUNT {
                return;
            }
            let value = plain(value);
            self.bytes += value.len();
            self.arguments.entry(number).or_default().push_str(&value);
        }
    }

    /// A start that succeeded, once it is whole.
    fn finish(self) -> Option<GuestEvent> {
        let (process, parent, user) = self.call?;
        Some(GuestEvent::Started {
            process,
            parent,
            user,
            arguments: self.arguments.into_values().collect(),
            at: self.at,
        })
    }
}

/// Process, parent and user of a call that succeeded.
fn call(fields: &str) -> Option<(u32, u32, u32)> {
    let field = |wanted: &str| {
        let mut fields = fields
            .split_whitespace()
            .filter_map(|field| field.split_once('='));
        fields.find(|(name, _)| *name == wanted).map(|(_, value)| value)
    };
    if field("success")? != "yes" {
        return None;
    }
    let number = |name: &str| field(name)?.parse().ok();
    Some((number("pid")?, number("ppid")?, number("uid")?))
}

/// A value in quotes, or in hexadecimal where it has signs that would end it.
fn plain(value: &str) -> String {
    if let Some(quoted) = value.strip_prefix('"') {
        return quoted.trim_end_matches('"').to_owned();
    }
    let pairs = value.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect();
    bytes.map_or_else(
        || value.to_owned(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

/// `1700000000.123` as nanoseconds.
fn nanoseconds(moment: &str) -> Option<u64> {
    let (seconds, milliseconds) = moment.split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    let milliseconds: u64 = milliseconds.parse().ok()?;
    seconds
        .checked_mul(1_000_000_000)?
        .checked_add(milliseconds.checked_mul(1_000_000)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, text: &str) -> Vec<u8> {
        let mut message = vec![0; 16];
        message[4..6].copy_from_slice(&kind.to_ne_bytes());
        message.extend_from_slice(text.as_bytes());
        message
    }

    fn told(messages: &[(u16, &str)]) -> Option<GuestEvent> {
        let mut reader = Reader::default();
        messages
            .iter()
            .find_map(|(kind, text)| reader.read(&message(*kind, text)))
    }

    const CALL: &str = "audit(1700000000.123:45): arch=c000003e syscall=59 success=yes exit=0 ppid=10 pid=12 uid=20001 comm=\"sh\"";

    #[test]
    fn the_messages_of_a_start_are_put_together() {
        let event = told(&[
            (SYSCALL, CALL),
            (
                EXECVE,
                "audit(1700000000.123:45): argc=3 a0=\"sh\" a1=\"-c\" a2=6563686F206869",
            ),
            (END, "audit(1700000000.123:45): "),
        ]);
        let expected = GuestEvent::Started {
            process: 12,
            parent: 10,
            user: 20_001,
            arguments: ["sh", "-c", "echo hi"].map(str::to_owned).to_vec(),
            at: 1_700_000_000_123_000_000,
        };
        assert_eq!(event, Some(expected));
    }

    #[test]
    fn a_long_argument_comes_in_pieces_and_a_very_long_one_is_cut() {
        let piece = "41".repeat(3_000);
        let mut messages = vec![(SYSCALL, CALL.to_owned())];
        for number in 0..20 {
            messages.push((
                EXECVE,
                format!("audit(1700000000.123:45): a0_len=60000 a0[{number}]={piece}"),
            ));
        }
        messages.push((END, "audit(1700000000.123:45): ".to_owned()));
        let mut reader = Reader::default();
        let event = messages
            .iter()
            .find_map(|(kind, text)| reader.read(&message(*kind, text)));
        let Some(GuestEvent::Started { arguments, .. }) = event else {
            panic!("nothing was told");
        };
        assert_eq!(arguments.len(), 1);
        assert_eq!(arguments[0].len(), 9_000, "whole pieces until there is enough");
    }

    #[test]
    fn a_start_with_many_words_is_told_with_the_first_of_them() {
        let words: Vec<String> = (0..COUNT + 9).map(|number| format!("a{number}=\"x\"")).collect();
        let words = words.join(" ");
        let event = told(&[
            (SYSCALL, CALL),
            (EXECVE, &format!("audit(1700000000.123:45): argc=265 {words}")),
            (END, "audit(1700000000.123:45): "),
        ]);
        let Some(GuestEvent::Started { arguments, .. }) = event else {
            panic!("nothing was told");
        };
        assert_eq!(arguments.len(), COUNT);
    }

    #[test]
    fn a_start_that_failed_is_none() {
        let failed = CALL.replace("success=yes", "success=no");
        assert_eq!(
            told(&[(SYSCALL, &failed), (END, "audit(1700000000.123:45): ")]),
            None
        );
    }

    #[test]
    fn starts_that_never_end_are_forgotten_and_no_message_is_a_panic() {
        let mut reader = Reader::default();
        for number in 0..10_000 {
            reader.read(&message(EXECVE, &format!("audit(1.1:{number}): a0=\"x\"")));
        }
        assert_eq!(reader.open.len(), OPEN);
        for text in [
            "",
            "audit(",
            "audit(1:2)",
            "audit(x:y): z",
            "audit(1.1:1): a=\" a99999999999=1 a0=zz a0[=\" =",
        ] {
            for kind in [SYSCALL, EXECVE, END] {
                reader.read(&message(kind, text));
            }
        }
        assert_eq!(reader.read(&[0; 5]), None);
    }

    #[test]
    fn the_rule_has_the_length_that_the_kernel_takes() {
        assert_eq!(rule().len(), 1040);
        assert_eq!(status().len(), 44);
    }
}
