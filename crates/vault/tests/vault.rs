//! The vault from outside: places, owners, master keys and rotation.

#![allow(clippy::unwrap_used)]

use nija_core::ports::{Entropy, EntropyError};
use nija_core::words::id::UserId;
use nija_vault::{
    Context, Dek, DekId, Environment, Error, Kek, KekId, Keyring, Owner, Secret, WrappedDek,
};

/// The system's generator.
struct System;

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}

/// A generator that has none to give.
struct Dry;

impl Entropy for Dry {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

const ANN: Owner = Owner { tenant: 1, user: UserId(10) };
const BEN: Owner = Owner { tenant: 1, user: UserId(11) };

const PLACE: Context<'static> = Context {
    owner: ANN,
    venue: "kraken",
    environment: Environment::Live,
    field: "api_secret",
    secret: 77,
    version: 3,
};

fn kek(id: u32) -> Kek {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&id.to_be_bytes());
    key[31] = 0xa5;
    Kek::new(KekId(id), key).unwrap()
}

fn ring(ids: &[u32]) -> Keyring {
    Keyring::new(ids.iter().map(|id| kek(*id)).collect()).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.into()).unwrap()
}

fn dek_of(ring: &Keyring, owner: Owner) -> (Dek, WrappedDek) {
    let wrapped = ring.issue(owner, &System).unwrap();
    (ring.open(owner, &wrapped).unwrap(), wrapped)
}

#[test]
fn a_secret_survives_the_round_trip() {
    let (dek, _) = dek_of(&ring(&[1]), ANN);
    let sealed = dek.seal(&PLACE, &secret("k3y"), &System).unwrap();
    assert!(!sealed.windows(3).any(|w| w == b"k3y"), "no plain byte run in the record");
    assert_eq!(dek.open(&PLACE, &sealed).unwrap().reveal(), b"k3y");
    let again = dek.seal(&PLACE, &secret("k3y"), &System).unwrap();
    assert_ne!(sealed, again, "salt and nonce are drawn for each write");
}

#[test]
fn every_field_of_the_place_is_bound() {
    let (dek, wrapped) = dek_of(&ring(&[1]), ANN);
    let sealed = dek.seal(&PLACE, &secret("k3y"), &System).unwrap();
    let others = [
        Context { owner: Owner { tenant: 2, ..ANN }, ..PLACE },
        Context { owner: BEN, ..PLACE },
        Context { venue: "coinbase", ..PLACE },
        Context { environment: Environment::Paper, ..PLACE },
        Context { field: "api_key", ..PLACE },
        Context { secret: 78, ..PLACE },
        Context { version: 4, ..PLACE },
        // The letter moves over the border between two fields.
        Context { venue: "krakena", field: "pi_secret", ..PLACE },
    ];
    for place in others {
        assert_eq!(dek.open(&place, &sealed).err(), Some(Error::WrongKey), "{place:?}");
    }
    let renamed = WrappedDek { id: DekId(wrapped.id.0 ^ 1), ..wrapped };
    assert_eq!(ring(&[1]).open(ANN, &renamed).err(), Some(Error::WrongKey));
}

#[test]
fn another_users_data_key_opens_nothing() {
    let ring = ring(&[1]);
    let (ann, anns) = dek_of(&ring, ANN);
    let (ben, _) = dek_of(&ring, BEN);
    let sealed = ann.seal(&PLACE, &secret("k3y"), &System).unwrap();
    assert_eq!(ben.open(&PLACE, &sealed).err(), Some(Error::WrongKey));
    assert_eq!(ring.open(BEN, &anns).err(), Some(Error::WrongKey));
    let mine = Context { owner: BEN, ..PLACE };
    assert_eq!(ann.seal(&mine, &secret("x"), &System), Err(Error::WrongKey));
    let (second, _) = dek_of(&ring, ANN);
    assert_eq!(second.open(&PLACE, &sealed).err(), Some(Error::WrongKey));
}

#[test]
fn a_wrong_or_missing_master_key_is_named() {
    let (_, wrapped) = dek_of(&ring(&[1]), ANN);
    assert_eq!(ring(&[2]).open(ANN, &wrapped).err(), Some(Error::UnknownKek(KekId(1))));
    let impostor =
        Keyring::new(vec![Kek::new(KekId(1), std::array::from_fn(|i| i as u8)).unwrap()]);
    assert_eq!(impostor.unwrap().open(ANN, &wrapped).err(), Some(Error::WrongKey));
    let relabeled = WrappedDek { kek: KekId(2), ..wrapped };
    assert_eq!(ring(&[1, 2]).open(ANN, &relabeled).err(), Some(Error::WrongKey));
}

#[test]
fn each_flipped_bit_of_a_wrapped_key_refuses() {
    let ring = ring(&[1]);
    let (_, wrapped) = dek_of(&ring, ANN);
    for at in 0..wrapped.sealed.len() {
        let mut bent = wrapped.clone();
        bent.sealed[at] ^= 0x10;
        assert!(ring.open(ANN, &bent).is_err(), "byte {at}");
    }
}

#[test]
fn a_wrapped_key_is_no_secret_and_a_secret_no_wrapped_key() {
    let ring = ring(&[1]);
    let (dek, wrapped) = dek_of(&ring, ANN);
    assert_eq!(dek.open(&PLACE, &wrapped.sealed).err(), Some(Error::WrongKey));
    let sealed = dek.seal(&PLACE, &secret("k3y"), &System).unwrap();
    let posing = WrappedDek { sealed, ..wrapped };
    assert_eq!(ring.open(ANN, &posing).err(), Some(Error::WrongKey));
}

#[test]
fn rotation_rewraps_and_the_old_key_can_go() {
    let (dek, wrapped) = dek_of(&ring(&[1]), ANN);
    let sealed = dek.seal(&PLACE, &secret("k3y"), &System).unwrap();

    let both = ring(&[2, 1]);
    assert_eq!(both.newest(), KekId(2));
    let fresh = both.rewrap(ANN, &wrapped, &System).unwrap();
    assert_eq!((fresh.id, fresh.kek), (wrapped.id, KekId(2)));
    assert_eq!(both.rewrap(BEN, &wrapped, &System).err(), Some(Error::WrongKey));

    let alone = ring(&[2]);
    let dek = alone.open(ANN, &fresh).unwrap();
    assert_eq!(dek.open(&PLACE, &sealed).unwrap().reveal(), b"k3y");
    assert_eq!(alone.open(ANN, &wrapped).err(), Some(Error::UnknownKek(KekId(1))));
    // Stopped half-way and run again: rewrapping what is already new is harmless.
    let again = alone.rewrap(ANN, &fresh, &System).unwrap();
    assert!(alone.open(ANN, &again).is_ok());
}

#[test]
fn a_ring_refuses_what_cannot_be_meant() {
    let bad = Some(Error::BadRing { max: 8 });
    assert_eq!(Keyring::new(vec![]).err(), bad);
    assert_eq!(Keyring::new(vec![kek(1), kek(1)]).err(), bad);
    assert_eq!(Keyring::new((0..9).map(kek).collect()).err(), bad);
    assert!(Keyring::new((0..8).map(kek).collect()).is_ok());
    assert_eq!(Kek::new(KekId(4), [9; 32]).err(), Some(Error::WeakKek(KekId(4))));
}

#[test]
fn without_chance_nothing_is_issued_or_sealed() {
    let ring = ring(&[1]);
    let (dek, wrapped) = dek_of(&ring, ANN);
    assert_eq!(ring.issue(ANN, &Dry), Err(Error::NoEntropy));
    assert_eq!(ring.rewrap(ANN, &wrapped, &Dry), Err(Error::NoEntropy));
    assert_eq!(dek.seal(&PLACE, &secret("k3y"), &Dry), Err(Error::NoEntropy));
}
