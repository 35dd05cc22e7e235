//! QEMU's `virt` with RISC-V cores, in machine mode.

use core::arch::{asm, global_asm};
use core::ptr::{read_volatile, without_provenance_mut, write_volatile};
use core::time::Duration;

pub use super::semihosting::{exit, print};

// All cores come here. Each takes its stack; the first one goes on to the program, the others wait for work.
global_asm!(
    ".section .entry, \"ax\"",
    ".global reset",
    "reset:",
    "csrr a0, mhartid",
    "la sp, _stacks",
    "addi t0, a0, 1",
    "slli t0, t0, 18",
    "add sp, sp, t0",
    "la t0, fault",
    "csrw mtvec, t0",
    // What ends a `wfi`: a software interrupt, which is never taken, since the core takes none.
    "li t0, 8",
    "csrw mie, t0",
    "bnez a0, 1f",
    "call {enter}",
    "1: call {enter_other}",
    ".balign 4",
    "fault: call {fault}",
    enter = sym enter,
    enter_other = sym enter_other,
    fault = sym fault,
);

unsafe extern "C" {
    safe fn program() -> u32;
    safe fn other_core(core: usize) -> !;
    static _heap_begin: u8;
    static _heap_end: u8;
}

extern "C" fn enter() -> ! {
    exit(program())
}

extern "C" fn enter_other() -> ! {
    other_core(core_index())
}

extern "C" fn fault() -> ! {
    print("fault\n");
    exit(102)
}

/// The memory that is left for a heap: its first byte, and its length.
pub fn heap_range() -> (*mut u8, usize) {
    let begin = (&raw const _heap_begin).cast_mut();
    let end = &raw const _heap_end;
    (begin, end.addr() - begin.addr())
}

/// Instructions of this core since some moment, in QEMU with `-icount shift=0`.
pub fn instructions() -> u64 {
    let count: u64;
    // SAFETY: reads a counter.
    unsafe { asm!("csrr {}, minstret", out(reg) count, options(nomem, nostack)) };
    count
}

/// The software interrupts of the cores, one word each.
const SOFTWARE_INTERRUPTS: usize = 0x200_0000;
const TIME: *mut u64 = without_provenance_mut(0x200_BFF8);
const NANOSECONDS_OF_A_TICK: u64 = 100;

/// The time since the start.
pub fn now() -> Duration {
    // SAFETY: the clock's register; reading it changes nothing.
    Duration::from_nanos(unsafe { read_volatile(TIME) } * NANOSECONDS_OF_A_TICK)
}

fn software_interrupt(core: usize) -> *mut u32 {
    without_provenance_mut(SOFTWARE_INTERRUPTS + core * size_of::<u32>())
}

/// The calling core.
pub fn core_index() -> usize {
    let index: usize;
    // SAFETY: reads a constant.
    unsafe { asm!("csrr {}, mhartid", out(reg) index, options(nomem, nostack)) };
    index
}

/// They started by themselves.
pub fn start_cores() {}

/// Ends the present or the next [`wait_for_event`] of a core.
pub fn wake(core: usize) {
    // SAFETY: the word of a core, since indexes come from `core_index`.
    unsafe { write_volatile(software_interrupt(core), 1) };
}

/// Sleeps until this core is woken, unless `ready` holds, or there was a [`wake`] after it was asked.
pub fn wait_for_event(ready: impl Fn() -> bool) {
    // SAFETY: this core's word. A wake from here on ends the `wfi`; one before is seen by `ready`.
    unsafe { write_volatile(software_interrupt(core_index()), 0) };
    // SAFETY: orders the write to the device before the loads of `ready`.
    unsafe { asm!("fence iorw, iorw", options(nostack)) };
    if !ready() {
        // SAFETY: returns when the software interrupt is pending.
        unsafe { asm!("wfi", options(nostack)) };
    }
}
