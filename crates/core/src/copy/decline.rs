//! Why somebody cannot copy, or cannot lead.

macro_rules! declines {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $sentence:literal;)*) => {
        /// The closed list of reasons.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[error("{}", self.sentence())]
        pub enum CopyDecline {
            $($(#[$doc])* $variant,)*
        }
        impl CopyDecline {
            /// The stable word of answers.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
            /// One sentence for people, with what to do.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

declines! {
    /// Nobody copies themselves.
    Oneself = "oneself" "you cannot copy yourself";
    /// The account does not lead.
    NotAMaster = "not_a_master" "this account is not a master at present";
    /// Whoever leads does not copy: that is how loops are kept out.
    MasterCopies = "master_copies" "a master copies nobody; stop leading first";
    /// Whoever copies does not lead, for the same reason.
    FollowerLeads = "follower_leads" "stop copying others before you lead";
    /// It is copied already.
    AlreadyCopied = "already_copied" "you copy this master already; add funds or change the terms instead";
    /// It is still being sold.
    StillStopping = "still_stopping" "the copy is still being closed; wait until it is over";
    /// One account copies so many masters at most.
    TooMany = "too_many_copies" "an account copies at most 16 masters at once; stop one of them first";
    /// The tier's pool copies vetted masters of low risk only.
    NotSafe = "not_safe" "your tier copies only vetted masters with a risk score of at most 3";
    /// It traded between the look at it and this request.
    Moved = "master_moved" "the master traded this very moment; ask again";
    /// Simulated money leads nobody.
    PaperLeads = "paper_leads" "an account of the PAPER tier cannot lead; choose a paid tier first";
    /// The fee disclosure was not accepted, or an old one was.
    Disclosure = "disclosure" "accept the present fee disclosure to lead";
    /// Too little money of its own.
    TooLittle = "too_little" "a master needs at least the entry capital of its tier";
    /// The account is stopped or halted.
    Halted = "halted" "this account is stopped or halted; re-arm it first";
}
