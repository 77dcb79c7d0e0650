//! A folder of the host under `/mnt`: the kernel's file requests go to the service and its answers come back, as they are
//! (<https://docs.kernel.org/filesystems/fuse.html>). Nothing is decided here.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use deskhand_vm_protocol::Stream;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf};
use tokio::sync::{Mutex, mpsc};

use crate::line::{self, Device};
use crate::session::{Kind, Session};

/// The longest message: a megabyte of data and its head. The kernel refuses a buffer that is smaller than what it may send.
const MESSAGE: usize = 1024 * 1024 + 8192;

/// Mounts a folder and carries messages until the service closes the stream; then it is unmounted.
pub(crate) async fn serve(session: &Session, name: String, writable: bool, stream: Stream) -> io::Result<()> {
    let corner = &session.room.corner;
    if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let device = line::open(Path::new("/dev/fuse"))?;
    let place = format!("/mnt/{name}");
    let user = session.spec.user;
    let options = format!(
        "fd={},rootmode=40000,user_id={user},group_id={user},allow_other,default_permissions,max_read=1048576",
        device.as_raw_fd(),
    );
    let options = std::ffi::CString::new(options).map_err(io::Error::other)?;
    let (to, from) = halves(stream);
    // Where commands are nobody else than the agent, they see what it makes and make nothing there themselves.
    let makes = session.room.kind == Kind::Machine;
    if !makes {
        make(&place)?;
    }
    let (mounted, outside) = (place.clone(), place.clone());
    corner
        .within(move || -> io::Result<()> {
            if makes {
                make(&mounted)?;
            }
            let mut flags = MountFlags::NOSUID | MountFlags::NODEV;
            if !writable {
                flags |= MountFlags::RDONLY;
            }
            Ok(mount("deskhand", &mounted, "fuse", flags, options.as_c_str())?)
        })
        .await??;
    // Only now: what is watched before it is mounted never tells of a request.
    let device = Arc::new(Device::watch(device)?);
    let to = Arc::new(Mutex::new(to));
    let (taken, told) = mpsc::channel(TAKEN);
    let asked = tokio::spawn(ask(Arc::clone(&device), Arc::clone(&to)));
    let telling = tokio::spawn(tell(told, to));
    let answered = answer(&device, from, taken).await;
    asked.abort();
    telling.abort();
    corner
        .within(move || {
            // Busy or not: programs that still have files open there get errors.
            unmount(&place, UnmountFlags::DETACH).ok();
            if makes {
                std::fs::remove_dir(&place).ok();
            }
        })
        .await?;
    if !makes {
        std::fs::remove_dir(&outside).ok();
    }
    answered
}

fn make(place: &str) -> io::Result<()> {
    match std::fs::create_dir(place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn halves(stream: Stream) -> (WriteHalf<Stream>, BufReader<ReadHalf<Stream>>) {
    let (from, to) = tokio::io::split(stream);
    (to, BufReader::with_capacity(256 * 1024, from))
}

/// What the kernel asks goes to the service. One read of the device is one message.
async fn ask(device: Arc<Device>, to: Arc<Mutex<WriteHalf<Stream>>>) -> io::Result<()> {
    let mut message = vec![0; MESSAGE];
    loop {
        match device.read_once(&mut message).await {
            Ok(0) => return Ok(()),
            Ok(length) => {
                send(&to, message.get(..length).unwrap_or_default()).await?;
            }
            // Taken back before it was read, or interrupted: there is a next one.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends one message, whole.
async fn send(to: &Mutex<WriteHalf<Stream>>, message: &[u8]) -> io::Result<()> {
    let mut to = to.lock().await;
    to.write_all(message).await?;
    to.flush().await
}

/// Says to the service which notices the kernel took.
async fn tell(mut told: mpsc::Receiver<u64>, to: Arc<Mutex<WriteHalf<Stream>>>) -> io::Result<()> {
    while let Some(number) = told.recv().await {
        // `struct fuse_in_header`: length, what is asked, the number, a node; nothing behind it.
        let mut message = 40_u32.to_le_bytes().to_vec();
        message.extend(NOTIFY_REPLY.to_le_bytes());
        message.extend(number.to_le_bytes());
        message.extend(1_u64.to_le_bytes());
        message.resize(40, 0);
        send(&to, &message).await?;
    }
    Ok(())
}

/// What the service answers goes to the kernel, one message in one write. It refuses what it did not ask for.
async fn answer(
    device: &Device,
    mut from: BufReader<ReadHalf<Stream>>,
    taken: mpsc::Sender<u64>,
) -> io::Result<()> {
    let notices = notifier(device.file().try_clone()?, taken)?;
    let mut message = vec![0; MESSAGE];
    loop {
        let length = match from.read_u32_le().await {
            Ok(length) => length as usize,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        let Some(whole) = message.get_mut(..length).filter(|_| length >= HEAD) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let (head, rest) = whole.split_at_mut(4);
        head.copy_from_slice(&(length as u32).to_le_bytes());
        from.read_exact(rest).await?;
        // `struct fuse_out_header`: length, error, and the request that it answers; 0 for what was not asked.
        if whole
            .get(8..HEAD)
            .is_some_and(|unique| unique.iter().all(|byte| *byte == 0))
        {
            let told = notices.try_send(whole.to_vec());
            told.map_err(|_| io::Error::other("the kernel takes no notices any more"))?;
        } else {
            write(device.file(), whole)?;
        }
    }
}

/// Bytes of the head of an answer.
const HEAD: usize = 16;

/// Notices that wait for the kernel. Each is some hundred bytes; the service has far fewer under way.
const NOTICES: usize = 16 * 1024;

/// Words to the service that notices were taken, which wait for the line.
const TAKEN: usize = 64;

/// `FUSE_NOTIFY_RETRIEVE`: the service asks so whether the notices before it were taken.
const NOTIFY_RETRIEVE: u32 = 5;
/// `FUSE_NOTIFY_REPLY`: the answer. The kernel gives it for files alone, so it is given here.
const NOTIFY_REPLY: u32 = 41;

/// A thread for what the kernel did not ask for: it holds such a write until the requests are answered that it is about,
/// and those answers come the same way.
fn notifier(device: File, taken: mpsc::Sender<u64>) -> io::Result<SyncSender<Vec<u8>>> {
    let (notices, queue) = sync_channel::<Vec<u8>>(NOTICES);
    std::thread::Builder::new()
        .name("notices".to_owned())
        .spawn(move || {
            while let Ok(notice) = queue.recv() {
                let went_on = match question(&notice) {
                    Some(number) => taken.blocking_send(number).is_ok(),
                    None => write(&device, &notice).is_ok(),
                };
                if !went_on {
                    return;
                }
            }
        })?;
    Ok(notices)
}

/// The number of a question whether the notices before it were taken: `struct fuse_notify_retrieve_out` behind the head.
fn question(notice: &[u8]) -> Option<u64> {
    let (_, rest) = notice.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk()?;
    let (number, _) = rest.get(8..)?.split_first_chunk()?;
    (u32::from_le_bytes(*kind) == NOTIFY_RETRIEVE).then(|| u64::from_le_bytes(*number))
}

fn write(mut device: &File, message: &[u8]) -> io::Result<()> {
    match device.write(message) {
        Ok(_) => Ok(()),
        // Nobody waits for this answer any more, or nothing of it is kept: an interrupted request, an invalidation.
        Err(error)
            if matches!(
                error.raw_os_error(),
                Some(libc::ENOENT | libc::ENOTDIR | libc::EINVAL)
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(error),
    }
}
