//! Paths, queries and headers that nobody honest sends, and requests that are not quite HTTP.

use super::scene::{Scene, Victim};
use super::wire::{Call, MARK, sound};
use crate::caller::exchange;

/// Names in a path that name nothing.
const NAMES: [&str; 22] = [
    "%00",
    "%0d%0aX-Injected:%201",
    "%27%20OR%201=1--",
    "%3Cscript%3E",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "%ff%fe",
    "%c0%ae%c0%ae",
    "%e2%80%ae",
    "-1",
    "0",
    "99999999999999999999",
    "1e3",
    "null",
    "undefined",
    "*",
    "%25",
    "%7b%7b7%7d",
    "0000000000000000",
    "ffffffffffffffff",
    "00000000000000000000000000000000",
    "$(id)",
];

/// Values that no query parameter takes.
const VALUES: [&str; 14] = [
    "",
    "%00",
    "%27%20OR%201=1--",
    "%3Cscript%3E",
    "-1",
    "99999999999999999999",
    "1e3",
    "NaN",
    "%ff",
    "1%00",
    "%0d%0a",
    "c",
    "cffffffffffffffff",
    "..%2f",
];

#[test]
fn names_and_queries_that_mean_nothing_are_refused() {
    let scene = Scene::with(12, 8);
    for operation in &scene.operations {
        let mut paths = Vec::new();
        if operation.is_named() {
            paths.extend(NAMES.iter().map(|name| operation.path(&format!("{MARK}{name}"))));
            paths.extend(NAMES.iter().map(|name| operation.path(name)));
            paths.push(operation.path(&"a".repeat(7_000)));
        }
        let path = operation.path(MARK);
        for parameter in &operation.query {
            paths.extend(VALUES.iter().map(|value| format!("{path}?{parameter}={value}")));
            paths.push(format!("{path}?{parameter}=1&{parameter}=1"));
            paths.push(format!("{path}?{parameter}[]=1"));
        }
        if !operation.query.is_empty() {
            paths.extend([
                format!("{path}?{MARK}=1"),
                format!("{path}?limit=1&{MARK}"),
                format!("{path}?%ff=1"),
            ]);
        }
        for path in paths {
            let mut call = Call::to(&operation.method, &path);
            if let Some(body) = &operation.body {
                call = call.json(body.example.to_string());
            }
            let reply = scene.rightly(operation, &call);
            assert!((400..500).contains(&reply.status), "{}: {reply:?}", call.shown());
            sound(&reply, &call);
        }
    }
    scene.end();
}

#[test]
fn every_call_lives_with_odd_headers() {
    let scene = Scene::with(10, 8);
    let long = MARK.repeat(2_000);
    for operation in &scene.operations {
        if operation.template.ends_with("/logout") {
            continue;
        }
        for (name, value) in [
            ("X-Forwarded-For", "' OR 1=1, <script>, 999.999.999.999, ::ffff:1.2.3.4:99999"),
            ("X-Forwarded-For", ""),
            ("X-Forwarded-Host", "attacker.example"),
            ("X-Forwarded-Proto", "gopher"),
            ("Origin", "https://attacker.example"),
            ("Origin", "null"),
            ("Referer", "https://attacker.example/"),
            ("Accept", "text/html, */*;q=99"),
            ("Accept-Encoding", "gzip, zstd, bomb"),
            ("Range", "bytes=0-18446744073709551615"),
            ("If-None-Match", "*"),
            ("Cookie", "__Host-nija_rt=x; __Host-nija_rt=y"),
            ("Expect", "100-continue"),
            ("Upgrade", "h2c"),
            ("User-Agent", &long[..MARK.len() * 1_000]),
        ] {
            let call = Call::to(&operation.method, &operation.path("0")).header(name, value);
            let reply = scene.rightly(operation, &call);
            sound(&reply, &call);
        }
        for key in ["", "a b", "a;b", &"x".repeat(65), "%00", "<b>", "a\u{e9}", "' OR 1=1 --"] {
            let mut call = Call::to(&operation.method, &operation.path("0")).key(key);
            if let Some(body) = &operation.body {
                call = call.json(body.example.to_string());
            }
            let reply = scene.rightly(operation, &call);
            sound(&reply, &call);
            if operation.takes_key && !operation.is_named() {
                assert_eq!(reply.problem()["code"], "invalid_idempotency_key", "{}", call.shown());
            }
        }
    }
    scene.end();
}

#[test]
fn methods_that_are_not_described_are_not_there() {
    let scene = Scene::with(8, 0);
    let known = |method: &str, path: &str| {
        scene.operations.iter().any(|o| {
            o.template == path && (o.method == method || method == "HEAD" && o.method == "GET")
        })
    };
    let mut paths: Vec<&str> = scene.operations.iter().map(|o| o.template.as_str()).collect();
    paths.dedup();
    for path in paths {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
            "PROPFIND",
        ] {
            if known(method, path) {
                continue;
            }
            let plain = ["{id}", "{symbol}", "{master}"]
                .iter()
                .fold(path.to_owned(), |path, name| path.replace(name, "0"));
            let call = Call::to(method, &plain);
            let reply = scene.by(&scene.attackers, &call);
            // The guard of the administrators stands before the question of the method.
            let barred =
                reply.status == 403 && path.contains("/admin/") || path.ends_with("/revenue");
            let refused = barred || [400, 405].contains(&reply.status);
            assert!(refused, "{}: {reply:?}", call.shown());
        }
    }
    scene.end();
}

/// Requests that a proxy and a server could read differently. One answer each, and the connection ends.
#[test]
fn requests_that_are_not_quite_http_are_not_understood() {
    let scene = Scene::with(1, 0);
    let victim = Victim::enter(&scene);
    let before = victim.state(&scene);
    let token = &scene.attackers[0].token;
    let smuggled = "GET /api/v2/admin/audit HTTP/1.1\r\nHost: a\r\n\r\n";
    for (head, body) in [
        ("Content-Length: 5\r\nContent-Length: 6\r\n", "{}"),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked, identity\r\n", "2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: xchunked\r\n", "{}"),
        ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        ("Content-Length: +2\r\n", "{}"),
        ("Content-Length: -1\r\n", "{}"),
        ("Content-Length: 0x2\r\n", "{}"),
        ("Content-Length: 99999999999999999999\r\n", "{}"),
        ("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        ("Host: second.example\r\nContent-Length: 2\r\n", "{}"),
        ("X-A: a\0b\r\nContent-Length: 2\r\n", "{}"),
        (" folded: 1\r\nContent-Length: 2\r\n", "{}"),
        ("Content-Length: 2\rX-A: 1\r\n", "{}"),
    ] {
        let request = format!(
            "POST /api/v2/kill HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{head}\r\n{body}{smuggled}"
        );
        let reply = exchange(scene.address, request.as_bytes());
        assert!((400..500).contains(&reply.status), "{head:?} {body:?}: {reply:?}");
        assert!(!reply.text.contains("HTTP/1.1"), "{head:?}: two answers: {reply:?}");
    }
    let many = format!("GET /health HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-A: 1\r\n".repeat(3_000));
    let large = format!("GET /health HTTP/1.1\r\nHost: a\r\nX-A: {}\r\n\r\n", "a".repeat(100_000));
    let none = "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned();
    let far =
        format!("GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "a".repeat(9_000));
    for request in [many, large, none, far] {
        let reply = exchange(scene.address, request.as_bytes());
        assert!((400..500).contains(&reply.status), "{reply:?}");
    }
    assert_eq!(victim.state(&scene), before);
    scene.end();
}
