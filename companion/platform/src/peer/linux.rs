//! `/proc/net/tcp` and `/proc/net/tcp6` (proc(5)), one socket a line.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;

use super::{PeerOwner, PortHolder};

/// `st` of an open connection. The kernel prints user 0 for sockets that no process holds any longer (time-wait), so no
/// other state may vouch for anybody.
const ESTABLISHED: &str = "01";
const LISTEN: &str = "0A";

struct Row {
    local: String,
    remote: String,
    state: String,
    uid: u32,
    inode: u64,
}

pub(super) fn owner(local: SocketAddr, peer: SocketAddr) -> io::Result<PeerOwner> {
    let (peer_text, local_text) = (address_text(peer), address_text(local));
    let table = if peer.is_ipv4() {
        "/proc/net/tcp"
    } else {
        "/proc/net/tcp6"
    };
    let row = find(table, |row| {
        row.local == peer_text && row.remote == local_text && row.state == ESTABLISHED
    })?;
    Ok(row.map_or(PeerOwner::Unknown, |row| whose(row.uid)))
}

pub(super) fn port_holder(port: u16) -> io::Result<Option<PortHolder>> {
    let ending = format!(":{port:04X}");
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        if let Some(row) = find(table, |row| row.state == LISTEN && row.local.ends_with(&ending))? {
            return Ok(Some(PortHolder {
                pid: process_with_socket(row.inode),
                owner: whose(row.uid),
            }));
        }
    }
    Ok(None)
}

fn whose(uid: u32) -> PeerOwner {
    if uid == rustix::process::geteuid().as_raw() {
        PeerOwner::SameUser
    } else {
        PeerOwner::OtherUser
    }
}

fn find(table: &str, wanted: impl Fn(&Row) -> bool) -> io::Result<Option<Row>> {
    let file = match File::open(table) {
        Ok(file) => file,
        // A kernel without IPv6 has no second table.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    for line in BufReader::new(file).lines().skip(1) {
        if let Some(row) = parse(&line?).filter(|row| wanted(row)) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// `sl local rem st tx:rx tr:when retrnsmt uid timeout inode …`
fn parse(line: &str) -> Option<Row> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let mut next = || fields.next().map(str::to_owned);
    let (local, remote, state) = (next()?, next()?, next()?);
    let mut rest = fields.skip(3);
    let uid = rest.next()?.parse().ok()?;
    let inode = rest.nth(1)?.parse().ok()?;
    Some(Row {
        local,
        remote,
        state,
        uid,
        inode,
    })
}

/// The kernel prints each 32-bit word of the address as a number of the machine's byte order.
fn address_text(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => format!("{}:{:04X}", words(&address.ip().octets()), address.port()),
        SocketAddr::V6(address) => format!("{}:{:04X}", words(&address.ip().octets()), address.port()),
    }
}

fn words(octets: &[u8]) -> String {
    let (words, _) = octets.as_chunks::<4>();
    words.iter().fold(String::new(), |text, word| {
        text + &format!("{:08X}", u32::from_ne_bytes(*word))
    })
}

/// The process that has socket `inode` open, among those this user may look into.
fn process_with_socket(inode: u64) -> Option<u32> {
    let wanted = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        let mut handles = fs::read_dir(process.path().join("fd")).ok()?.flatten();
        handles
            .any(|handle| {
                fs::metadata(handle.path()).is_ok_and(|found| found.ino() == inode)
                    && fs::read_link(handle.path()).is_ok_and(|link| link.as_os_str() == wanted.as_str())
            })
            .then_some(pid)
    })
}
