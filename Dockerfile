# One image for the operator and for the agents that it puts into the pods of a pair.
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# No package's scripts are needed, so none are run.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY tools tools
COPY src src
RUN node tools/build.ts

FROM node:24-slim
WORKDIR /app
COPY --from=build --chown=0:0 /src/dist/ /app/
COPY LICENSE /app/
ENV NODE_ENV=production
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["node"]
CMD ["/app/operator.js"]
