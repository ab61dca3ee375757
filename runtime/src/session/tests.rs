#![allow(clippy::unwrap_used, reason = "for tests only")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use super::{Session, SessionError, SessionWarning};
use crate::inspector::{InspectError, Inspector, InspectorOptions, Model};
use crate::picture::{Picture, PixelFormat, PixelView};

fn session() -> Session {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/tiny.cfa");
    let options = InspectorOptions {
        threads: Some(1),
        ..InspectorOptions::default()
    };
    Session::new(Inspector::with_fake_network(&Model::open(&bundle).unwrap(), &options).unwrap())
}

fn picture() -> Picture {
    Picture::from_rgb8(20, 20, (0..20 * 20 * 3).map(|i| i as u8).collect()).unwrap()
}

/// 12 bits in 16, which the tiny model does not expect.
fn dark() -> Picture {
    let samples = (0..20 * 20_u16).flat_map(|i| (i * 10).to_ne_bytes());
    let view = PixelView {
        format: PixelFormat::Gray16,
        width_px: 20,
        height_px: 20,
        stride_bytes: 40,
        data: &samples.collect::<Vec<_>>(),
    };
    Picture::from_raw(&view).unwrap()
}

fn facts(session: &Session) -> Value {
    serde_json::to_value(session.facts().unwrap()).unwrap()
}

#[test]
fn one_call_computes_at_a_time_and_the_next_is_as_before() {
    let (session, picture) = (session(), picture());
    let first = session.inspect(&picture).unwrap();
    let mut job = session.begin().unwrap();
    thread::scope(|scope| {
        let other = scope.spawn(|| session.inspect(&picture));
        assert!(matches!(other.join().unwrap(), Err(SessionError::Busy)));
        assert!(session.facts().is_ok(), "facts do not wait");
    });
    assert_eq!(job.inspect(&picture).unwrap().map, first.map);
    drop(job);
    assert_eq!(session.inspect(&picture).unwrap().map, first.map);
}

#[test]
fn a_job_is_cancelled_from_another_thread_and_the_next_one_is_not() {
    let (session, picture) = (session(), picture());
    session.cancel();
    let mut job = session.begin().unwrap();
    assert!(job.inspect(&picture).is_ok(), "nothing was computing");
    thread::scope(|scope| scope.spawn(|| session.cancel()).join().unwrap());
    assert!(matches!(
        job.inspect(&picture),
        Err(InspectError::Cancelled)
    ));
    assert!(matches!(
        job.check_cancelled(),
        Err(InspectError::Cancelled)
    ));
    drop(job);
    assert!(session.inspect(&picture).is_ok());
}

#[test]
fn after_a_panic_a_session_gives_errors_and_still_facts() {
    let session = session();
    let panicking = || {
        let _job = session.begin().unwrap();
        unreachable!("on purpose")
    };
    let panicked: Result<(), _> = catch_unwind(AssertUnwindSafe(panicking));
    assert!(panicked.is_err());
    let refused = session.inspect(&picture());
    assert!(matches!(refused, Err(SessionError::Panicked)));
    assert!(session.facts().is_ok());
}

#[test]
fn facts_are_one_json_object() {
    let facts = facts(&session());
    let mut keys: Vec<_> = facts.as_object().unwrap().keys().collect();
    keys.sort_unstable();
    let expected = [
        "bundle_sha256",
        "damage",
        "decision_rule",
        "device",
        "good_scores",
        "head",
        "onnxruntime",
        "precision",
        "provider",
        "refused",
        "threads",
        "warnings",
    ];
    assert_eq!(keys, expected);
    assert_eq!(facts["provider"], "cpu");
    assert_eq!(facts["precision"], "f32");
    assert_eq!(facts["head"], "host");
    assert_eq!(facts["warnings"], json!([]));
    assert_eq!(facts["bundle_sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn a_kind_of_remark_is_kept_once() {
    let session = session();
    for _ in 0..3 {
        assert!(session.inspect(&dark()).unwrap().depth_remark.is_some());
    }
    let warnings = session.facts().unwrap().warnings;
    assert!(matches!(warnings[..], [SessionWarning::Depth(_)]));
    let texts = &facts(&session)["warnings"];
    assert!(
        texts[0].as_str().unwrap().contains("white level"),
        "{texts}"
    );
}

#[test]
fn warnings_of_the_network_are_kept_up_to_a_number() {
    let mut notes = super::Notes::default();
    for number in 0..100 {
        notes.keep(vec![format!("{number}"); 3]);
    }
    assert_eq!(notes.warnings.len(), 64);
    assert_eq!(notes.warnings[63].to_string(), "21");
}

/// What the fake computes is not what was recorded.
#[test]
fn a_self_test_reports_what_differs() {
    let report = session().self_test().unwrap();
    assert!(!report.ok() && !report.samples.is_empty());
}
