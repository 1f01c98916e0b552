//! A library that moves the wall clock of the process that preloads it, by as many seconds as are in the file `CLOCK_SHIM`.

use std::ffi::{c_int, c_long};

/// `struct timespec`.
#[repr(C)]
pub struct Timespec {
    secs: i64,
    nanos: c_long,
}

const CLOCK_REALTIME: c_int = 0;

#[cfg(target_arch = "x86_64")]
const CLOCK_GETTIME: c_long = 228;
#[cfg(target_arch = "aarch64")]
const CLOCK_GETTIME: c_long = 113;

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
}

fn offset() -> Option<i64> {
    std::fs::read_to_string(std::env::var_os("CLOCK_SHIM")?).ok()?.trim().parse().ok()
}

/// Takes the place of the C library's function.
///
/// # Safety
///
/// `time` points to a `timespec`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    let result = unsafe { syscall(CLOCK_GETTIME, clock, time) };
    if result == 0 && clock == CLOCK_REALTIME {
        unsafe { (*time).secs += offset().unwrap_or(0) };
    }
    result as c_int
}
