//! What one command is held to, with all that it starts: a control group where the agent has those, else a user namespace of its
//! own that is looked into again and again.

use std::io;
use std::time::Duration;

use deskhand_vm_protocol::{End, RunLimits};
use tokio::time::{MissedTickBehavior, interval};

use crate::corner::Corner;
use crate::group::Group;
use crate::space::Space;
use crate::sys::Entry;

/// How often the time of the processor is looked at in a control group, which holds memory by itself.
const LOOK: Duration = Duration::from_millis(250);

/// How often everything is looked at where nothing else holds it.
const LOOK_CLOSELY: Duration = Duration::from_millis(50);

/// The bounds of one command. Dropping them ends all that is left within.
#[derive(Debug)]
pub(crate) enum Bounds {
    /// In a machine.
    Group(Group),
    /// In a process sandbox.
    Space(Space),
}

impl Bounds {
    /// Those of a command in this corner.
    pub(crate) fn new(corner: &Corner, limits: &RunLimits) -> io::Result<Self> {
        match corner.user_space() {
            Some((outer, together)) => Space::new(outer, together, limits).map(Self::Space),
            None => Group::new(limits).map(Self::Group),
        }
    }

    /// How a process comes within.
    pub(crate) fn entry(&self) -> io::Result<Entry> {
        match self {
            Self::Group(group) => group.entrance().map(Entry::Group),
            Self::Space(space) => space.entrance().map(Entry::Space),
        }
    }

    /// Ends every process within, with all that they started.
    pub(crate) fn end(&self) {
        match self {
            Self::Group(group) => group.end(),
            Self::Space(space) => space.end(),
        }
    }

    /// Time of the processor that was used, in milliseconds.
    pub(crate) fn processor(&self) -> u64 {
        match self {
            Self::Group(group) => group.processor(),
            Self::Space(space) => space.look().processor,
        }
    }

    /// The most memory that was held, in bytes, where it is known.
    pub(crate) fn peak(&self) -> Option<u64> {
        match self {
            Self::Group(group) => group.peak(),
            Self::Space(space) => space.peak(),
        }
    }

    /// Whether a process was ended because there was no more memory for it.
    pub(crate) fn was_out_of_memory(&self) -> bool {
        match self {
            Self::Group(group) => group.was_out_of_memory(),
            // It is ended by who looks, who says so.
            Self::Space(_) => false,
        }
    }

    /// Waits until more was used than is allowed; says what of.
    ///
    /// `session` is the memory of all commands of the session, where nothing else holds them to it.
    pub(crate) async fn used_up(&self, limits: &RunLimits, session: u64) -> End {
        let closely = matches!(self, Self::Space(_));
        let mut looks = interval(if closely { LOOK_CLOSELY } else { LOOK });
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let used = match self {
                Self::Group(group) => group.processor(),
                Self::Space(space) => {
                    let used = space.look();
                    if used.memory > limits.memory || space.is_largest_beyond(session) {
                        return End::OutOfMemory;
                    }
                    used.processor
                }
            };
            if used > limits.processor {
                return End::ProcessorUp;
            }
        }
    }
}
