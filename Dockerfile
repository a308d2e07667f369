# Springhouse as an image: docker build -t springhouse . && docker run -p 8080:8080 -e ORIGIN_URL=http://… springhouse
# There is no build step: Node strips the types, so the image runs the very files that the tests ran.

FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Nothing that runs in production needs an install script, so none may run.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26-slim
WORKDIR /app
# Public on every address of the container; the admin port stays on loopback until ADMIN_HOST and ADMIN_TOKEN say otherwise.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 ADMIN_PORT=8081
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json rules.yaml ./
COPY config ./config
COPY src ./src
# Purges that Redis could not take wait here: the `data_dir` of config/production.yaml, and the only place that the process may write to.
RUN mkdir data && chown node:node data
# The files belong to root and the process does not, so it cannot change what it runs.
USER node
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ADMIN_PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process: SIGTERM reaches it and it drains.
CMD ["node", "--max-semi-space-size=8", "src/main.ts", "serve"]
