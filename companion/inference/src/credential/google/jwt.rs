//! The assertion of a service account (RFC 7515, RFC 7523): RS256, which needs no chance.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use zeroize::Zeroizing;

use super::file::ServiceAccount;

/// Seconds that an assertion counts: Google takes no more.
const COUNTS: u64 = 3_600;

/// The assertion that the account asks for `scope`, made at `now`, Unix seconds; `None` where its key signs nothing.
pub(super) fn assertion(account: &ServiceAccount, scope: &str, now: u64) -> Option<Zeroizing<String>> {
    let mut header = json!({ "alg": "RS256", "typ": "JWT" });
    if let Some(id) = &account.key_id {
        header["kid"] = json!(id);
    }
    let claims = json!({
        "iss": account.email, "scope": scope, "aud": account.token_url.as_str(), "iat": now, "exp": now + COUNTS,
    });
    let part = |value: String| URL_SAFE_NO_PAD.encode(value);
    let signed = format!("{}.{}", part(header.to_string()), part(claims.to_string()));
    let mut signature = vec![0; account.key.public_modulus_len()];
    let key = &account.key;
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .ok()?;
    Some(Zeroizing::new(format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(signature)
    )))
}
