use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const HEAD: &str = "app.example.org wants you to sign in\nNonce: ";
const TAIL: &str = "\nIssued At: 2026-11-24T12:00:00Z";

fn signer() -> Arc<Signer> {
    Arc::new(Signer::new(&fresh_seed().unwrap()).unwrap())
}

fn subject() -> Subject<'static> {
    Subject { address: Address([7; 20]), head: HEAD, tail: TAIL }
}

fn opened(signer: &Arc<Signer>, nonce: &str) -> Option<Issued> {
    let ticket = signer.open(Unproven::read(nonce)?)?;
    Some(Issued::new(Arc::clone(signer), ticket))
}

#[test]
fn nonces_are_alphanumeric_and_never_the_same() {
    let signer = signer();
    let issue = || (0..500).map(|_| signer.issue(Some(subject()))).collect::<Vec<_>>();
    let nonces = std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(issue));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<HashSet<_>>()
    });
    assert_eq!(nonces.len(), 2000);
    let is_good = |nonce: &String| {
        nonce.len() == 44 && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    assert!(nonces.iter().all(is_good));
}

#[test]
fn one_process_never_repeats_a_nonce_however_its_clock_stands() {
    let signer = signer();
    let nonces = (0..1000).map(|_| signer.issue_at(Duration::from_millis(5), None));
    assert_eq!(nonces.collect::<HashSet<_>>().len(), 1000);
}

#[test]
fn a_nonce_without_a_message_is_good_for_any() {
    let signer = signer();
    let issued = opened(&signer, &signer.issue(None)).unwrap();
    assert_eq!(issued.admit(subject()), Ok(()));
}

#[test]
fn a_refusal_tells_another_wallet_from_another_message() {
    let signer = signer();
    let issued = opened(&signer, &signer.issue(Some(subject()))).unwrap();
    let other_message = Subject { tail: "", ..subject() };
    let other_wallet = Subject { address: Address([8; 20]), ..other_message };
    assert_eq!(issued.admit(subject()), Ok(()));
    assert_eq!(issued.admit(other_message), Err(Refused::NotIssued));
    assert_eq!(issued.admit(other_wallet), Err(Refused::OtherAddress));
}

#[test]
fn replicas_with_one_key_know_each_others_nonces_and_no_other_key_does() {
    let seed = fresh_seed().unwrap();
    let [one, two] = [(); 2].map(|()| Arc::new(Signer::new(&seed).unwrap()));
    let nonce = one.issue(Some(subject()));
    assert!(opened(&two, &nonce).is_some());
    for place in 0..SEED {
        let mut other = seed;
        other[place] ^= 1;
        let other = Arc::new(Signer::new(&other).unwrap());
        // The name is not part of the key.
        assert_eq!(opened(&other, &nonce).is_some(), place < NAME, "{place}");
    }
}

proptest! {
    #[test]
    fn the_time_of_issue_comes_back(milliseconds in 0_u64..1 << 44, bound in any::<bool>()) {
        let (signer, time) = (signer(), Duration::from_millis(milliseconds));
        let nonce = signer.issue_at(time, bound.then(subject));
        let issued = opened(&signer, &nonce).unwrap();
        prop_assert_eq!(issued.ticket.issued_at(), time);
        prop_assert_eq!(issued.ticket.has_message(), bound);
    }

    #[test]
    fn a_nonce_with_any_character_changed_is_unknown(
        place in 0_usize..44,
        other in "[0-9A-Za-z -~]",
        bound in any::<bool>(),
    ) {
        let signer = signer();
        let nonce = signer.issue(bound.then(subject));
        let mut changed = nonce.clone();
        changed.replace_range(place..=place, &other);
        prop_assert_eq!(opened(&signer, &changed).is_some(), changed == nonce);
    }

    #[test]
    fn no_text_is_taken_for_a_nonce(text in "[0-9A-Za-z]{44}|.{0,64}") {
        prop_assert!(opened(&signer(), &text).is_none());
    }

    #[test]
    fn no_other_message_is_admitted(
        address in any::<[u8; 20]>(),
        head in "[ -~\n]{0,80}",
        tail in "[ -~\n]{0,80}",
        moved in 1..TAIL.len(),
    ) {
        let signer = signer();
        let issued = opened(&signer, &signer.issue(Some(subject()))).unwrap();
        let address = Address(address);
        for (head, tail) in [(&*head, &*tail), (HEAD, &tail), (&head, TAIL)] {
            let other = Subject { address, head, tail };
            prop_assert!(issued.admit(other).is_err());
        }
        // The same text with the nonce in another place.
        let (before, tail) = TAIL.split_at(moved);
        let head = [HEAD, before].concat();
        let moved = Subject { head: &head, tail, ..subject() };
        prop_assert_eq!(issued.admit(moved), Err(Refused::NotIssued));
    }
}
