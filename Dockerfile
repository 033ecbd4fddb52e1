# One image for everything of Berth that runs on a server; the command chooses what it is:
#   node apps/api/dist/main.js                 the HTTP API and the dashboard (the default)
#   node apps/worker/dist/main.js              a worker
#   node libs/database/dist/migrate.js         migrations, once before the others
# docs/runbooks/deploy-with-docker.md says how to run it, and how to build behind a company's registry or proxy.

# The manifests alone: npm's layers below are built again only when one of these changes. No list of workspaces to keep.
FROM node:20-bookworm-slim AS manifests
WORKDIR /src
COPY . .
RUN mkdir /manifests \
 && find . -name node_modules -prune -o \( -name package.json -o -name package-lock.json \) -print \
  | xargs cp --parents -t /manifests

# `npm install`, not `npm ci`: that refuses a lock file without the optional packages of other platforms, which a registry
# mirror may not carry when the file is made. Versions are the lock file's all the same. Without install scripts: the
# native parts they would build are optional, and nothing fetched gets to run while the image is made.
# The two secrets are for builds behind a private registry (npmrc) or a TLS proxy (ca); without them npm's defaults hold.
FROM node:20-bookworm-slim AS production
WORKDIR /app
COPY --from=manifests /manifests .
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund --workspace apps/api --workspace apps/worker \
 && rm -rf libs/testing node_modules/@berth/testing node_modules/@berth/lab node_modules/@berth/stack

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /manifests .
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    npm install --no-save --ignore-scripts --no-audit --no-fund
COPY . .
# Test helpers are built with the rest, and left behind.
RUN node_modules/.bin/tsc -b apps/api apps/worker \
 && node_modules/.bin/vite build --logLevel warn apps/dashboard \
 && mkdir /out \
 && find apps/api apps/dashboard apps/worker libs -name node_modules -prune -o -path libs/testing -prune \
      -o -path '*/dist/testing' -prune -o -path '*/dist/*' -type f ! -name '*.d.ts' ! -name .tsbuildinfo -print0 \
  | xargs -0 cp --parents -t /out

FROM node:20-bookworm-slim
LABEL org.opencontainers.image.title="berth" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
# Beyond loopback of the container, so that a port can be published; and what HEALTHCHECK asks.
ENV BERTH_API_HOST=0.0.0.0 BERTH_API_PORT=8080 BERTH_HEALTH_URL=http://127.0.0.1:8080/health/ready
WORKDIR /app
# A volume takes its owner from here: simulated hosts keep their state there.
RUN groupadd --system --gid 10001 berth \
 && useradd --system --uid 10001 --gid berth --home-dir /nonexistent --shell /usr/sbin/nologin berth \
 && install -d -o berth -g berth -m 0750 /var/lib/berth/simulated
COPY --from=production /app/node_modules node_modules
COPY --from=production /app/apps apps
COPY --from=production /app/libs libs
COPY --from=production /app/package.json package.json
COPY --from=build /out .
USER berth
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "-e", \
  "fetch(process.env.BERTH_HEALTH_URL,{signal:AbortSignal.timeout(4000)}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "apps/api/dist/main.js"]
