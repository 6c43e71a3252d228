//! Prints the samples of all events as the golden files have them: the event's number, then its bytes in hex.
//! Append new lines to `tests/golden/<number>.hex`; a line that is there stays for ever.

#[path = "../tests/scene/samples.rs"]
mod samples;

fn main() {
    for event in samples::events() {
        let bytes = minicbor::to_vec(&event).unwrap_or_default();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("{:02} {hex}", samples::number(&event));
    }
}
