//! Many pictures through one inspector, stages overlapped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cfa_runtime::inspector::InspectError;

use crate::harness::Folder;
use crate::library::{assert_same_bits, inspector};

/// Good pictures of different sizes with a broken and a missing one among them.
fn pictures(folder: &Folder) -> Vec<PathBuf> {
    let drawn = |seed| folder.draw(&format!("{seed}.png"), 60 + 31 * (seed % 5), 64, seed);
    let mut paths: Vec<_> = (0..9).map(drawn).collect();
    paths.insert(
        3,
        folder.write("broken.png", b"\x89PNG\r\n\x1a\n and no more"),
    );
    paths.insert(7, folder.at("none.png"));
    paths
}

#[test]
fn overlapped_inspections_are_those_of_one_by_one() {
    let folder = Folder::new();
    let paths = pictures(&folder);
    let mut alone = inspector(1);
    for threads in [1, 3] {
        let mut inspector = inspector(threads);
        let each: Vec<_> = inspector.inspect_each(paths.clone()).unwrap().collect();
        assert!(each.iter().map(|(path, _)| path).eq(&paths));
        for (path, inspection) in each {
            match (inspection, alone.inspect_path(&path)) {
                (Ok(inspection), Ok(expected)) => {
                    assert_same_bits(&inspection, &expected);
                    assert_eq!(inspection.picture_size, expected.picture_size);
                    let times = inspection.stages;
                    let stages = [times.decode_ms, times.network_ms, times.neighbors_ms];
                    assert!(stages.iter().all(|&ms| ms > 0.0), "{times:?}");
                }
                (Err(error), Err(expected)) => {
                    assert_eq!(error.to_string(), expected.to_string());
                }
                (found, expected) => panic!("{path:?}: {found:?}, not {expected:?}"),
            }
        }
        // And it is as good as new.
        assert!(inspector.inspect_path(&paths[0]).is_ok());
    }
    assert_eq!(alone.inspect_each([] as [PathBuf; 0]).unwrap().count(), 0);
}

/// With two threads: one result waits, two pictures are ready for the network, and the
/// next waits for its place.
const MOST_AHEAD: usize = 4;

#[test]
fn pictures_are_begun_ahead_of_the_results_but_not_far() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let begun = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&begun);
    let paths = std::iter::repeat_n(picture, 60).inspect(move |_path| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let mut inspector = inspector(2);
    for (seen, (_path, inspection)) in inspector.inspect_each(paths).unwrap().enumerate() {
        assert!(inspection.is_ok());
        let given = seen + 1;
        let ahead = begun.load(Ordering::SeqCst) - given;
        assert!(ahead <= MOST_AHEAD, "{ahead} pictures alive");
        let all_there = |begun| begun >= (given + MOST_AHEAD - 1).min(60);
        let patience = Instant::now();
        while given < 5 && !all_there(begun.load(Ordering::SeqCst)) {
            assert!(
                patience.elapsed() < Duration::from_secs(30),
                "none is ahead"
            );
            sleep(Duration::from_millis(1));
        }
    }
    assert_eq!(begun.load(Ordering::SeqCst), 60);
}

#[test]
fn a_result_does_not_wait_for_the_next_path() {
    let folder = Folder::new();
    let (sender, paths) = channel();
    let mut inspector = inspector(2);
    let mut inspections = inspector.inspect_each(paths).unwrap();
    for seed in 0..4 {
        sender.send(folder.draw("disc.png", 64, 64, seed)).unwrap();
        assert!(inspections.next().unwrap().1.is_ok());
    }
    drop(sender);
    assert!(inspections.next().is_none());
}

/// Dropped while its paths wait: nothing hangs, and the inspector serves on.
#[test]
fn the_rest_can_be_left() {
    let folder = Folder::new();
    let paths = pictures(&folder);
    let (sender, more) = channel();
    let mut inspector = inspector(2);
    let first = paths.clone().into_iter().chain(more);
    assert!(inspector.inspect_each(first).unwrap().next().is_some());
    assert!(inspector.inspect_path(&paths[0]).is_ok());
    drop(sender);
}

#[test]
fn paths_that_panic_do_not_look_like_the_end() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let paths = (0..5).map(move |number| {
        assert!(number < 2, "as this test wants it");
        picture.clone()
    });
    let mut inspector = inspector(2);
    let mut given = 0;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let each = inspector.inspect_each(paths).unwrap();
        each.for_each(|(_path, inspection): (_, Result<_, InspectError>)| {
            assert!(inspection.is_ok());
            given += 1;
        });
    }));
    assert!(panicked.is_err() && given == 2);
}
