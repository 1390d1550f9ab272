//! What programs make of their words, as tables: which options have a secret, which programs run others.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How an option has its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In the same word: `-psecret`.
    Joined,
    /// In the next word: `-p secret`.
    Next,
    /// In either.
    Either,
    /// Switches, also among others: `-nbB`.
    Switch,
}

/// What the value is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// The secret.
    Secret(&'static str),
    /// What stands behind this character.
    After(u8, &'static str),
    /// `pass:` and the password, or where it is.
    Source,
    /// What stands between the first `/` and the last `@`: `scott/secret@db`.
    Login,
    /// The secret, and so is the next word.
    Pair(&'static str),
    /// Nothing: the secret comes so many words later.
    Later(u8, &'static str),
}

impl Takes {
    /// What the word behind one that was this is.
    pub(super) const fn next(self) -> Option<Takes> {
        match self {
            Takes::Pair(kind) | Takes::Later(1, kind) => Some(Takes::Secret(kind)),
            Takes::Later(words, kind) => Some(Takes::Later(words - 1, kind)),
            Takes::Secret(_) | Takes::After(..) | Takes::Source | Takes::Login => None,
        }
    }
}

/// An option that has a secret in these programs.
pub(super) struct Rule {
    programs: &'static [&'static str],
    /// Only behind this word, if there is one.
    pub(super) behind: &'static str,
    pub(super) option: &'static str,
    pub(super) form: Form,
    pub(super) takes: Takes,
}

const fn rule(programs: &'static [&'static str], option: &'static str, form: Form, takes: Takes) -> Rule {
    Rule { programs, behind: "", option, form, takes }
}

const PASSWORD: Takes = Takes::Secret("password");
const SECRET: Takes = Takes::Secret("secret");
const TOKEN: Takes = Takes::Secret("token");

const MYSQL: &[&str] = &[
    "mysql",
    "mysqldump",
    "mysqladmin",
    "mysqlimport",
    "mysqlshow",
    "mysqlcheck",
    "mysqlbinlog",
    "mysqlslap",
    "mysqlsh",
    "mariadb",
    "mariadb-dump",
    "mariadb-admin",
    "mariadb-import",
    "mariadb-show",
    "mariadb-check",
];
const POSTGRES: &[&str] = &["psql", "pg_dump", "pg_dumpall", "pg_restore", "createdb", "dropdb", "createuser"];
const MONGO: &[&str] = &["mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "mongostat"];
const LOGINS: &[&str] =
    &["docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oras", "crane", "az", "cf", "oc", "ibmcloud"];
const LDAP: &[&str] = &["ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd", "ldapcompare"];
const SQLSERVER: &[&str] = &["sqlcmd", "bcp"];
const MOSQUITTO: &[&str] = &["mosquitto_pub", "mosquitto_sub", "mosquitto_rr"];
const ARCHIVERS: &[&str] = &["7z", "7za", "7zz", "7zr", "rar", "unrar"];
const HTTPIE: &[&str] = &["http", "https", "xh", "xhs"];
const RABBITMQ: &[&str] = &["rabbitmqadmin", "rabbitmqadmin.py"];
const NCFTP: &[&str] = &["ncftp", "ncftpget", "ncftpput", "ncftpls"];
const ORACLE: &[&str] = &["sqlplus", "sqlldr", "expdp", "impdp"];
const POPPLER: &[&str] = &["pdftotext", "pdfinfo", "pdftoppm", "pdftocairo", "pdftohtml", "pdfimages", "pdffonts"];
const REGISTRIES: &[&str] = &["npm", "pnpm", "yarn", "gem"];
const KEYTOOL: &[&str] = &["keytool", "jarsigner", "apksigner"];

const RULES: &[Rule] = &[
    rule(MYSQL, "-p", Form::Joined, PASSWORD),
    rule(MONGO, "-p", Form::Either, PASSWORD),
    Rule { programs: LOGINS, behind: "login", option: "-p", form: Form::Either, takes: PASSWORD },
    rule(LDAP, "-w", Form::Either, PASSWORD),
    rule(SQLSERVER, "-P", Form::Either, PASSWORD),
    rule(MOSQUITTO, "-P", Form::Next, PASSWORD),
    rule(ARCHIVERS, "-p", Form::Joined, PASSWORD),
    rule(&["rar"], "-hp", Form::Joined, PASSWORD),
    rule(RABBITMQ, "-p", Form::Either, PASSWORD),
    rule(NCFTP, "-p", Form::Either, PASSWORD),
    rule(&["useradd", "usermod"], "-p", Form::Either, PASSWORD),
    rule(POPPLER, "-upw", Form::Next, PASSWORD),
    rule(POPPLER, "-opw", Form::Next, PASSWORD),
    rule(&["swaks"], "-ap", Form::Next, PASSWORD),
    rule(REGISTRIES, "--otp", Form::Either, PASSWORD),
    rule(&["qpdf"], "--encrypt", Form::Next, Takes::Pair("password")),
    rule(&["htpasswd"], "-nC", Form::Switch, Takes::Later(2, "password")),
    rule(&["htpasswd"], "-bC", Form::Switch, Takes::Later(3, "password")),
    rule(&["htpasswd"], "-n", Form::Switch, Takes::Later(1, "password")),
    rule(&["htpasswd"], "-b", Form::Switch, Takes::Later(2, "password")),
    rule(&["htpasswd"], "-c", Form::Switch, Takes::Later(2, "password")),
    rule(&["htpasswd"], "-B", Form::Switch, Takes::Later(2, "password")),
    rule(ORACLE, "-s", Form::Next, Takes::Login),
    rule(ORACLE, "-S", Form::Next, Takes::Login),
    rule(ORACLE, "-L", Form::Next, Takes::Login),
    rule(&["sshpass"], "-p", Form::Either, PASSWORD),
    rule(&["redis-cli", "valkey-cli"], "-a", Form::Either, PASSWORD),
    rule(&["zip", "unzip"], "-P", Form::Either, PASSWORD),
    rule(&["ipmitool"], "-P", Form::Next, PASSWORD),
    rule(&["cqlsh"], "-p", Form::Either, PASSWORD),
    rule(&["twine", "poetry", "rdesktop"], "-p", Form::Next, PASSWORD),
    rule(&["aws"], "--secret-string", Form::Either, SECRET),
    Rule { programs: &["aws"], behind: "put-parameter", option: "--value", form: Form::Either, takes: SECRET },
    Rule { programs: &["az"], behind: "secret", option: "--value", form: Form::Either, takes: SECRET },
    Rule { programs: &["gh"], behind: "secret", option: "--body", form: Form::Either, takes: SECRET },
    Rule { programs: &["gh"], behind: "secret", option: "-b", form: Form::Either, takes: SECRET },
    rule(&["security"], "-w", Form::Next, PASSWORD),
    rule(&["security"], "-p", Form::Next, PASSWORD),
    rule(&["ssh-keygen"], "-N", Form::Next, PASSWORD),
    rule(&["ssh-keygen"], "-P", Form::Next, PASSWORD),
    rule(&["xfreerdp", "xfreerdp3", "wlfreerdp"], "/p:", Form::Joined, PASSWORD),
    rule(&["openssl"], "-k", Form::Next, PASSWORD),
    rule(&["openssl"], "-K", Form::Next, Takes::Secret("key")),
    rule(&["openssl"], "-pass", Form::Next, Takes::Source),
    rule(&["openssl"], "-passin", Form::Next, Takes::Source),
    rule(&["openssl"], "-passout", Form::Next, Takes::Source),
    rule(KEYTOOL, "-storepass", Form::Next, PASSWORD),
    rule(KEYTOOL, "-keypass", Form::Next, PASSWORD),
    rule(KEYTOOL, "-srcstorepass", Form::Next, PASSWORD),
    rule(KEYTOOL, "-deststorepass", Form::Next, PASSWORD),
    rule(KEYTOOL, "--ks-pass", Form::Next, Takes::Source),
    rule(KEYTOOL, "--key-pass", Form::Next, Takes::Source),
    rule(&["curl"], "-u", Form::Either, Takes::After(b':', "password")),
    rule(&["curl"], "-U", Form::Either, Takes::After(b':', "password")),
    rule(&["curl"], "--user", Form::Either, Takes::After(b':', "password")),
    rule(&["curl"], "--proxy-user", Form::Either, Takes::After(b':', "password")),
    rule(&["curl"], "-b", Form::Either, Takes::After(b'=', "cookie")),
    rule(&["curl"], "--cookie", Form::Either, Takes::After(b'=', "cookie")),
    rule(HTTPIE, "-a", Form::Either, Takes::After(b':', "password")),
    rule(HTTPIE, "--auth", Form::Either, Takes::After(b':', "password")),
    rule(&["ab"], "-A", Form::Next, Takes::After(b':', "password")),
    rule(&["ab"], "-P", Form::Next, Takes::After(b':', "password")),
    rule(&["etcdctl"], "--user", Form::Either, Takes::After(b':', "password")),
    rule(&["lftp"], "-u", Form::Next, Takes::After(b',', "password")),
    rule(&["smbclient", "rpcclient", "smbget"], "-U", Form::Either, Takes::After(b'%', "password")),
];

/// Options of these programs whose next word is no secret: they only ask for one, or tell where it is.
pub(super) const OPEN: &[(&[&str], &str)] = &[(MYSQL, "--password"), (POSTGRES, "--password"), (LOGINS, "--secret")];

/// Words of these programs that a secret follows, and how: any program or no word where the text is empty; `*` is any end.
pub(super) const BEHIND: &[(&str, &str, Takes)] = &[
    ("mysqladmin", "password", PASSWORD),
    ("nmcli", "password", PASSWORD),
    ("nmcli", "wifi-sec.psk", PASSWORD),
    ("bw", "unlock", PASSWORD),
    ("bw", "login", Takes::Later(1, "password")),
    ("cargo", "login", TOKEN),
    ("vault", "login", TOKEN),
    ("ngrok", "authtoken", TOKEN),
    ("ngrok", "add-authtoken", TOKEN),
    ("poetry", "pypi-token.*", TOKEN),
    ("poetry", "http-basic.*", Takes::Later(1, "password")),
    ("rabbitmqctl", "add_user", Takes::Later(1, "password")),
    ("rabbitmqctl", "change_password", Takes::Later(1, "password")),
    ("rabbitmqctl", "authenticate_user", Takes::Later(1, "password")),
    ("wpa_passphrase", "", Takes::Later(1, "password")),
    ("smbclient", "//*", PASSWORD),
    ("net", "\\\\*", PASSWORD),
    ("net", "user", Takes::Later(1, "password")),
    ("mc", "set", Takes::Later(3, "key")),
    ("sqlplus", "", Takes::Login),
    ("sqlldr", "", Takes::Login),
    ("expdp", "", Takes::Login),
    ("impdp", "", Takes::Login),
    ("", "ConvertTo-SecureString", PASSWORD),
];

/// Words of these programs that names and their values follow; any program where there is none.
pub(super) const SETTERS: &[(&str, &str)] =
    &[("", "set"), ("", "setx"), ("git", "config"), ("rclone", "create"), ("rclone", "update"), ("rclone", "password")];

/// Programs of which an option may begin with `/`.
pub(super) const SLASHED: &[&str] = &["net", "xfreerdp", "xfreerdp3", "wlfreerdp"];

/// Programs, and words of the shell, that run what the rest of their words say.
const RUNNERS: &[&str] = &[
    "sudo",
    "doas",
    "env",
    "time",
    "nohup",
    "exec",
    "command",
    "builtin",
    "nice",
    "ionice",
    "xargs",
    "timeout",
    "strace",
    "ltrace",
    "stdbuf",
    "setsid",
    "unbuffer",
    "npx",
    "docker",
    "docker-compose",
    "podman",
    "nerdctl",
    "kubectl",
    "oc",
    "sshpass",
    "then",
    "do",
    "else",
    "elif",
    "if",
    "while",
    "until",
    "!",
    "{",
    "chroot",
    "nsenter",
    "systemd-run",
    "proxychains",
    "torsocks",
    "caffeinate",
    "vagrant",
    "lxc",
    "incus",
    "poetry",
    "pipenv",
    "uv",
    "bundle",
    "taskset",
    "chrt",
    "unshare",
    "setpriv",
    "firejail",
    "bwrap",
    "fakeroot",
    "faketime",
    "xvfb-run",
    "dbus-run-session",
    "conda",
    "mise",
    "direnv",
    "dotenv",
    "doppler",
    "aws-vault",
    "ddev",
];

/// The same, of which a single word may be a whole command line.
const SHELLS: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "fish",
    "su",
    "runuser",
    "eval",
    "ssh",
    "autossh",
    "mosh",
    "watch",
    "parallel",
    "hyperfine",
    "tmux",
    "screen",
    "ctx",
    "pwsh",
    "powershell",
    "cmd",
    "wsl",
    "nix-shell",
    "flock",
    "heroku",
];

/// Words that take the value out of a setting.
pub(super) const GETTERS: &[&str] = &["get", "unset", "list", "delete", "rm", "--get", "--unset"];

/// What is known of a program.
#[derive(Default)]
pub(super) struct Program {
    pub(super) is_runner: bool,
    pub(super) is_shell: bool,
    pub(super) rules: Vec<&'static Rule>,
}

/// The tables above by program: there are many words, and few of them are one.
pub(super) static PROGRAMS: LazyLock<HashMap<&str, Program>> = LazyLock::new(|| {
    let mut programs: HashMap<&str, Program> = HashMap::new();
    for name in RUNNERS.iter().chain(SHELLS) {
        programs.entry(name).or_default().is_runner = true;
    }
    for name in SHELLS {
        programs.entry(name).or_default().is_shell = true;
    }
    for rule in RULES {
        for name in rule.programs {
            programs.entry(name).or_default().rules.push(rule);
        }
    }
    for name in OPEN.iter().flat_map(|(names, _)| *names).chain(BEHIND.iter().map(|(name, ..)| name)) {
        programs.entry(name).or_default();
    }
    programs
});
