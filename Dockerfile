# One image for every role: `nija serve` by default, any other command as argument.
# It writes to /data only, so it runs with a read-only root file system and without rights.
# Where a platform mounts volumes as root (Railway does), set RAILWAY_RUN_UID=0 or chown the volume.

FROM rust:1.95-slim-bookworm AS build
# The image's own toolchain, without the developers' components that rust-toolchain.toml asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /build
COPY . .
RUN cargo build --locked --release --package nija

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin nija \
 && install --directory --owner nija --mode 0700 /data
COPY --from=build /build/target/release/nija /usr/local/bin/nija
USER nija
WORKDIR /data
VOLUME /data
ENV HOST=0.0.0.0 DATABASE_URL=sqlite:/data/nija.db
EXPOSE 8000
ENTRYPOINT ["nija"]
CMD ["serve"]
