//! One registry of typed ids, so that an order id can never stand where an account id should.

/// A text that is no id of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id; ids are {digits} hexadecimal digits")]
pub struct ParseIdError {
    digits: usize,
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident($inner:ty, $digits:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!("{:0", stringify!($digits), "x}"), self.0)
            }
        }
        impl core::str::FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let refused = ParseIdError { digits: $digits };
                if text.len() != $digits || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(refused);
                }
                <$inner>::from_str_radix(text, 16).map(Self).map_err(|_| refused)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                self.0.put(e)
            }
        }
        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                d: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                <$inner>::take(d).map(Self)
            }
        }
    )*};
}

id! {
    /// A person or a firm that signed up. Random.
    UserId(u128, 32);
    /// One trading account of a user. Random; decides the partition.
    AccountId(u128, 32);
    /// An account's place inside its partition, dense from 0: what events carry.
    AccountNo(u32, 8);
    /// An order, for ever unique: partition in the upper 16 bits, a counter below. Also the venue's client id.
    OrderId(u64, 16);
    /// A fill, for ever unique within a venue's reports of one order.
    FillId(u64, 16);
    /// A row of the instrument catalog.
    InstrumentId(u32, 8);
    /// One signal of the analyst, unique within a run of the market feed.
    SignalId(u64, 16);
    /// One of the fixed number of desks.
    PartitionId(u16, 4);
    /// Number of a batch in its partition's journal, dense from 1.
    Seq(u64, 16);
    /// Generation of a partition's owner; grows with each takeover.
    Epoch(u64, 16);
}

impl OrderId {
    /// The order with this number in this partition.
    #[must_use]
    pub const fn new(partition: PartitionId, number: u64) -> Self {
        Self(((partition.0 as u64) << 48) | (number & 0xffff_ffff_ffff))
    }
    /// The partition that owns the order.
    #[must_use]
    pub const fn partition(self) -> PartitionId {
        PartitionId((self.0 >> 48) as u16)
    }
}

impl AccountNo {
    /// The house's own books in a partition.
    pub const HOUSE: Self = Self(u32::MAX);
}

impl AccountId {
    /// The partition that owns this account when there are `count` partitions (at least one).
    #[must_use]
    pub const fn partition(self, count: u16) -> PartitionId {
        let mixed = self.folded().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        PartitionId((mixed % if count == 0 { 1 } else { count as u64 }) as u16)
    }
    /// What its partition is drawn from: accounts in which this is equal live together, however many partitions.
    pub(crate) const fn folded(self) -> u64 {
        (self.0 ^ (self.0 >> 64)) as u64
    }
}

/// How an id's integer travels in the journal.
trait Wire: Sized {
    fn put<W: minicbor::encode::Write>(
        self,
        e: &mut minicbor::Encoder<W>,
    ) -> Result<(), minicbor::encode::Error<W::Error>>;
    fn take(d: &mut minicbor::Decoder<'_>) -> Result<Self, minicbor::decode::Error>;
}

macro_rules! wire {
    ($($inner:ty),*) => {$(
        impl Wire for $inner {
            fn put<W: minicbor::encode::Write>(
                self,
                e: &mut minicbor::Encoder<W>,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.u64(u64::from(self)).map(drop)
            }
            fn take(d: &mut minicbor::Decoder<'_>) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                <$inner>::try_from(d.u64()?)
                    .map_err(|_| minicbor::decode::Error::message("id out of range").at(at))
            }
        }
    )*};
}
wire!(u16, u32, u64);

impl Wire for u128 {
    fn put<W: minicbor::encode::Write>(
        self,
        e: &mut minicbor::Encoder<W>,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_be_bytes()).map(drop)
    }
    fn take(d: &mut minicbor::Decoder<'_>) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        <[u8; 16]>::try_from(d.bytes()?)
            .map(Self::from_be_bytes)
            .map_err(|_| minicbor::decode::Error::message("id is not 16 bytes").at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_refuse_other_shapes() {
        let id = OrderId::new(PartitionId(3), 7);
        assert_eq!(id.to_string(), "0003000000000007");
        assert_eq!("0003000000000007".parse(), Ok(id));
        assert_eq!(id.partition(), PartitionId(3));
        for text in ["", "7", "+003000000000007", "000300000000000g"] {
            assert!(text.parse::<OrderId>().is_err(), "{text}");
        }
    }

    #[test]
    fn accounts_spread_over_partitions() {
        let mut counts = [0u32; 64];
        for n in 0..64_000u128 {
            counts[usize::from(AccountId(n).partition(64).0)] += 1;
        }
        assert!(counts.iter().all(|&c| (700..1300).contains(&c)), "{counts:?}");
    }
}
