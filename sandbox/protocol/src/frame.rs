//! Frames on a stream: one byte of kind, a length of four bytes (big-endian), that many bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::error::WireError;
use crate::limits::MAX_FRAME;

/// Reads one frame. `None` at an end between two frames.
pub async fn read_frame<R: AsyncRead + Unpin>(from: &mut R) -> Result<Option<(u8, Vec<u8>)>, WireError> {
    let kind = match from.read_u8().await {
        Ok(kind) => kind,
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let payload = read_block(from, "a frame", MAX_FRAME).await?;
    Ok(Some((kind, payload)))
}

/// Writes one frame and flushes it. What is longer than [`MAX_FRAME`] goes in pieces, each a frame of that kind.
pub async fn write_frame<W: AsyncWrite + Unpin>(
    to: &mut W,
    kind: u8,
    payload: &[u8],
) -> Result<(), WireError> {
    let mut rest = payload;
    loop {
        let (piece, behind) = rest.split_at(rest.len().min(MAX_FRAME));
        let mut whole = Vec::with_capacity(piece.len() + 5);
        whole.push(kind);
        whole.extend_from_slice(&(piece.len() as u32).to_be_bytes());
        whole.extend_from_slice(piece);
        to.write_all(&whole).await?;
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    Ok(to.flush().await?)
}

/// Reads a block of JSON behind its length.
pub async fn read_json<R, T>(from: &mut R, what: &'static str, most: usize) -> Result<T, WireError>
where
    R: AsyncRead + Unpin,
    T: DeserializeOwned,
{
    let block = read_block(from, what, most).await?;
    parse(&block, what)
}

/// Writes a block of JSON behind its length, and flushes it.
pub async fn write_json<W, T>(to: &mut W, what: &'static str, most: usize, value: &T) -> Result<(), WireError>
where
    W: AsyncWrite + Unpin,
    T: Serialize,
{
    let block = spell(value, what, most)?;
    let mut whole = (block.len() as u32).to_be_bytes().to_vec();
    whole.extend_from_slice(&block);
    to.write_all(&whole).await?;
    Ok(to.flush().await?)
}

/// A value as JSON, refused where it is longer than its place takes.
pub(crate) fn spell<T: Serialize>(value: &T, what: &'static str, most: usize) -> Result<Vec<u8>, WireError> {
    let block = serde_json::to_vec(value).map_err(|error| malformed(what, &error))?;
    if block.len() > most {
        return Err(WireError::TooLong {
            what,
            found: block.len(),
            most,
        });
    }
    Ok(block)
}

/// A value from JSON.
pub(crate) fn parse<T: DeserializeOwned>(block: &[u8], what: &'static str) -> Result<T, WireError> {
    serde_json::from_slice(block).map_err(|error| malformed(what, &error))
}

fn malformed(what: &'static str, error: &serde_json::Error) -> WireError {
    WireError::Malformed {
        what,
        why: error.to_string(),
    }
}

async fn read_block<R: AsyncRead + Unpin>(
    from: &mut R,
    what: &'static str,
    most: usize,
) -> Result<Vec<u8>, WireError> {
    let found = from.read_u32().await? as usize;
    if found > most {
        return Err(WireError::TooLong { what, found, most });
    }
    let mut block = vec![0; found];
    from.read_exact(&mut block).await?;
    Ok(block)
}
