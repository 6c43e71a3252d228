//! The place a secret belongs to, spelled as bytes that are bound to its ciphertext.
//! Every field carries its length, so no two places ever spell the same.

use crate::keyring::{DekId, KekId};
use nija_core::words::id::UserId;

/// Whether a key trades simulated or real money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// The venue's sandbox or simulated account.
    Paper,
    /// Real money.
    Live,
}

impl Environment {
    /// The word that is bound to the ciphertext; never changes.
    const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Live => "live",
        }
    }
}

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The firm the user belongs to; the user's own number where there is none.
    pub tenant: u128,
    /// The user.
    pub user: UserId,
}

/// Everything a sealed secret is bound to, next to its data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// Whose key it is.
    pub owner: Owner,
    /// The venue's word, as in `VenueName::name`.
    pub venue: &'a str,
    /// Simulated or real money.
    pub environment: Environment,
    /// Which part of the credentials: `api_key`, `api_secret`, `passphrase`.
    pub field: &'a str,
    /// Number of the secret's record.
    pub secret: u128,
    /// Grows with each write of the same record.
    pub version: u32,
}

impl Context<'_> {
    /// The bytes bound to a secret sealed under the data key `dek`.
    pub(crate) fn of_secret(&self, format: u8, dek: DekId) -> Vec<u8> {
        spell(&[
            b"nija-vault",
            b"secret",
            &[format],
            &self.owner.tenant.to_be_bytes(),
            &self.owner.user.0.to_be_bytes(),
            self.venue.as_bytes(),
            self.environment.name().as_bytes(),
            self.field.as_bytes(),
            &self.secret.to_be_bytes(),
            &self.version.to_be_bytes(),
            &dek.0.to_be_bytes(),
        ])
    }
}

impl Owner {
    /// The bytes bound to the owner's data key `dek` wrapped under the master key `kek`.
    pub(crate) fn of_dek(self, format: u8, dek: DekId, kek: KekId) -> Vec<u8> {
        spell(&[
            b"nija-vault",
            b"data-key",
            &[format],
            &self.tenant.to_be_bytes(),
            &self.user.0.to_be_bytes(),
            &dek.0.to_be_bytes(),
            &kek.0.to_be_bytes(),
        ])
    }
}

/// Each field behind its length in eight big-endian bytes.
fn spell(fields: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(fields.iter().map(|f| f.len() + 8).sum());
    for field in fields {
        out.extend_from_slice(&(field.len() as u64).to_be_bytes());
        out.extend_from_slice(field);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_keep_neighbors_apart() {
        assert_ne!(spell(&[b"ab", b"c"]), spell(&[b"a", b"bc"]));
        assert_ne!(spell(&[b"a", b""]), spell(&[b"a"]));
        assert_eq!(spell(&[b"ab"]), [0, 0, 0, 0, 0, 0, 0, 2, b'a', b'b']);
    }

    #[test]
    fn a_secret_never_spells_like_a_data_key() {
        let owner = Owner { tenant: 0, user: UserId(0) };
        let place = Context {
            owner,
            venue: "",
            environment: Environment::Paper,
            field: "",
            secret: 0,
            version: 0,
        };
        assert_ne!(place.of_secret(1, DekId(0)), owner.of_dek(1, DekId(0), KekId(0)));
    }
}
