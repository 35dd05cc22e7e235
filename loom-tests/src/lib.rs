//! Model checks of the lock-free protocols
