//! What a diagnostic record may say: words of ours, numbers, and few scrubbed texts.

use deskhand_protocol::{ErrorCode, Timestamp};
use serde_json::{Value as Json, json};

use super::Category;
use crate::scrub::Scrubber;

/// Frames of a stack that are told.
const FRAMES: usize = 64;
/// Characters of a text about the machine.
const CHARACTERS: usize = 128;

/// What is known of the program and the machine; no name of a person or of the machine itself.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// A random id that was made when Deskhand was installed; from no hardware, account or sign-in.
    pub install: String,
    /// `deploymentOrganizationUuid`.
    pub organization: Option<String>,
    /// How it is deployed: `managed`, `user`, `tour`.
    pub mode: &'static str,
    /// The version of Deskhand.
    pub version: String,
    /// The operating system with its version.
    pub os: String,
    /// The architecture.
    pub arch: String,
    /// The model of the processor.
    pub cpu: String,
    /// Bytes of memory.
    pub memory: u64,
}

impl Machine {
    pub(super) fn scrubbed(mut self, scrubber: &Scrubber) -> Self {
        for text in [&mut self.version, &mut self.os, &mut self.arch, &mut self.cpu] {
            *text = scrubber.text(text).chars().take(CHARACTERS).collect();
        }
        // Ids of ours look like a secret to the rules; anything that is none does not pass.
        let is_id = |text: &str| {
            text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        };
        if !is_id(&self.install) {
            self.install.clear();
        }
        self.organization = self.organization.filter(|organization| is_id(organization));
        self
    }
}

/// One frame of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function, as the compiler names it.
    pub function: String,
    /// The source file, as the compiler names it; kept relative to the app.
    pub file: Option<String>,
    /// The line.
    pub line: Option<u32>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Diagnostic {
    /// Something failed.
    Error {
        /// What kind of thing: `panic`, `io`, a type's name.
        kind: &'static str,
        /// The stable code, where there is one.
        code: Option<ErrorCode>,
        /// What our code says of it.
        message: &'static str,
        /// The stack, the newest first.
        frames: Vec<Frame>,
    },
    /// A step took so long.
    Timing {
        /// The step: `start`, `open store`, `load page`.
        step: &'static str,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// Memory at a moment.
    Memory {
        /// Bytes that are free.
        free: u64,
        /// Bytes that Deskhand uses.
        used: u64,
    },
    /// A process ended.
    Exit {
        /// Which: `window`, `sandbox`, `helper`.
        process: &'static str,
        /// Its exit code, where it has one.
        code: Option<i32>,
        /// Milliseconds that it ran.
        duration_ms: u64,
    },
    /// Something that was kept was dropped.
    Dropped {
        /// What: `telemetry for another collector`.
        kept: &'static str,
        /// How many.
        count: u64,
    },
    /// Something was used.
    Used {
        /// What: `undo`, `attach folder`.
        feature: &'static str,
        /// How often, or how many.
        count: u64,
    },
    /// Something was typed.
    Typed {
        /// Where.
        feature: &'static str,
        /// Characters; the text has no field.
        length: u64,
    },
    /// A helper fetch, or a look for updates, and what became of it.
    Fetched {
        /// [`Category::Services`] or [`Category::Updates`].
        category: Category,
        /// `GET` and so on.
        method: &'static str,
        /// The address; query, fragment and all but the host are cut.
        url: String,
        /// The HTTP status, where an answer came.
        status: Option<u16>,
        /// Milliseconds.
        duration_ms: u64,
    },
}

impl Diagnostic {
    /// The category that it belongs to.
    pub fn category(&self) -> Category {
        match self {
            Self::Error { .. }
            | Self::Timing { .. }
            | Self::Memory { .. }
            | Self::Exit { .. }
            | Self::Dropped { .. } => Category::Essential,
            Self::Used { .. } | Self::Typed { .. } => Category::Usage,
            Self::Fetched {
                category: Category::Updates,
                ..
            } => Category::Updates,
            Self::Fetched { .. } => Category::Services,
        }
    }

    pub(super) fn told(
        &self,
        at: Timestamp,
        machine: &Machine,
        steps: &[&'static str],
        scrubber: &Scrubber,
    ) -> Json {
        let what = match self {
            Self::Error {
                kind,
                code,
                message,
                frames,
            } => json!({
                "error": {
                    "type": kind,
                    "code": code.map(ErrorCode::as_str),
                    "message": scrubber.text(message),
                    "frames": frames.iter().take(FRAMES).map(|frame| told_frame(frame, scrubber)).collect::<Vec<_>>(),
                    "steps": steps,
                }
            }),
            Self::Timing { step, duration_ms } => {
                json!({ "timing": { "step": step, "durationMs": duration_ms } })
            }
            Self::Memory { free, used } => json!({ "memory": { "free": free, "used": used } }),
            Self::Exit {
                process,
                code,
                duration_ms,
            } => {
                json!({ "exit": { "process": process, "code": code, "durationMs": duration_ms } })
            }
            Self::Dropped { kept, count } => json!({ "dropped": { "kept": kept, "count": count } }),
            Self::Used { feature, count } => json!({ "used": { "feature": feature, "count": count } }),
            Self::Typed { feature, length } => json!({ "typed": { "feature": feature, "length": length } }),
            Self::Fetched {
                method,
                url,
                status,
                duration_ms,
                ..
            } => json!({
                "fetched": {
                    "method": method, "url": scrubber.text(url), "status": status, "durationMs": duration_ms,
                }
            }),
        };
        json!({
            "at": at,
            "install": machine.install,
            "organization": machine.organization,
            "mode": machine.mode,
            "version": machine.version,
            "os": machine.os,
            "arch": machine.arch,
            "cpu": machine.cpu,
            "memory": machine.memory,
            "what": what,
        })
    }
}

fn told_frame(frame: &Frame, scrubber: &Scrubber) -> Json {
    let function: String = frame.function.chars().take(256).collect();
    json!({
        "function": scrubber.text(&function),
        "file": frame.file.as_ref().map(|file| scrubber.frame(file)),
        "line": frame.line,
    })
}
