//! Which names say that their value is a secret: `GITHUB_TOKEN`, `db.password`, `clientSecret`, `--api-key`.
//!
//! The last part of a name decides: `TOKEN` is a secret, `TOKEN_URL` and `max_tokens` are none.

/// Longer names are none.
pub(super) const LONGEST: usize = 64;

/// A last part that is a secret whatever stands before it, and what kind of secret.
const ENDS: &[(&str, &str)] = &[
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("passcode", "password"),
    ("secret", "secret"),
    ("token", "token"),
    ("apikey", "key"),
    ("accesskey", "key"),
    ("secretkey", "key"),
    ("privatekey", "key"),
    ("accountkey", "key"),
    ("authkey", "key"),
];

/// The same, where the part has to be just this.
const PARTS: &[(&str, &str)] = &[
    ("pass", "password"),
    ("pwd", "password"),
    ("pw", "password"),
    ("sshpass", "password"),
    ("dbpass", "password"),
    ("bearer", "token"),
    ("jwt", "token"),
    ("pat", "token"),
    ("auth", "secret"),
    ("credential", "credentials"),
    ("credentials", "credentials"),
    ("creds", "credentials"),
    ("psk", "password"),
    ("sig", "secret"),
    ("signature", "secret"),
];

/// What makes a secret of a `key` behind it.
const SECRET_KEYS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "account",
    "auth",
    "encryption",
    "encrypt",
    "decryption",
    "signing",
    "sign",
    "master",
    "license",
    "service",
    "shared",
    "deploy",
    "admin",
    "app",
    "client",
    "storage",
    "subscription",
    "function",
    "write",
    "session",
    "jwt",
    "cipher",
    "hmac",
    "aes",
    "webhook",
    "management",
    "primaryaccess",
    "openai",
    "anthropic",
    "gemini",
    "stripe",
    "sendgrid",
    "mailgun",
    "twilio",
    "datadog",
    "dd",
    "cloudflare",
];

/// What takes the secret out of a `key` in capitals, which is one otherwise.
const OPEN_KEYS: &[&str] = &[
    "public",
    "publishable",
    "primary",
    "foreign",
    "sort",
    "partition",
    "cache",
    "host",
    "index",
    "group",
    "row",
    "hash",
    "range",
    "object",
    "map",
    "shortcut",
    "hot",
    "meta",
    "any",
    "enter",
    "arrow",
    "translation",
    "i18n",
    "dict",
    "route",
    "unique",
    "compose",
    "idempotency",
    "gpg",
    "pgp",
    "lookup",
    "registry",
    "config",
];

/// What makes a secret of an `auth` behind it; `client_auth` is a mode.
const AUTHS: &[&str] = &["rediscli", "redis", "basic", "http", "proxy", "httpbasic", "httpdigest", "digest"];

/// The first part of the name of a function that is given the secret.
const SETTERS: &[&str] = &["set", "with"];

/// What takes the secret out of a `token` behind it: where a listing goes on, not who may read it.
const OPEN_TOKENS: &[&str] = &["page", "next", "continuation", "pagination", "cursor", "sync", "start", "starting"];

/// A first part that makes a question, an instruction or a choice of a name.
const SWITCHES: &[&str] = &[
    "no", "with", "without", "ask", "show", "use", "skip", "prompt", "generate", "gen", "reset", "require", "enable",
    "disable", "allow", "force", "print", "has", "verify", "reveal", "hide", "need", "needs", "only", "create", "get",
    "list", "delete", "rotate", "refresh", "mask", "is", "max", "min", "num",
];

/// What kind of secret a value of this name is.
pub(super) fn kind(name: &str) -> Option<&'static str> {
    let name = name.trim_start_matches('-').trim_end_matches(|c: char| c.is_ascii_digit() || "_-.".contains(c));
    // The shell's own, which is a folder.
    let is_own = matches!(name, "PWD" | "OLDPWD");
    if name.is_empty() || name.len() > LONGEST || name.contains(' ') || is_own {
        return None;
    }
    let mut parts = parts(name);
    // `SECRET_KEY_BASE` of Rails.
    if parts.ends_with(&["key".to_owned(), "base".to_owned()]) {
        parts.pop();
    }
    let (last, before) = parts.split_last()?;
    let qualifier = before.last().map_or("", String::as_str);
    if last == "key" {
        return is_secret_key(name, qualifier).then_some("key");
    }
    if let Some((_, kind)) = PARTS.iter().find(|(part, _)| part == last) {
        let is_one = match last.as_str() {
            "auth" => name.starts_with('_') || AUTHS.contains(&qualifier),
            "signature" => !qualifier.is_empty(),
            "bearer" => is_constant(name) || !qualifier.is_empty(),
            "pat" => is_constant(name) && !qualifier.is_empty(),
            // In small letters it is a mode: `credentials: 'include'`.
            "credential" | "credentials" | "creds" => is_constant(name),
            _ => true,
        };
        return is_one.then_some(*kind);
    }
    let (_, kind) = ENDS.iter().find(|(end, _)| last.ends_with(end))?;
    // `existingSecret` is the name of one that is kept elsewhere.
    let is_open =
        (last == "token" && OPEN_TOKENS.contains(&qualifier)) || (last == "secret" && qualifier == "existing");
    (!is_open).then_some(kind)
}

/// What kind of secret is given to a function of this name: `set_password`, `HTTPBasicAuth`.
pub(super) fn kind_of_setter(name: &str) -> Option<&'static str> {
    let name = name.rsplit('.').next()?;
    let kind = kind(name)?;
    let parts = parts(name);
    let is_auth = parts.last().is_some_and(|last| last == "auth");
    let is_setter = parts.len() > 1 && SETTERS.contains(&parts[0].as_str());
    if is_auth { Some("password") } else { is_setter.then_some(kind) }
}

/// The same for an option of a command, which may also be a switch without a value.
pub(super) fn kind_of_option(name: &str) -> Option<&'static str> {
    let kind = kind(name)?;
    let parts = parts(name.trim_start_matches('-'));
    let is_switch = parts.len() > 1 && SWITCHES.contains(&parts[0].as_str());
    (!is_switch).then_some(kind)
}

fn is_secret_key(name: &str, qualifier: &str) -> bool {
    if is_constant(name) && !qualifier.is_empty() {
        return !OPEN_KEYS.contains(&qualifier);
    }
    SECRET_KEYS.contains(&qualifier)
}

fn is_constant(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// The words of a name in lower case: split at what is neither letter nor digit, and where lower case turns to upper.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut before = ' ';
    for c in name.chars() {
        let is_border = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && before.is_ascii_lowercase());
        if is_border && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        if c.is_ascii_alphanumeric() {
            part.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}
