//! Work on all cores whose results do not depend on how many there are.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does the same with each item, on up to so many threads; results come in the order of the items. After a failure
/// nothing new is begun, and the first of them in that order is given back.
pub(in super::super) fn each<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<anyhow::Result<R>>>> =
        items.iter().map(|_| Mutex::default()).collect();
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((item, slot)) = items.get(at).zip(slots.get(at)) else {
                return;
            };
            let result = work(item);
            if result.is_err() {
                next.store(items.len(), Ordering::Relaxed);
            }
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            scope.spawn(worker);
        }
        worker();
    });
    let results =
        slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
    let mut done = Vec::with_capacity(items.len());
    for result in results.flatten() {
        done.push(result?);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_failures_do_not_depend_on_threads() {
        let items: Vec<u64> = (0..100).collect();
        for threads in [1, 2, 7, 200] {
            let squares = each(threads, &items, |n| Ok(n * n)).unwrap();
            assert_eq!(squares, items.iter().map(|n| n * n).collect::<Vec<_>>());
            let failed = each(threads, &items, |n| {
                anyhow::ensure!(*n != 3, "three");
                Ok(())
            });
            assert_eq!(failed.unwrap_err().to_string(), "three");
        }
        assert!(each(4, &[] as &[u64], |n| Ok(*n)).unwrap().is_empty());
    }
}
