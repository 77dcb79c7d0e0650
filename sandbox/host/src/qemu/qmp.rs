//! QMP, the control protocol of QEMU: JSON, a line each way
//! (<https://www.qemu.org/docs/master/interop/qmp-spec.html>). QEMU runs untrusted code next to itself: what it says is
//! read with caps.

use std::os::fd::OwnedFd;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Duration, timeout};

use crate::error::{ASK_DOCTOR, SandboxError, Step};
use crate::lines::send_with;

/// The longest line; answers to our commands have hundreds of bytes.
const MAX_LINE: u64 = 256 * 1024;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// A control connection.
#[derive(Debug)]
pub(super) struct Qmp {
    from: BufReader<OwnedReadHalf>,
    to: OwnedWriteHalf,
}

impl Qmp {
    /// Greets.
    pub(super) async fn new(stream: UnixStream) -> Result<Self, SandboxError> {
        let (from, to) = stream.into_split();
        let mut qmp = Self {
            from: BufReader::new(from),
            to,
        };
        let greeting = qmp.line().await?;
        if greeting.get("QMP").is_none() {
            return Err(failed("QEMU greets in another protocol"));
        }
        qmp.command("qmp_capabilities", None).await?;
        Ok(qmp)
    }

    /// Sends a command and waits for its answer; events between are passed over.
    pub(super) async fn command(
        &mut self,
        name: &str,
        arguments: Option<Value>,
    ) -> Result<Value, SandboxError> {
        let line = line(name, arguments);
        let sent = self.to.write_all(line.as_bytes()).await;
        sent.map_err(|error| unreachable(&error))?;
        self.answer(name).await
    }

    /// Gives QEMU a descriptor under a name (`getfd`).
    pub(super) async fn give(&mut self, name: &str, descriptor: &OwnedFd) -> Result<(), SandboxError> {
        let line = line("getfd", Some(json!({ "fdname": name })));
        let sent = send_with(self.to.as_ref(), line.as_bytes(), descriptor).await;
        let sent = sent.map_err(|error| unreachable(&error))?;
        let rest = line.as_bytes().get(sent..).unwrap_or_default();
        let sent = self.to.write_all(rest).await;
        sent.map_err(|error| unreachable(&error))?;
        self.answer("getfd").await.map(drop)
    }

    async fn answer(&mut self, name: &str) -> Result<Value, SandboxError> {
        let answer = async {
            loop {
                let mut line = self.line().await?;
                if let Some(answer) = line.get_mut("return") {
                    return Ok(answer.take());
                }
                if let Some(error) = line.get("error") {
                    let why = error.get("desc").and_then(Value::as_str).unwrap_or("no reason");
                    return Err(failed(&format!("QEMU refused `{name}`: {why}")));
                }
            }
        };
        timeout(ANSWER, answer)
            .await
            .unwrap_or_else(|_| Err(failed(&format!("QEMU did not answer `{name}`"))))
    }

    /// Waits for an event.
    pub(super) async fn event(&mut self, name: &str) -> Result<Value, SandboxError> {
        loop {
            let line = self.line().await?;
            if line.get("event").and_then(Value::as_str) == Some(name) {
                return Ok(line.get("data").cloned().unwrap_or_default());
            }
        }
    }

    async fn line(&mut self) -> Result<Value, SandboxError> {
        let mut line = Vec::new();
        let read = (&mut self.from).take(MAX_LINE).read_until(b'\n', &mut line).await;
        match read {
            Ok(1..) if line.ends_with(b"\n") => {
                serde_json::from_slice(&line).map_err(|error| failed(&format!("QEMU said no JSON: {error}")))
            }
            Ok(_) => Err(failed("QEMU closed its control connection")),
            Err(error) => Err(failed(&format!("QEMU cannot be read: {error}"))),
        }
    }
}

/// A command as it is sent.
fn line(name: &str, arguments: Option<Value>) -> String {
    let mut command = json!({ "execute": name });
    if let (Some(arguments), Some(object)) = (arguments, command.as_object_mut()) {
        object.insert("arguments".to_owned(), arguments);
    }
    format!("{command}\n")
}

fn unreachable(error: &std::io::Error) -> SandboxError {
    failed(&format!("QEMU cannot be reached: {error}"))
}

pub(super) fn failed(reason: &str) -> SandboxError {
    SandboxError::new(Step::Start, reason, ASK_DOCTOR)
}
