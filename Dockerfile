# One file for the three services: `docker build --target auth|backend|home .`
# The result is one static binary on an empty image: no shell, no package manager, no libc to patch.

# The stage that has the compiler; scripts/images.sh may put another image in its place.
ARG TOOLCHAIN=toolchain

# Alpine, because its Rust builds for musl, and so statically.
FROM docker.io/library/rust:1.95.0-alpine3.22 AS toolchain
# The image brings the compiler; the file rust-toolchain.toml would fetch clippy and rustfmt on top.
ENV RUSTUP_TOOLCHAIN=1.95.0 \
    CARGO_BUILD_TARGET=x86_64-unknown-linux-musl \
    RUSTFLAGS="-C target-feature=+crt-static"
# C compiler and headers for the few dependencies that compile C. Their versions are the base image's.
# hadolint ignore=DL3018
RUN apk add --no-cache build-base ca-certificates-bundle \
    && cargo install cargo-chef --version 0.1.78 --locked --target "$CARGO_BUILD_TARGET"

# What the dependencies are, apart from our code: this layer changes only when they do.
# hadolint ignore=DL3006
FROM ${TOOLCHAIN} AS plan
WORKDIR /src
COPY . .
RUN cargo chef prepare --recipe-path /recipe.json

# hadolint ignore=DL3006
FROM ${TOOLCHAIN} AS dependencies
WORKDIR /src
COPY --from=plan /recipe.json /recipe.json
# All three at once: one layer and one cache for the three targets. `local` and its database stay out.
RUN cargo chef cook --release --locked --target "$CARGO_BUILD_TARGET" --recipe-path /recipe.json \
    --package auth --package backend --package home

# Also all three at once: one alone would ask for other features of the shared dependencies, and compile
# them again.
FROM dependencies AS build
# The query metadata is in .sqlx: no database while building.
ENV SQLX_OFFLINE=true
ARG COMMIT_HASH=unknown
ENV COMMIT_HASH=${COMMIT_HASH}
COPY . .
RUN cargo build --release --locked --target "$CARGO_BUILD_TARGET" --package auth --package backend --package home \
    && mkdir /out \
    && cp "target/$CARGO_BUILD_TARGET/release/auth" "target/$CARGO_BUILD_TARGET/release/backend" \
       "target/$CARGO_BUILD_TARGET/release/home" /out/

# What the three have in common: certificate authorities for calls out, a user by number, labels.
FROM scratch AS base
COPY --from=dependencies /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ARG VERSION=0.0.0
ARG COMMIT_HASH=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.vendor="Alternate Futures" \
      org.opencontainers.image.source="https://github.com/alternatefutures/platform" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT_HASH}" \
      org.opencontainers.image.created="${CREATED}"

FROM base AS auth
LABEL org.opencontainers.image.title="auth" \
      org.opencontainers.image.description="Sign-in with Ethereum, tokens, sessions and rate limits"
COPY --from=build /out/auth /auth
EXPOSE 3001
ENTRYPOINT ["/auth"]
CMD ["serve"]

FROM base AS backend
LABEL org.opencontainers.image.title="backend" \
      org.opencontainers.image.description="GraphQL API"
COPY --from=build /out/backend /backend
EXPOSE 4000
ENTRYPOINT ["/backend"]
CMD ["serve"]

FROM base AS home
LABEL org.opencontainers.image.title="home" \
      org.opencontainers.image.description="Marketing site and console, served from memory"
COPY --from=build /out/home /home
EXPOSE 3000
ENTRYPOINT ["/home"]
CMD ["serve"]
