//! The short form of `tests/faults/run`, with the programs of this build; its own words say what was tried and what it came to.
#![cfg(target_os = "linux")]

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

#[test]
fn what_is_recorded_survives_faults_load_and_strangers() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/run");
    let bin = Path::new(env!("CARGO_BIN_EXE_ctx")).parent().expect("a program lies in a folder");
    match Command::new("python3").arg(run).arg("--bin").arg(bin).status() {
        Ok(status) => assert!(status.success(), "{status}"),
        Err(error) if error.kind() == ErrorKind::NotFound => println!("left out: there is no python3"),
        Err(error) => panic!("python3: {error}"),
    }
}
