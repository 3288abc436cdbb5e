//! Work for many items, several at a time.

use std::ops::ControlFlow;
use std::sync::mpsc::channel;

/// Why no further wave began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaveEnd {
    /// Every item was worked on.
    Complete,
    /// The caller stopped it.
    Stopped,
}

/// Works on the items in waves: a wave begins when all items of the one before are done, unless
/// `done` stopped it. `done` gets each result as it arrives.
///
/// # Panics
/// When `work` panics.
pub fn run_waves<'t, T: Sync, R: Send>(
    items: &'t [T],
    max_parallel: usize,
    work: impl Fn(&'t T) -> R + Sync,
    mut done: impl FnMut(R) -> ControlFlow<()>,
) -> WaveEnd {
    for wave in items.chunks(max_parallel.max(1)) {
        let mut stopped = false;
        std::thread::scope(|scope| {
            let (results, received) = channel();
            for item in wave {
                let (results, work) = (results.clone(), &work);
                scope.spawn(move || {
                    // The receiver lives as long as the scope.
                    drop(results.send(work(item)));
                });
            }
            drop(results);
            for result in received {
                stopped |= done(result).is_break();
            }
        });
        if stopped {
            return WaveEnd::Stopped;
        }
    }
    WaveEnd::Complete
}

#[cfg(test)]
mod tests {
    use super::{WaveEnd, run_waves};
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_wave_ends_before_the_next_one_begins() {
        let items: Vec<usize> = (0..10).collect();
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut done = Vec::new();
        let work = |item: &usize| {
            let now = running.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            running.fetch_sub(1, Ordering::SeqCst);
            *item
        };
        let end = run_waves(&items, 3, work, |item| {
            done.push(item);
            ControlFlow::Continue(())
        });
        assert_eq!(end, WaveEnd::Complete);
        assert!(most.load(Ordering::SeqCst) <= 3);
        for (number, wave) in done.chunks(3).enumerate() {
            let mut wave = wave.to_vec();
            wave.sort_unstable();
            let expected: Vec<usize> = (number * 3..(number * 3 + 3).min(10)).collect();
            assert_eq!(wave, expected);
        }
    }

    #[test]
    fn a_stop_ends_after_the_wave() {
        let items: Vec<usize> = (0..10).collect();
        let mut count = 0;
        let end = run_waves(
            &items,
            4,
            |item| *item,
            |item| {
                count += 1;
                if item == 0 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert_eq!((end, count), (WaveEnd::Stopped, 4));
    }
}
