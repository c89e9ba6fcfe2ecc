use super::*;

fn inner() -> Revocations {
    let options = sqlx::postgres::PgConnectOptions::new();
    Revocations(Some(Arc::new(Inner {
        id: Uuid::now_v7(),
        db: PgPool::connect_lazy_with(options),
        start: Instant::now(),
        current_until: AtomicU64::new(0),
        changes: AtomicU64::new(0),
        slots: (0..SLOTS).map(|_| AtomicU32::new(0)).collect(),
        settling: Settling::default(),
    })))
}

#[tokio::test]
async fn what_was_read_before_a_change_is_not_remembered() {
    let revocations = inner();
    let user = Uuid::now_v7();
    let before = revocations.before().unwrap();

    revocations.0.as_ref().unwrap().changed(user);

    assert_eq!(revocations.epoch_since(before, user), None);
    let before = revocations.before().unwrap();
    assert!(revocations.epoch_since(before, user).is_some());
}

#[tokio::test]
async fn a_change_ends_what_is_remembered_of_its_user() {
    let revocations = inner();
    let (user, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let before = revocations.before().unwrap();
    let remember = |user| revocations.epoch_since(before, user).unwrap();
    let (of_user, of_other) = (remember(user), remember(other));

    revocations.0.as_ref().unwrap().changed(user);

    assert!(!revocations.holds(of_user, user));
    assert!(revocations.holds(of_other, other));
    revocations.0.as_ref().unwrap().forget();
    assert!(!revocations.holds(of_other, other));
}

#[tokio::test]
async fn a_proof_counts_from_when_it_was_begun() {
    let revocations = inner();
    let inner = revocations.0.as_ref().unwrap();
    assert!(!revocations.is_current());
    inner.renew(Instant::now());
    assert!(revocations.is_current());
    inner.lapse();
    assert!(!revocations.is_current());
    inner.renew(inner.start);
    tokio::time::sleep(LEASE).await;
    assert!(!revocations.is_current());
}
