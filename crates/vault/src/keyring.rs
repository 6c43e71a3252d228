//! Master keys, one data key per user wrapped under them, and rotation from one master key to the
//! next.
//!
//! The ring never wraps under an older key than its newest, and a key taken out of the ring opens
//! nothing more. Absent: where keys are kept; the caller reads files and stores wrapped keys.

use crate::context::{Context, Owner};
use crate::error::Error;
use crate::seal::{self, FORMAT, KeyBytes};
use crate::secret::Secret;
use nija_core::ports::Entropy;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The most master keys a ring holds; a rotation needs two.
const KEKS_MAX: usize = 8;

/// Version of a master key; grows with each rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KekId(pub u32);

impl core::fmt::Display for KekId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of a user's data key, drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DekId(pub u128);

/// A master key: never in the database, wiped on drop.
pub struct Kek {
    id: KekId,
    key: Zeroizing<KeyBytes>,
}

impl Kek {
    /// The master key of this version, from a file or a key service.
    ///
    /// # Errors
    /// [`Error::WeakKek`] for one repeated byte: a file of zeros, an unset buffer.
    pub fn new(id: KekId, key: [u8; 32]) -> Result<Self, Error> {
        let key = Zeroizing::new(key);
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(Error::WeakKek(id));
        }
        Ok(Self { id, key })
    }
}

/// A user's data key as it is stored: useless without its master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedDek {
    /// Number of the data key.
    pub id: DekId,
    /// The master key it is wrapped under; rewrapping looks for older ones.
    pub kek: KekId,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// A user's data key, open in memory, wiped on drop; seals and opens that user's secrets.
pub struct Dek {
    id: DekId,
    owner: Owner,
    key: Zeroizing<KeyBytes>,
}

/// The master keys in use; the one with the highest version wraps.
pub struct Keyring {
    keks: BTreeMap<KekId, Kek>,
    newest: KekId,
}

impl Keyring {
    /// A ring of these keys; the highest version wraps, the others only open.
    ///
    /// # Errors
    /// [`Error::BadRing`] when there is none, more than eight, or two with the same version.
    pub fn new(keks: Vec<Kek>) -> Result<Self, Error> {
        let given = keks.len();
        let keks: BTreeMap<KekId, Kek> = keks.into_iter().map(|kek| (kek.id, kek)).collect();
        match keks.last_key_value().map(|(id, _)| *id) {
            Some(newest) if keks.len() == given && given <= KEKS_MAX => Ok(Self { keks, newest }),
            _ => Err(Error::BadRing { max: KEKS_MAX }),
        }
    }

    /// The version that wraps; a data key under a lower one is due for [`Self::rewrap`].
    #[must_use]
    pub fn newest(&self) -> KekId {
        self.newest
    }

    /// Draws a new data key for `owner` and wraps it under the newest master key.
    ///
    /// # Errors
    /// [`Error::NoEntropy`] when chance fails.
    pub fn issue(&self, owner: Owner, entropy: &dyn Entropy) -> Result<WrappedDek, Error> {
        let mut id = [0; 16];
        let mut key = Zeroizing::new([0; 32]);
        entropy.fill(&mut id)?;
        entropy.fill(&mut *key)?;
        self.wrap(&Dek { id: DekId(u128::from_be_bytes(id)), owner, key }, entropy)
    }

    /// Opens the data key of `owner`.
    ///
    /// # Errors
    /// [`Error::UnknownKek`] when its master key is not in the ring, [`Error::WrongKey`] when that
    /// key or the owner differs, [`Error::Altered`] or [`Error::BadForm`] when the bytes do.
    pub fn open(&self, owner: Owner, wrapped: &WrappedDek) -> Result<Dek, Error> {
        let kek = self.keks.get(&wrapped.kek).ok_or(Error::UnknownKek(wrapped.kek))?;
        let context = owner.of_dek(FORMAT, wrapped.id, wrapped.kek);
        let plain = seal::open(&kek.key, &context, &wrapped.sealed)?;
        let mut key = Zeroizing::new([0; 32]);
        if plain.len() != key.len() {
            return Err(Error::BadForm);
        }
        key.copy_from_slice(&plain);
        Ok(Dek { id: wrapped.id, owner, key })
    }

    /// The same data key under the newest master key. Secrets sealed under it stay as they are.
    ///
    /// # Errors
    /// Those of [`Self::open`], and [`Error::NoEntropy`].
    pub fn rewrap(
        &self,
        owner: Owner,
        wrapped: &WrappedDek,
        entropy: &dyn Entropy,
    ) -> Result<WrappedDek, Error> {
        self.wrap(&self.open(owner, wrapped)?, entropy)
    }

    fn wrap(&self, dek: &Dek, entropy: &dyn Entropy) -> Result<WrappedDek, Error> {
        let kek = self.keks.get(&self.newest).ok_or(Error::UnknownKek(self.newest))?;
        let context = dek.owner.of_dek(FORMAT, dek.id, kek.id);
        let sealed = seal::seal(&kek.key, &context, &*dek.key, entropy)?;
        Ok(WrappedDek { id: dek.id, kek: kek.id, sealed })
    }
}

impl Dek {
    /// Seals `secret` for its place. The place's owner must be this key's owner.
    ///
    /// # Errors
    /// [`Error::WrongKey`] for another owner, [`Error::NoEntropy`] when chance fails.
    pub fn seal(
        &self,
        place: &Context<'_>,
        secret: &Secret,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, Error> {
        seal::seal(&self.key, &self.context(place)?, secret.reveal(), entropy)
    }

    /// Opens a secret sealed for exactly this place.
    ///
    /// # Errors
    /// [`Error::WrongKey`] for another place or key, [`Error::Altered`] or [`Error::BadForm`] for
    /// other bytes.
    pub fn open(&self, place: &Context<'_>, sealed: &[u8]) -> Result<Secret, Error> {
        let mut plain = seal::open(&self.key, &self.context(place)?, sealed)?;
        Secret::new(std::mem::take(&mut *plain))
    }

    fn context(&self, place: &Context<'_>) -> Result<Vec<u8>, Error> {
        if place.owner != self.owner {
            return Err(Error::WrongKey);
        }
        Ok(place.of_secret(FORMAT, self.id))
    }
}
