//! The greeting: one line of JSON each way on the bare line, before there are streams.
//!
//! The agent says [`Ready`] and stops; nothing of a session exists then, so that this is the moment in which a state of the
//! machine is kept. [`Go`] brings what no two sessions may share: chance, the time, the token, the user.

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::error::WireError;
use crate::frame::{parse, spell};
use crate::limits::MAX_GREETING;

/// The version of everything in this crate. Both sides come from one build; a state that was kept may be older.
pub const VERSION: u32 = 2;

/// The agent is up, and waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// [`VERSION`] of the agent.
    pub deskhand: u32,
    /// The kernel's release.
    pub kernel: String,
    /// Milliseconds since the kernel began.
    pub uptime: u64,
}

/// A session begins.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Go {
    /// Chance for the guest's kernel: 64 hexadecimal digits. A state that is resumed twice would draw the same numbers.
    pub seed: String,
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Said back in [`Hello`](crate::Hello): what speaks is the guest that was started just now.
    pub token: String,
    /// For whom.
    pub session: SessionSpec,
}

/// Neither seed nor token may come into a log.
impl std::fmt::Debug for Go {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Go")
            .field("time", &self.time)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// What the guest makes ready for a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSpec {
    /// The user and group id that its commands run as.
    pub user: u32,
    /// Memory of all commands together, in bytes.
    pub memory: u64,
    /// Processes and threads of all commands together.
    pub processes: u32,
    /// Whether the proxy on the guest's loopback is there.
    pub network: bool,
    /// Time zone, as in `Europe/Berlin`; UTC without one.
    pub zone: Option<String>,
}

/// Says that the agent is up.
pub async fn write_ready<W: AsyncWrite + Unpin>(to: &mut W, ready: &Ready) -> Result<(), WireError> {
    write_line(to, "the agent's greeting", ready).await
}

/// Waits until the agent is up. Another version is an error.
pub async fn read_ready<R: AsyncRead + Unpin>(from: &mut R) -> Result<Ready, WireError> {
    let ready: Ready = read_line(from, "the agent's greeting").await?;
    if ready.deskhand == VERSION {
        Ok(ready)
    } else {
        Err(WireError::Version {
            found: ready.deskhand,
            ours: VERSION,
        })
    }
}

/// Begins the session.
pub async fn write_go<W: AsyncWrite + Unpin>(to: &mut W, go: &Go) -> Result<(), WireError> {
    write_line(to, "the start of the session", go).await
}

/// Waits for the session.
pub async fn read_go<R: AsyncRead + Unpin>(from: &mut R) -> Result<Go, WireError> {
    read_line(from, "the start of the session").await
}

async fn write_line<W, T>(to: &mut W, what: &'static str, value: &T) -> Result<(), WireError>
where
    W: AsyncWrite + Unpin,
    T: Serialize,
{
    let mut line = spell(value, what, MAX_GREETING - 1)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    Ok(to.flush().await?)
}

/// Byte by byte: what stands behind the line belongs to the streams.
async fn read_line<R, T>(from: &mut R, what: &'static str) -> Result<T, WireError>
where
    R: AsyncRead + Unpin,
    T: serde::de::DeserializeOwned,
{
    let mut line = Vec::new();
    loop {
        match from.read_u8().await? {
            b'\n' => return parse(&line, what),
            _ if line.len() + 1 >= MAX_GREETING => {
                return Err(WireError::TooLong {
                    what,
                    found: line.len() + 1,
                    most: MAX_GREETING,
                });
            }
            byte => line.push(byte),
        }
    }
}
