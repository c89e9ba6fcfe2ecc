//! Nonces of sign-in messages. A nonce carries what was issued under it, signed with a key that all
//! replicas share, so that nothing has to be kept until it is used (docs/decisions/0314).
//!
//! Its 32 bytes: 44 bits of the time of issue (milliseconds since 1970), 43 of a counter, 1 that
//! says whether a message was issued with it; then what ties it to that message (64 bits), the end of
//! its wallet's address (24), and a seal over all of that (80). The tie and the seal are
//! HMAC-SHA256, cut short.

mod text;
mod ticket;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::hmac;
use subtle::ConstantTimeEq;

use crate::siwe::Refused;
use crate::siwe::address::Address;
use ticket::{MessageTag, Payload, Seal, Ticket};

pub(crate) use ticket::Unproven;

/// Bytes of a key's name, which is no secret.
const NAME: usize = 16;
/// Bytes of a key with its name before it.
pub(crate) const SEED: usize = NAME + 32;

/// A key with its name before it: what replicas share. No `Debug`: it is a secret.
pub(crate) type Seed = [u8; SEED];

/// Signs nonces and knows its own again. No `Debug`: it holds a secret.
pub struct Signer {
    name: [u8; NAME],
    key: hmac::Key,
    counter: AtomicU64,
}

/// What a nonce is issued for: a wallet, and the message to it without the nonce.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The wallet.
    pub address: Address,
    /// What stands before the nonce.
    pub head: &'a str,
    /// What stands after it.
    pub tail: &'a str,
}

/// A nonce that was issued, and is used up by whoever holds this.
pub struct Issued {
    signer: Arc<Signer>,
    ticket: Ticket,
}

/// Parts of the key's use: no tag of one kind is one of another.
#[derive(Clone, Copy)]
enum Purpose {
    Message = 1,
    Seal = 2,
}

/// A fresh key.
pub(crate) fn fresh_seed() -> Result<Seed, getrandom::Error> {
    let mut seed = [0; SEED];
    getrandom::fill(&mut seed)?;
    Ok(seed)
}

/// Time since 1970, by the system's clock: a nonce lives as long as a key in Redis would.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl Signer {
    /// One with the key in `seed`; its counter starts anywhere.
    pub(crate) fn new(seed: &Seed) -> Result<Self, getrandom::Error> {
        let (head, key) = seed.split_at(NAME);
        let mut name = [0; NAME];
        name.copy_from_slice(head);
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Ok(Self { name, key, counter: AtomicU64::new(getrandom::u64()?) })
    }

    /// Whether it has the key in `seed`.
    pub(crate) fn has(&self, seed: &Seed) -> bool {
        seed.starts_with(&self.name)
    }

    /// The name of its key.
    pub(crate) fn name(&self) -> &[u8; NAME] {
        &self.name
    }

    /// A new nonce: for a message, or for a wallet that writes its own.
    #[must_use]
    pub fn issue(&self, subject: Option<Subject<'_>>) -> String {
        self.issue_at(now(), subject)
    }

    fn issue_at(&self, now: Duration, subject: Option<Subject<'_>>) -> String {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let payload = ticket::payload(now, count, subject.is_some());
        let (message, wallet) = subject.map_or_else(Default::default, |subject| {
            (self.message(payload, subject), ticket::end_of(subject.address))
        });
        let ticket = Ticket { payload, message, wallet };
        ticket.write(self.seal(&ticket))
    }

    /// The ticket of a nonce that was issued with this very key.
    pub(crate) fn open(&self, nonce: Unproven) -> Option<Ticket> {
        let (ticket, seal) = nonce.split();
        bool::from(self.seal(&ticket).ct_eq(&seal)).then_some(ticket)
    }

    fn seal(&self, ticket: &Ticket) -> Seal {
        self.tag(Purpose::Seal, ticket.payload, &[&ticket.message, &ticket.wallet])
    }

    fn message(&self, payload: Payload, subject: Subject<'_>) -> MessageTag {
        let Subject { head, tail, .. } = subject;
        // With its length before it, so that nothing can move across the place of the nonce.
        let length = (head.len() as u64).to_be_bytes();
        self.tag(Purpose::Message, payload, &[&length, head.as_bytes(), tail.as_bytes()])
    }

    fn tag<const LENGTH: usize>(
        &self,
        purpose: Purpose,
        payload: Payload,
        parts: &[&[u8]],
    ) -> [u8; LENGTH] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&[purpose as u8]);
        context.update(&payload);
        for part in parts {
            context.update(part);
        }
        let whole = context.sign();
        let mut tag = [0; LENGTH];
        tag.iter_mut().zip(whole.as_ref()).for_each(|(to, from)| *to = *from);
        tag
    }
}

impl Issued {
    pub(crate) fn new(signer: Arc<Signer>, ticket: Ticket) -> Self {
        Self { signer, ticket }
    }

    /// Whether this nonce is good for `subject`: for the very message that was issued with it, byte
    /// for byte, or for any if none was.
    ///
    /// # Errors
    /// It was issued for another wallet ([`Refused::OtherAddress`]), or for this one with another
    /// message ([`Refused::NotIssued`]).
    pub fn admit(&self, subject: Subject<'_>) -> Result<(), Refused> {
        let Self { signer, ticket } = self;
        if !ticket.has_message()
            || bool::from(signer.message(ticket.payload, subject).ct_eq(&ticket.message))
        {
            return Ok(());
        }
        let is_same = ticket::end_of(subject.address) == ticket.wallet;
        Err(if is_same { Refused::NotIssued } else { Refused::OtherAddress })
    }
}

#[cfg(test)]
mod tests;
