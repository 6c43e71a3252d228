//! One sealed record: XChaCha20-Poly1305 under a key derived for this record alone.
//!
//! HKDF-SHA-256 over the parent key, 32 fresh bytes of salt and the context gives the cipher's key
//! and a commitment, because the cipher alone does not commit to its key. The commitment is
//! compared first, in constant time; the context is bound a second time as associated data.
//!
//! Form: `format(1) salt(32) commitment(32) nonce(24) text(n) tag(16)`.

use crate::error::Error;
use crate::secret::SECRET_BYTES_MAX;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use nija_core::ports::Entropy;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The only format so far; bound to every record.
pub(crate) const FORMAT: u8 = 1;

const SALT: usize = 32;
const COMMITMENT: usize = 32;
const NONCE: usize = 24;
const TAG: usize = 16;
const HEAD: usize = 1 + SALT + COMMITMENT + NONCE;

/// Bytes of a parent key.
pub(crate) type KeyBytes = [u8; 32];

/// Seals `plain` under `parent` for the place that `context` spells.
pub(crate) fn seal(
    parent: &KeyBytes,
    context: &[u8],
    plain: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Error> {
    let mut salt = [0; SALT];
    let mut nonce = [0; NONCE];
    entropy.fill(&mut salt)?;
    entropy.fill(&mut nonce)?;
    let derived = Derived::new(parent, &salt, context)?;

    // The buffer ends up as ciphertext; room for the tag is made now, so no plain copy is left
    // behind.
    let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + TAG));
    text.extend_from_slice(plain);
    derived
        .cipher()
        .encrypt_in_place(<&XNonce>::from(&nonce), context, &mut *text)
        .map_err(|_| Error::BadLength { got: plain.len(), max: SECRET_BYTES_MAX })?;

    let mut out = Vec::with_capacity(HEAD + text.len());
    out.push(FORMAT);
    out.extend_from_slice(&salt);
    out.extend_from_slice(derived.commitment());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&text);
    Ok(out)
}

/// Opens what [`seal`] made with the same parent key and context.
pub(crate) fn open(
    parent: &KeyBytes,
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let record = Record::read(sealed)?;
    let derived = Derived::new(parent, record.salt, context)?;
    if !bool::from(derived.commitment().ct_eq(record.commitment)) {
        return Err(Error::WrongKey);
    }
    let mut text = Zeroizing::new(record.text.to_vec());
    derived
        .cipher()
        .decrypt_in_place(<&XNonce>::from(record.nonce), context, &mut *text)
        .map_err(|_| Error::Altered)?;
    Ok(text)
}

/// The parts of a sealed record, borrowed from its bytes.
struct Record<'a> {
    salt: &'a [u8; SALT],
    commitment: &'a [u8; COMMITMENT],
    nonce: &'a [u8; NONCE],
    text: &'a [u8],
}

impl<'a> Record<'a> {
    fn read(sealed: &'a [u8]) -> Result<Self, Error> {
        let (format, rest) = sealed.split_first().ok_or(Error::BadForm)?;
        let (salt, rest) = rest.split_first_chunk().ok_or(Error::BadForm)?;
        let (commitment, rest) = rest.split_first_chunk().ok_or(Error::BadForm)?;
        let (nonce, text) = rest.split_first_chunk().ok_or(Error::BadForm)?;
        let fits = (TAG + 1..=TAG + SECRET_BYTES_MAX).contains(&text.len());
        if *format != FORMAT || !fits {
            return Err(Error::BadForm);
        }
        Ok(Self { salt, commitment, nonce, text })
    }
}

/// A record's own key and commitment, wiped on drop.
struct Derived {
    key: Zeroizing<KeyBytes>,
    commitment: Zeroizing<[u8; COMMITMENT]>,
}

impl Derived {
    fn new(parent: &KeyBytes, salt: &[u8; SALT], context: &[u8]) -> Result<Self, Error> {
        let mut both = Zeroizing::new([0; 32 + COMMITMENT]);
        Hkdf::<Sha256>::new(Some(salt), parent)
            .expand(context, &mut *both)
            .map_err(|_| Error::BadForm)?;
        let mut derived =
            Self { key: Zeroizing::new([0; 32]), commitment: Zeroizing::new([0; COMMITMENT]) };
        let (key, commitment) = both.split_at(32);
        derived.key.copy_from_slice(key);
        derived.commitment.copy_from_slice(commitment);
        Ok(derived)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(<&Key>::from(&*self.key))
    }

    fn commitment(&self) -> &[u8] {
        &*self.commitment
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::ports::EntropyError;
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

    /// Bytes that count up, in as many draws as it is told: chance a test can foretell.
    struct Counting {
        next: AtomicU8,
        draws_left: AtomicU32,
    }

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            let draw = |left: u32| left.checked_sub(1);
            self.draws_left.fetch_update(Relaxed, Relaxed, draw).map_err(|_| EntropyError)?;
            for byte in bytes {
                *byte = self.next.fetch_add(1, Relaxed).wrapping_add(1);
            }
            Ok(())
        }
    }

    fn counting(draws: u32) -> Counting {
        Counting { next: AtomicU8::new(0), draws_left: AtomicU32::new(draws) }
    }

    #[test]
    fn each_flipped_bit_refuses_with_the_right_reason() {
        let sealed = seal(&[7; 32], b"place", b"secret", &counting(2)).unwrap();
        assert_eq!(sealed.len(), HEAD + b"secret".len() + TAG);
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut bent = sealed.clone();
                bent[at] ^= 1 << bit;
                let want = match at {
                    0 => Error::BadForm,
                    1..=64 => Error::WrongKey, // salt and commitment
                    _ => Error::Altered,       // nonce, text and tag
                };
                assert_eq!(open(&[7; 32], b"place", &bent).err(), Some(want), "byte {at}");
            }
        }
    }

    #[test]
    fn each_shortened_record_refuses() {
        let sealed = seal(&[7; 32], b"place", b"secret", &counting(2)).unwrap();
        for len in 0..sealed.len() {
            assert!(open(&[7; 32], b"place", &sealed[..len]).is_err(), "{len} bytes");
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert_eq!(open(&[7; 32], b"place", &longer).err(), Some(Error::Altered));
    }

    #[test]
    fn another_key_is_told_by_the_commitment() {
        let sealed = seal(&[7; 32], b"place", b"secret", &counting(2)).unwrap();
        assert_eq!(open(&[8; 32], b"place", &sealed).err(), Some(Error::WrongKey));
    }

    /// A record whose key and commitment fit but whose associated data names another place: the
    /// cipher itself must refuse it, not only the key derivation.
    #[test]
    fn the_cipher_binds_the_context_too() {
        let (parent, salt, nonce) = ([7; 32], [1; SALT], [2; NONCE]);
        let derived = Derived::new(&parent, &salt, b"here").unwrap();
        let mut text = b"secret".to_vec();
        let nonce_bytes = <&XNonce>::from(&nonce);
        derived.cipher().encrypt_in_place(nonce_bytes, b"there", &mut text).unwrap();
        let record = [&[FORMAT], &salt[..], derived.commitment(), &nonce, &text].concat();
        assert_eq!(open(&parent, b"here", &record).err(), Some(Error::Altered));
    }

    /// A fixed answer, made with libsodium and Python's hashlib: a change of library or layout is
    /// noticed before users' keys are lost.
    #[test]
    fn the_form_is_for_ever() {
        let sealed = seal(&[7; 32], b"place", b"secret", &counting(2)).unwrap();
        let hex: String = sealed.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, include_str!("../tests/golden/seal-1.hex").trim());
    }

    #[test]
    fn no_chance_no_seal() {
        for draws in [0, 1] {
            let refused = seal(&[7; 32], b"place", b"secret", &counting(draws));
            assert_eq!(refused, Err(Error::NoEntropy), "{draws} draws");
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            key: [u8; 32],
            context: Vec<u8>,
            plain in proptest::collection::vec(any::<u8>(), 1..200),
        ) {
            let sealed = seal(&key, &context, &plain, &counting(2)).unwrap();
            prop_assert_eq!(&*open(&key, &context, &sealed).unwrap(), &plain);
        }

        #[test]
        fn noise_never_opens_nor_panics(noise: Vec<u8>) {
            prop_assert!(open(&[7; 32], b"place", &noise).is_err());
        }
    }
}
