//! What a nonce says.

use std::time::Duration;

use super::text;
use crate::siwe::address::Address;

/// Of the counter, the lowest so many bits are used.
const COUNTER_BITS: u32 = 43;

/// What the tags are over: the time, the counter, and whether there is a message.
pub(super) type Payload = [u8; 11];
/// What ties a nonce to a message.
pub(super) type MessageTag = [u8; 8];
/// The end of a wallet's address: so much tells one from another, and the message has all of it.
pub(super) type WalletEnd = [u8; 3];
/// They fill a nonce exactly: else what is copied would not fit.
const _: () = assert!(
    size_of::<Payload>() + size_of::<MessageTag>() + size_of::<WalletEnd>() + size_of::<Seal>()
        == text::BYTES
);
/// Bytes of a `u128` before those of a payload.
const UNUSED: usize = size_of::<u128>() - size_of::<Payload>();
/// What shows that all of a nonce is ours.
pub(super) type Seal = [u8; 10];

/// What stands in a nonce before its seal.
#[derive(Clone, Copy)]
pub(crate) struct Ticket {
    pub(super) payload: Payload,
    pub(super) message: MessageTag,
    pub(super) wallet: WalletEnd,
}

/// A nonce that may be anybody's.
#[derive(Clone, Copy)]
pub(crate) struct Unproven([u8; text::BYTES]);

pub(super) fn payload(now: Duration, count: u64, has_message: bool) -> Payload {
    let count = u128::from(count) & ((1 << COUNTER_BITS) - 1);
    let number = (now.as_millis() << COUNTER_BITS | count) << 1 | u128::from(has_message);
    let mut payload = Payload::default();
    payload.copy_from_slice(&number.to_be_bytes()[UNUSED..]);
    payload
}

pub(super) fn end_of(address: Address) -> WalletEnd {
    let [.., a, b, c] = address.0;
    [a, b, c]
}

impl Ticket {
    /// When it was issued, after 1970.
    pub(crate) fn issued_at(&self) -> Duration {
        let mut number = [0; 16];
        number[UNUSED..].copy_from_slice(&self.payload);
        let milliseconds = u128::from_be_bytes(number) >> (COUNTER_BITS + 1);
        Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
    }

    pub(super) fn has_message(&self) -> bool {
        self.payload.last().is_some_and(|last| last & 1 == 1)
    }

    /// The nonce.
    pub(super) fn write(&self, seal: Seal) -> String {
        let mut bytes = [0; text::BYTES];
        let (payload, rest) = bytes.split_at_mut(size_of::<Payload>());
        let (message, rest) = rest.split_at_mut(size_of::<MessageTag>());
        let (wallet, last) = rest.split_at_mut(size_of::<WalletEnd>());
        payload.copy_from_slice(&self.payload);
        message.copy_from_slice(&self.message);
        wallet.copy_from_slice(&self.wallet);
        last.copy_from_slice(&seal);
        text::write(&bytes)
    }
}

impl Unproven {
    /// Reads what looks like a nonce of ours.
    pub(crate) fn read(nonce: &str) -> Option<Self> {
        text::read(nonce).map(Self)
    }

    pub(super) fn split(self) -> (Ticket, Seal) {
        let mut rest = self.0.into_iter();
        // There are exactly as many.
        let mut next = || rest.next().unwrap_or_default();
        let payload = std::array::from_fn(|_| next());
        let message = std::array::from_fn(|_| next());
        let wallet = std::array::from_fn(|_| next());
        (Ticket { payload, message, wallet }, std::array::from_fn(|_| next()))
    }
}
