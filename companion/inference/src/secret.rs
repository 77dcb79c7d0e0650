//! A credential in memory: wiped when dropped, never printed.

use zeroize::Zeroizing;

/// A credential. It has no `Display` and no serialised form, and its `Debug` shows nothing of it. The HTTP library keeps
/// a copy for the time of a request, marked as sensitive.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a credential over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The credential itself, for the one place that sends it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}
