//! Where files live: data, cache and runtime folders of the user, or all of them below one given folder.
//!
//! Knows names of folders only; what is in them is the business of who asks.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::permissions::{self, PermissionError};

#[cfg(target_os = "linux")]
#[path = "paths/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "paths/macos.rs"]
mod os;
#[cfg(windows)]
#[path = "paths/windows.rs"]
mod os;

/// The variable that puts every folder below one place: for tests, the tour and portable set-ups.
pub const HOME_VARIABLE: &str = "DESKHAND_HOME";

/// The folders of one user's Deskhand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    data: PathBuf,
    cache: PathBuf,
    runtime: PathBuf,
    isolated: bool,
}

/// Why no folder could be named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathsError {
    /// The variable that names the user's own folder is missing or not an absolute path.
    #[error("the variable `{0}` does not name an absolute folder")]
    NoHome(&'static str),
}

impl Paths {
    /// Everything below `home`, and nothing outside it: secrets go to a key file there, not to the user's secret store.
    pub fn below(home: impl AsRef<Path>) -> Self {
        let home = home.as_ref();
        Self {
            data: home.join("data"),
            cache: home.join("cache"),
            runtime: home.join("run"),
            isolated: true,
        }
    }

    /// The folders that the platform gives this user, or those below [`HOME_VARIABLE`] when it is set. `variable` reads
    /// the environment, which is the caller's.
    pub fn resolve(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, PathsError> {
        if let Some(home) = variable(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            let home = PathBuf::from(home);
            return if home.is_absolute() {
                Ok(Self::below(home))
            } else {
                Err(PathsError::NoHome(HOME_VARIABLE))
            };
        }
        os::user_paths(|name| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        })
    }

    /// Makes the folders, closed to everybody but this user, and refuses folders that others own or may enter.
    pub fn create(&self) -> Result<(), PermissionError> {
        for folder in [&self.data, &self.cache, &self.runtime] {
            permissions::private_folder(folder)?;
        }
        Ok(())
    }

    /// What must be kept: databases, keys, settings.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What may be deleted at any time.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// What lives as long as the login session: the socket of the local channel.
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// Whether everything is below one given folder, so that nothing may be left in the user's own stores.
    pub fn is_isolated(&self) -> bool {
        self.isolated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_everything_below_the_given_home() {
        let home = std::env::temp_dir().join("deskhand-home");
        let paths = Paths::resolve(|name| (name == HOME_VARIABLE).then(|| home.clone().into_os_string()))
            .expect("paths below a home");
        assert!(paths.is_isolated());
        for folder in [paths.data(), paths.cache(), paths.runtime()] {
            assert!(folder.starts_with(&home), "{} is outside", folder.display());
        }
    }

    #[test]
    fn refuses_a_relative_home() {
        let refused = Paths::resolve(|name| (name == HOME_VARIABLE).then(|| "somewhere".into()));
        assert!(matches!(refused, Err(PathsError::NoHome(HOME_VARIABLE))));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn follows_the_base_directory_variables_and_ignores_relative_ones() {
        let of = |set: &'static [(&str, &str)]| {
            Paths::resolve(|name| {
                set.iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.into())
            })
        };
        let plain = of(&[("HOME", "/home/u")]).expect("home is enough");
        assert_eq!(plain.data(), Path::new("/home/u/.local/share/deskhand"));
        assert_eq!(plain.runtime(), Path::new("/home/u/.local/share/deskhand/run"));
        let set = of(&[
            ("HOME", "/home/u"),
            ("XDG_DATA_HOME", "/d"),
            ("XDG_CACHE_HOME", "relative"),
            ("XDG_RUNTIME_DIR", "/run/user/7"),
        ])
        .expect("all variables");
        assert_eq!(set.data(), Path::new("/d/deskhand"));
        assert_eq!(set.cache(), Path::new("/home/u/.cache/deskhand"));
        assert_eq!(set.runtime(), Path::new("/run/user/7/deskhand"));
        assert!(of(&[]).is_err());
    }
}
