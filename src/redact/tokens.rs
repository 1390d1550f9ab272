//! Secrets that are known by their form, wherever they stand: tokens with a prefix, JSON web tokens, private keys.

use super::Span;

/// A form of token: a prefix, and at least so many characters of an alphabet behind it.
struct Form {
    kind: &'static str,
    prefix: &'static str,
    alphabet: Alphabet,
    least: usize,
    /// No longer than `least`: what is longer is another thing.
    is_exact: bool,
}

/// What a token is made of behind its prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    /// Upper case and digits.
    Upper,
    /// `0` to `9` and `a` to `f`.
    Hex,
    /// ASCII letters and digits.
    Alnum,
    /// Letters, digits, `_`.
    Word,
    /// Letters, digits, `-`, `_`.
    Url,
    /// Letters, digits, `-`, `_`, `.`, `=`, `+`, `/`.
    Any,
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match self {
            Alphabet::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Alphabet::Hex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Alphabet::Alnum => byte.is_ascii_alphanumeric(),
            Alphabet::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Alphabet::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Alphabet::Any => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=' | b'+' | b'/'),
        }
    }
}

const fn form(kind: &'static str, prefix: &'static str, alphabet: Alphabet, least: usize) -> Form {
    Form { kind, prefix, alphabet, least, is_exact: false }
}

const fn exact(kind: &'static str, prefix: &'static str, alphabet: Alphabet, length: usize) -> Form {
    Form { kind, prefix, alphabet, least: length, is_exact: true }
}

/// The known forms. Where two begin alike, the longer prefix stands first.
const FORMS: &[Form] = &[
    exact("aws", "AKIA", Alphabet::Upper, 16),
    exact("aws", "ASIA", Alphabet::Upper, 16),
    exact("aws", "ABIA", Alphabet::Upper, 16),
    exact("aws", "ACCA", Alphabet::Upper, 16),
    form("github", "github_pat_", Alphabet::Word, 22),
    form("github", "ghp_", Alphabet::Alnum, 30),
    form("github", "gho_", Alphabet::Alnum, 30),
    form("github", "ghu_", Alphabet::Alnum, 30),
    form("github", "ghs_", Alphabet::Alnum, 30),
    form("github", "ghr_", Alphabet::Alnum, 30),
    form("gitlab", "glpat-", Alphabet::Url, 20),
    form("gitlab", "gldt-", Alphabet::Url, 20),
    form("gitlab", "glrt-", Alphabet::Url, 20),
    form("gitlab", "glcbt-", Alphabet::Url, 20),
    form("gitlab", "glptt-", Alphabet::Url, 20),
    form("gitlab", "glft-", Alphabet::Url, 20),
    form("gitlab", "glsoat-", Alphabet::Url, 20),
    form("gitlab", "glimt-", Alphabet::Url, 20),
    form("gitlab", "glagent-", Alphabet::Url, 20),
    form("gitlab", "gloas-", Alphabet::Url, 20),
    form("slack", "xoxb-", Alphabet::Url, 10),
    form("slack", "xoxp-", Alphabet::Url, 10),
    form("slack", "xoxa-", Alphabet::Url, 10),
    form("slack", "xoxr-", Alphabet::Url, 10),
    form("slack", "xoxs-", Alphabet::Url, 10),
    form("slack", "xoxe-", Alphabet::Url, 10),
    form("slack", "xoxe.xox", Alphabet::Url, 10),
    form("slack", "xapp-", Alphabet::Url, 10),
    form("slack", "hooks.slack.com/services/", Alphabet::Any, 20),
    form("stripe", "sk_live_", Alphabet::Alnum, 10),
    form("stripe", "sk_test_", Alphabet::Alnum, 10),
    form("stripe", "rk_live_", Alphabet::Alnum, 10),
    form("stripe", "rk_test_", Alphabet::Alnum, 10),
    form("stripe", "whsec_", Alphabet::Any, 24),
    form("npm", "npm_", Alphabet::Alnum, 36),
    form("pypi", "pypi-AgE", Alphabet::Url, 40),
    form("anthropic", "sk-ant-", Alphabet::Url, 20),
    form("openai", "sk-proj-", Alphabet::Url, 20),
    form("openai", "sk-svcacct-", Alphabet::Url, 20),
    form("openai", "sk-admin-", Alphabet::Url, 20),
    form("openai", "sk-or-v1-", Alphabet::Alnum, 32),
    form("openai", "sk-", Alphabet::Alnum, 32),
    form("google", "AIza", Alphabet::Url, 35),
    form("google", "GOCSPX-", Alphabet::Url, 24),
    form("google", "ya29.", Alphabet::Any, 20),
    form("huggingface", "hf_", Alphabet::Alnum, 30),
    form("digitalocean", "dop_v1_", Alphabet::Hex, 64),
    form("digitalocean", "doo_v1_", Alphabet::Hex, 64),
    form("digitalocean", "dor_v1_", Alphabet::Hex, 64),
    form("docker", "dckr_pat_", Alphabet::Url, 20),
    form("docker", "dckr_oat_", Alphabet::Url, 20),
    form("vault", "hvs.", Alphabet::Url, 20),
    form("vault", "hvb.", Alphabet::Url, 20),
    form("vault", "hvr.", Alphabet::Url, 20),
    form("shopify", "shpat_", Alphabet::Hex, 32),
    form("shopify", "shpca_", Alphabet::Hex, 32),
    form("shopify", "shppa_", Alphabet::Hex, 32),
    form("shopify", "shpss_", Alphabet::Hex, 32),
    exact("databricks", "dapi", Alphabet::Hex, 32),
    form("sendgrid", "SG.", Alphabet::Any, 60),
    form("linear", "lin_api_", Alphabet::Alnum, 32),
    form("notion", "ntn_", Alphabet::Alnum, 40),
    form("grafana", "glsa_", Alphabet::Word, 32),
    form("grafana", "glc_", Alphabet::Any, 32),
    form("newrelic", "NRAK-", Alphabet::Alnum, 27),
    form("postman", "PMAK-", Alphabet::Url, 50),
    form("pulumi", "pul-", Alphabet::Hex, 40),
    form("rubygems", "rubygems_", Alphabet::Hex, 40),
    form("atlassian", "ATATT3", Alphabet::Any, 40),
    form("atlassian", "ATCTT3", Alphabet::Any, 40),
    form("fly", "fm2_", Alphabet::Any, 40),
    form("groq", "gsk_", Alphabet::Alnum, 40),
    form("xai", "xai-", Alphabet::Alnum, 40),
    form("perplexity", "pplx-", Alphabet::Alnum, 40),
    form("replicate", "r8_", Alphabet::Alnum, 37),
    form("supabase", "sbp_", Alphabet::Hex, 40),
    form("planetscale", "pscale_tkn_", Alphabet::Any, 32),
    form("planetscale", "pscale_pw_", Alphabet::Any, 32),
    form("doppler", "dp.pt.", Alphabet::Alnum, 40),
    form("doppler", "dp.st.", Alphabet::Any, 40),
    form("sentry", "sntrys_", Alphabet::Any, 40),
    form("sentry", "sntryu_", Alphabet::Hex, 40),
    form("square", "sq0atp-", Alphabet::Url, 22),
    form("square", "sq0csp-", Alphabet::Url, 40),
    form("tailscale", "tskey-", Alphabet::Url, 20),
    form("1password", "ops_eyJ", Alphabet::Any, 40),
    form("discord", "discord.com/api/webhooks/", Alphabet::Any, 40),
    form("discord", "discordapp.com/api/webhooks/", Alphabet::Any, 40),
    form("age", "AGE-SECRET-KEY-1", Alphabet::Upper, 50),
    form("figma", "figd_", Alphabet::Url, 30),
    form("nvidia", "nvapi-", Alphabet::Url, 40),
    form("facebook", "EAACEdEose0cBA", Alphabet::Alnum, 20),
    exact("mailgun", "key-", Alphabet::Hex, 32),
];

/// The pairs of bytes that a known form begins with, a bit for each: most places in a text are none.
const FIRST: [[u64; 4]; 256] = {
    let mut first = [[0; 4]; 256];
    let mut at = 0;
    while at < FORMS.len() {
        let prefix = FORMS[at].prefix.as_bytes();
        first[prefix[0] as usize][prefix[1] as usize / 64] |= bit(prefix[1]);
        at += 1;
    }
    // A JSON web token, a private key, the number of a bot.
    first[b'e' as usize][b'y' as usize / 64] |= bit(b'y');
    first[b'-' as usize][b'-' as usize / 64] |= bit(b'-');
    let mut digit = b'0';
    while digit <= b'9' {
        first[digit as usize] = [u64::MAX; 4];
        digit += 1;
    }
    first
};

const fn bit(byte: u8) -> u64 {
    1 << (byte % 64)
}

fn may_begin(bytes: &[u8], at: usize) -> bool {
    let second = bytes.get(at + 1).copied().unwrap_or(0);
    FIRST[bytes[at] as usize][second as usize / 64] & bit(second) != 0
}

/// Finds what is known by its form.
pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if may_begin(bytes, at)
            && is_begin(bytes, at)
            && let Some(span) = token(bytes, at)
        {
            at = span.end;
            found.push(span);
        } else {
            at += 1;
        }
    }
}

/// Whether a word may begin here: not in the middle of another, unless what is before is an escape such as `\n` or `%3D`.
/// A number may also follow letters.
fn is_begin(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| bytes[before]) else { return true };
    if bytes[at].is_ascii_digit() {
        return !before.is_ascii_digit();
    }
    let is_percent = at >= 3 && bytes[at - 3] == b'%' && bytes[at - 2..at].iter().all(u8::is_ascii_hexdigit);
    let is_escape = at >= 2 && bytes[at - 2] == b'\\' && matches!(before, b'n' | b'r' | b't');
    !before.is_ascii_alphanumeric() || is_percent || is_escape
}

fn token(bytes: &[u8], at: usize) -> Option<Span> {
    let rest = &bytes[at..];
    let end = match rest[0] {
        b'-' => return private_key(bytes, at),
        b'0'..=b'9' => return telegram(rest).map(|length| Span { start: at, end: at + length, kind: "telegram" }),
        // What is found by a hash: `cache-key-...`.
        b'k' if at.checked_sub(1).is_some_and(|before| Alphabet::Any.has(bytes[before]) && bytes[before] != b'=') => {
            return None;
        }
        // Base64 may hold any letters behind its `-` and `_`.
        b'e' if !at.checked_sub(1).is_some_and(|before| Alphabet::Url.has(bytes[before])) => json_web_token(rest),
        _ => None,
    };
    if let Some(length) = end {
        return Some(Span { start: at, end: at + length, kind: "jwt" });
    }
    let mut alike = FORMS.iter().filter(|form| form.prefix.as_bytes()[0] == rest[0]);
    let form = alike.find_map(|form| {
        let rest = rest.strip_prefix(form.prefix.as_bytes())?;
        let length = run(rest, form.alphabet, if form.is_exact { form.least + 1 } else { usize::MAX });
        let fits = if form.is_exact {
            length == form.least && !rest.get(length).is_some_and(u8::is_ascii_alphanumeric)
        } else {
            length >= form.least
        };
        fits.then(|| (form, trimmed(rest, length)))
    });
    form.map(|(form, length)| Span { start: at, end: at + form.prefix.len() + length, kind: form.kind })
}

fn run(bytes: &[u8], alphabet: Alphabet, most: usize) -> usize {
    bytes.iter().take(most).take_while(|byte| alphabet.has(**byte)).count()
}

/// Without the full stop that ends a sentence.
fn trimmed(bytes: &[u8], length: usize) -> usize {
    length - bytes[..length].iter().rev().take_while(|byte| **byte == b'.').count()
}

/// Three parts of base64, of which the first two are JSON objects.
fn json_web_token(bytes: &[u8]) -> Option<usize> {
    const LEAST: usize = 10;
    let is_object = |bytes: &[u8]| bytes.starts_with(b"eyJ");
    if !is_object(bytes) {
        return None;
    }
    let header = run(bytes, Alphabet::Url, usize::MAX);
    let payload = bytes.get(header..)?.strip_prefix(b".").filter(|payload| is_object(payload))?;
    let length = run(payload, Alphabet::Url, usize::MAX);
    let signature = payload.get(length..)?.strip_prefix(b".")?;
    let is_token = header >= LEAST && length >= LEAST;
    is_token.then(|| header + 1 + length + 1 + run(signature, Alphabet::Url, usize::MAX))
}

/// A bot's number, a colon, and 35 characters that begin with two of a kind.
fn telegram(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.iter().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    let rest = bytes.get(digits..)?.strip_prefix(b":AA")?;
    let length = run(rest, Alphabet::Url, 34);
    ((8..=10).contains(&digits) && length == 33).then_some(digits + 3 + length)
}

/// What lies between the first and the last line of a private key, as far as it looks like one.
fn private_key(bytes: &[u8], at: usize) -> Option<Span> {
    /// What is shorter is a text that speaks of keys.
    const LEAST: usize = 24;
    let label = bytes[at..].strip_prefix(b"-----BEGIN ")?;
    let length = label.iter().take(40).take_while(|byte| byte.is_ascii_uppercase() || **byte == b' ').count();
    let is_private = label[..length].windows(11).any(|words| words == b"PRIVATE KEY");
    let body = label[length..].strip_prefix(b"-----").filter(|_| is_private)?;
    let mut end = 0;
    let mut longest = 0;
    let mut this = 0;
    while let Some(byte) = body.get(end) {
        let is_body = byte.is_ascii_alphanumeric()
            || byte.is_ascii_whitespace()
            || matches!(byte, b'+' | b'/' | b'=' | b':' | b',' | b'.' | b'-' | b'\\' | b'(' | b')');
        if !is_body || body[end..].starts_with(b"-----") {
            break;
        }
        this = if Alphabet::Any.has(*byte) { this + 1 } else { 0 };
        longest = longest.max(this);
        end += 1;
    }
    let start = bytes.len() - body.len();
    (longest >= LEAST).then_some(Span { start, end: start + end, kind: "private-key" })
}
