//! A PostgreSQL server to throw away, for the tests, the benchmarks and `cargo xtask test`.
//!
//! It listens on the loopback interface only, on a port that is free, and keeps its data in a folder of its own, which goes with
//! it. As root, which PostgreSQL does not run as, it is another user's process.

use std::{
    fs, io,
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The environment variable by which tests are told of a server: a URL whose user may make schemas.
pub const VARIABLE: &str = "FLOW_TEST_POSTGRES";

/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);

/// The URL of the server the tests are to use.
///
/// # Panics
/// If nobody has said which: a test that needs a server does not pass without one.
pub fn url() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "this test needs PostgreSQL: run it with `cargo xtask test`, which starts a server for it, \
             or set {VARIABLE} to the URL of one, as in `{VARIABLE}=postgres://postgres@localhost/postgres`"
        )
    })
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// In order, without waiting for its clients.
    Fast,
    /// As if it had been killed: it recovers when it is started again.
    Crash,
}

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
    settings: Vec<&'static str>,
    process: Option<Child>,
}

impl Server {
    /// Starts a server of its own. Without `fsync` it is faster, and loses data with the power, but not when it is killed.
    ///
    /// # Errors
    /// A text that says what is missing or went wrong.
    pub fn start(fsync: bool) -> Result<Self, String> {
        let mut server = Self::new()?;
        server.settings.push(if fsync { "fsync=on" } else { "fsync=off" });
        server.run()?;
        Ok(server)
    }

    /// Starts a server of its own that speaks TLS, with this certificate and its key in PEM.
    ///
    /// # Errors
    /// A text that says what is missing or went wrong.
    pub fn start_tls(certificate: &str, key: &str) -> Result<Self, String> {
        let mut server = Self::new()?;
        for (name, pem) in [("server.crt", certificate), ("server.key", key)] {
            let path = server.data().join(name);
            let (user, group) = server.user.unzip();
            let written = fs::write(&path, pem)
                .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)))
                .and_then(|()| chown(&path, user, group));
            written.map_err(|error| format!("{}: {error}", path.display()))?;
        }
        server.settings.extend(["fsync=off", "ssl=on"]);
        server.run()?;
        Ok(server)
    }

    /// A server that does not run yet.
    fn new() -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let programs = programs()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("flow-postgres-{}-{number}", std::process::id()));
        let failed = |error: io::Error| format!("{}: {error}", folder.display());
        fs::create_dir(&folder).map_err(failed)?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(failed)?.port();
        let mut server = Server { programs, folder, port, user: None, settings: Vec::new(), process: None };
        server.user = server.other_user()?;
        server.initialize()?;
        Ok(server)
    }

    /// The URL by which it is reached, as a user who may do everything.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it and waits until it has ended. Its data stay.
    ///
    /// # Errors
    /// A text that says what went wrong.
    pub fn stop(&mut self, how: Stop) -> Result<(), String> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let mode = match how {
            Stop::Fast => "fast",
            Stop::Crash => "immediate",
        };
        let stopped = self.output(self.program("pg_ctl").args(["stop", "-w", "-m", mode, "-D"]).arg(self.data()));
        if stopped.is_err() {
            // It may be gone already.
            let _ = process.kill();
        }
        process.wait().map_err(|error| format!("PostgreSQL could not be waited for: {error}"))?;
        Ok(())
    }

    /// Starts it again where it was, on the same port.
    ///
    /// # Errors
    /// A text that says what went wrong.
    pub fn run(&mut self) -> Result<(), String> {
        let log =
            fs::File::create(self.folder.join("log")).map_err(|error| format!("the log of PostgreSQL: {error}"))?;
        let err = log.try_clone().map_err(|error| format!("the log of PostgreSQL: {error}"))?;
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        let always = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"];
        for setting in always.iter().chain(&self.settings) {
            command.args(["-c", setting]);
        }
        let process = command.stdin(Stdio::null()).stdout(log).stderr(err).spawn();
        self.process = Some(process.map_err(|error| format!("PostgreSQL could not be started: {error}"))?);
        let began = Instant::now();
        while self
            .output(self.program("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]))
            .is_err()
        {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            if ended.is_some() || began.elapsed() > START {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(format!("PostgreSQL did not start:\n{log}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn initialize(&self) -> Result<(), String> {
        let mut initdb = self.program("initdb");
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D"]).arg(self.data());
        self.output(&mut initdb).map(|_| ())
    }

    /// The user and group it has to be, if this is root.
    fn other_user(&self) -> Result<Option<(u32, u32)>, String> {
        let failed = |error: io::Error| format!("{}: {error}", self.folder.display());
        let is_root = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if !is_root.unwrap_or(false) {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
        let ids = |name: &str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        let user: (u32, u32) = ids("postgres")
            .or_else(|| ids("nobody"))
            .ok_or("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`")?;
        chown(&self.folder, Some(user.0), Some(user.1)).map_err(failed)?;
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        Ok(Some(user))
    }

    /// One of PostgreSQL's programs, as the user it may run as.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        // The other user may not be allowed to look at the folder this process is in.
        command.current_dir(&self.folder).env("HOME", &self.folder).env("LC_ALL", "C");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn output(&self, command: &mut Command) -> Result<Output, String> {
        let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
        if output.status.success() {
            return Ok(output);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        Err(format!("{command:?} failed ({}):\n{told}{}", output.status, String::from_utf8_lossy(&output.stdout)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.stop(Stop::Crash);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of PostgreSQL's programs, the newest if there are several.
///
/// # Errors
/// A text that says how to get them.
pub fn programs() -> Result<PathBuf, String> {
    let mut folders: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    folders.sort();
    let in_path: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    let places: Vec<PathBuf> = folders.into_iter().rev().map(|(_, folder)| folder).chain(in_path).collect();
    let has_all = |folder: &&PathBuf| {
        ["initdb", "pg_ctl", "postgres", "pg_isready"].iter().all(|name| is_file(&folder.join(name)))
    };
    places.iter().find(has_all).cloned().ok_or_else(|| {
        "PostgreSQL is not installed: `apt-get install postgresql`, or what your system calls it, brings it".to_owned()
    })
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}
