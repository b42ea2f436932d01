# The image for those who have a Docker daemon; helm/image/build makes one without. Give the bases by digest to keep them what they are:
#   docker build --build-arg RUNTIME=eclipse-temurin:25-jre@sha256:… -t gearbox:0.1.0 .
ARG BUILD=eclipse-temurin:25-jdk
ARG RUNTIME=eclipse-temurin:25-jre

FROM ${BUILD} AS build
RUN apt-get update && apt-get install -y --no-install-recommends maven && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN mvn -B -q -Dmaven.test.skip=true package -pl gateway -am

FROM ${RUNTIME}
COPY --from=build /src/gateway/target/lib /app/libs
COPY --from=build /src/gateway/target/gearbox.jar /app/libs/
RUN mkdir -p /var/lib/gearbox /models \
 && printf '%s\n' '--add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow' \
      '-XX:+UseCompactObjectHeaders -XX:MaxDirectMemorySize=16t -Duser.home=/var/lib/gearbox' \
      '-cp /app/libs/* dev.gearbox.gateway.cli.Gearbox' >/app/gearbox
ENV HOME=/var/lib/gearbox GEARBOX_MODELS=/models
WORKDIR /var/lib/gearbox
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["java", "@/app/gearbox"]
CMD ["serve"]
