//! Which cryptography this build has. One library does all of it, aws-lc-rs; the feature `fips` builds that library with its
//! FIPS 140-3 module. Nothing else in the code knows of the two: what a module does not approve is not offered by it.

use aws_lc_rs::try_fips_mode;
use deskhand_protocol::{ErrorCode, UserError};
use rustls::crypto::aws_lc_rs::default_provider;

/// Says no to a start where this build promises the module and it is not in force. A module whose own tests at its start
/// fail ends the process before that.
pub(crate) fn confirm() -> Result<(), UserError> {
    if !cfg!(feature = "fips") {
        return Ok(());
    }
    let refused = |why: &str| UserError::new(ErrorCode::CryptographyRefused).detail(why);
    try_fips_mode().map_err(refused)?;
    if default_provider().fips() {
        Ok(())
    } else {
        Err(refused("TLS would use more than the module"))
    }
}

/// One sentence for the doctor and the support bundle.
pub(crate) const fn told() -> &'static str {
    if cfg!(feature = "fips") {
        "AWS-LC as its FIPS 140-3 module, whose tests at the start passed, does the cryptography."
    } else {
        "AWS-LC does the cryptography; this is not the build with its FIPS 140-3 module."
    }
}
