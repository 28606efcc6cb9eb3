# Earpiece, built from this folder.
FROM node:20.19.0-bookworm-slim
WORKDIR /earpiece
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev
USER node
CMD ["node", "dist/main.js", "start"]
