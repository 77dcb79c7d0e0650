//! The TCP table with owning processes (`GetExtendedTcpTable`), and the user of the process that it names.

use std::ffi::c_void;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetExtendedTcpTable, MIB_TCP6ROW_OWNER_PID, MIB_TCPROW_OWNER_PID, TCP_TABLE_CLASS,
    TCP_TABLE_OWNER_PID_CONNECTIONS, TCP_TABLE_OWNER_PID_LISTENER,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

use super::{PeerOwner, PortHolder};
use crate::windows_user::{own_sid, process_sid};

/// `dwState` of an open connection (`MIB_TCP_STATE_ESTAB`).
const ESTABLISHED: u32 = 5;

struct Row {
    local: SocketAddr,
    remote: SocketAddr,
    state: u32,
    pid: u32,
}

pub(super) fn owner(local: SocketAddr, peer: SocketAddr) -> io::Result<PeerOwner> {
    let rows = rows(peer.is_ipv4(), TCP_TABLE_OWNER_PID_CONNECTIONS)?;
    let same = |row: &Row| row.state == ESTABLISHED && ends(row.local, peer) && ends(row.remote, local);
    rows.iter()
        .find(|row| same(row))
        .map_or(Ok(PeerOwner::Unknown), |row| whose(row.pid))
}

pub(super) fn port_holder(port: u16) -> io::Result<Option<PortHolder>> {
    for is_ipv4 in [true, false] {
        let rows = rows(is_ipv4, TCP_TABLE_OWNER_PID_LISTENER)?;
        if let Some(row) = rows.iter().find(|row| row.local.port() == port) {
            return Ok(Some(PortHolder {
                pid: Some(row.pid),
                owner: whose(row.pid)?,
            }));
        }
    }
    Ok(None)
}

/// Scope ids and flow labels do not tell loopback addresses apart.
fn ends(row: SocketAddr, wanted: SocketAddr) -> bool {
    row.ip() == wanted.ip() && row.port() == wanted.port()
}

fn whose(pid: u32) -> io::Result<PeerOwner> {
    let same = process_sid(pid)?.is_some_and(|sid| own_sid().is_ok_and(|own| own == sid));
    Ok(if same {
        PeerOwner::SameUser
    } else {
        PeerOwner::OtherUser
    })
}

fn rows(is_ipv4: bool, class: TCP_TABLE_CLASS) -> io::Result<Vec<Row>> {
    let table = table(if is_ipv4 { AF_INET } else { AF_INET6 }, class)?;
    Ok(if is_ipv4 {
        entries::<MIB_TCPROW_OWNER_PID>(&table)
            .iter()
            .map(row_v4)
            .collect()
    } else {
        entries::<MIB_TCP6ROW_OWNER_PID>(&table)
            .iter()
            .map(row_v6)
            .collect()
    })
}

fn row_v4(row: &MIB_TCPROW_OWNER_PID) -> Row {
    let end = |address: u32, port| {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::from(address.to_ne_bytes())), port_of(port))
    };
    Row {
        local: end(row.dwLocalAddr, row.dwLocalPort),
        remote: end(row.dwRemoteAddr, row.dwRemotePort),
        state: row.dwState,
        pid: row.dwOwningPid,
    }
}

fn row_v6(row: &MIB_TCP6ROW_OWNER_PID) -> Row {
    let end = |address: [u8; 16], port| SocketAddr::new(IpAddr::V6(Ipv6Addr::from(address)), port_of(port));
    Row {
        local: end(row.ucLocalAddr, row.dwLocalPort),
        remote: end(row.ucRemoteAddr, row.dwRemotePort),
        state: row.dwState,
        pid: row.dwOwningPid,
    }
}

/// The low 16 bits hold the port in network order.
fn port_of(field: u32) -> u16 {
    u16::from_be(field as u16)
}

/// The table as the platform writes it: a count, then the rows. `u32` words keep it aligned for both kinds of row.
#[expect(unsafe_code, reason = "the table is read through the platform")]
fn table(family: u16, class: TCP_TABLE_CLASS) -> io::Result<Vec<u32>> {
    let mut words: Vec<u32> = vec![0; 4096];
    // The table may grow between two calls, so a few tries are made.
    for _ in 0..8 {
        let mut size = u32::try_from(words.len() * 4).map_err(io::Error::other)?;
        let buffer: *mut c_void = words.as_mut_ptr().cast();
        // SAFETY: `buffer` is writable for `size` bytes; the reserved argument is zero as documented.
        let code = unsafe { GetExtendedTcpTable(buffer, &raw mut size, 0, u32::from(family), class, 0) };
        match code {
            NO_ERROR => return Ok(words),
            ERROR_INSUFFICIENT_BUFFER => words.resize(size as usize / 4 + 1024, 0),
            other => return Err(io::Error::from_raw_os_error(other as i32)),
        }
    }
    Err(io::Error::other("the TCP table keeps growing"))
}

#[expect(unsafe_code, reason = "the rows are plain numbers laid out by the platform")]
fn entries<R>(table: &[u32]) -> &[R] {
    let Some((count, rows)) = table.split_first() else {
        return &[];
    };
    let room = size_of_val(rows) / size_of::<R>();
    let count = (*count as usize).min(room);
    if count == 0 {
        return &[];
    }
    // SAFETY: `R` is a row of plain integers with an alignment of 4, and `count` of them lie inside `rows`.
    unsafe { std::slice::from_raw_parts(rows.as_ptr().cast::<R>(), count) }
}
