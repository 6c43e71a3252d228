//! Tokens that are none: forged with nothing, with other keys, and with the server's own key but wrong claims or
//! headers. No guarded call takes any of them, and all of them get one answer.

use super::encoding::base64url;
use super::scene::{Person, SIGNED_WITH, Scene, Victim};
use super::wire::{Call, sound};
use hkdf::Hkdf;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::{SystemTime, UNIX_EPOCH};

/// Signs as the server does, whatever it is given.
struct Forge {
    id: String,
    key: [u8; 32],
}

impl Forge {
    fn with(secret: &str) -> Self {
        let derive = |info: &str| {
            let mut key = [0; 32];
            Hkdf::<Sha256>::new(None, secret.as_bytes()).expand(info.as_bytes(), &mut key).unwrap();
            key
        };
        let id: String = derive("nija/kid/v1")[..4].iter().map(|b| format!("{b:02x}")).collect();
        let key = derive(&format!("nija/jwt/v1/{id}"));
        Self { id, key }
    }

    /// The header as the server writes it.
    fn header(&self) -> String {
        format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{}"}}"#, self.id)
    }

    /// A token of these texts.
    fn token(&self, header: &str, claims: &str, algorithm: Algorithm) -> String {
        let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
        let key = EncodingKey::from_secret(&self.key);
        let signature = sign(message.as_bytes(), &key, algorithm).unwrap();
        format!("{message}.{signature}")
    }

    /// A token with the server's header and these claims.
    fn claiming(&self, claims: &Value) -> String {
        self.token(&self.header(), &claims.to_string(), Algorithm::HS256)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The claims of a good token.
fn claims(of: &Person) -> Value {
    json!({
        "iss": "nija", "aud": "nija-api", "sub": of.user, "sid": of.session,
        "iat": now(), "nbf": now(), "exp": now() + 600, "jti": "0".repeat(32),
    })
}

/// Wrong claims under the right key.
fn wrong_claims(forge: &Forge, of: &Person, other: &Person) -> Vec<String> {
    let good = claims(of);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        forge.claiming(&claims)
    };
    let mut tokens: Vec<String> = ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"]
        .into_iter()
        .flat_map(|name| {
            let mut lacks = good.clone();
            lacks.as_object_mut().unwrap().remove(name);
            [forge.claiming(&lacks), with(name, Value::Null), with(name, json!([good[name]]))]
        })
        .collect();
    let changes = [
        ("exp", json!(now() - 3_600)),
        ("exp", json!((now() + 600).to_string())),
        ("exp", json!(now() + 86_400)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(1e300)),
        ("exp", json!(-1)),
        ("exp", json!(0)),
        ("exp", json!((now() + 600) as f64 + 0.5)),
        ("nbf", json!(now() + 3_600)),
        ("nbf", json!(now().to_string())),
        ("iat", json!(now() + 3_600)),
        ("iss", json!("nija ")),
        ("aud", json!("other")),
        ("aud", json!(["nija-api", "other"])),
        // Somebody else's name on one's own session, and the other way round.
        ("sub", json!(other.user)),
        ("sid", json!(other.session)),
        ("sub", json!("0".repeat(32))),
        ("sid", json!("0".repeat(32))),
        ("sid", json!("' or 1=1 --")),
        ("sid", json!("../../../../etc/passwd")),
        ("role", json!("admin")),
        ("tier", json!("BALLER")),
        ("scope", json!("*")),
    ];
    tokens.extend(changes.into_iter().map(|(name, value)| with(name, value)));
    let text = good.to_string();
    let twice = text.replacen('{', &format!("{{\"sub\":\"{}\",", other.user), 1);
    let odd = [twice.as_str(), "{}", "[]", "null", "", "{", &text.repeat(2)];
    tokens.extend(odd.iter().map(|text| forge.token(&forge.header(), text, Algorithm::HS256)));
    tokens
}

/// Headers that the server would not write, under the right key.
fn wrong_headers(forge: &Forge, of: &Person) -> Vec<String> {
    let (claims, id) = (claims(of).to_string(), &forge.id);
    let mut tokens: Vec<String> = [
        r#""crit":["b64"],"b64":false"#,
        r#""crit":["exp"]"#,
        r#""b64":false"#,
        r#""jku":"https://attacker.example/jwks.json""#,
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""x5u":"https://attacker.example/cert.pem""#,
        r#""x5c":["AAAA"]"#,
        r#""zip":"DEF""#,
        r#""cty":"JWT""#,
    ]
    .iter()
    .map(|more| format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{id}",{more}}}"#))
    .chain(
        ["../../../../dev/null", "' or 1=1 --", "/proc/self/environ", "", "00000000", "%00"]
            .iter()
            .map(|kid| format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{kid}"}}"#)),
    )
    .chain([
        format!(r#"{{"typ":"JWT","alg":"HS256","kid":"{id}"}}"#),
        format!(r#"{{"typ":"rt+jwt","alg":"HS256","kid":"{id}"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{id}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{id}"}} "#),
        format!(r#"{{"typ":"at+jwt","alg":"none","kid":"{id}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"nOnE","kid":"{id}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"RS256","kid":"{id}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"","kid":"{id}"}}"#),
        format!(r#"{{"typ":"at+jwt","kid":"{id}"}}"#),
        "{}".to_owned(),
        "not json".to_owned(),
    ])
    .map(|header| forge.token(&header, &claims, Algorithm::HS256))
    .collect();
    for (name, algorithm) in [("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{name}","kid":"{id}"}}"#);
        tokens.push(forge.token(&header, &claims, algorithm));
    }
    tokens
}

/// A good token, spoiled.
fn spoiled(good: &str) -> Vec<String> {
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{good}") };
    let none = base64url(br#"{"alg":"none","typ":"at+jwt"}"#);
    let (body, last) = signature.split_at(signature.len() - 1);
    // The last digit of 32 bytes has two bits that mean nothing: one with them set is another spelling.
    let digit = |n: usize| {
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[n])
    };
    let value = (0..64).find(|&n| digit(n).to_string() == last).unwrap();
    vec![
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "null".to_owned(),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        format!("{good}.{signature}"),
        format!("{good}x"),
        format!("{good}="),
        format!("{good}, {good}"),
        format!(" {good}"),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{header}.{claims}.{body}{}", digit(value | 1)),
        format!("{header}.{claims}.{body}{}", digit(value | 3)),
        format!("{header}.{claims}.{}", "A".repeat(43)),
        format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>()),
        format!("{header}.{}.{signature}", claims.to_lowercase()),
        format!("{good}{}", "A".repeat(5_000)),
    ]
}

#[test]
fn no_guarded_call_takes_a_token_that_is_none() {
    let scene = Scene::with(2, 1);
    let (me, other, admin) = (&scene.attackers[0], &scene.attackers[1], &scene.admins[0]);
    let forge = Forge::with(SIGNED_WITH);
    let get = |token: &str| Call::to("GET", "/api/v2/me").token(token);
    // The forge is right, or everything below would be refused for the wrong reason.
    let forged = get(&forge.claiming(&claims(me))).send(scene.address).good();
    assert_eq!(forged["user_id"], me.user);

    let ended = scene.login(&me.email, super::scene::OWN_PASSWORD);
    let gone = Call::to("POST", "/api/v2/logout").token(&ended.token).send(scene.address);
    assert_eq!(gone.status, 204);
    let stranger = Forge::with("another secret of the same length, 8f1d27c4");
    let mut tokens = wrong_claims(&forge, me, other);
    tokens.extend(wrong_claims(&forge, me, admin));
    tokens.extend(wrong_headers(&forge, me));
    tokens.extend(spoiled(&me.token));
    tokens.extend([
        stranger.claiming(&claims(me)),
        stranger.token(&forge.header(), &claims(me).to_string(), Algorithm::HS256),
        me.refresh.clone(),
        me.session.clone(),
        ended.token,
    ]);
    let mut answers = Vec::new();
    for token in &tokens {
        let reply = get(token).send(scene.address);
        assert_eq!(reply.status, 401, "{token}: {reply:?}");
        assert!(reply.head.to_lowercase().contains("www-authenticate: bearer"), "{reply:?}");
        sound(&reply, &get(token));
        answers.push(reply.problem()["detail"].clone());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the answers tell the reasons apart: {answers:?}");

    // Every guarded call, each with some of them.
    let few = tokens.iter().step_by(9).chain([&me.refresh]).collect::<Vec<_>>();
    for operation in scene.operations.iter().filter(|operation| operation.guarded) {
        let mut call = Call::to(&operation.method, &operation.path(&me.session));
        if let Some(body) = &operation.body {
            call = call.json(body.example.to_string());
        }
        let bare = call.clone();
        for call in few.iter().map(|token| call.clone().token(token)).chain([bare]) {
            let reply = call.send(scene.address);
            assert_eq!(reply.status, 401, "{}: {reply:?}", call.shown());
            scene.judge(operation, &call, &reply);
        }
    }
    scene.end();
}

#[test]
fn a_token_counts_in_its_own_place_only() {
    let scene = Scene::with(1, 0);
    let me = &scene.attackers[0];
    let get = || Call::to("GET", "/api/v2/me");
    let basic = base64url(format!("{}:{}", me.email, super::scene::OWN_PASSWORD).as_bytes());
    for call in [
        Call::to("GET", &format!("/api/v2/me?access_token={}", me.token)),
        Call::to("GET", &format!("/api/v2/me?token={}", me.token)),
        get().header("Cookie", &format!("access_token={}", me.token)),
        get().header("Cookie", &format!("__Host-nija_rt={}", me.refresh)),
        get().header("X-Access-Token", &me.token),
        get().header("Proxy-Authorization", &format!("Bearer {}", me.token)),
        get().header("Authorization", &me.token),
        get().header("Authorization", &format!("Token {}", me.token)),
        get().header("Authorization", &format!("Basic {basic}")),
        get().token(&me.token).token(&me.token),
        get().token(&me.token).header("Authorization", "Bearer x"),
    ] {
        let reply = call.send(scene.address);
        assert_eq!(reply.status, 401, "{}: {reply:?}", call.shown());
        sound(&reply, &call);
    }
    // An access token refreshes nothing, and neither does a session's id.
    for wrong in
        [me.token.clone(), me.session.clone(), me.session.repeat(3), me.refresh.to_uppercase()]
    {
        let body = json!({"refresh_token": wrong}).to_string();
        let call = Call::to("POST", "/api/v2/token/refresh").json(body);
        let reply = call.send(scene.address);
        assert_eq!(reply.problem()["status"], 401, "{}", call.shown());
        sound(&reply, &call);
    }
    assert_eq!(get().token(&me.token).send(scene.address).status, 200);
    scene.end();
}

#[test]
fn somebody_elses_name_on_ones_own_session_moves_nothing() {
    let scene = Scene::with(1, 0);
    let victim = Victim::enter(&scene);
    let before = victim.state(&scene);
    let forge = Forge::with(SIGNED_WITH);
    let mut mixed = claims(&scene.attackers[0]);
    mixed["sub"] = json!(victim.person.user);
    let token = forge.claiming(&mixed);
    for operation in scene.operations.iter().filter(|operation| operation.guarded) {
        for id in [&victim.open, &victim.person.session, &victim.person.user] {
            let mut call = Call::to(&operation.method, &operation.path(id)).token(&token);
            if let Some(body) = &operation.body {
                call = call.json(body.example.to_string());
            }
            let reply = call.send(scene.address);
            assert_eq!(reply.status, 401, "{}: {reply:?}", call.shown());
        }
    }
    assert_eq!(victim.state(&scene), before);
    scene.end();
}
