//! Secrets that are easy to recognize, and a search for them where they must never be: the log at its most
//! talkative, every file of the data folder, answers, and the environment of the process. Looked for as they are
//! and in the encodings that programs write.

use super::encoding::{base64, hex};
use super::scene::Person;
use super::wire::Call;
use crate::child::{Nija, until};
use serde_json::json;
use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SECRET: &str = "canary-Zk381mQx7Tz4WvbN2pLrY6cHdJ9sFgAe-signing";
const METRICS: &str = "canary-Yp5nUw8RkE3tGh2BjXqVd7Lm-metrics";
const PASSWORD: &str = "canary-four purple anvils-password";
const NEXT_PASSWORD: &str = "canary-seven orange kites-password";
const WRONG_PASSWORD: &str = "canary-eleven grey fjords-password";
const KEY: &str = "canary-idempotency-key-Qd4x";

/// A secret in every spelling that is looked for.
struct Canary {
    name: String,
    spellings: Vec<Vec<u8>>,
}

impl Canary {
    fn new(name: &str, secret: &str) -> Self {
        let bytes = secret.as_bytes();
        let mut plain = vec![bytes.to_vec()];
        // What is hexadecimal may be kept as the bytes that it stands for.
        let digits = bytes.chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        plain.extend(
            digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>(),
        );
        let mut spellings = Vec::new();
        for plain in plain {
            spellings.push(hex(&plain).into_bytes());
            spellings.push(hex(&plain).to_uppercase().into_bytes());
            spellings.push(plain.iter().flat_map(|&b| [b, 0]).collect());
            spellings.push(plain.iter().rev().copied().collect());
            // In base64 a text looks different at each of three places; its ends depend on its neighbors.
            for (skip, last) in (0..3).flat_map(|skip| [(skip, *b"+/"), (skip, *b"-_")]) {
                let whole = plain.len() - skip - (plain.len() - skip) % 3;
                spellings.push(base64(&plain[skip..skip + whole], last).into_bytes());
            }
            spellings.push(plain);
        }
        Self { name: name.to_owned(), spellings }
    }

    /// In a text made by [`searchable`].
    fn is_in(&self, text: &str) -> bool {
        self.spellings.iter().any(|spelling| text.contains(&searchable(spelling)))
    }
}

/// Bytes as a text of as many characters: searching texts is quick.
fn searchable(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[track_caller]
fn search(canaries: &[Canary], place: &str, bytes: &[u8]) {
    let text = searchable(bytes);
    for canary in canaries {
        assert!(!canary.is_in(&text), "{} stands in {place}", canary.name);
    }
}

/// A server that has its secret from a file and logs everything.
fn serve(folder: &Path) -> Nija {
    // Outside the folder that is searched.
    let secret = folder.join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    let variables = [
        ("JWT_SECRET_KEY_FILE", secret.to_str().unwrap()),
        ("NIJA_METRICS_TOKEN", METRICS),
        ("DATABASE_URL", "sqlite:nija.db"),
        ("NIJA_FEED", "generator"),
        ("NIJA_PARTITIONS", "2"),
        ("NIJA_LOG", "trace"),
    ];
    let server = Nija::start(&data, &["serve"], &variables);
    server.after("\"serving\"");
    server
}

/// Uses every secret as its owner does, and as people do who mistype.
fn live(address: SocketAddr) -> Person {
    let registration = json!({
        "email": "canary@example.com", "password": PASSWORD, "tier": "INVESTOR", "initial_capital": 1000
    });
    let post = |path: &str, body: &serde_json::Value| Call::to("POST", path).json(body.to_string());
    post("/api/v2/register", &registration).send(address).good();
    let login = json!({"email": "canary@example.com", "password": PASSWORD});
    let tokens = post("/api/v2/login", &login).send(address).good();
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let tokens = post("/api/v2/token/refresh", &refresh).send(address).good();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let me = Person {
        email: "canary@example.com".to_owned(),
        token: text("access_token"),
        refresh: text("refresh_token"),
        user: text("user_id"),
        account: String::new(),
        session: String::new(),
    };
    let own = |path: &str, body: &serde_json::Value| post(path, body).token(&me.token);
    own("/api/v2/trade", &json!({"symbol": "BTC-USD", "side": "buy", "size": 50}))
        .key(KEY)
        .send(address)
        .good();
    let change = json!({"old_password": PASSWORD, "new_password": NEXT_PASSWORD});
    assert_eq!(own("/api/v2/password", &change).send(address).status, 204);
    Call::to("GET", "/metrics").token(METRICS).send(address);
    // In the wrong place, or not quite right.
    for (path, body) in [
        ("/api/v2/login", json!({"email": "canary@example.com", "password": WRONG_PASSWORD})),
        ("/api/v2/login", json!({"email": PASSWORD, "password": "canary@example.com"})),
        ("/api/v2/login", json!({"email": "canary@example.com", "passwort": WRONG_PASSWORD})),
        ("/api/v2/login", json!({"email": "canary@example.com", "password": [WRONG_PASSWORD]})),
        ("/api/v2/token/refresh", json!({"refresh_token": me.token})),
        ("/api/v2/token/refresh", json!({"token": me.refresh})),
        (
            "/api/v2/password",
            json!({"old_password": WRONG_PASSWORD, "new_password": WRONG_PASSWORD}),
        ),
    ] {
        let reply = own(path, &body).send(address);
        assert!((400..500).contains(&reply.status), "{reply:?}");
    }
    for path in [format!("/api/v2/{}", me.refresh), format!("/api/v2/me?access_token={}", me.token)]
    {
        Call::to("GET", &path)
            .header("Cookie", &format!("__Host-nija_rt={}", me.refresh))
            .send(address);
    }
    Call::to("GET", "/api/v2/me")
        .header("Authorization", &format!("Basic {}", me.refresh))
        .send(address);
    me
}

#[test]
fn secrets_stay_where_they_belong() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let address = server.address();
    let me = live(address);
    let random = |token: &str, from: usize| token[from..].to_owned();
    let signature = me.token.rsplit('.').next().unwrap();
    let canaries = [
        Canary::new("the signing secret", SECRET),
        Canary::new("the password", PASSWORD),
        Canary::new("the next password", NEXT_PASSWORD),
        Canary::new("a wrong password", WRONG_PASSWORD),
        Canary::new("an idempotency key", KEY),
        Canary::new("an access token", signature),
        // Its first part is the session's id, which is no secret.
        Canary::new("a refresh token", &random(&me.refresh, 32)),
        Canary::new("the token of the metrics", METRICS),
    ];
    // The search finds what is there.
    let known = Canary::new("a password", PASSWORD);
    for shift in ["", "x", "xy"] {
        let text = format!("{shift}{PASSWORD}{shift}");
        assert!(known.is_in(&base64(text.as_bytes(), *b"+/")), "{shift}");
    }
    assert!(known.is_in(&hex(PASSWORD.as_bytes())) && known.is_in(&format!("a {PASSWORD}")));
    assert!(!known.is_in(NEXT_PASSWORD));

    until("the views hold nothing yet", || {
        let rows = Call::to("GET", "/api/v2/entries").token(&me.token).send(address).good();
        (!rows["items"].as_array().unwrap().is_empty()).then_some(())
    });
    for path in
        ["me", "sessions", "status", "orders", "decisions", "entries", "fills", "limits", "market"]
    {
        let reply = Call::to("GET", &format!("/api/v2/{path}")).token(&me.token).send(address);
        assert_eq!(reply.status, 200, "{reply:?}");
        search(&canaries, path, format!("{}{}", reply.head, reply.text).as_bytes());
    }
    let metrics = Call::to("GET", "/metrics").token(METRICS).send(address).text;
    search(&canaries, "the metrics", metrics.as_bytes());

    let process = Path::new("/proc").join(server.id().to_string());
    match std::fs::read(process.join("environ")) {
        Ok(environment) => {
            assert!(environment.windows(19).any(|part| part == b"JWT_SECRET_KEY_FILE"));
            // The last token came by the environment, so there it is.
            search(&canaries[..7], "the environment", &environment);
        }
        // A process that dumps no memory hides its environment from everybody but root.
        Err(hidden) => assert_eq!(hidden.kind(), std::io::ErrorKind::PermissionDenied),
    }
    search(&canaries, "the arguments", &std::fs::read(process.join("cmdline")).unwrap());
    let limits = std::fs::read_to_string(process.join("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");

    files(&canaries, &folder.path().join("data"));
    server.signal("TERM");
    let (status, log) = server.end(std::time::Duration::from_secs(20));
    assert!(status.success(), "{log}");
    assert!(log.contains("\"DEBUG\"") && log.contains("/api/v2/login"), "the log is not talkative");
    search(&canaries, "the log", log.as_bytes());
    files(&canaries, &folder.path().join("data"));
}

fn files(canaries: &[Canary], folder: &Path) {
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        search(canaries, &path.display().to_string(), &std::fs::read(&path).unwrap());
        searched += 1;
    }
    assert!(searched >= 2, "there are {searched} files only");
}
