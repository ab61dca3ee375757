//! A network of which nothing leaves this machine, and a name server in it.

use std::net::UdpSocket;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::workbench::succeeds;

/// Where everything is heard that is sent to anybody.
pub(super) struct Network {
    questions: Arc<Mutex<Vec<String>>>,
    /// What the system had counted before, with the questions to our own name server.
    before: Mutex<Heard>,
}

/// What was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) questions: Vec<String>,
    pub(super) connections: u64,
    pub(super) datagrams: u64,
}

impl Network {
    /// Every address, the one of the name server among them, becomes this machine.
    pub(super) fn listening() -> Self {
        for arguments in ["link set lo up", "route add local default dev lo"] {
            succeeds(Command::new("ip").args(arguments.split(' ')));
        }
        // Where there is no version 6, nothing can be sent by it.
        let mut sixth = Command::new("ip");
        let _without = sixth
            .args("-6 route add local default dev lo".split(' '))
            .output();
        name_resolution();
        let questions = Arc::default();
        let socket = UdpSocket::bind("0.0.0.0:53").unwrap();
        let heard = Arc::clone(&questions);
        thread::spawn(move || answer(&socket, &heard));
        Self {
            questions,
            before: Mutex::new(counted()),
        }
    }

    /// Since the last call.
    pub(super) fn heard(&self) -> Heard {
        let mut before = self.before.lock().unwrap();
        let now = counted();
        let heard = Heard {
            questions: std::mem::take(&mut *self.questions.lock().unwrap()),
            connections: now.connections - before.connections,
            datagrams: now.datagrams - before.datagrams,
        };
        *before = now;
        heard
    }

    #[track_caller]
    pub(super) fn expect_silence(&self) {
        assert_eq!(self.heard(), Heard::default());
    }
}

/// In this namespace only, names are asked for at our server.
fn name_resolution() {
    let folder = tempfile::tempdir().unwrap().keep();
    let files = [
        ("resolv.conf", "nameserver 127.0.0.1\n"),
        ("nsswitch.conf", "hosts: files dns\n"),
    ];
    for (name, text) in files {
        let (ours, theirs) = (folder.join(name), format!("/etc/{name}"));
        std::fs::write(&ours, text).unwrap();
        if std::fs::metadata(&theirs).is_ok() {
            succeeds(Command::new("mount").arg("--bind").arg(&ours).arg(theirs));
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Answers that there is no such name, and writes it down.
fn answer(socket: &UdpSocket, questions: &Mutex<Vec<String>>) {
    let mut packet = [0; 512];
    while let Ok((len, from)) = socket.recv_from(&mut packet) {
        let question = &packet[..len];
        questions.lock().unwrap().push(name(question));
        let mut reply = question.to_vec();
        if reply.len() > 3 {
            (reply[2], reply[3]) = (0x81, 0x83);
        }
        socket.send_to(&reply, from).unwrap();
    }
}

/// The labels behind the header of twelve bytes; each begins with its length.
fn name(question: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut rest = question.get(12..).unwrap_or(&[]);
    while let Some((&len @ 1.., after)) = rest.split_first() {
        let (label, following) = after.split_at(after.len().min(usize::from(len)));
        labels.push(String::from_utf8_lossy(label));
        rest = following;
    }
    labels.join(".")
}

/// What this network has counted since it was made.
fn counted() -> Heard {
    let table = std::fs::read_to_string("/proc/net/snmp").unwrap();
    let count = |protocol: &str, counter: &str| -> u64 {
        let mut lines = table.lines().filter(|line| line.starts_with(protocol));
        let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
        let mut pairs = names.split(' ').zip(values.split(' '));
        let (_, value) = pairs.find(|(name, _)| *name == counter).unwrap();
        value.parse().unwrap()
    };
    Heard {
        questions: Vec::new(),
        connections: count("Tcp:", "ActiveOpens"),
        datagrams: count("Udp:", "OutDatagrams"),
    }
}
