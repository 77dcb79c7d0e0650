//! The pages: files of the web bundle, and of an administrator's copy of office.js, read through folder handles
//! (Invariant 8). A path is a list of plain names; there is no decoding, so there is nothing to trick it with.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION};
use http::{Response, StatusCode};

use crate::guards::{Guard, Guards};
use crate::page_headers::{Audience, PageSources, content_security_policy};
use crate::token::random;

/// `Cross-Origin-Resource-Policy` (Fetch standard).
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// A file larger than this is no part of a web bundle.
const LARGEST: u64 = 32 * 1024 * 1024;
/// Where the copy of office.js is mounted.
const OFFICE_MOUNT: &str = "office-js/";
/// The pages that Office opens, by their folder in the bundle.
const PANES: [&str; 2] = ["excel/", "powerpoint/"];
/// The icons that the manifests name.
const ICONS: &str = "/icons/";
/// What the build leaves in a page for the nonce of the response.
const NONCE: &str = "__CSP_NONCE__";

/// Where pages come from and what they may reach.
#[derive(Clone, Debug, Default)]
pub struct PageOptions {
    /// The folder of the built bundle, with `desktop/index.html` and so on.
    pub folder: Option<PathBuf>,
    /// The folder of the administrator's copy of office.js.
    pub office_script_folder: Option<PathBuf>,
    /// What pages may reach beyond this server.
    pub sources: PageSources,
}

#[derive(Debug)]
pub(crate) struct Pages {
    bundle: Option<Folder>,
    office_script: Option<Folder>,
    pub(crate) sources: PageSources,
    guards: Guards,
}

#[derive(Debug)]
struct Folder {
    dir: Arc<Dir>,
    #[cfg(feature = "testing-guards")]
    path: PathBuf,
}

impl Folder {
    fn open(path: &Path) -> io::Result<Self> {
        let dir = Arc::new(Dir::open_ambient_dir(path, ambient_authority())?);
        Ok(Self {
            dir,
            #[cfg(feature = "testing-guards")]
            path: path.to_owned(),
        })
    }
}

impl Pages {
    pub(crate) fn open(options: PageOptions, guards: Guards) -> io::Result<Self> {
        let open = |path: Option<PathBuf>| path.as_deref().map(Folder::open).transpose();
        Ok(Self {
            bundle: open(options.folder)?,
            office_script: open(options.office_script_folder)?,
            sources: options.sources,
            guards,
        })
    }

    /// The answer to GET `path` (with its leading slash, without query) at `host`.
    pub(crate) async fn answer(&self, path: &str, host: &str) -> Response<Body> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.is_empty() {
            return to_desktop();
        }
        let (folder, inside) = match path.strip_prefix(OFFICE_MOUNT) {
            Some(inside) => (&self.office_script, inside),
            None => (&self.bundle, path),
        };
        let name = if inside.is_empty() || inside.ends_with('/') {
            format!("{inside}index.html")
        } else {
            inside.to_owned()
        };
        match self.read(folder.as_ref(), name).await {
            Some((name, bytes)) => self.file(path, &name, bytes, host),
            None => plain(StatusCode::NOT_FOUND, "there is no such page"),
        }
    }

    async fn read(&self, folder: Option<&Folder>, name: String) -> Option<(String, Vec<u8>)> {
        let folder = folder?;
        #[cfg(feature = "testing-guards")]
        if !self.guards.stands(Guard::StaticPath) {
            return read_unguarded(&folder.path, name);
        }
        if !self.guards.stands(Guard::StaticPath) || !is_plain(&name) {
            return None;
        }
        let dir = Arc::clone(&folder.dir);
        let read = tokio::task::spawn_blocking(move || read_file(&dir, &name).map(|bytes| (name, bytes)));
        read.await.ok()?.ok()
    }

    fn file(&self, path: &str, name: &str, bytes: Vec<u8>, host: &str) -> Response<Body> {
        if !has_extension(name, "html") {
            let caching = if is_hashed(name) {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            };
            let sharing = if is_icon_path(&format!("/{path}")) {
                "cross-origin"
            } else {
                "same-origin"
            };
            let answer = Response::builder()
                .header(CONTENT_TYPE, content_type(name))
                .header(CACHE_CONTROL, caching)
                .header(RESOURCE_POLICY, sharing);
            return answer.body(Body::from(bytes)).unwrap_or_default();
        }
        let Ok(nonce) = random::<16>().map(|bytes| STANDARD.encode(bytes)) else {
            return plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the system gave no random bytes",
            );
        };
        let pane = PANES.iter().any(|pane| path.starts_with(pane));
        let audience = if pane { Audience::Pane } else { Audience::Own };
        let policy = content_security_policy(&self.sources, self.guards, audience, host, &nonce);
        let page = String::from_utf8_lossy(&bytes).replace(NONCE, &nonce);
        let sharing = if pane { "cross-origin" } else { "same-origin" };
        let answer = Response::builder()
            .header(CONTENT_TYPE, "text/html; charset=utf-8")
            .header(CACHE_CONTROL, "no-store")
            .header(CONTENT_SECURITY_POLICY, policy)
            .header(RESOURCE_POLICY, sharing);
        answer.body(Body::from(page)).unwrap_or_default()
    }
}

/// A relative path of plain names: letters, digits, `.`, `-`, `_`, none of them starting with a dot.
fn is_plain(path: &str) -> bool {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    path.len() <= 512 && path.split('/').all(plain)
}

fn read_file(dir: &Dir, name: &str) -> io::Result<Vec<u8>> {
    let file = dir.open(name)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        Err(io::ErrorKind::FileTooLarge.into())
    } else {
        Ok(bytes)
    }
}

/// What a careless server does, for the proof that ours does not.
#[cfg(feature = "testing-guards")]
fn read_unguarded(root: &Path, name: String) -> Option<(String, Vec<u8>)> {
    let decoded = name
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/")
        .replace('\\', "/");
    let bytes = std::fs::read(root.join(decoded)).ok()?;
    Some((name, bytes))
}

/// Whether a path (with its leading slash) is that of an icon, which Office may show on its own pages.
pub(crate) fn is_icon_path(path: &str) -> bool {
    path.strip_prefix(ICONS)
        .is_some_and(|name| !name.contains('/') && has_extension(name, "png"))
}

/// Names that the build made of their content: `index-B5x9aQ0d.js`.
fn is_hashed(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else {
        return false;
    };
    let hash = stem.rsplit_once('-').map_or("", |(_, hash)| hash);
    name.contains("assets/")
        && hash.len() >= 8
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn has_extension(name: &str, wanted: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(wanted))
}

/// What `nosniff` holds browsers to. An unknown kind is nothing that runs.
fn content_type(name: &str) -> &'static str {
    let extension = Path::new(name)
        .extension()
        .and_then(|found| found.to_str())
        .unwrap_or("");
    match extension.to_ascii_lowercase().as_str() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}

fn to_desktop() -> Response<Body> {
    let answer = Response::builder()
        .status(StatusCode::TEMPORARY_REDIRECT)
        .header(LOCATION, "/desktop/");
    answer.body(Body::empty()).unwrap_or_default()
}

/// A short text.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let answer = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "text/plain; charset=utf-8");
    answer.body(Body::from(format!("{text}\n"))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_plain_names_only() {
        for path in [
            "index.html",
            "desktop/index.html",
            "assets/index-B5x9aQ0d.js",
            "a_b/c-d.1",
        ] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "",
            "/",
            "a//b",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            ".env",
            "a/.git/config",
            "%2e%2e/a",
            "a%2fb",
            "a\\b",
            "..\\a",
            "c:",
            "a:b",
            "a b",
            "a\0b",
            "ä",
            "a?b",
            "~",
            "a/",
        ] {
            assert!(!is_plain(path), "{path}");
        }
        assert!(!is_plain(&"a/".repeat(300)));
    }

    #[test]
    fn caches_for_ever_only_what_is_named_by_its_content() {
        assert!(is_hashed("assets/index-B5x9aQ0d.js"));
        for name in [
            "desktop/index.html",
            "assets/icon.svg",
            "assets/a-b.js",
            "office.js",
            "excel-win32-16.01.js",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
