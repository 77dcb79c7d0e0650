//! Keys for Amazon that have to be fetched: by a profile of AWS's own tools, or for a person who signed in at Identity
//! Center. Nothing here opens a connection: exchanges go through the transport of `deskhand-identity` that the caller brings.
//! No environment is read, and no metadata service is asked.

mod center;
mod error;
mod files;
mod portal;
mod process;
mod profile;
mod role;

pub use center::{Center, CenterSignIn, IdentityCenter, Progress};
pub use error::AwsError;
pub use profile::{Profile, ProfileSettings, Whose};

/// A host of AWS. `None` where the region is none: it must not lead to another host.
fn host(service: &str, region: &str) -> Option<String> {
    deskhand_egress::aws_host(service, region).ok()
}

#[cfg(test)]
mod tests;
