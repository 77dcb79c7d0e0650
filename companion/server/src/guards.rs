//! The guards at the door, by name. Each stands at one place in this crate and refuses one kind of attack.
//!
//! A test may remove one of them, to show that the attack is refused by this guard and not by luck. That switch exists
//! with the feature `testing-guards` only, which no product enables; without it [`Guards::stands`] is always true.

/// A guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The other end of the connection belongs to this user.
    PeerOwner,
    /// The connection speaks TLS.
    Tls,
    /// The local authority can vouch for loopback names only.
    NameConstraints,
    /// `Host` is one of the addresses this server answers to.
    Host,
    /// `Origin`, where there is one, is our own.
    Origin,
    /// A WebSocket has an `Origin`, or a token of the local channel.
    SocketOrigin,
    /// A browser's request comes from our own pages (`Sec-Fetch-Site`).
    FetchSite,
    /// Only Office may frame a pane, nobody another page.
    FrameAncestors,
    /// A path names a file of the bundle.
    StaticPath,
    /// A frame has a largest size.
    FrameSize,
    /// Frames are text.
    TextFrames,
    /// Who connects says who they are in time.
    HelloDeadline,
    /// Who is silent for long is gone.
    IdleDeadline,
    /// A token is good for the kind of front end it was made for.
    TokenKind,
    /// A pane's token is good at the origin it was made for.
    TokenOrigin,
    /// A method is called by who may call it.
    Permission,
    /// A pairing is settled once.
    PairingOnce,
    /// Pairings are begun and answered so often and no more.
    PairingRate,
    /// A pairing that nobody answers ends.
    PairingExpiry,
}

/// The guards that stand: all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guards {
    #[cfg(feature = "testing-guards")]
    removed: Option<Guard>,
}

impl Guards {
    /// All but one.
    #[cfg(feature = "testing-guards")]
    pub fn without(guard: Guard) -> Self {
        Self { removed: Some(guard) }
    }

    /// Whether `guard` stands at its place.
    #[cfg(feature = "testing-guards")]
    pub fn stands(self, guard: Guard) -> bool {
        self.removed != Some(guard)
    }

    /// Whether `guard` stands at its place.
    #[cfg(not(feature = "testing-guards"))]
    pub fn stands(self, _guard: Guard) -> bool {
        true
    }
}
