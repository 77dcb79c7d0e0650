//! What processes start and end, as the guest's kernel tells: by its audit, which knows the arguments of each program
//! before it runs, and by its connector of processes, which knows how each ended.
//!
//! The service passes it on, so that what watches the host sees what runs in the machine. A guest whose kernel was taken
//! over tells what it likes: nothing on the host is decided by it.

mod audit;
mod exits;

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_vm_protocol::{GuestEvent, MAX_FRAME, Stream, WireError, write_json};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType, bind, send, socket_with};
use tokio::sync::mpsc;

/// Events that wait for the service; more are counted and lost.
const WAITING: usize = 4096;

/// Processes whose end is waited for.
const KNOWN: usize = 65_536;

/// Ends that wait for their start.
const EARLY: usize = 1024;

/// The longest message of the kernel, in bytes: `MAX_AUDIT_MESSAGE_LENGTH` with its head, and some.
const MESSAGE: usize = 16 * 1024;

/// The lowest user id whose programs are told of: sessions have higher ones, the agent and bubblewrap lower.
pub(crate) const FIRST_USER: u32 = 10_000;

/// Both sources, open.
#[derive(Debug)]
pub(crate) struct Witness {
    audit: File,
    exits: File,
}

/// Who tells of what starts and ends.
#[derive(Debug)]
pub(crate) enum Source {
    /// The kernel, of every program.
    Kernel(Witness),
    /// The agent, of the commands that it starts: a kernel that others use as well tells nothing.
    Agent(Waiting),
}

/// Where events are put.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    queue: mpsc::Sender<GuestEvent>,
    lost: Arc<AtomicU64>,
    pairs: Arc<Mutex<Pairs>>,
}

/// Events that were put, on their way.
#[derive(Debug)]
pub(crate) struct Waiting {
    queue: mpsc::Receiver<GuestEvent>,
    lost: Arc<AtomicU64>,
}

/// Starts and ends, which come from two sources: the end of a short process may come before its start.
#[derive(Debug, Default)]
struct Pairs {
    /// Processes whose start was told.
    running: BTreeSet<u32>,
    /// Ends whose start was not; most are of processes that started no program.
    early: VecDeque<(u32, GuestEvent)>,
}

impl Pairs {
    /// What is to be told now, in order.
    fn take(&mut self, event: GuestEvent) -> Vec<GuestEvent> {
        match &event {
            GuestEvent::Started { process, .. } => {
                let process = *process;
                let ended = self.early.iter().position(|(early, _)| *early == process);
                let ended = ended.and_then(|place| self.early.remove(place));
                if ended.is_none() && self.running.len() < KNOWN {
                    self.running.insert(process);
                }
                std::iter::once(event).chain(ended.map(|(_, end)| end)).collect()
            }
            GuestEvent::Ended { process, .. } if !self.running.remove(process) => {
                if self.early.len() >= EARLY {
                    self.early.pop_front();
                }
                self.early.push_back((*process, event));
                Vec::new()
            }
            _ => vec![event],
        }
    }
}

impl Witness {
    /// Has the kernel begin to tell.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            audit: audit::open_socket()?.into(),
            exits: exits::open_socket()?.into(),
        })
    }

    /// Passes events to the service until it closes the stream.
    pub(crate) async fn tell(self, to: Stream) -> Result<(), WireError> {
        let (told, waiting) = Told::new();
        tokio::spawn(read(self.audit, {
            let told = told.clone();
            let mut reader = audit::Reader::default();
            move |message| {
                if let Some(event) = reader.read(message) {
                    told.tell(event);
                }
            }
        }));
        tokio::spawn(read(self.exits, move |message| {
            if let Some(event) = exits::read(message) {
                told.tell(event);
            }
        }));
        waiting.carry(to).await
    }
}

impl Waiting {
    /// Passes them to the service until it closes the stream.
    pub(crate) async fn carry(mut self, mut to: Stream) -> Result<(), WireError> {
        while let Some(event) = self.queue.recv().await {
            let count = self.lost.swap(0, Ordering::Relaxed);
            if count > 0 {
                write_json(&mut to, "an event", MAX_FRAME, &GuestEvent::Lost { count }).await?;
            }
            write_json(&mut to, "an event", MAX_FRAME, &event).await?;
        }
        Ok(())
    }
}

impl Told {
    /// A place for events, and where they come out.
    pub(crate) fn new() -> (Self, Waiting) {
        let (queue, waiting) = mpsc::channel(WAITING);
        let told = Self {
            queue,
            lost: Arc::default(),
            pairs: Arc::default(),
        };
        let lost = Arc::clone(&told.lost);
        (told, Waiting { queue: waiting, lost })
    }

    /// Says that the agent started a command, with as much of its arguments as is told of any.
    pub(crate) fn started(&self, process: u32, user: u32, arguments: &[String]) {
        let mut left = audit::ARGUMENTS;
        let cut = |argument: &String| {
            let end = argument.floor_char_boundary(left.min(argument.len()));
            left -= end;
            argument.get(..end).unwrap_or_default().to_owned()
        };
        self.tell(GuestEvent::Started {
            process,
            parent: std::process::id(),
            user,
            arguments: arguments.iter().take(audit::COUNT).map(cut).collect(),
            at: now(),
        });
    }

    /// Says how it ended: its code, or the signal as a negative number.
    pub(crate) fn ended(&self, process: u32, code: i32) {
        let at = now();
        self.tell(GuestEvent::Ended { process, code, at });
    }

    /// Puts an event into the queue.
    fn tell(&self, event: GuestEvent) {
        let events = self
            .pairs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(event);
        for event in events {
            if self.queue.try_send(event).is_err() {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Reads messages for as long as there is somebody to tell.
async fn read(socket: File, mut heard: impl FnMut(&[u8])) -> io::Result<()> {
    let socket = crate::sys::watch(socket)?;
    let mut message = vec![0; MESSAGE];
    loop {
        let read = socket
            .async_io(tokio::io::Interest::READABLE, |mut socket| {
                io::Read::read(&mut socket, &mut message)
            })
            .await;
        match read {
            Ok(length) => heard(message.get(..length).unwrap_or_default()),
            // More came than the kernel keeps; it goes on behind the gap.
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {}
            Err(error) => return Err(error),
        }
    }
}

/// A socket to a part of the kernel, in some of its groups.
fn open(part: Protocol, groups: u32) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(part))?;
    bind(&socket, &SocketAddrNetlink::new(0, groups))?;
    rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, 4 << 20)?;
    Ok(socket)
}

/// Sends a message of this type (`struct nlmsghdr`, netlink(7)).
fn ask(socket: &OwnedFd, kind: u16, payload: &[u8]) -> io::Result<()> {
    const REQUEST: u16 = 1;
    let length = 16 + payload.len();
    let mut message = Vec::with_capacity(length);
    message.extend_from_slice(&(length as u32).to_ne_bytes());
    message.extend_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(&REQUEST.to_ne_bytes());
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(payload);
    send(socket, &message, rustix::net::SendFlags::empty())?;
    Ok(())
}

/// The four bytes at a place.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(four.try_into().ok()?))
}

/// Nanoseconds since 1970, by the guest's clock.
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(process: u32) -> GuestEvent {
        GuestEvent::Started {
            process,
            parent: 1,
            user: FIRST_USER,
            arguments: Vec::new(),
            at: 0,
        }
    }

    fn ended(process: u32) -> GuestEvent {
        GuestEvent::Ended {
            process,
            code: 0,
            at: 0,
        }
    }

    #[test]
    fn an_end_that_comes_first_is_told_behind_its_start_and_others_are_not() {
        let mut pairs = Pairs::default();
        assert_eq!(pairs.take(ended(7)), []);
        assert_eq!(pairs.take(started(8)), [started(8)]);
        assert_eq!(pairs.take(started(7)), [started(7), ended(7)]);
        assert_eq!(pairs.take(ended(8)), [ended(8)]);
        assert_eq!(pairs.take(ended(8)), [], "its start was answered already");
    }

    #[test]
    fn a_command_is_told_with_as_much_of_its_arguments_as_any() {
        let (told, mut waiting) = Told::new();
        let long = "ä".repeat(audit::ARGUMENTS);
        told.started(7, FIRST_USER, &["sh".to_owned(), long, "rest".to_owned()]);
        told.ended(7, -9);
        let Ok(GuestEvent::Started { arguments, .. }) = waiting.queue.try_recv() else {
            panic!("nothing was told");
        };
        let bytes: usize = arguments.iter().map(String::len).sum();
        assert!(arguments.len() == 3 && bytes <= audit::ARGUMENTS && bytes > audit::ARGUMENTS - 4);
        assert!(matches!(
            waiting.queue.try_recv(),
            Ok(GuestEvent::Ended {
                process: 7,
                code: -9,
                ..
            })
        ));
    }

    #[test]
    fn ends_without_a_start_and_starts_without_an_end_take_no_room_without_end() {
        let mut pairs = Pairs::default();
        for process in 0..10_000 {
            pairs.take(ended(process));
        }
        assert_eq!(pairs.early.len(), EARLY);
        for process in 10_000..=10_000 + KNOWN as u32 {
            pairs.take(started(process));
        }
        assert_eq!(pairs.running.len(), KNOWN);
    }

    #[test]
    fn what_a_service_that_does_not_listen_missed_is_counted_and_no_start_has_words_without_end() {
        let (told, mut waiting) = Told::new();
        let words = vec![String::from("x"); audit::COUNT + 1];
        for process in 0..WAITING as u32 + 5 {
            told.started(process, FIRST_USER, &words);
        }
        assert_eq!(
            (waiting.queue.len(), told.lost.load(Ordering::Relaxed)),
            (WAITING, 5)
        );
        let Ok(GuestEvent::Started { arguments, .. }) = waiting.queue.try_recv() else {
            panic!("nothing was told");
        };
        assert_eq!(arguments.len(), audit::COUNT);
    }
}
