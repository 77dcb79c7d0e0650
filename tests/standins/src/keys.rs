//! An RSA key that a stand-in made for itself, and JSON Web Tokens with it (RFC 7519, RS256 of RFC 7518).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Letters of a line in PEM, RFC 7468.
const PEM_LINE: usize = 64;

/// The key.
#[derive(Debug)]
pub(crate) struct SigningKey {
    pair: KeyPair,
    id: &'static str,
}

impl SigningKey {
    /// Makes one of 2048 bits with this id.
    pub(crate) fn generate(id: &'static str) -> std::io::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048);
        let pair = pair.map_err(|Unspecified| std::io::Error::other("no RSA key could be made"))?;
        Ok(Self { pair, id })
    }

    /// Its id.
    pub(crate) fn id(&self) -> &'static str {
        self.id
    }

    /// The private key in PEM.
    pub(crate) fn pem(&self) -> String {
        let der: Result<Pkcs8V1Der<'_>, Unspecified> = self.pair.as_der();
        let letters = der.map(|der| STANDARD.encode(der.as_ref())).unwrap_or_default();
        let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
        for (at, letter) in letters.chars().enumerate() {
            if at > 0 && at % PEM_LINE == 0 {
                pem.push('\n');
            }
            pem.push(letter);
        }
        pem.push_str("\n-----END PRIVATE KEY-----\n");
        pem
    }

    /// The public key as RFC 7517 has it.
    pub(crate) fn jwk(&self) -> Value {
        let (modulus, exponent) = parts(self.pair.public_key().as_ref()).unwrap_or_default();
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id,
            "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(exponent),
        })
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.id });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let done = self.pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        );
        // A signature of zeros is none that anybody takes.
        done.unwrap_or_default();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a token that this key signed, or what is wrong with it.
    pub(crate) fn verify(&self, token: &str) -> Result<Value, &'static str> {
        let (signed, signature) = token.rsplit_once('.').ok_or("the token has no signature")?;
        let (header, claims) = signed.split_once('.').ok_or("the token has no claims")?;
        let bytes = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| "the token is not base64url")
        };
        let json = |part: &str| {
            serde_json::from_slice::<Value>(&bytes(part)?).map_err(|_| "the token is not of JSON")
        };
        if json(header)?["alg"] != "RS256" {
            return Err("the token is not signed with RS256");
        }
        let public = self.pair.public_key().as_ref();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(signed.as_bytes(), &bytes(signature)?)
            .map_err(|Unspecified| "Invalid JWT Signature.")?;
        json(claims)
    }
}

/// Modulus and exponent of an RSAPublicKey (RFC 8017, appendix A.1.1): a sequence of two integers.
fn parts(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = content(der, 0x30)?;
    let (modulus, rest) = content(sequence, 0x02)?;
    let (exponent, _) = content(rest, 0x02)?;
    // A zero before the first bit says that the number is positive.
    Some((modulus.strip_prefix(&[0]).unwrap_or(modulus), exponent))
}

/// The content of the first element of this tag, and what comes behind it.
fn content(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        short @ 0..0x80 => (usize::from(*short), rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let length = bytes
                .iter()
                .fold(0, |sum: usize, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
    };
    (*first == tag).then(|| rest.split_at_checked(length)).flatten()
}
