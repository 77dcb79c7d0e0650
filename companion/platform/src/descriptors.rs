//! How many files and connections this process may have open.

/// Lets this process have more open than it was started with: as many as the system lets its user have, at most `most`.
/// Answers how many it may have now; `None` where the system has no such limit.
#[cfg(unix)]
pub fn raise(most: u64) -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(most, |maximum| maximum.min(most));
    if current.is_none_or(|current| current >= wanted) {
        return current;
    }
    let limit = Rlimit {
        current: Some(wanted),
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        // It goes on with what it has.
        tracing::warn!(%error, "this process cannot have more files open");
        return current;
    }
    Some(wanted)
}

/// Windows counts in another way, and its limit is far off.
#[cfg(not(unix))]
pub fn raise(_: u64) -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    #[test]
    fn a_process_has_as_many_as_it_may_and_never_fewer_than_before() {
        let before = super::raise(0);
        let after = super::raise(1 << 20);
        assert!(after >= before, "{before:?} {after:?}");
        assert_eq!(super::raise(16), after, "nothing is taken away");
    }
}
