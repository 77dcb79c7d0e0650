//! A guest that speaks FUSE by hand: it may ask what no kernel asks.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use deskhand_vm_files::{Access, Journal, Limits, ServeError, Share, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::{Agreeing, Heard};

/// A folder of the host that the guest may change.
pub fn share(host: &Path) -> Share {
    Share::open(host, Access::ReadWrite, 1000, 1000).unwrap()
}

/// A guest of it, under other caps.
pub fn with(host: &Path, change: impl FnOnce(&mut Limits)) -> Guest {
    let mut limits = Limits::default();
    change(&mut limits);
    Guest::new(share(host).with_limits(limits), Arc::new(Agreeing::default()))
}

/// A guest of it.
pub fn guest(host: &Path) -> Guest {
    with(host, |_| {})
}

/// A folder of the host: the folder `d`, and the file `a`, which holds "old".
pub fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("d")).unwrap();
    std::fs::write(home.path().join("a"), "old").unwrap();
    home
}

pub const LOOKUP: u32 = 1;
pub const FORGET: u32 = 2;
pub const GETATTR: u32 = 3;
pub const SETATTR: u32 = 4;
pub const READLINK: u32 = 5;
pub const SYMLINK: u32 = 6;
pub const MKNOD: u32 = 8;
pub const MKDIR: u32 = 9;
pub const UNLINK: u32 = 10;
pub const RMDIR: u32 = 11;
pub const RENAME: u32 = 12;
pub const LINK: u32 = 13;
pub const OPEN: u32 = 14;
pub const READ: u32 = 15;
pub const WRITE: u32 = 16;
pub const STATFS: u32 = 17;
pub const RELEASE: u32 = 18;
pub const FSYNC: u32 = 20;
pub const SETXATTR: u32 = 21;
pub const GETXATTR: u32 = 22;
pub const FLUSH: u32 = 25;
pub const INIT: u32 = 26;
pub const OPENDIR: u32 = 27;
pub const READDIR: u32 = 28;
pub const RELEASEDIR: u32 = 29;
pub const CREATE: u32 = 35;
pub const BATCH_FORGET: u32 = 42;
pub const RENAME2: u32 = 45;
pub const IOCTL: u32 = 39;
pub const BMAP: u32 = 37;

pub type Answer = Result<Vec<u8>, i32>;

pub struct Guest {
    runtime: Runtime,
    stream: Option<DuplexStream>,
    task: JoinHandle<Result<(), ServeError>>,
    pub events: Arc<Heard>,
    unique: u64,
    /// What came while an answer was waited for.
    pub others: Vec<Vec<u8>>,
    /// Nodes by path.
    nodes: HashMap<String, u64>,
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Numbers as one body.
pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Names, each with its NUL.
pub fn named(head: &[u8], names: &[&[u8]]) -> Vec<u8> {
    let mut body = head.to_vec();
    for name in names {
        body.extend(*name);
        body.push(0);
    }
    body
}

pub fn message(opcode: u32, unique: u64, node: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = words(&[40 + body.len() as u32, opcode]);
    bytes.extend(unique.to_le_bytes());
    bytes.extend(node.to_le_bytes());
    bytes.extend([0; 16]);
    bytes.extend(body);
    bytes
}

/// `fuse_init_in` of Linux 6.1, which offers all flags.
pub fn init_body() -> Vec<u8> {
    let mut body = words(&[7, 37, 1 << 17, u32::MAX, u32::MAX]);
    body.resize(64, 0);
    body
}

impl Guest {
    /// A guest that has not said anything.
    pub fn silent(share: Share, journal: Arc<dyn Journal>) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let events = Arc::new(Heard::default());
        let task = runtime.spawn(serve(theirs, share, journal, events.clone()));
        Self {
            runtime,
            stream: Some(ours),
            task,
            events,
            unique: 0,
            others: Vec::new(),
            nodes: HashMap::from([(String::new(), 1)]),
        }
    }

    pub fn new(share: Share, journal: Arc<dyn Journal>) -> Self {
        let mut guest = Self::silent(share, journal);
        guest.ask(INIT, 1, &init_body()).unwrap();
        guest
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        let stream = self.stream.as_mut().unwrap();
        // The server may have ended the connection.
        drop(self.runtime.block_on(stream.write_all(bytes)));
    }

    /// The next message, whatever it is; none at the end.
    pub fn receive(&mut self) -> Option<Vec<u8>> {
        let stream = self.stream.as_mut().unwrap();
        self.runtime.block_on(async {
            let length = stream.read_u32_le().await.ok()?;
            let mut bytes = length.to_le_bytes().to_vec();
            bytes.resize(length as usize, 0);
            stream.read_exact(&mut bytes[4..]).await.ok()?;
            Some(bytes)
        })
    }

    pub fn tell(&mut self, opcode: u32, node: u64, body: &[u8]) {
        self.unique += 1;
        self.send(&message(opcode, self.unique, node, body));
    }

    /// Asks, and waits for the answer. `Err(0)` where the connection ended.
    pub fn ask(&mut self, opcode: u32, node: u64, body: &[u8]) -> Answer {
        self.tell(opcode, node, body);
        loop {
            let answer = self.receive().ok_or(0)?;
            if u64_at(&answer, 8) == self.unique {
                return match u32_at(&answer, 4).cast_signed() {
                    0 => Ok(answer[16..].to_vec()),
                    error => Err(-error),
                };
            }
            self.others.push(answer);
        }
    }

    /// Ends the connection and says how the server took it.
    pub fn end(mut self) -> Result<(), ServeError> {
        self.stream = None;
        let (runtime, task) = (self.runtime, self.task);
        runtime.block_on(task).unwrap()
    }

    /// Ends the server wherever it is; what it works on is finished.
    pub fn kill(self) {
        self.task.abort();
        self.runtime.shutdown_timeout(std::time::Duration::from_secs(20));
    }

    /// The node of a path.
    pub fn node(&mut self, path: &str) -> Result<u64, i32> {
        let mut node = 1;
        for name in Path::new(path) {
            let name = std::os::unix::ffi::OsStrExt::as_bytes(name);
            let entry = self.ask(LOOKUP, node, &named(&[], &[name]))?;
            node = u64_at(&entry, 0);
            if node == 0 {
                return Err(2);
            }
        }
        Ok(node)
    }

    fn parent<'a>(&mut self, path: &'a str) -> Result<(u64, &'a [u8]), i32> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.node(above)?, name.as_bytes()))
    }

    pub fn mkdir(&mut self, path: &str) -> Answer {
        let (parent, name) = self.parent(path)?;
        self.ask(MKDIR, parent, &named(&words(&[0o755, 0]), &[name]))
    }

    pub fn unlink(&mut self, path: &str) -> Answer {
        let (parent, name) = self.parent(path)?;
        self.ask(UNLINK, parent, &named(&[], &[name]))
    }

    pub fn rmdir(&mut self, path: &str) -> Answer {
        let (parent, name) = self.parent(path)?;
        self.ask(RMDIR, parent, &named(&[], &[name]))
    }

    pub fn symlink(&mut self, path: &str, target: &str) -> Answer {
        let (parent, name) = self.parent(path)?;
        self.ask(SYMLINK, parent, &named(&[], &[name, target.as_bytes()]))
    }

    pub fn rename(&mut self, from: &str, to: &str) -> Answer {
        let (parent, name) = self.parent(from)?;
        let (new_parent, new) = self.parent(to)?;
        self.ask(RENAME, parent, &named(&new_parent.to_le_bytes(), &[name, new]))
    }

    /// A new file, open for writing: its handle.
    pub fn create(&mut self, path: &str) -> Result<u64, i32> {
        let (parent, name) = self.parent(path)?;
        let body = named(&words(&[0o302, 0o644, 0, 0]), &[name]);
        Ok(u64_at(&self.ask(CREATE, parent, &body)?, 128))
    }

    pub fn open(&mut self, path: &str, flags: u32) -> Result<u64, i32> {
        let node = self.node(path)?;
        Ok(u64_at(&self.ask(OPEN, node, &words(&[flags, 0]))?, 0))
    }

    pub fn write(&mut self, handle: u64, at: u64, data: &[u8]) -> Answer {
        let mut body = handle.to_le_bytes().to_vec();
        body.extend(at.to_le_bytes());
        body.extend(words(&[data.len() as u32, 0, 0, 0, 0, 0]));
        body.extend(data);
        self.ask(WRITE, 1, &body)
    }

    pub fn read(&mut self, handle: u64, at: u64, size: u32) -> Answer {
        let mut body = handle.to_le_bytes().to_vec();
        body.extend(at.to_le_bytes());
        body.extend(words(&[size, 0, 0, 0, 0, 0]));
        self.ask(READ, 1, &body)
    }

    /// FLUSH, FSYNC, RELEASE and RELEASEDIR take a handle and nothing that matters.
    pub fn with(&mut self, opcode: u32, handle: u64) -> Answer {
        let mut body = handle.to_le_bytes().to_vec();
        body.extend([0; 16]);
        self.ask(opcode, 1, &body)
    }

    pub fn close(&mut self, handle: u64) -> Answer {
        self.with(FLUSH, handle)?;
        self.with(RELEASE, handle)
    }

    pub fn set(&mut self, path: &str, valid: u32, size: u64, mtime: u64, mode: u32, uid: u32) -> Answer {
        let node = self.node(path)?;
        self.ask(SETATTR, node, &set_body(valid, size, mtime, mode, uid))
    }

    pub fn put(&mut self, path: &str, data: &[u8]) -> Answer {
        let handle = match self.open(path, 0o1001) {
            Ok(handle) => handle,
            Err(2) => self.create(path)?,
            Err(errno) => return Err(errno),
        };
        let wrote = self.write(handle, 0, data);
        let closed = self.close(handle);
        wrote.and(closed)
    }
}

pub fn set_body(valid: u32, size: u64, mtime: u64, mode: u32, uid: u32) -> Vec<u8> {
    let mut body = words(&[valid, 0, 0, 0]);
    body.extend(size.to_le_bytes());
    body.extend([0; 16]);
    body.extend(mtime.to_le_bytes());
    body.extend([0; 8]);
    body.extend(words(&[0, 0, 0, mode, 0, uid, 0, 0]));
    body
}
