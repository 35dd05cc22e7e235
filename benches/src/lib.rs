//! One benchmark per question
