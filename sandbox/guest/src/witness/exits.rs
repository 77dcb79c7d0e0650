//! The kernel's connector of processes (`linux/cn_proc.h`): how each process ended.

use std::io;
use std::os::fd::OwnedFd;

use deskhand_vm_protocol::GuestEvent;

use super::{ask, open, word};

/// `CN_IDX_PROC`, `CN_VAL_PROC`, `PROC_CN_MCAST_LISTEN`, `PROC_EVENT_EXIT`.
const GROUP: u32 = 1;
const VALUE: u32 = 1;
const LISTEN: u32 = 1;
const EXIT: u32 = 0x8000_0000;

/// Where parts of a message begin: `struct nlmsghdr` has 16 bytes, `struct cn_msg` 20.
const EVENT: usize = 36;
const BODY: usize = EVENT + 16;

/// Has the kernel begin to tell.
pub(super) fn open_socket() -> io::Result<OwnedFd> {
    let socket = open(rustix::net::netlink::CONNECTOR, GROUP)?;
    let mut payload = Vec::with_capacity(24);
    for word in [GROUP, VALUE, 0, 0] {
        payload.extend_from_slice(&word.to_ne_bytes());
    }
    payload.extend_from_slice(&4_u16.to_ne_bytes());
    payload.extend_from_slice(&0_u16.to_ne_bytes());
    payload.extend_from_slice(&LISTEN.to_ne_bytes());
    // `NLMSG_DONE`.
    ask(&socket, 3, &payload)?;
    Ok(socket)
}

/// The end of a process, where the message tells of one. Threads end without a word.
pub(super) fn read(message: &[u8]) -> Option<GuestEvent> {
    if word(message, EVENT)? != EXIT {
        return None;
    }
    let (thread, process) = (word(message, BODY)?, word(message, BODY + 4)?);
    // As wait(2) has it: the code in the second byte, the signal in the first.
    let status = word(message, BODY + 8)?;
    let signal = (status & 0x7f) as i32;
    let code = if signal == 0 {
        (status >> 8 & 0xff) as i32
    } else {
        -signal
    };
    (thread == process).then(|| GuestEvent::Ended {
        process,
        code,
        at: super::now(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(what: u32, thread: u32, process: u32, status: u32) -> Vec<u8> {
        let mut message = vec![0; EVENT];
        for word in [what, 0, 0, 0, thread, process, status, 0] {
            message.extend_from_slice(&word.to_ne_bytes());
        }
        message
    }

    fn code(message: &[u8]) -> Option<i32> {
        match read(message) {
            Some(GuestEvent::Ended { code, .. }) => Some(code),
            _ => None,
        }
    }

    #[test]
    fn the_end_of_a_process_is_its_code_or_its_signal() {
        assert_eq!(code(&message(EXIT, 7, 7, 3 << 8)), Some(3));
        assert_eq!(code(&message(EXIT, 7, 7, 9)), Some(-9));
        assert_eq!(code(&message(EXIT, 7, 7, 0x8b)), Some(-11), "with a core");
    }

    #[test]
    fn threads_other_events_and_short_messages_say_nothing() {
        assert_eq!(code(&message(EXIT, 8, 7, 0)), None);
        assert_eq!(code(&message(2, 7, 7, 0)), None);
        let whole = message(EXIT, 7, 7, 0);
        for length in 0..BODY + 12 {
            assert_eq!(code(&whole[..length]), None, "{length}");
        }
    }
}
