//! Ways around the gates that must not compile, each with the reason the compiler gives.

#[test]
fn no_way_around_the_gates_compiles() {
    trybuild::TestCases::new().compile_fail("tests/bypass/*.rs");
}
