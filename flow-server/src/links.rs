//! Links that let somebody answer one question: signed, for a while, and once.
//!
//! Nothing of a link is stored. What makes it single-use is the question itself, which takes one answer.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What signs links. Servers of one store that share it take each other's links.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// The run.
    #[serde(rename = "r")]
    pub(crate) run: String,
    /// The pause.
    #[serde(rename = "p")]
    pub(crate) pause: String,
    /// Until when it counts, in milliseconds since the Unix epoch.
    #[serde(rename = "e")]
    pub(crate) expires: i64,
    /// Who answers by it.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// The roles of whoever answers by it.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<String>,
}

/// The shortest secret that is taken, in bytes.
const SHORTEST: usize = 16;

/// Why there is no key.
#[derive(Debug)]
pub(crate) enum KeyError {
    /// The secret can be guessed: whoever has one link can try secrets until one signs it.
    Short { length: usize, shortest: usize },
    /// There are no random numbers.
    Randomness(getrandom::Error),
}

impl Key {
    /// A key that this process alone has.
    pub(crate) fn random() -> Result<Self, KeyError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(KeyError::Randomness)?;
        Ok(Key(key))
    }

    /// A key of a secret.
    pub(crate) fn of(secret: &[u8]) -> Result<Self, KeyError> {
        match secret.len() {
            length if length < SHORTEST => Err(KeyError::Short { length, shortest: SHORTEST }),
            _ => Ok(Key(Sha256::digest(secret).into())),
        }
    }

    /// The text of a link.
    pub(crate) fn sign(&self, link: &Link) -> String {
        // A struct of texts always has a JSON form.
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(link).unwrap_or_default());
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&body).finalize().into_bytes());
        format!("{body}.{signature}")
    }

    /// What a link says, if it was signed with this key.
    pub(crate) fn verify(&self, text: &str) -> Option<Link> {
        let (body, signature) = text.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Compared in constant time.
        self.mac(body).verify_slice(&signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }

    fn mac(&self, body: &str) -> Hmac<Sha256> {
        // HMAC fills a key up with zeros to the size of a block.
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(b"flow link 1\n");
        mac.update(body.as_bytes());
        mac
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_is_taken() {
        let key = Key::of(b"a secret of many").unwrap();
        let link = Link { run: "r".into(), pause: "p-1".into(), expires: 7, by: Some("ann".into()), roles: Vec::new() };
        let text = key.sign(&link);
        assert_eq!(key.verify(&text), Some(link));
        assert_eq!(Key::of(b"another secret of many").unwrap().verify(&text), None);
        assert_eq!(Key::random().unwrap().verify(&text), None);
        for at in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap_or_default();
            // The last character of a text has bits that do not count.
            if forged != text && at + 1 != text.len() {
                assert_eq!(key.verify(&forged), None, "{forged}");
            }
        }
        assert_eq!(key.verify(""), None);
        assert_eq!(key.verify("."), None);
    }
}
